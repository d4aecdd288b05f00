/**
 * What a store of HashiCorp Vault or OpenBao calls: a `GET` with a token that the vault takes.
 *
 * @module
 */
import type { ClientRequest, HttpClient } from '../http/client.ts'
import { httpClient } from '../http/client.ts'
import type { HttpResponse, TlsOptions } from '../http/exchange.ts'
import { retrying } from '../http/retry.ts'
import type { Runtime } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'
import type { VaultIdentity } from './vault-token.ts'
import { vaultTokens } from './vault-token.ts'

/** Reads of one vault. */
export interface VaultClient {
  /**
   * The answer to a `GET`, whatever its status. One of 403 is a policy's: when the vault refuses the token
   * itself, the read is tried once more with the token's successor.
   *
   * @param path percent-encoded, begins with `/v1/`
   * @throws {StoreError} `unauthenticated` when there is no token that the vault takes, else as an
   * {@link HttpClient} does
   */
  get(path: string, signal?: AbortSignal): Promise<HttpResponse>
}

/** What a client is made of. */
export interface VaultClientOptions {
  /** Scheme, host and port. */
  readonly origin: string
  /** What stands before `/v1` where a proxy serves the vault below a path: empty, or `/vault`. */
  readonly basePath?: string
  readonly identity: VaultIdentity
  /** For the header `X-Vault-Namespace`. Default none. */
  readonly namespace?: string
  readonly tls?: TlsOptions | undefined
  readonly allowPlainHttp?: boolean
  readonly runtime: Runtime
}

/** A client. Nothing is asked of anybody before the first call. */
export function vaultClient(options: VaultClientOptions): VaultClient {
  const client = requestsOf(options)
  const tokens = vaultTokens(options.identity, options.runtime, client)

  return {
    async get(path, signal) {
      const token = await tokens.get(signal)
      const answer = await send(path, token, signal)
      if (answer.status !== 403) return answer
      const successor = await successorOf(token, signal)
      if (successor === undefined) return answer
      const second = await send(path, successor, signal)
      if (second.status === 403 && !(await isKnown(successor, signal))) throw tokenRefused()
      return second
    },
  }

  function send(path: string, token: string, signal?: AbortSignal): Promise<HttpResponse> {
    return client.request({ method: 'GET', path, headers: { 'x-vault-token': token }, signal })
  }

  /** `undefined` when the vault knows the token, so that it was a policy that said no. */
  async function successorOf(token: string, signal?: AbortSignal): Promise<string | undefined> {
    // Another read may have found out before this one, or the file holds a new one by now.
    const current = await tokens.get(signal)
    if (current !== token) return current
    if (await isKnown(token, signal)) return undefined
    const successor = await tokens.replace(token, signal)
    if (successor === token) throw tokenRefused()
    return successor
  }

  /** A policy and a bad token look alike but for a text that varies; whether a token is good, it can ask itself. */
  async function isKnown(token: string, signal?: AbortSignal): Promise<boolean> {
    return (await send('/v1/auth/token/lookup-self', token, signal)).status !== 403
  }
}

/** Every request to the vault, a login too. */
function requestsOf(options: VaultClientOptions): HttpClient {
  const { origin, basePath = '', namespace = '', tls, allowPlainHttp = false, runtime } = options
  const client = retrying(httpClient({ origin, tls, allowPlainHttp, runtime }), { runtime, isBusy })
  const common = {
    // Proves that nobody else's code made the request (a vault's agent may demand it).
    'x-vault-request': 'true',
    ...(namespace === '' ? {} : { 'x-vault-namespace': namespace }),
  }
  return {
    request: ({ path, headers = {}, ...request }: ClientRequest) =>
      client.request({ ...request, path: `${basePath}${path}`, headers: { ...common, ...headers } }),
  }
}

/** 412: a standby that has not heard of the newest write yet; 429: a quota; 503: no leader at the moment. */
function isBusy({ status }: HttpResponse): boolean {
  return status === 412 || status === 429 || status === 503
}

function tokenRefused(): StoreError {
  const text =
    "couldn't get successful response, status code 403: the vault does not take the token, or no policy lets it look itself up"
  return new StoreError('unauthenticated', text)
}
