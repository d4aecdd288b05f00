/**
 * Percent-encoding as Go's `net/url` reads it.
 *
 * @module
 */

import { decodeUtf8, encodeUtf8 } from '../go/bytes.ts'

/**
 * The text with every `%XX` decoded, or `undefined` when a `%` is not followed by two hexadecimal digits.
 *
 * The decoded bytes are read as UTF-8 together with what stands around them, with the escape of `go/bytes.ts` for
 * what is not UTF-8.
 */
export function decodePercent(text: string): string | undefined {
  if (!text.includes('%')) return text
  if (MALFORMED_ESCAPE.test(text)) return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    // The escapes are well-formed, so some of the bytes they stand for are not UTF-8 by themselves.
    return decodeUtf8(decodeBytes(encodeUtf8(text)))
  }
}

/**
 * The text decoded by query rules, `+` a space and then {@link decodePercent}, or `undefined` when an escape is
 * malformed (Go's `url.QueryUnescape`).
 */
export function decodeQueryText(text: string): string | undefined {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text)
}

const MALFORMED_ESCAPE = /%(?![0-9A-Fa-f]{2})/

function decodeBytes(bytes: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(bytes.length)
  let length = 0
  for (let index = 0; index < bytes.length; index++) {
    let byte = bytes[index] ?? 0
    if (byte === 0x25) {
      byte = digit(bytes[index + 1] ?? 0) * 16 + digit(bytes[index + 2] ?? 0)
      index += 2
    }
    decoded[length++] = byte
  }
  return decoded.subarray(0, length)
}

/** The value of a byte that is known to be a hexadecimal digit. */
function digit(byte: number): number {
  return byte < 0x3a ? byte - 0x30 : (byte | 0x20) - 0x57
}
