/**
 * `GET /v1.0/secrets/{store}/{key}` and `…/bulk`.
 *
 * Mirrors dapr/dapr `pkg/api/http/secrets.go`.
 *
 * @module
 */
import type { Reader } from '../read/read.ts'
import type { MessageShape } from './body.ts'
import { getBulkSecretRequest, getSecretRequest } from './body.ts'
import type { Endpoint, EndpointCall } from './endpoint.ts'
import { failedReadAnswer } from './error-answer.ts'
import type { ContractAnswer } from './exchange.ts'
import { writeObject, writeObjects } from './json.ts'
import { requestMetadata } from './query.ts'

/** What the endpoints need. */
export interface SecretEndpointOptions {
  readonly reader: Reader
  /** The app id a read is made for when the request names no other. */
  readonly appId: string
  /** The answer to a body that cannot be read, `undefined` when it is fine. */
  readonly checkBody: (call: EndpointCall, shape: MessageShape) => ContractAnswer | undefined
}

/** An answer that holds a secret is never to be stored on its way. */
const secretHeaders: readonly string[] = ['Content-Type', 'application/json', 'Cache-Control', 'no-store']

const noContent: ContractAnswer = { status: 204, headers: [], body: '' }

/** The two endpoints; bulk first, since its pattern is the more literal one. */
export function secretEndpoints({ reader, appId, checkBody }: SecretEndpointOptions): readonly Endpoint[] {
  return [
    {
      method: 'GET',
      group: 'v1/secrets',
      pattern: 'v1.0/secrets/{secretStoreName}/bulk',
      async answer(call) {
        const refused = checkBody(call, getBulkSecretRequest)
        if (refused !== undefined) return refused
        const [store = ''] = call.parameters
        try {
          const secrets = await reader.readBulk(readContext(call, store))
          return secrets === undefined ? noContent : secretAnswer(writeObjects(secrets))
        } catch (error) {
          return failedReadAnswer(error)
        }
      },
    },
    {
      method: 'GET',
      group: 'v1/secrets',
      pattern: 'v1.0/secrets/{secretStoreName}/{key}',
      takesRest: { unlessItBeginsWith: 'bulk' },
      async answer(call) {
        const refused = checkBody(call, getSecretRequest)
        if (refused !== undefined) return refused
        const [store = '', name = ''] = call.parameters
        try {
          const { values } = await reader.read({ ...readContext(call, store), name })
          return values === undefined ? noContent : secretAnswer(writeObject(values))
        } catch (error) {
          return failedReadAnswer(error)
        }
      },
    },
  ]

  function readContext({ request, query }: EndpointCall, store: string) {
    return {
      store,
      metadata: requestMetadata(query),
      caller: request.caller ?? appId,
      signal: request.signal,
    }
  }
}

function secretAnswer(body: string): ContractAnswer {
  return { status: 200, headers: secretHeaders, body: `${body}\n` }
}
