/**
 * `GET /v1.0/secrets/{store}/{key}` and `…/bulk`.
 *
 * Mirrors dapr/dapr `pkg/api/http/secrets.go`.
 *
 * @module
 */
import type { Origin, Reader } from '../read/read.ts'
import { getBulkSecretRequest, getSecretRequest } from './body.ts'
import { bodyRefusal } from './body-refusal.ts'
import type { Endpoint, EndpointCall } from './endpoint.ts'
import { noContent } from './endpoint.ts'
import { failedReadAnswer } from './error-answer.ts'
import type { ContractAnswer, ContractRequest } from './exchange.ts'
import { headerValues } from './header.ts'
import { writeObject, writeObjects } from './json.ts'
import { requestMetadata } from './query.ts'

/** What the endpoints need. */
export interface SecretEndpointOptions {
  readonly reader: Reader
  /** The app id a read is made for when the request names no other. */
  readonly appId: string
}

/** An answer that holds a secret is never to be stored on its way. */
const secretHeaders: readonly string[] = ['Content-Type', 'application/json', 'Cache-Control', 'no-store']

/** The two endpoints; bulk first, since its pattern is the more literal one. */
export function secretEndpoints({ reader, appId }: SecretEndpointOptions): readonly Endpoint[] {
  return [
    {
      method: 'GET',
      group: 'v1/secrets',
      readsBody: true,
      pattern: 'v1.0/secrets/{secretStoreName}/bulk',
      async answer(call) {
        const refused = bodyRefusal(call, getBulkSecretRequest)
        if (refused !== undefined) return refused
        const [store = ''] = call.parameters
        try {
          const { secrets, ...origin } = await reader.readBulk(readContext(call, store))
          return secretAnswer(secrets === undefined ? undefined : writeObjects(secrets), origin)
        } catch (error) {
          return failedReadAnswer(error)
        }
      },
    },
    {
      method: 'GET',
      group: 'v1/secrets',
      readsBody: true,
      pattern: 'v1.0/secrets/{secretStoreName}/{key}',
      takesRest: { unlessItBeginsWith: 'bulk' },
      async answer(call) {
        const refused = bodyRefusal(call, getSecretRequest)
        if (refused !== undefined) return refused
        const [store = '', name = ''] = call.parameters
        try {
          const secret = await reader.read({ ...readContext(call, store), name })
          const { values } = secret
          return secretAnswer(values === undefined ? undefined : writeObject(values), secret)
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
      freshness: wantsLatest(request) ? ('latest' as const) : ('cached' as const),
      signal: request.signal,
    }
  }
}

/** RFC 9111 §5.2.1.4: `no-cache` in a request wants an answer that was not kept. */
function wantsLatest({ headers }: ContractRequest): boolean {
  return headerValues(headers, 'cache-control').some((value) =>
    value.split(',').some((directive) => directive.trim().toLowerCase() === 'no-cache'),
  )
}

/** Without a body, daprd's answer to a nil map. Of a store without a cache the answer is exactly daprd's. */
function secretAnswer(body: string | undefined, { age, source, isCached }: Origin): ContractAnswer {
  const answer = body === undefined ? noContent : { status: 200, headers: secretHeaders, body: `${body}\n` }
  if (!isCached) return answer
  const origin = ['Age', String(Math.floor(age / 1000)), 'X-Sidecarless-Source', source]
  return { ...answer, headers: [...answer.headers, ...origin] }
}
