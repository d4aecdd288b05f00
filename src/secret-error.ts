/**
 * The two ways a read can fail: what a store says of its vendor (`StoreError`), and what every face of the
 * read path sees (`SecretError`).
 *
 * Neither ever carries a secret's value, a vendor's body or a foreign `cause`: parsers, `Headers` and `URL`
 * quote what they refuse, and an error's `cause` crosses a Worker's RPC whole.
 *
 * @module
 */

/** What went wrong, in the words a caller can act on. */
export type SecretErrorKind =
  | 'not-found'
  | 'denied'
  | 'unauthenticated'
  | 'unavailable'
  | 'throttled'
  | 'invalid'

/** Whether trying the same call again can help. */
export function isRetryable(kind: SecretErrorKind): boolean {
  return kind === 'unavailable' || kind === 'throttled'
}

/**
 * What a driver throws. Its message becomes part of the wire text, so it is written for the caller:
 * `secret db-password not found`.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly kind: SecretErrorKind
  readonly retryable: boolean

  /**
   * @param kind what went wrong
   * @param message what daprd would say, or our own words; never a value, a body or a parser's quotation
   */
  constructor(kind: SecretErrorKind, message: string) {
    super(message)
    this.kind = kind
    this.retryable = isRetryable(kind)
  }
}

/** Dapr's codes for what can go wrong with a secret (dapr/dapr `pkg/messages/predefined.go`). */
export type SecretErrorCode =
  | 'ERR_SECRET_STORES_NOT_CONFIGURED'
  | 'ERR_SECRET_STORE_NOT_FOUND'
  | 'ERR_PERMISSION_DENIED'
  | 'ERR_SECRET_GET'

/** What {@link SecretError} is made of. */
export interface SecretErrorInit {
  readonly kind: SecretErrorKind
  readonly code: SecretErrorCode
  readonly message: string
}

/** What a read throws, under every face. `code` is what Dapr's wire says; decide on `kind`. */
export class SecretError extends Error {
  override readonly name = 'SecretError'
  readonly kind: SecretErrorKind
  readonly code: SecretErrorCode
  readonly retryable: boolean

  constructor({ kind, code, message }: SecretErrorInit) {
    super(message)
    this.kind = kind
    this.code = code
    this.retryable = isRetryable(kind)
  }
}
