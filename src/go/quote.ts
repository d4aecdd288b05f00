/**
 * Go's `%q`, in which the 403 message shows store and key.
 *
 * @module
 */

import { isInvalidByte } from './bytes.ts'

/**
 * The text as a Go string literal (`strconv.Quote`): quotes, backslashes and everything that is not printable are
 * escaped, an invalid byte as `\xff`.
 *
 * "Printable" follows the Unicode version of the JavaScript engine; Go 1.26 follows 15.0, so characters
 * assigned later are escaped by daprd and kept here.
 *
 * @example
 * ```ts
 * goQuote('a"b') // '"a\\"b"'
 * ```
 */
export function goQuote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  let quoted = '"'
  for (const character of text) quoted += quoteCharacter(character)
  return `${quoted}"`
}

const PLAIN = /^[ !#-[\]-~]*$/
/** Letters, marks, numbers, punctuation, symbols and the one blank that Go counts as printable. */
const PRINTABLE = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
])

function quoteCharacter(character: string): string {
  const named = NAMED_ESCAPES.get(character)
  if (named !== undefined) return named
  if (PRINTABLE.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  if (isInvalidByte(code)) return `\\x${hex(code - 0xdc00, 2)}`
  // A surrogate that stands for no byte: Go would hold U+FFFD, which it prints as it is.
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
