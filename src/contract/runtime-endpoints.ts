/**
 * The endpoints about the runtime itself: `healthz`, `healthz/outbound` and `metadata`.
 *
 * Mirrors dapr/dapr `pkg/api/http/healthz.go` and `pkg/api/http/metadata.go`.
 *
 * @module
 */
import { decodeUtf8 } from '../go/bytes.ts'
import { getMetadataRequest } from './body.ts'
import { bodyRefusal } from './body-refusal.ts'
import type { Endpoint } from './endpoint.ts'
import { noContent } from './endpoint.ts'
import { errorAnswer } from './error-answer.ts'
import { queryValue } from './query.ts'
import type { RuntimeMetadata } from './runtime-metadata.ts'

/** What the endpoints need. */
export interface RuntimeEndpointOptions {
  readonly appId: string
  readonly metadata: RuntimeMetadata
}

/** Health and metadata, as the main and the public listener have them. */
export function runtimeEndpoints(options: RuntimeEndpointOptions): readonly Endpoint[] {
  const { appId, metadata } = options
  return [
    {
      method: 'GET',
      group: 'v1/healthz',
      pattern: 'v1.0/healthz',
      always: true,
      answer({ query }) {
        const wanted = queryValue(query, 'appid')
        if (wanted === undefined || wanted === appId) return noContent
        return errorAnswer(500, 'ERR_HEALTH_APPID_NOT_MATCH', 'dapr app-id does not match')
      },
    },
    {
      method: 'GET',
      group: 'v1/healthz',
      pattern: 'v1.0/healthz/outbound',
      always: true,
      answer: () => noContent,
    },
    {
      method: 'GET',
      group: 'v1/metadata',
      readsBody: true,
      pattern: 'v1.0/metadata',
      answer: (call) =>
        bodyRefusal(call, getMetadataRequest) ?? {
          status: 200,
          headers: ['Content-Type', 'application/json'],
          body: metadata.write(),
        },
    },
    {
      method: 'PUT',
      group: 'v1/metadata',
      readsBody: true,
      pattern: 'v1.0/metadata/{key}',
      answer(call) {
        const [key = ''] = call.parameters
        metadata.set(key, decodeUtf8(call.body ?? new Uint8Array()))
        return noContent
      },
    },
  ]
}
