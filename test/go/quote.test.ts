import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { goQuote } from '../../src/go/quote.ts'

/** Reads a Go literal back, one escape at a time. */
function unquote(literal: string): string {
  expect(literal.startsWith('"') && literal.endsWith('"') && literal.length > 1).toBe(true)
  return literal
    .slice(1, -1)
    .replace(/\\(?:x(..)|u(....)|U(........)|(.))/gu, (_, byte, short, long, letter) => {
      if (byte !== undefined) {
        const value = Number.parseInt(byte, 16)
        return String.fromCharCode(value < 0x80 ? value : 0xdc00 + value)
      }
      if (letter === undefined) return String.fromCodePoint(Number.parseInt(short ?? long, 16))
      return { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }[letter as string] ?? letter
    })
}

const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '\n', '\u007f', '\u00a0', '\u{e0001}', ' '),
      fc.integer({ min: 0xdc80, max: 0xdcff }).map((unit) => String.fromCharCode(unit)),
    ),
  )
  .map((parts) => parts.join(''))

describe('goQuote', () => {
  it.each([
    ['', '""'],
    ['db-password', '"db-password"'],
    ['a b~!', '"a b~!"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['\u0007\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
    ['\u0000\u001b\u007f', '"\\x00\\x1b\\x7f"'],
    ['\udcff', '"\\xff"'],
    ['\udce2\udc82', '"\\xe2\\x82"'],
    ['é日😀', '"é日😀"'],
    ['e\u0301', '"e\u0301"'],
    ['\u0080\u00a0\u00ad', '"\\u0080\\u00a0\\u00ad"'],
    ['\u200b\u2028\u3000\ufeff', '"\\u200b\\u2028\\u3000\\ufeff"'],
    ['\ue000\u0378\uffff', '"\\ue000\\u0378\\uffff"'],
    ['\u{e0001}\u{f0000}\u{10ffff}', '"\\U000e0001\\U000f0000\\U0010ffff"'],
    ['\ufffd', '"\ufffd"'],
    ['\ud800', '"\ufffd"'],
    ["it's", '"it\'s"'],
  ])('quotes %j as %s', (text, quoted) => {
    expect(goQuote(text)).toBe(quoted)
  })

  it('gives printable text that reads back as what went in', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const quoted = goQuote(text)
        expect(quoted).toMatch(/^"(?:[^"\\]|\\.)*"$/u)
        expect(quoted).not.toMatch(/[\p{C}\u2028\u2029]/u)
        expect(unquote(quoted)).toBe(text)
      }),
    )
  })
})
