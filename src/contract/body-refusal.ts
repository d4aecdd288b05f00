/**
 * What a body gets that is not the message its endpoint takes. A valid one never changes an outcome: store, key
 * and metadata come from the URL (dapr/dapr `pkg/api/http/universal.go`).
 *
 * @module
 */
import type { MessageShape } from './body.ts'
import { bodyProblem } from './body.ts'
import type { EndpointCall } from './endpoint.ts'
import { errorAnswer } from './error-answer.ts'
import type { ContractAnswer } from './exchange.ts'

/** The answer to a body that is no such message, `undefined` when it is fine or there is none. */
export function bodyRefusal({ body }: EndpointCall, shape: MessageShape): ContractAnswer | undefined {
  if (body === undefined || body.length === 0) return undefined
  const problem = bodyProblem(body, shape)
  if (problem === undefined) return undefined
  return errorAnswer(400, 'ERR_MALFORMED_REQUEST', `failed deserializing HTTP body: ${problem}`)
}
