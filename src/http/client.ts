/**
 * The one way in which stores and credentials send a request: to one origin, within a deadline.
 *
 * @module
 */
import { contextCanceled } from '../resiliency/cancellation.ts'
import { withTimeout } from '../resiliency/timeout.ts'
import type { Runtime } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'
import type { HttpResponse, SendFailure, TlsOptions } from './exchange.ts'
import { SendError } from './exchange.ts'
import { isLoopback, isPath, resolveReference, splitUrl } from './url.ts'

/** A vendor's server, and how it is spoken to. */
export interface HttpClientOptions {
  /** Scheme, host and port: `https://vault.example:8200`. */
  readonly origin: string
  readonly runtime: Pick<Runtime, 'send' | 'clock' | 'random'>
  readonly tls?: TlsOptions | undefined
  /** For a request with all its redirects, in milliseconds. Default 5000. */
  readonly timeout?: number
  /** The longest body that is read, in bytes after decompression. Default 4 MiB. */
  readonly maxBytes?: number
  /** Whether a server on another machine may be spoken to in the clear. Default false. */
  readonly allowPlainHttp?: boolean
}

/** One request to the client's origin. */
export interface ClientRequest {
  readonly method: string
  /** Path and query, percent-encoded; begins with `/`. */
  readonly path: string
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Aborts when the caller leaves. */
  readonly signal?: AbortSignal | undefined
}

/** Requests to one origin and to no other. */
export interface HttpClient {
  /**
   * The answer, whatever its status; never a redirect. Up to three of those are followed on the origin:
   * 307 and 308 with the same method and body, others only for a `GET`, `LIST` or `HEAD`. A request whose
   * connection ended before an answer began is sent once more.
   *
   * @throws {StoreError} `unavailable` when there is no answer, `invalid` when the request cannot be sent
   * or its answer is too long; never with a word of the platform or the server
   */
  request(request: ClientRequest): Promise<HttpResponse>
}

/**
 * A client for one origin. It holds no state; connections are the target's.
 *
 * @throws {StoreError} of kind `invalid` with what {@link originProblem} says; stores ask that first
 *
 * @example
 * ```ts
 * const vault = httpClient({ origin: 'https://vault.example:8200', runtime })
 * const { status, body } = await vault.request({ method: 'GET', path: '/v1/sys/health' })
 * ```
 */
export function httpClient(options: HttpClientOptions): HttpClient {
  const { runtime, tls, timeout = 5000, maxBytes = 4 * 1024 * 1024, allowPlainHttp = false } = options
  const problem = originProblem(options.origin, allowPlainHttp)
  if (problem !== undefined) throw new StoreError('invalid', `the store's address ${problem}`)
  const origin = splitUrl(options.origin)?.origin ?? ''

  return {
    request: (request) =>
      withTimeout(timeout, runtime.clock, (signal) => follow(request, signal), request.signal),
  }

  async function follow(request: ClientRequest, signal: AbortSignal): Promise<HttpResponse> {
    refuseUnsendable(request)
    let { path } = request
    for (let redirects = 0; ; redirects += 1) {
      const response = await sendTwice({ ...request, path }, signal)
      if (!redirectStatuses.has(response.status)) return response
      if (redirects === maxRedirects) throw unavailable('the store redirects too often')
      path = redirectedPath(request.method, response, { origin, path })
    }
  }

  /** A kept connection may have died while the process was frozen: nothing shows that until it is used. */
  async function sendTwice(request: ClientRequest, signal: AbortSignal): Promise<HttpResponse> {
    try {
      return await send(request, signal)
    } catch (error) {
      if (!(error instanceof SendError && error.failure === 'reset')) throw storeError(error)
    }
    try {
      return await send(request, signal)
    } catch (error) {
      throw storeError(error)
    }
  }

  async function send({ method, path, headers = {}, body }: ClientRequest, signal: AbortSignal) {
    if (runtime.send === undefined) throw new StoreError('invalid', 'this target lends no network')
    if (signal.aborted) throw contextCanceled()
    return runtime.send({
      method,
      url: `${origin}${path}`,
      headers,
      maxBytes,
      signal,
      ...(body === undefined ? {} : { body }),
      ...(tls === undefined ? {} : { tls }),
    })
  }
}

/**
 * What is wrong with an origin, to stand behind the name of what holds it: `must be …`. `undefined` when it can
 * be used. A single `/` at its end is no mistake.
 *
 * @example
 * ```ts
 * originProblem('https://vault.example:8200') // undefined
 * originProblem('http://vault.example:8200') // 'must begin with https: …'
 * ```
 */
export function originProblem(origin: string, allowPlainHttp = false): string | undefined {
  const url = splitUrl(origin)
  if (url === undefined) {
    return /^https?:\/\/[^/?#]*@/is.test(origin)
      ? 'must not hold a user name or a password'
      : 'must be an http or https URL with no more than a host and a port'
  }
  if (!/^[^/]*\/\/[^/?]*\/?$/.test(origin)) return 'must not hold a path or a query'
  if (url.origin.startsWith('https:') || allowPlainHttp || isLoopback(url.origin)) return undefined
  return 'must begin with https: what is sent in the clear can be read on its way to another machine'
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const maxRedirects = 3

/** The path to ask next, on the same origin. */
function redirectedPath(
  method: string,
  { status, headers }: HttpResponse,
  from: { readonly origin: string; readonly path: string },
): string {
  const keepsMethod = status === 307 || status === 308
  if (!keepsMethod && !['GET', 'LIST', 'HEAD'].includes(method)) {
    throw unavailable('the store redirects a request that must not be repeated elsewhere')
  }
  const location = headers.get('location')
  if (location === undefined) throw unavailable('the store redirects without saying where')
  const to = resolveReference(location, from)
  if (to === undefined) throw unavailable('the store redirects to something that is no address')
  if (to.origin !== from.origin) throw unavailable('the store redirects to another origin')
  return to.path
}

/** Platforms quote what they refuse in a header or a path, so none of it is theirs to refuse. */
function refuseUnsendable({ method, path, headers = {} }: ClientRequest): void {
  if (!/^[A-Z]+$/.test(method)) throw new StoreError('invalid', 'the request has no method')
  if (!isPath(path)) throw new StoreError('invalid', 'the name or a field makes no path that can be sent')
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[a-z\d-]+$/.test(name)) throw new StoreError('invalid', 'a header has a name that cannot be sent')
    if (!/^[\t -~]*$/.test(value)) {
      throw new StoreError('invalid', `header ${name} holds a character that cannot be sent`)
    }
  }
}

function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  if (!(error instanceof SendError)) return unavailable('the request failed')
  return new StoreError(
    error.failure === 'too-large' ? 'invalid' : 'unavailable',
    failureTexts[error.failure],
  )
}

const failureTexts: Readonly<Record<SendFailure, string>> = {
  unreachable: 'the store cannot be reached',
  reset: 'the store ended the connection without an answer',
  broken: "the store's answer broke off or is no HTTP",
  untrusted: "the store's certificate is not trusted",
  'too-large': "the store's answer is too long",
  aborted: 'context canceled',
}

function unavailable(message: string): StoreError {
  return new StoreError('unavailable', message)
}
