/**
 * The contract as a Hono application: the HTTP face of Workers, Azure Functions, Lambda's HTTP events, and of
 * any Hono application it is mounted into.
 *
 * Hono routes nothing here, `answer()` does: Hono turns HEAD into GET before routing and decodes paths before
 * matching. What a WHATWG `Request` cannot carry (dot segments, a GET's body on some platforms, repeated
 * headers one by one) is listed in docs/differences.md.
 *
 * @module
 */
import { Hono } from 'hono'
import type { Answer } from './answer.ts'
import type { ContractAnswer, ContractRequest } from './exchange.ts'

/** How the application is mounted. */
export interface AppOptions {
  /** The path it is mounted below, e.g. `/dapr`; taken off the target before it is read. Default none. */
  readonly basePath?: string
}

/**
 * A Hono application that answers every request through the contract.
 *
 * @example
 * ```ts
 * const app = createApp(secrets.answer)
 * const response = await app.request('/v1.0/secrets/env/DATABASE_URL')
 * ```
 */
export function createApp(answer: Answer, { basePath = '' }: AppOptions = {}): Hono {
  const app = new Hono({ getPath: () => '/' })
  app.all('*', async ({ req: { raw } }) => toResponse(await answer(await toContractRequest(raw, basePath))))
  return app
}

/** A WHATWG request as the contract reads it. */
async function toContractRequest(request: Request, basePath: string): Promise<ContractRequest> {
  const headers: string[] = []
  for (const [name, value] of request.headers) headers.push(name, value)
  return {
    method: request.method,
    target: withoutBasePath(targetOf(request.url), basePath),
    headers,
    body: request.body === null ? undefined : new Uint8Array(await request.arrayBuffer()),
    signal: request.signal,
  }
}

/** The path and query of a URL as they stand in it: `URL` would read and rewrite them. */
function targetOf(url: string): string {
  const path = url.indexOf('/', url.indexOf('://') + 3)
  const hash = url.indexOf('#')
  return path < 0 ? '/' : url.slice(path, hash < 0 ? undefined : hash)
}

function withoutBasePath(target: string, basePath: string): string {
  return basePath !== '' && target.startsWith(`${basePath}/`) ? target.slice(basePath.length) : target
}

/** Statuses that a `Response` may not have a body with. */
const withoutBody: ReadonlySet<number> = new Set([204, 205, 304])

function toResponse({ status, headers, body }: ContractAnswer): Response {
  const list: [string, string][] = []
  for (let index = 0; index < headers.length; index += 2) {
    list.push([headers[index] ?? '', headers[index + 1] ?? ''])
  }
  return new Response(withoutBody.has(status) ? null : body, { status, headers: list })
}
