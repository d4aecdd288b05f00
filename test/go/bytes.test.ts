import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeUtf8, encodeUtf8, sequenceLength, withReplacement } from '../../src/go/bytes.ts'

/** Which bytes Go calls invalid, straight from the table in The Unicode Standard (3-7). */
const wellFormed: readonly (readonly (readonly [number, number])[])[] = [
  [[0x00, 0x7f]],
  [
    [0xc2, 0xdf],
    [0x80, 0xbf],
  ],
  [
    [0xe0, 0xe0],
    [0xa0, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xe1, 0xec],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xed, 0xed],
    [0x80, 0x9f],
    [0x80, 0xbf],
  ],
  [
    [0xee, 0xef],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf0, 0xf0],
    [0x90, 0xbf],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf1, 0xf3],
    [0x80, 0xbf],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf4, 0xf4],
    [0x80, 0x8f],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
]

function modelLength(bytes: Uint8Array, index: number): number {
  const row = wellFormed.find((ranges) =>
    ranges.every(([low, high], offset) => {
      const byte = bytes[index + offset] ?? -1
      return byte >= low && byte <= high
    }),
  )
  return row?.length ?? 0
}

const anyBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: 'grapheme', maxLength: 2 }).map((text) => new TextEncoder().encode(text)),
      fc.constantFrom(
        Uint8Array.of(0xed, 0xa0, 0x80),
        Uint8Array.of(0xe2, 0x82),
        Uint8Array.of(0xf0, 0x9f, 0x98),
        Uint8Array.of(0xc0, 0x80),
        Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
        Uint8Array.of(0xef, 0xbb, 0xbf),
      ),
    ),
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])))

describe('decodeUtf8', () => {
  it.each([
    [[], ''],
    [[0x61], 'a'],
    [[0xc3, 0xa9], 'é'],
    [[0xf0, 0x9f, 0x98, 0x80], '😀'],
    [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
    [[0xef, 0xbf, 0xbd], '\ufffd'],
    [[0xff], '\udcff'],
    [[0x61, 0x80, 0x62], 'a\udc80b'],
    [[0xe2, 0x82], '\udce2\udc82'],
    [[0xe2, 0x82, 0x61], '\udce2\udc82a'],
    [[0xed, 0xa0, 0x80], '\udced\udca0\udc80'],
    [[0xc0, 0xaf], '\udcc0\udcaf'],
    [[0xc3, 0xa9, 0xff, 0xf0, 0x9f, 0x98, 0x80], 'é\udcff😀'],
  ])('reads %j as %j', (bytes, text) => {
    expect(decodeUtf8(Uint8Array.from(bytes))).toBe(text)
  })

  it('gives every invalid byte a surrogate of its own and loses nothing', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        let invalid = 0
        for (let index = 0; index < bytes.length; index += Math.max(1, modelLength(bytes, index))) {
          if (modelLength(bytes, index) === 0) invalid += 1
        }
        const text = decodeUtf8(bytes)
        expect([...text].filter((character) => /^[\udc80-\udcff]$/u.test(character))).toHaveLength(invalid)
        expect([...encodeUtf8(text)]).toEqual([...bytes])
      }),
    )
  })
})

describe('sequenceLength', () => {
  it('agrees with the table of well-formed sequences', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 4 }), (bytes) => {
        expect(sequenceLength(bytes, 0)).toBe(modelLength(bytes, 0))
      }),
    )
  })

  it.each([
    [[0xc2, 0x80], 2],
    [[0xc1, 0x80], 0],
    [[0xe0, 0xa0, 0x80], 3],
    [[0xe0, 0x9f, 0x80], 0],
    [[0xed, 0x9f, 0xbf], 3],
    [[0xed, 0xa0, 0x80], 0],
    [[0xf0, 0x90, 0x80, 0x80], 4],
    [[0xf0, 0x8f, 0x80, 0x80], 0],
    [[0xf4, 0x8f, 0xbf, 0xbf], 4],
    [[0xf4, 0x90, 0x80, 0x80], 0],
    [[0xf5, 0x80, 0x80, 0x80], 0],
    [[0xf0, 0x90, 0x80], 0],
    [[0xe1, 0x80, 0x20], 0],
    [[], 0],
  ])('measures %j as %i', (bytes, length) => {
    expect(sequenceLength(Uint8Array.from(bytes), 0)).toBe(length)
  })
})

describe('encodeUtf8', () => {
  it('turns a surrogate that stands for no byte into U+FFFD', () => {
    expect([...encodeUtf8('\ud800')]).toEqual([0xef, 0xbf, 0xbd])
    expect([...encodeUtf8('\ud800a\udcff')]).toEqual([0xef, 0xbf, 0xbd, 0x61, 0xff])
  })

  it('keeps a pair whose second half looks like an escaped byte', () => {
    expect([...encodeUtf8('\ud83d\udc80\udcff')]).toEqual([0xf0, 0x9f, 0x92, 0x80, 0xff])
  })
})

describe('withReplacement', () => {
  it.each([
    ['plain', 'plain'],
    ['\udcff', '\ufffd'],
    ['a\udce2\udc82b', 'a\ufffd\ufffdb'],
    ['😀\udc80', '😀\ufffd'],
    ['\ud83d', '\ufffd'],
  ])('shows %j as %j', (text, shown) => {
    expect(withReplacement(text)).toBe(shown)
  })
})
