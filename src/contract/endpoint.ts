/**
 * Endpoints and how a request finds one, as chi matches them: segment by segment on the escaped text, a
 * literal before a parameter, letter case included.
 *
 * Mirrors go-chi/chi `tree.go` for the patterns Dapr registers.
 *
 * @module
 */
import type { EndpointName } from '../access/api-rule.ts'
import type { ContractAnswer, ContractRequest } from './exchange.ts'
import { decodeParameter } from './target.ts'

/** What a handler is given. */
export interface EndpointCall {
  readonly request: ContractRequest
  /** The body that came, of an endpoint that reads it; never longer than the limit. */
  readonly body: Uint8Array | undefined
  /** The raw query string. */
  readonly query: string
  /** The pattern's parameters in order, decoded once with query rules. */
  readonly parameters: readonly string[]
}

/** One method on one pattern. */
export interface Endpoint extends EndpointName {
  readonly method: 'GET' | 'PUT'
  /** Whether a body is read before it answers. */
  readonly readsBody?: true
  /** Whether it exists whatever the API lists say. */
  readonly always?: true
  /**
   * Whether the last parameter takes the rest of the path, slashes included. daprd answers 404 there; the
   * JavaScript SDK does not encode a slash in a secret's name. A rest that begins with the named segment is
   * still no match: it belongs to the more literal pattern beside it.
   */
  readonly takesRest?: { readonly unlessItBeginsWith: string }
  answer(call: EndpointCall): ContractAnswer | Promise<ContractAnswer>
}

/** The answer that says nothing but that all is well. */
export const noContent: ContractAnswer = { status: 204, headers: [], body: '' }

/** How a request fared: an endpoint with its parameters, the methods the path knows, or nothing. */
export type Match =
  | { readonly endpoint: Endpoint; readonly parameters: readonly string[] }
  | { readonly allow: readonly string[] }
  | undefined

/**
 * A matcher over endpoints. Earlier ones win, so a literal pattern stands before its parameter twin.
 */
export function endpointMatcher(
  endpoints: readonly Endpoint[],
): (method: string, segments: readonly string[]) => Match {
  const routes = endpoints.map((endpoint) => ({
    endpoint,
    parts: endpoint.pattern.split('/').map(literalOf),
  }))

  return (method, segments) => {
    const allow: string[] = []
    for (const { endpoint, parts } of routes) {
      if (!matches(parts, segments, endpoint)) continue
      if (endpoint.method === method) return { endpoint, parameters: parametersOf(parts, segments) }
      if (!allow.includes(endpoint.method)) allow.push(endpoint.method)
    }
    return allow.length > 0 ? { allow } : undefined
  }
}

/** A literal segment's text; `undefined` for a parameter. */
type Part = string | undefined

function literalOf(part: string): Part {
  return part.startsWith('{') ? undefined : part
}

function matches(parts: readonly Part[], segments: readonly string[], { takesRest }: Endpoint): boolean {
  if (segments.length < parts.length) return false
  if (segments.length > parts.length) {
    if (takesRest === undefined || segments[parts.length - 1] === takesRest.unlessItBeginsWith) return false
  }
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index]
    if (part !== undefined && part !== segments[index]) return false
  }
  return true
}

function parametersOf(parts: readonly Part[], segments: readonly string[]): readonly string[] {
  const parameters: string[] = []
  for (let index = 0; index < parts.length; index += 1) {
    if (parts[index] !== undefined) continue
    const isLast = index === parts.length - 1
    const escaped =
      isLast && segments.length > parts.length ? segments.slice(index).join('/') : segments[index]
    parameters.push(decodeParameter(escaped ?? ''))
  }
  return parameters
}
