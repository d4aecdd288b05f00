/**
 * JSON as Go's `encoding/json` writes it: HTML characters escaped, keys in the order of their UTF-8 bytes, no
 * blanks, no final newline (the success bodies' `\n` is the caller's).
 *
 * @module
 */

import { encodeUtf8 } from '../go/bytes.ts'

/**
 * A JSON string. `<`, `>`, `&`, U+2028 and U+2029 are escaped, `/`, DEL and other text beyond ASCII are not;
 * each byte that is not UTF-8 (a lone surrogate) is `\ufffd`.
 */
export function writeString(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replace(EVERY_ESCAPE, escapeCharacter)}"` : `"${text}"`
}

/** A JSON object of strings, sorted by key. */
export function writeObject(values: ReadonlyMap<string, string>): string {
  return writeSorted(values, writeString)
}

/** A JSON object of objects of strings, sorted by key; `undefined` is written as `null`. */
export function writeObjects(bulk: ReadonlyMap<string, ReadonlyMap<string, string> | undefined>): string {
  return writeSorted(bulk, (values, name, writtenName) => {
    if (values === undefined) return 'null'
    // Most secrets are one value under the secret's own name.
    const only = values.size === 1 ? values.get(name) : undefined
    return only === undefined ? writeObject(values) : `{${writtenName}:${writeString(only)}}`
  })
}

/**
 * The order of two texts by their UTF-8 bytes: negative, zero or positive. It differs from JavaScript's own
 * order above U+FFFF.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const unitA = a.charCodeAt(index)
    const unitB = b.charCodeAt(index)
    if (unitA === unitB) continue
    if (isSurrogate(unitA) || isSurrogate(unitB)) return compareBytes(encodeUtf8(a), encodeUtf8(b))
    return unitA - unitB
  }
  return a.length - b.length
}

// With the u flag a pair is one character, so only a lone surrogate matches.
const NEEDS_ESCAPE = /["\\<>&\u0000-\u001f\u2028\u2029\ud800-\udfff]/u
const EVERY_ESCAPE = /["\\<>&\u0000-\u001f\u2028\u2029\ud800-\udfff]/gu
const SURROGATE = /[\ud800-\udfff]/

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0)
  if (isSurrogate(code)) return '\\ufffd'
  return NAMED_ESCAPES.get(character) ?? `\\u${code.toString(16).padStart(4, '0')}`
}

/** One pass over a map that is in order already, which a store's usually is; anything else is sorted first. */
function writeSorted<Value>(
  values: ReadonlyMap<string, Value>,
  write: (value: Value, key: string, writtenKey: string) => string,
): string {
  if (!isSorted(values)) return writeEntries([...values].sort(byKey), write)
  return writeEntries(values, write)
}

function writeEntries<Value>(
  entries: Iterable<readonly [key: string, value: Value]>,
  write: (value: Value, key: string, writtenKey: string) => string,
): string {
  let text = '{'
  for (const [key, value] of entries) {
    if (text.length > 1) text += ','
    const writtenKey = writeString(key)
    text += `${writtenKey}:${write(value, key, writtenKey)}`
  }
  return `${text}}`
}

function isSorted(values: ReadonlyMap<string, unknown>): boolean {
  if (values.size < 2) return true
  let previous: string | undefined
  for (const key of values.keys()) {
    // Without surrogates the order of UTF-16 units is that of UTF-8 bytes.
    if ((previous !== undefined && previous > key) || SURROGATE.test(key)) return false
    previous = key
  }
  return true
}

function byKey(a: readonly [key: string, value: unknown], b: readonly [key: string, value: unknown]): number {
  return compareUtf8(a[0], b[0])
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}
