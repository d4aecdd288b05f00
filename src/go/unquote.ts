/**
 * Go's `strconv.Unquote`, which daprd applies to every metadata value
 * (dapr/dapr `pkg/apis/common/namevalue.go`).
 *
 * A value that came from a reference and happens to be a well-formed Go literal loses its quotes.
 *
 * @module
 */

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

const escapeSequence =
  /^\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/

/**
 * The text inside a Go string or rune literal; the text itself when it is none.
 *
 * @example
 * ```ts
 * unquote('"a\\tb"') // 'a<TAB>b'
 * unquote('`a`')     // 'a'
 * unquote("'ab'")    // "'ab'", a rune literal holds one rune
 * unquote('plain')   // 'plain'
 * ```
 */
export function unquote(text: string): string {
  const quote = text[0]
  if (text.length < 2 || quote !== text.at(-1)) return text
  const inner = text.slice(1, -1)
  if (quote === '`') return inner.includes('`') ? text : inner.replaceAll('\r', '')
  if (quote === '"') return interpret(inner, quote) ?? text
  if (quote === "'") {
    const rune = interpret(inner, quote)
    return rune !== undefined && [...rune].length === 1 ? rune : text
  }
  return text
}

/** The escapes of an interpreted literal resolved; `undefined` when it is not well formed. */
function interpret(inner: string, quote: '"' | "'"): string | undefined {
  if (inner.includes('\n')) return undefined
  if (!inner.includes('\\')) return inner.includes(quote) ? undefined : inner
  let result = ''
  for (let index = 0; index < inner.length; ) {
    const character = inner.charAt(index)
    if (character === quote) return undefined
    if (character !== '\\') {
      result += character
      index += 1
      continue
    }
    const match = escapeSequence.exec(inner.slice(index, index + 10))
    const escaped = match === null ? undefined : escapedText(match, quote)
    if (match === null || escaped === undefined) return undefined
    result += escaped
    index += match[0].length
  }
  return result
}

function escapedText(match: RegExpExecArray, quote: string): string | undefined {
  const [, simple, byte, short, long, octal] = match
  if (simple !== undefined) return escapes[simple] ?? (simple === quote ? quote : undefined)
  const code =
    octal === undefined ? Number.parseInt(byte ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8)
  if (byte !== undefined || octal !== undefined) return code > 0xff ? undefined : byteText(code)
  const isScalarValue = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return isScalarValue ? String.fromCodePoint(code) : undefined
}

/** A single byte of a Go string: itself when ASCII, else one that is not valid UTF-8 (see `bytes.ts`). */
function byteText(byte: number): string {
  return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)
}
