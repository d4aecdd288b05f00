import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rawMembers, rawString } from '../../src/json/raw.ts'

describe('rawMembers', () => {
  it('gives every value as it is written', () => {
    const json = ' { "id" : 12345678901234567890 , "f":1.50,"o":{"b":[1, 2],"a":"}"},"t":"\\u003c" }'
    expect(rawMembers(json)).toEqual(
      new Map([
        ['id', '12345678901234567890'],
        ['f', '1.50'],
        ['o', '{"b":[1, 2],"a":"}"}'],
        ['t', '"\\u003c"'],
      ]),
    )
  })

  it('gives a name as it is meant, __proto__ like any other', () => {
    expect(rawMembers('{"\\u0061\\"}":1,"__proto__":2}')).toEqual(
      new Map([
        ['a"}', '1'],
        ['__proto__', '2'],
      ]),
    )
  })

  it('keeps the order of names that look like numbers, which an object does not', () => {
    expect([...(rawMembers('{"b":1,"10":2,"9":3}')?.keys() ?? [])]).toEqual(['b', '10', '9'])
  })

  it.each(['[]', '"{}"', '1', 'null', ''])('knows that %j is no object', (json) => {
    expect(rawMembers(json)).toBeUndefined()
  })

  it('agrees with JSON.parse about every object, whatever blanks are in it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(0, 1, '\t'),
        (object, indent) => {
          const members = rawMembers(JSON.stringify(object, null, indent))
          const parsed = [...(members ?? [])].map(([name, raw]) => [name, JSON.parse(raw)])
          const expected = Object.entries(object).map(([name, value]) => [
            name,
            JSON.parse(JSON.stringify(value)),
          ])
          expect(parsed).toEqual(expected)
        },
      ),
    )
  })

  it('reads a value of four million characters', () => {
    const long = 'x\\"'.repeat(1_400_000)
    expect(rawMembers(`{"long":"${long}","next":1}`)?.get('next')).toBe('1')
  })
})

describe('rawString', () => {
  it('gives the text that a string stands for, and nothing for another value', () => {
    expect(rawString('"a\\u003c"')).toBe('a<')
    for (const other of ['1', 'null', '{}', '']) expect(rawString(other)).toBeUndefined()
  })
})
