/**
 * The contract as an Azure Function with an HTTP trigger.
 *
 * @module
 */
import type { HttpMethod, HttpRequest, HttpResponseInit } from '@azure/functions'
import { app as functions } from '@azure/functions'
import type { CompiledSecrets } from '../compiled.ts'
import { startOnFirstRequest } from '../compiled.ts'
import { nodeSend } from '../node/send.ts'

/** How the function is registered. */
export interface HttpFunctionOptions {
  /** The function's name in the Functions app. Default `secrets`. */
  readonly name?: string
  /** The route prefix of `host.json`; requests without it are served too. Default `/api`, as the host's is. */
  readonly basePath?: string
  /** The environment. Default `process.env`. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/**
 * Registers a function for every path. Its environment is the app's settings, `DAPR_API_TOKEN` among them.
 *
 * @example
 * ```ts
 * registerHttpFunction({ appId: 'orders', components, drivers: [localEnv] })
 * ```
 */
export function registerHttpFunction(compiled: CompiledSecrets, options: HttpFunctionOptions = {}): void {
  const { name = 'secrets', basePath = '/api', variables = process.env } = options
  const app = startOnFirstRequest(compiled, { basePath, sharesStart: true, send: nodeSend() })
  functions.http(name, {
    route: '{*path}',
    methods: [...methods],
    // The token decides, not a function key.
    authLevel: 'anonymous',
    handler: async (request) => toHttpResponse(await (await app(variables)).fetch(toRequest(request))),
  })
}

/** All but those that a WHATWG `Request` refuses; the host answers these itself. */
const methods: readonly HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

function toRequest({ url, method, headers, body }: HttpRequest): Request {
  if (body === null) return new Request(url, { method, headers })
  // The same class under two declarations: the library names that of node:stream/web, `Request` the global one.
  const stream = body as ReadableStream<Uint8Array<ArrayBuffer>>
  const init: RequestInit & { duplex: 'half' } = { method, headers, body: stream, duplex: 'half' }
  return new Request(url, init)
}

/** No cookies: the contract sets none. */
function toHttpResponse({ status, headers, body }: Response): HttpResponseInit {
  return { status, headers, body }
}
