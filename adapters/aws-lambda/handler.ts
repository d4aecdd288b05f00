/**
 * The contract as a Lambda function behind a function URL, API Gateway, a load balancer or VPC Lattice.
 *
 * @module
 */
import type { APIGatewayProxyResult, LambdaContext } from 'hono/aws-lambda'
import { handle } from 'hono/aws-lambda'
import { errorAnswer } from '../../src/contract/error-answer.ts'
import type { CompiledSecrets } from '../compiled.ts'
import { startOnFirstRequest } from '../compiled.ts'
import { consoleLog } from '../console-log.ts'
import { nodeSend } from '../node/send.ts'
import { httpEvent } from './event.ts'

/** What a Lambda function exports. */
export type Handler = (event: unknown, context?: LambdaContext) => Promise<APIGatewayProxyResult>

/** An event that is no HTTP request. */
export class UnsupportedEventError extends Error {
  override readonly name = 'UnsupportedEventError'
}

/**
 * A handler of HTTP events. Its environment is the function's, `DAPR_API_TOKEN` among it.
 *
 * The handler rejects with an {@link UnsupportedEventError} for an event of another kind.
 *
 * @param variables the environment; default `process.env`
 *
 * @example
 * ```ts
 * export const handler = createHandler({ appId: 'orders', components, drivers: [localEnv] })
 * ```
 */
export function createHandler(
  compiled: CompiledSecrets,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Handler {
  const app = startOnFirstRequest(compiled, { sharesStart: true, send: nodeSend() })
  return async (event, context) => {
    const request = httpEvent(event)
    if (request === 'another event') throw new UnsupportedEventError('the event is no HTTP request')
    if (request === 'VPC Lattice version 1') return refuseLatticeVersion1()
    return handle(await app(variables))(request, context)
  }
}

/** hono/aws-lambda would answer such an event as a request for `/`. */
function refuseLatticeVersion1(): APIGatewayProxyResult {
  const message = 'VPC Lattice events of version 1 are not supported; set the event structure version to V2'
  consoleLog('error', message)
  const { status, headers, body } = errorAnswer(501, 'ERR_NOT_IMPLEMENTED', message)
  const [name = '', value = ''] = headers
  return { statusCode: status, headers: { [name.toLowerCase()]: value }, body, isBase64Encoded: false }
}
