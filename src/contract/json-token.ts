/**
 * JSON tokens as protobuf-go reads them, with its error texts.
 *
 * Reproduces what protocolbuffers/protobuf-go `internal/encoding/json` (v1.36.11) accepts and how it words a
 * refusal. It works on bytes because the positions and quotations in those texts count bytes, and it keeps the
 * open brackets in an array, so depth costs no stack.
 *
 * @module
 */

import { decodeUtf8, sequenceLength } from '../go/bytes.ts'
import { goQuote } from '../go/quote.ts'

/** What a token is. A `name` is a string before a `:`; the colon has been read with it. */
export type TokenKind = 'end' | 'null' | 'bool' | 'number' | 'string' | 'name' | '{' | '}' | '[' | ']'

/** A piece of JSON, from byte `start` up to `end`. */
export interface Token {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
}

/** Reads tokens one after the other and sees to it that they stand in a valid sequence. */
export class TokenReader {
  readonly #bytes: Uint8Array
  readonly #open: ('{' | '[')[] = []
  #index = 0
  #last: TokenKind | ',' | 'start' = 'start'

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The next token, or the problem with it in protobuf-go's words, without the `proto: ` in front. */
  read(): Token | string {
    this.#skipBlanks()
    const token = this.#next()
    if (typeof token === 'string') return token
    if (token.kind !== ',') return this.#accept(token, token.kind)
    const follows = this.#last !== 'start' && ENDS_OF_VALUES.has(this.#last)
    if (this.#open.length === 0 || !follows) return this.unexpected(token)
    this.#last = ','
    this.#skipBlanks()
    const after = this.#next()
    if (typeof after === 'string') return after
    return after.kind === ',' ? this.unexpected(after) : this.#accept(after, after.kind)
  }

  /** The token as it stands in the input. */
  raw(token: { readonly start: number; readonly end: number }): string {
    return decodeUtf8(this.#bytes.subarray(token.start, token.end))
  }

  /** The value of a `string` or `name` token. */
  text(token: Token): string {
    const value: unknown = JSON.parse(this.raw(token))
    return typeof value === 'string' ? value : ''
  }

  /** `line:column` of a byte, both one-based; a column is a code point or an invalid byte. */
  position(index: number): string {
    let line = 1
    let start = 0
    for (let at = 0; at < index; at++) {
      if (this.#bytes[at] !== LINE_FEED) continue
      line += 1
      start = at + 1
    }
    let column = 1
    for (let at = start; at < index; at += Math.max(1, sequenceLength(this.#bytes, at))) column += 1
    return `${line}:${column}`
  }

  /** The problem of a token that stands where it must not. */
  unexpected(token: { readonly start: number; readonly end: number }): string {
    return this.#syntaxError(token.start, `unexpected token ${this.raw(token)}`)
  }

  /** Whether a token fits what came before it; if so it becomes what came before. */
  #accept(token: { readonly start: number; readonly end: number }, kind: TokenKind): Token | string {
    const { start, end } = token
    switch (kind) {
      case 'end':
        if (this.#open.length > 0) return UNEXPECTED_END
        break
      case 'string':
        if (this.#isValueNext()) break
        return this.#acceptName(start, end)
      case '{':
      case '[':
        if (!this.#isValueNext()) return this.unexpected(token)
        this.#open.push(kind)
        break
      case '}':
        if (this.#last === 'name' || this.#last === ',' || this.#open.at(-1) !== '{')
          return this.unexpected(token)
        this.#open.pop()
        break
      case ']':
        if (this.#last === ',' || this.#open.at(-1) !== '[') return this.unexpected(token)
        this.#open.pop()
        break
      default:
        if (!this.#isValueNext()) return this.unexpected(token)
    }
    this.#last = kind
    return { kind, start, end }
  }

  #acceptName(start: number, end: number): Token | string {
    if (this.#last !== '{' && this.#last !== ',') return this.unexpected({ start, end })
    this.#skipBlanks()
    const byte = this.#bytes[this.#index]
    if (byte === undefined) return UNEXPECTED_END
    if (byte !== COLON) {
      // Go turns the single byte into a character, so 0xC3 reads as U+00C3.
      const shown = String.fromCharCode(byte)
      return this.#syntaxError(this.#index, `unexpected character ${shown}, missing ":" after field name`)
    }
    this.#index += 1
    this.#last = 'name'
    return { kind: 'name', start, end }
  }

  #isValueNext(): boolean {
    const open = this.#open.at(-1)
    if (open === undefined) return this.#last === 'start'
    return open === '{' ? this.#last === 'name' : this.#last === '[' || this.#last === ','
  }

  /** The next token by its bytes alone. */
  #next(): { readonly kind: TokenKind | ','; readonly start: number; readonly end: number } | string {
    const start = this.#index
    const byte = this.#bytes[start]
    if (byte === undefined) return { kind: 'end', start, end: start }
    const character = String.fromCharCode(byte)
    switch (character) {
      case '{':
      case '}':
      case '[':
      case ']':
      case ',':
        return this.#take(character, start + 1)
      case '"': {
        const end = this.#stringEnd()
        return typeof end === 'string' ? end : this.#take('string', end)
      }
    }
    const word = character === '-' || isDigit(byte) ? numberEnd(this.#bytes, start) : start
    if (word > start) return this.#take('number', word)
    if (this.#isWord('null')) return this.#take('null', start + 4)
    if (this.#isWord('true')) return this.#take('bool', start + 4)
    if (this.#isWord('false')) return this.#take('bool', start + 5)
    return this.#syntaxError(start, `invalid value ${this.#excerpt()}`)
  }

  #take<Kind extends TokenKind | ','>(kind: Kind, end: number) {
    const start = this.#index
    this.#index = end
    return { kind, start, end }
  }

  #isWord(word: string): boolean {
    for (let offset = 0; offset < word.length; offset++) {
      if (this.#bytes[this.#index + offset] !== word.charCodeAt(offset)) return false
    }
    return !isWordByte(this.#bytes[this.#index + word.length])
  }

  /** What an `invalid value` message shows: up to 32 bytes that look like a word, or one character. */
  #excerpt(): string {
    let end = this.#index
    while (end - this.#index < 32 && isWordByte(this.#bytes[end])) end += 1
    if (end === this.#index) end += Math.max(1, sequenceLength(this.#bytes, end))
    return this.raw({ start: this.#index, end })
  }

  /** The index after the closing quote of the string that begins here, or the problem with it. */
  #stringEnd(): number | string {
    const bytes = this.#bytes
    let index = this.#index + 1
    while (index < bytes.length) {
      const byte = bytes[index] ?? 0
      if (byte === QUOTE) return index + 1
      if (byte === BACKSLASH) {
        const end = this.#escapeEnd(index)
        if (typeof end === 'string') return end
        index = end
        continue
      }
      if (byte < 0x20) {
        const shown = goQuote(String.fromCharCode(byte)).slice(1, -1)
        return this.#syntaxError(this.#index, `invalid character '${shown}' in string`)
      }
      const length = sequenceLength(bytes, index)
      if (length === 0) return this.#syntaxError(this.#index, 'invalid UTF-8 in string')
      index += length
    }
    return UNEXPECTED_END
  }

  /** The index after the escape that begins at `index`, both halves of a surrogate pair included. */
  #escapeEnd(index: number): number | string {
    const bytes = this.#bytes
    const letter = bytes[index + 1]
    if (letter === undefined) return UNEXPECTED_END
    if (letter !== LETTER_U) {
      return SIMPLE_ESCAPES.includes(String.fromCharCode(letter)) ? index + 2 : this.#badEscape(index, 2)
    }
    if (index + 6 > bytes.length) return UNEXPECTED_END
    const unit = hexadecimal(bytes, index + 2)
    if (unit === undefined) return this.#badEscape(index, 6)
    if (unit < 0xd800 || unit > 0xdfff) return index + 6
    const second = index + 6
    if (second + 6 > bytes.length) return UNEXPECTED_END
    const low = hexadecimal(bytes, second + 2)
    const paired = unit < 0xdc00 && low !== undefined && low >= 0xdc00 && low <= 0xdfff
    const escaped = bytes[second] === BACKSLASH && bytes[second + 1] === LETTER_U
    return paired && escaped ? second + 6 : this.#badEscape(second, 6)
  }

  #badEscape(index: number, length: number): string {
    const shown = goQuote(this.raw({ start: index, end: index + length }))
    return this.#syntaxError(this.#index, `invalid escape code ${shown} in string`)
  }

  #skipBlanks(): void {
    for (;;) {
      const byte = this.#bytes[this.#index]
      if (byte !== 0x20 && byte !== LINE_FEED && byte !== 0x0d && byte !== 0x09) return
      this.#index += 1
    }
  }

  #syntaxError(index: number, message: string): string {
    return `syntax error (line ${this.position(index)}): ${message}`
  }
}

const UNEXPECTED_END = 'unexpected EOF'
const ENDS_OF_VALUES: ReadonlySet<TokenKind | ','> = new Set(['null', 'bool', 'number', 'string', '}', ']'])
const SIMPLE_ESCAPES = '"\\/bfnrt'

const LINE_FEED = 0x0a
const QUOTE = 0x22
const COLON = 0x3a
const BACKSLASH = 0x5c
const LETTER_U = 0x75

/** The index after the number at `start`, or `start` when there is no valid one. */
function numberEnd(bytes: Uint8Array, start: number): number {
  let index = start
  if (bytes[index] === 0x2d) index += 1
  if (!isDigit(bytes[index])) return start
  index = bytes[index] === 0x30 ? index + 1 : digitsEnd(bytes, index)
  if (bytes[index] === 0x2e && isDigit(bytes[index + 1])) index = digitsEnd(bytes, index + 1)
  const exponent = bytes[index] === 0x65 || bytes[index] === 0x45
  if (exponent && index + 1 < bytes.length) {
    index += 1
    const signed = bytes[index] === 0x2b || bytes[index] === 0x2d
    if (signed) index += 1
    if (signed && index === bytes.length) return start
    // protobuf-go does not ask for a digit here: `1e` before a delimiter is a number to it.
    index = digitsEnd(bytes, index)
  }
  return isWordByte(bytes[index]) ? start : index
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let index = start
  while (isDigit(bytes[index])) index += 1
  return index
}

/** The value of the four hexadecimal digits at `index`. */
function hexadecimal(bytes: Uint8Array, index: number): number | undefined {
  const text = String.fromCharCode(...bytes.subarray(index, index + 4))
  return /^[0-9A-Fa-f]{4}$/.test(text) ? Number.parseInt(text, 16) : undefined
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/** A byte that would continue a word or number, so that `nullx` is not `null`. */
function isWordByte(byte: number | undefined): boolean {
  if (byte === undefined) return false
  const letter = byte | 0x20
  const other = byte === 0x2d || byte === 0x2b || byte === 0x2e || byte === 0x5f
  return other || isDigit(byte) || (letter >= 0x61 && letter <= 0x7a)
}
