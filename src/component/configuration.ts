/**
 * The validated form of a `kind: Configuration`, as far as it concerns secrets: plain data, without the
 * reading of YAML.
 *
 * @module
 */
import type { ApiRules } from '../access/api-rule.ts'
import type { SecretScope } from '../access/scope.ts'

/** What one or several Configuration files say. */
export interface Configuration {
  readonly secretScopes: readonly SecretScope[]
  readonly api: ApiRules
  /** `spec.components.deny`: `type` or `type/version`, compared exactly. */
  readonly deniedComponents: readonly string[]
  readonly tracing: Tracing
}

/** `spec.tracing`, as far as it changes what is on the wire. */
export interface Tracing {
  /** The text of `samplingRate` as a number; `undefined` when it is not set. */
  readonly samplingRate: number | undefined
  /** Whether an exporter is configured (`zipkin`, `otel` or `stdout`). */
  readonly exporter: boolean
}

/** What holds without a Configuration. */
export const defaultConfiguration: Configuration = {
  secretScopes: [],
  api: { allowed: [], denied: [] },
  deniedComponents: [],
  tracing: { samplingRate: undefined, exporter: false },
}
