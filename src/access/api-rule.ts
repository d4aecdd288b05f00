/**
 * API allow and deny lists: which endpoints exist at all.
 *
 * Mirrors dapr/dapr `pkg/api/http/endpoints/endpoint.go` and `pkg/config/configuration.go`.
 *
 * @module
 */

/** One entry of a Configuration's `spec.api.allowed` or `spec.api.denied`. */
export interface ApiRule {
  readonly name: string
  readonly version: string
  readonly protocol: string
}

/** A Configuration's `spec.api`. */
export interface ApiRules {
  readonly allowed: readonly ApiRule[]
  readonly denied: readonly ApiRule[]
}

/** What a rule is compared with. */
export interface EndpointName {
  /** e.g. `v1/secrets` */
  readonly group: string
  /** e.g. `v1.0/secrets/{secretStoreName}/{key}` */
  readonly pattern: string
}

/**
 * Which HTTP endpoints exist under these rules. A rule without a protocol is inert; a rule matches a group
 * exactly, or is a plain prefix of the pattern.
 */
export function httpEndpointAllowed(rules: ApiRules): (endpoint: EndpointName) => boolean {
  const denied = httpRules(rules.denied)
  const allowed = httpRules(rules.allowed)
  return (endpoint) => !matches(denied, endpoint) && (allowed.length === 0 || matches(allowed, endpoint))
}

function httpRules(rules: readonly ApiRule[]): readonly string[] {
  const http = rules.filter((rule) => rule.protocol.toLowerCase() === 'http')
  return http.map((rule) => `${rule.version}/${rule.name}`)
}

function matches(rules: readonly string[], endpoint: EndpointName): boolean {
  return rules.some((rule) => rule === endpoint.group || endpoint.pattern.startsWith(rule))
}
