/**
 * One exchange of the HTTP contract as plain objects: what a face hands in, what it gets back.
 *
 * No `Request`, `Response` or `Headers`: on Node the first touch of one of them loads undici (20–35 ms), and
 * a WHATWG URL rewrites `..`, `%2e%2e` and `\` before a secret's name is read from it.
 *
 * @module
 */

/** A request as it stood on the wire. */
export interface ContractRequest {
  /** As sent; letter case counts. */
  readonly method: string
  /**
   * The raw request target, path and query. Bytes beyond ASCII are decoded as UTF-8; a byte that is not valid
   * UTF-8 stands as the lone surrogate U+DC00 + byte (see `bytes.ts`).
   */
  readonly target: string
  /**
   * Names and values in turn, as they came, repeats included: `['Host', 'localhost', 'dapr-api-token', 't']`.
   * `cache-control: no-cache` asks for what the store says now.
   */
  readonly headers: readonly string[]
  /** The body, also of a GET: its bytes, or how to read them once the request may be served. */
  readonly body?: Uint8Array | BodyReader | undefined
  /** The app id on whose behalf the call is made; the configured one when absent. */
  readonly caller?: string | undefined
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads a body up to its end, or to a byte past `limit`: the contract only needs to see that it is too long.
 * Resolves with `undefined` when it breaks off.
 *
 * @param limit bytes; zero or less is none
 */
export type BodyReader = (limit: number) => Promise<Uint8Array | undefined>

/** What goes back. */
export interface ContractAnswer {
  readonly status: number
  /**
   * Names and values in turn. `Content-Length` and `Date` are the face's to add. A secret of a store with a cache
   * comes with `Age` in seconds and `X-Sidecarless-Source`: `store`, `cache` or `stale`.
   */
  readonly headers: readonly string[]
  /** Empty when there is none. For HEAD the face drops it and keeps its length, as Go's server does. */
  readonly body: string
  /** The connection must not be used again. */
  readonly close?: true
}
