/**
 * The configuration building block's routes. There is no configuration store here, so each says what daprd
 * says without one: SDKs and probes get an error they know instead of a 404.
 *
 * Mirrors dapr/dapr `pkg/api/http/http.go` and `pkg/messages/predefined.go`.
 *
 * @module
 */
import type { Endpoint } from './endpoint.ts'
import { errorAnswer } from './error-answer.ts'

const patterns = [
  'configuration/{storeName}',
  'configuration/{storeName}/subscribe',
  'configuration/{storeName}/{configurationSubscribeID}/unsubscribe',
]

const versions = [
  { path: 'v1.0', group: 'v1/configuration' },
  { path: 'v1.0-alpha1', group: 'v1alpha1/configuration' },
]

/** Get, subscribe and unsubscribe under both versions. */
export const configurationEndpoints: readonly Endpoint[] = versions.flatMap(({ path, group }) =>
  patterns.map((pattern) => ({
    method: 'GET' as const,
    group,
    pattern: `${path}/${pattern}`,
    answer: () =>
      errorAnswer(500, 'ERR_CONFIGURATION_STORE_NOT_CONFIGURED', 'configuration stores not configured'),
  })),
)
