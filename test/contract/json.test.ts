import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareUtf8, writeObject, writeObjects, writeString } from '../../src/contract/json.ts'
import { decodeUtf8, encodeUtf8, sequenceLength, withReplacement } from '../../src/go/bytes.ts'

/** The rule of Go's encoding/json, byte after byte, each byte as a Latin-1 character. */
function model(text: string): string {
  const bytes = encodeUtf8(text)
  let out = '"'
  for (let index = 0; index < bytes.length; ) {
    const length = sequenceLength(bytes, index)
    const sequence = [...bytes.subarray(index, index + Math.max(1, length))]
    const characters = String.fromCharCode(...sequence)
    index += sequence.length
    if (length === 0) out += '\\ufffd'
    else if (characters === '"') out += '\\"'
    else if (characters === '\\') out += '\\\\'
    else if (characters === '\b') out += '\\b'
    else if (characters === '\f') out += '\\f'
    else if (characters === '\n') out += '\\n'
    else if (characters === '\r') out += '\\r'
    else if (characters === '\t') out += '\\t'
    else if (characters < ' ')
      out += `\\u00${characters.charCodeAt(0) < 16 ? '0' : '1'}${'0123456789abcdef'.charAt(characters.charCodeAt(0) % 16)}`
    else if (characters === '<') out += '\\u003c'
    else if (characters === '>') out += '\\u003e'
    else if (characters === '&') out += '\\u0026'
    else if (characters === '\u00e2\u0080\u00a8') out += '\\u2028'
    else if (characters === '\u00e2\u0080\u00a9') out += '\\u2029'
    else out += characters
  }
  return `${out}"`
}

/** The order of two byte strings, as a sort of number lists. */
function modelOrder(a: string, b: string): number {
  const left = [...encodeUtf8(a)]
  const right = [...encodeUtf8(b)]
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? -1) - (right[index] ?? -1)
    if (difference !== 0) return Math.sign(difference)
  }
  return 0
}

const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom(...'"\\<>&/\b\f\n\r\t\v\u0000\u001f\u007f\u2028\u2029\ufffd\uffff\ue000é'),
      fc.constantFrom('😀', '\u{10000}', '\u{10ffff}', 'a'),
      fc.integer({ min: 0xdc80, max: 0xdcff }).map((unit) => String.fromCharCode(unit)),
    ),
    { maxLength: 8 },
  )
  // To bytes and back, so that escaped bytes which make a character together are that character.
  .map((parts) => decodeUtf8(encodeUtf8(parts.join(''))))

describe('writeString', () => {
  it('writes what the rule of encoding/json writes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(String.fromCharCode(...encodeUtf8(writeString(text)))).toBe(model(text))
      }),
      { numRuns: 1000 },
    )
  })

  it('is JSON for the text as a person sees it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(JSON.parse(writeString(text))).toBe(withReplacement(text))
      }),
    )
  })

  it.each([
    ['', '""'],
    ['plain', '"plain"'],
    ['<a href="x">&</a>', '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u003c/a\\u003e"'],
    ['\b\f\n\r\t\\', '"\\b\\f\\n\\r\\t\\\\"'],
    ['\u0000\u000b\u001f', '"\\u0000\\u000b\\u001f"'],
    ['\u2028\u2029', '"\\u2028\\u2029"'],
    ['/\u007fé😀\ufffd', '"/\u007fé😀\ufffd"'],
    ['\udcff', '"\\ufffd"'],
    ['\udce2\udc82😀', '"\\ufffd\\ufffd😀"'],
    ['\ud800', '"\\ufffd"'],
  ])('writes %j as %s', (text, json) => {
    expect(writeString(text)).toBe(json)
  })
})

describe('writeObject', () => {
  it('writes an empty map', () => {
    expect(writeObject(new Map())).toBe('{}')
  })

  it('sorts keys by their UTF-8 bytes', () => {
    const values = new Map(
      ['\u{10000}', 'b', '\uffff', 'a', '', 'B', '10', '9', 'ab'].map((key) => [key, '']),
    )
    expect(writeObject(values)).toBe(
      '{"":"","10":"","9":"","B":"","a":"","ab":"","b":"","\uffff":"","\u{10000}":""}',
    )
  })

  it('keeps keys that an object would treat in its own way', () => {
    const values = new Map([
      ['constructor', '2'],
      ['__proto__', '1'],
    ])
    expect(writeObject(values)).toBe('{"__proto__":"1","constructor":"2"}')
  })

  it('is the same text for every order of the same entries', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyText, { maxLength: 8 }),
        fc.uniqueArray(fc.nat(), { minLength: 8 }),
        (keys, rank) => {
          const shuffled = keys
            .map((key, index) => ({ key, rank: rank[index] ?? 0 }))
            .sort((a, b) => a.rank - b.rank)
          const expected = [...keys].sort(modelOrder).map((key) => `${writeString(key)}:${writeString(key)}`)
          expect(writeObject(new Map(shuffled.map(({ key }) => [key, key])))).toBe(`{${expected.join(',')}}`)
        },
      ),
    )
  })
})

describe('writeObjects', () => {
  it('writes an absent map as null', () => {
    const bulk = new Map([
      ['b', undefined],
      ['a', new Map([['k', 'v']])],
      ['c', new Map()],
    ])
    expect(writeObjects(bulk)).toBe('{"a":{"k":"v"},"b":null,"c":{}}')
  })

  it('sorts on both levels', () => {
    const inner = new Map([
      ['y', '<'],
      ['x', '\udcff'],
    ])
    const bulk = new Map([
      ['\u{10000}', inner],
      ['\uffff', inner],
    ])
    expect(writeObjects(bulk)).toBe(
      '{"\uffff":{"x":"\\ufffd","y":"\\u003c"},"\u{10000}":{"x":"\\ufffd","y":"\\u003c"}}',
    )
  })
})

describe('compareUtf8', () => {
  it('orders as the bytes do', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(modelOrder(a, b))
        expect(Math.sign(compareUtf8(`x${a}`, `x${a}${b}`))).toBe(b === '' ? 0 : -1)
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['\u{10000}', '\uffff', 1],
    ['\udcc3', 'é', -1],
    ['\udcc3x', 'é', -1],
    ['\udcff', '\u{10ffff}', 1],
    ['a', 'b', -1],
    ['é', 'z', 1],
    ['a', 'a', 0],
  ])('puts %j and %j in order', (a, b, sign) => {
    expect(Math.sign(compareUtf8(a, b))).toBe(sign)
  })
})
