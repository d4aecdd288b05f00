/**
 * Requests to vendors over `fetch`, on targets that have nothing else (Workers).
 *
 * @module
 */
import type { HttpRequest, Send } from '../src/http/exchange.ts'
import { SendError } from '../src/http/exchange.ts'

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/**
 * A {@link Send} over a `fetch`. It cannot be told whom to trust: a request that says so fails as `untrusted`
 * before anything is sent. workerd sends no `LIST`: such a request fails as `unreachable`.
 *
 * @param fetch default: the platform's
 *
 * @example
 * ```ts
 * const send = sendWithFetch()
 * const response = await send({ method: 'GET', url, headers: {}, maxBytes: 1_000_000, signal })
 * ```
 */
export function sendWithFetch(fetch: Fetch = (url, init) => globalThis.fetch(url, init)): Send {
  return async (request) => {
    const { ca, serverName, skipVerify = false } = request.tls ?? {}
    if (ca !== undefined || serverName !== undefined || skipVerify) throw new SendError('untrusted')
    if (request.signal.aborted) throw new SendError('aborted')
    const response = await begin(fetch, request)
    const body = await readBody(response, request)
    return { status: response.status, headers: new Map(response.headers), body }
  }
}

async function begin(fetch: Fetch, { method, url, headers, body, signal }: HttpRequest): Promise<Response> {
  try {
    // A cache in front of the platform's network must not keep a secret.
    const init: RequestInit = { method, headers, redirect: 'manual', cache: 'no-store', signal }
    return await fetch(url, body === undefined ? init : { ...init, body })
  } catch (error) {
    throw new SendError(signal.aborted ? 'aborted' : failureOf(error))
  }
}

/**
 * workerd has one text for a connection that was refused and for one that ended, on both of which sending again
 * does no harm; of a certificate, a name or an answer that is wrong it says nothing. Cloudflare's own network
 * answers those with a status from 520 on.
 */
function failureOf(error: unknown): 'reset' | 'unreachable' {
  return error instanceof Error && /connection lost/i.test(error.message) ? 'reset' : 'unreachable'
}

async function readBody({ body }: Response, { maxBytes, signal }: HttpRequest): Promise<Uint8Array> {
  if (body === null) return new Uint8Array()
  const reader = body.getReader()
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new SendError(signal.aborted ? 'aborted' : 'broken')
    })
    if (done) break
    length += value.length
    if (length > maxBytes) {
      reader.cancel().catch(() => undefined)
      throw new SendError('too-large')
    }
    parts.push(value)
  }
  return joined(parts, length)
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
