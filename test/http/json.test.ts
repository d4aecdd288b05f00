import { describe, expect, it } from 'vitest'
import { booleanOf, fieldOf, fieldsOf, jsonOf, listOf, numberOf, textOf } from '../../src/http/json.ts'
import { StoreError } from '../../src/secret-error.ts'
import { response } from './fake-server.ts'

describe('the JSON of an answer', () => {
  it('is read as UTF-8', () => {
    expect(jsonOf(response(200, {}, '{"a":["ü",1,null]}'))).toEqual({ a: ['ü', 1, null] })
  })

  it.each(['', 'canary', '{"canary":', '<html>canary</html>', '{"a":1}canary', "{'canary':1}"])(
    'is not in %j, and nothing of it is said',
    (body) => {
      let error: unknown
      try {
        jsonOf(response(200, {}, body))
      } catch (thrown) {
        error = thrown
      }
      expect(error).toEqual(new StoreError('unavailable', 'the answer is no JSON'))
      expect(error).toHaveProperty('kind', 'unavailable')
      expect(error).not.toHaveProperty('cause')
    },
  )
})

describe('a field', () => {
  it.each<[string, unknown, unknown]>([
    ['of an object', { a: 1 }, 1],
    ['that is null', { a: null }, null],
    ['that is not there', { b: 1 }, undefined],
    ['of nothing', null, undefined],
    ['of a text', 'a', undefined],
    ['of a list', [1], undefined],
  ])('%s', (_, value, field) => {
    expect(fieldOf(value, 'a')).toBe(field)
  })

  it('is an own one', () => {
    expect(fieldOf({}, 'constructor')).toBeUndefined()
    expect(fieldOf({}, '__proto__')).toBeUndefined()
    expect(fieldOf([1], 'length')).toBeUndefined()
    expect(fieldOf(JSON.parse('{"__proto__":"own"}'), '__proto__')).toBe('own')
    expect(fieldsOf(JSON.parse('{"__proto__":"own","a":1}'))).toEqual([
      ['__proto__', 'own'],
      ['a', 1],
    ])
  })
})

describe('looking at a value', () => {
  const values = [undefined, null, '', 'a', 0, 1, true, false, [], ['a'], {}, { a: 1 }]

  it.each<[string, (value: unknown) => unknown, readonly unknown[]]>([
    ['text', textOf, ['', 'a']],
    ['number', numberOf, [0, 1]],
    ['boolean', booleanOf, [true, false]],
    ['list', listOf, [[], ['a']]],
    ['object', fieldsOf, [[], [['a', 1]]]],
  ])('finds a %s, an empty one too, and takes nothing else for one', (_, look, found) => {
    expect(values.map(look).filter((value) => value !== undefined)).toEqual(found)
  })
})
