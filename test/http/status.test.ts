import { describe, expect, it } from 'vitest'
import { kindOfStatus, retryAfter } from '../../src/http/status.ts'
import { response } from './fake-server.ts'

describe('the kind of a status', () => {
  it.each([
    [400, 'invalid'],
    [401, 'unauthenticated'],
    [403, 'denied'],
    [404, 'not-found'],
    [405, 'invalid'],
    [408, 'throttled'],
    [409, 'invalid'],
    [412, 'invalid'],
    [429, 'throttled'],
    [499, 'invalid'],
    [500, 'unavailable'],
    [503, 'unavailable'],
    [599, 'unavailable'],
    [304, 'unavailable'],
    [600, 'unavailable'],
  ])('%d is %s', (status, kind) => {
    expect(kindOfStatus(status)).toBe(kind)
  })
})

describe('the pause an answer asks for', () => {
  const now = Date.UTC(1994, 10, 6, 8, 49, 30)

  it.each([
    ['0', 0],
    ['7', 7000],
    [' 120 ', 120_000],
    ['999999999', 999_999_999_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 7000],
    ['Sun, 06 Nov 1994 08:49:30 GMT', 0],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
  ])('is read from %j', (text, pause) => {
    expect(retryAfter(response(429, { 'retry-after': text }), now)).toBe(pause)
  })

  it.each([
    '',
    '-1',
    '1.5',
    '1e3',
    '9999999999',
    'soon',
    'Infinity',
    '1994-11-06',
    'Sun, 06 Xyz 1994 08:49:37 GMT',
    '7, 8',
  ])('is not read from %j', (text) => {
    expect(retryAfter(response(429, { 'retry-after': text }), now)).toBeUndefined()
  })

  it('is none without the header', () => {
    expect(retryAfter(response(429), now)).toBeUndefined()
  })
})
