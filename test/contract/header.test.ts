import { describe, expect, it } from 'vitest'
import { headerValue, headerValues } from '../../src/contract/header.ts'

const headers = [
  'Host',
  'localhost',
  'DAPR-API-TOKEN',
  'one',
  'dapr-api-token',
  'two',
  'Empty',
  '',
  'two',
  'host',
]

describe('headerValue', () => {
  it.each([
    ['host', 'localhost'],
    ['dapr-api-token', 'one'],
    ['empty', ''],
    ['two', 'host'],
    ['one', undefined],
    ['localhost', undefined],
    ['dapr-api-toke', undefined],
    ['', undefined],
  ])('finds the first %j', (name, value) => {
    expect(headerValue(headers, name)).toBe(value)
  })

  it('finds nothing in an empty list', () => {
    expect(headerValue([], 'host')).toBeUndefined()
  })
})

describe('headerValues', () => {
  it('gives every value in order', () => {
    expect(headerValues(headers, 'dapr-api-token')).toEqual(['one', 'two'])
    expect(headerValues(headers, 'one')).toEqual([])
  })
})
