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
// One route needs none of the routers that make the default preset 5 kB larger.
import { Hono } from 'hono/tiny'
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
 * Below a path of another application, mount it so that the path arrives as it was sent, and name the path:
 * `route(path, …)`, or `mount(path, …, { replaceRequest: false })`. By default `mount()` decodes the path and
 * writes it anew, and the secret `bul%6B` becomes the word `bulk`.
 *
 * @example
 * ```ts
 * const app = createApp(secrets.answer)
 * const response = await app.request('/v1.0/secrets/env/DATABASE_URL')
 *
 * const shop = new Hono().route('/dapr', createApp(secrets.answer, { basePath: '/dapr' }))
 * ```
 */
export function createApp(answer: Answer, options: AppOptions = {}): Hono {
  const basePath = options.basePath?.replace(/\/+$/, '') ?? ''
  const app = new Hono({ getPath: () => '/' })
  app.all('*', async ({ req }) => toResponse(await answer(contractRequest(req.raw, basePath))))
  return app
}

/** A WHATWG request as the contract reads it. Each property is read once: on Node the getters are slow. */
function contractRequest(request: Request, basePath: string): ContractRequest {
  const { method, url, body, signal } = request
  const headers: string[] = []
  for (const [name, value] of request.headers) headers.push(name, value)
  return {
    method,
    target: withoutBasePath(targetOf(url), basePath),
    headers,
    body: body === null ? undefined : (limit) => readBody(body, limit),
    signal,
  }
}

/** A body up to one byte past the limit or a little more; `undefined` when it breaks off or was read before. */
async function readBody(body: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    const reader = body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value)
      size += value.length
      if (limit > 0 && size > limit) {
        // Nobody waits for the rest, and nobody needs to know whether it was given up properly.
        reader.cancel().catch(() => {})
        break
      }
    }
  } catch {
    // The reason is the client's or the platform's, and may quote what was sent.
    return undefined
  }
  return joined(chunks, size)
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return only
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
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

/** An empty body is none: with an empty text, `Response` would add a content type, and refuse it for a 204. */
function toResponse({ status, headers, body }: ContractAnswer): Response {
  const list: [string, string][] = []
  for (let index = 0; index < headers.length; index += 2) {
    list.push([headers[index] ?? '', headers[index + 1] ?? ''])
  }
  return new Response(body === '' ? null : body, { status, headers: list })
}
