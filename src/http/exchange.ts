/**
 * One HTTP exchange with a vendor, as plain objects: what a target's `send` is given and gives back.
 *
 * @module
 */

/** Whom to trust, on targets that can choose it (Node, Lambda, Azure Functions). */
export interface TlsOptions {
  /** Certificates in PEM form that are trusted instead of the platform's own. */
  readonly ca?: string
  /** The name that the server's certificate must have, instead of the URL's host. */
  readonly serverName?: string
  /** Whether the certificate is not looked at at all. Default false. */
  readonly skipVerify?: boolean
}

/** A request as it will stand on the wire. Redirects are never followed by `send`. */
export interface HttpRequest {
  readonly method: string
  /** Absolute; path and query are encoded already and sent as they are. */
  readonly url: string
  /** By lower-case name. `host` and `content-length` are the target's to add. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Bytes of the body, decompressed, after which the exchange is given up. */
  readonly maxBytes: number
  readonly signal: AbortSignal
  readonly tls?: TlsOptions
}

/** An answer of any status, read to its end. */
export interface HttpResponse {
  readonly status: number
  /** By lower-case name; repeated ones joined by a comma. */
  readonly headers: ReadonlyMap<string, string>
  /** Decompressed. */
  readonly body: Uint8Array
}

/**
 * Sends one request.
 *
 * @throws {SendError} when there is no answer to give
 */
export type Send = (request: HttpRequest) => Promise<HttpResponse>

/** Why there is no answer. */
export type SendFailure =
  /** No connection: refused, no such host, no route. */
  | 'unreachable'
  /** The connection ended before a byte of the answer came; on a kept one the request may be sent again. */
  | 'reset'
  /** The connection ended inside the answer, or the answer is no HTTP. */
  | 'broken'
  /** The certificate is not trusted. */
  | 'untrusted'
  /** Longer than `maxBytes`. */
  | 'too-large'
  /** The signal aborted. */
  | 'aborted'

/** Why an exchange failed, without a word of the platform's own message: it may quote what it refused. */
export class SendError extends Error {
  override readonly name = 'SendError'
  readonly failure: SendFailure

  constructor(failure: SendFailure) {
    super(failure)
    this.failure = failure
  }
}
