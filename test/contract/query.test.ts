import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { queryValue, requestMetadata } from '../../src/contract/query.ts'
import { decodeUtf8, encodeUtf8 } from '../../src/go/bytes.ts'

/** The pairs Go's url.ParseQuery keeps, worked out over Latin-1 bytes by splitting and joining alone. */
function model(query: string): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = []
  for (const pair of String.fromCharCode(...encodeUtf8(query)).split('&')) {
    if (pair === '' || pair.split(';').length > 1) continue
    const [name = '', ...rest] = pair.split('=')
    const decoded = [name, rest.join('=')].map((text) => {
      const [head = '', ...escapes] = text.split('+').join(' ').split('%')
      if (!escapes.every((hex) => /^[0-9a-fA-F]{2}/.test(hex))) return undefined
      const tail = escapes.map((hex) => String.fromCharCode(Number(`0x${hex.slice(0, 2)}`)) + hex.slice(2))
      return decodeUtf8(Uint8Array.from(head + tail.join(''), (byte) => byte.charCodeAt(0)))
    })
    const [key, value] = decoded
    if (key !== undefined && value !== undefined) pairs.push([key, value])
  }
  return pairs
}

const anyQuery = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('&', '=', 'metadata.', 'metadata.a', 'appid', '&appid=') },
      {
        weight: 2,
        arbitrary: fc.constantFrom('m%65tadata.', 'metadata%2E', 'app%69d', '+', '%20', '%C3', '%A9', '%FF'),
      },
      { weight: 1, arbitrary: fc.constantFrom(';', '%', '%zz', '\udca9', 'é', 'METADATA.a', '#', '?') },
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''))

describe('requestMetadata', () => {
  it('takes the first value of each name the rule of net/url keeps', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        const expected = new Map<string, string>()
        for (const [name, value] of model(query)) {
          const key = name.slice('metadata.'.length)
          if (name.startsWith('metadata.') && !expected.has(key)) expected.set(key, value)
        }
        expect([...requestMetadata(query)]).toEqual([...expected])
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['', []],
    ['x=1&METADATA.a=1&metadata=1&metadat%61=2', []],
    ['metadata.version_id=3&metadata.version_id=4', [['version_id', '3']]],
    ['metadata.=x', [['', 'x']]],
    ['metadata.a', [['a', '']]],
    ['metadata.a=', [['a', '']]],
    ['metadata.a=b=c', [['a', 'b=c']]],
    [
      'metadata.A=1&metadata.a=2',
      [
        ['A', '1'],
        ['a', '2'],
      ],
    ],
    ['metadata.a=x+y%2Bz', [['a', 'x y+z']]],
    ['%6detadata.a=1', [['a', '1']]],
    ['metadata%2Ea=1', [['a', '1']]],
    ['metadata.a=1;metadata.b=2&metadata.c=3', [['c', '3']]],
    ['metadata.a=1%3B2', [['a', '1;2']]],
    ['metadata.a=%zz&metadata.a=ok&metadata.%=1', [['a', 'ok']]],
    ['metadata.a=%FF', [['a', '\udcff']]],
    ['&&metadata.a=1&', [['a', '1']]],
    ['metadata.__proto__=1', [['__proto__', '1']]],
  ])('reads %j', (query, entries) => {
    expect([...requestMetadata(query)]).toEqual(entries)
  })

  it('gives the same empty map whenever there is none', () => {
    expect(requestMetadata('a=%20')).toBe(requestMetadata(''))
  })

  it('reads 10,000 parameters and nothing of one more', () => {
    const parameters = '&x'.repeat(9_999)
    expect(requestMetadata(`metadata.a=1${parameters}`).size).toBe(1)
    expect(requestMetadata(`metadata.a=1${parameters}&`).size).toBe(0)
  })
})

describe('queryValue', () => {
  it('gives the first value the rule of net/url keeps', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        expect(queryValue(query, 'appid')).toBe(model(query).find(([name]) => name === 'appid')?.[1])
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['', undefined],
    ['appid', ''],
    ['appid=', ''],
    ['appid=a&appid=b', 'a'],
    ['APPID=a', undefined],
    ['x=appid', undefined],
    ['app%69d=my+app', 'my app'],
    ['appid=a;b', undefined],
    ['appid=%zz&appid=b', 'b'],
  ])('reads %j as %j', (query, value) => {
    expect(queryValue(query, 'appid')).toBe(value)
  })
})
