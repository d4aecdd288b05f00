/**
 * What the contract reads from a query string: request metadata, and single values such as `appid`.
 *
 * A pair that holds a raw `;` or a malformed escape is dropped, the others stay; above 10,000 parameters there is
 * nothing at all (Go's `url.ParseQuery`).
 *
 * @module
 */

import { decodeQueryText } from './percent.ts'

/**
 * The parameters whose decoded name begins with `metadata.`, without that prefix; the first of several wins
 * (dapr/dapr `pkg/api/http/http.go`). Letter case is kept; a parameter without `=` has an empty value.
 *
 * @example
 * ```ts
 * requestMetadata('metadata.version_id=3&other=1') // Map { 'version_id' => '3' }
 * ```
 */
export function requestMetadata(query: string): ReadonlyMap<string, string> {
  // A name that has to be decoded first may hide the prefix: `%6detadata.x`.
  if (query === '' || !(query.includes(PREFIX) || query.includes('%'))) return NO_METADATA
  let metadata: Map<string, string> | undefined
  eachParameter(query, (name, encodedValue) => {
    if (!name.startsWith(PREFIX)) return
    const key = name.slice(PREFIX.length)
    if (metadata?.has(key)) return
    const value = decodeQueryText(encodedValue)
    if (value === undefined) return
    metadata ??= new Map()
    metadata.set(key, value)
  })
  return metadata ?? NO_METADATA
}

/** The first value of a parameter: empty when it came without `=`, `undefined` when it did not come at all. */
export function queryValue(query: string, name: string): string | undefined {
  let found: string | undefined
  eachParameter(query, (candidate, encodedValue) => {
    if (found === undefined && candidate === name) found = decodeQueryText(encodedValue)
  })
  return found
}

const PREFIX = 'metadata.'
const NO_METADATA: ReadonlyMap<string, string> = new Map()
const MAX_PARAMETERS = 10_000

/** Visits the pairs in order, names decoded, values not yet. A value with a bad escape is the visitor's to drop. */
function eachParameter(query: string, visit: (name: string, encodedValue: string) => void): void {
  if (query === '') return
  const pairs = query.split('&')
  if (pairs.length > MAX_PARAMETERS) return
  for (const pair of pairs) {
    if (pair === '' || pair.includes(';')) continue
    const equals = pair.indexOf('=')
    const name = decodeQueryText(equals === -1 ? pair : pair.slice(0, equals))
    if (name !== undefined) visit(name, equals === -1 ? '' : pair.slice(equals + 1))
  }
}
