/**
 * Text that may hold bytes which are not UTF-8, and the way back to bytes.
 *
 * Go's strings are bytes, so daprd carries a secret's name such as `%FF` unharmed from the path to the store and
 * only loses it in JSON. A JavaScript string carries it as a lone surrogate: U+DC00 + byte, that is
 * U+DC80–U+DCFF, one for every byte that Go's `unicode/utf8` would report as invalid.
 *
 * @module
 */

/**
 * Text of UTF-8 bytes; each invalid byte becomes the lone surrogate U+DC00 + byte. A byte order mark stays.
 *
 * @example
 * ```ts
 * decodeUtf8(Uint8Array.of(0x61, 0xff)) // 'a\udcff'
 * ```
 */
export function decodeUtf8(bytes: Uint8Array): string {
  decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    return decoder.decode(bytes)
  } catch {
    // The one reason for a fatal decoder to throw: some byte is not UTF-8.
    return decodeByHand(bytes)
  }
}

/** Bytes of a text; the inverse of {@link decodeUtf8}. Any other lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  encoder ??= new TextEncoder()
  if (!INVALID_BYTE.test(text)) return encoder.encode(text)
  const bytes = new Uint8Array(text.length * 3)
  let length = 0
  for (const part of text.split(INVALID_BYTE)) {
    const unit = part.charCodeAt(0)
    if (part.length === 1 && isInvalidByte(unit)) bytes[length++] = unit - 0xdc00
    else length += encoder.encodeInto(part, bytes.subarray(length)).written
  }
  return bytes.subarray(0, length)
}

/** The text as it is shown to a person: U+FFFD in place of every lone surrogate, as Go shows invalid bytes. */
export function withReplacement(text: string): string {
  return LONE_SURROGATE.test(text) ? text.replace(EVERY_LONE_SURROGATE, '\ufffd') : text
}

/** Whether a UTF-16 unit that is not part of a pair stands for an invalid byte. */
export function isInvalidByte(unit: number): boolean {
  return unit >= 0xdc80 && unit <= 0xdcff
}

/**
 * Length in bytes of the UTF-8 sequence at `index`, 1 to 4, or 0 when the byte there begins none.
 *
 * Refuses what Go's `unicode/utf8` refuses: overlong forms, surrogates, code points above U+10FFFF.
 */
export function sequenceLength(bytes: Uint8Array, index: number): 0 | 1 | 2 | 3 | 4 {
  const lead = bytes[index] ?? 0x100
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4) return 0
  const second = bytes[index + 1] ?? 0
  if (lead < 0xe0) return isContinuation(second) ? 2 : 0
  const third = bytes[index + 2] ?? 0
  if (lead < 0xf0) {
    const inRange = second >= (lead === 0xe0 ? 0xa0 : 0x80) && second <= (lead === 0xed ? 0x9f : 0xbf)
    return inRange && isContinuation(third) ? 3 : 0
  }
  const inRange = second >= (lead === 0xf0 ? 0x90 : 0x80) && second <= (lead === 0xf4 ? 0x8f : 0xbf)
  return inRange && isContinuation(third) && isContinuation(bytes[index + 3] ?? 0) ? 4 : 0
}

// Made on first use: a module does no work when it is imported.
let decoder: TextDecoder | undefined
let encoder: TextEncoder | undefined

const LONE_SURROGATE = /[\ud800-\udfff]/u
const EVERY_LONE_SURROGATE = /[\ud800-\udfff]/gu
/** With a group, so that a split keeps what it splits at. */
const INVALID_BYTE = /([\udc80-\udcff])/u

function decodeByHand(bytes: Uint8Array): string {
  let text = ''
  let index = 0
  while (index < bytes.length) {
    const length = sequenceLength(bytes, index)
    if (length === 0) {
      text += String.fromCharCode(0xdc00 + (bytes[index] ?? 0))
      index += 1
    } else {
      text += String.fromCodePoint(codePointAt(bytes, index, length))
      index += length
    }
  }
  return text
}

function codePointAt(bytes: Uint8Array, index: number, length: 1 | 2 | 3 | 4): number {
  const lead = bytes[index] ?? 0
  if (length === 1) return lead
  let code = lead & (0x7f >> length)
  for (let offset = 1; offset < length; offset++) code = (code << 6) | ((bytes[index + offset] ?? 0) & 0x3f)
  return code
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}
