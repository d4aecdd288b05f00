import { describe, expect, it } from 'vitest'
import { type CorsPolicy, corsPolicy } from '../../src/contract/cors.ts'

const vary = ['Vary', 'Origin']
const preflightVary = [
  ...vary,
  'Vary',
  'Access-Control-Request-Method',
  'Vary',
  'Access-Control-Request-Headers',
]

function policy(allowedOrigins: string): CorsPolicy {
  const made = corsPolicy(allowedOrigins)
  if (made === undefined) throw new Error('there is no policy')
  return made
}

/** The origin granted to a plain request, if any. */
function granted(allowedOrigins: string, origin: string): string | undefined {
  const headers = policy(allowedOrigins).headersFor(['origin', origin])
  expect(headers.slice(0, 2)).toEqual(vary)
  expect(headers[2]).toBe(headers.length === 2 ? undefined : 'Access-Control-Allow-Origin')
  return headers[3]
}

describe('corsPolicy', () => {
  it('is off when no origin is configured', () => {
    expect(corsPolicy('')).toBeUndefined()
  })

  it.each([
    ['*', 'https://a.example', '*'],
    ['https://x,*', 'https://a.example', '*'],
    ['https://a.example,https://b.example', 'https://b.example', 'https://b.example'],
    ['https://a.example', 'https://A.EXAMPLE', 'https://A.EXAMPLE'],
    ['https://A.example', 'https://a.example', 'https://a.example'],
    ['https://*.example', 'https://a.b.example', 'https://a.b.example'],
    ['https://*.example', 'https://.example', 'https://.example'],
    ['aXa*aXa', 'axaxa', undefined],
    ['a*b*', 'aXb*', 'aXb*'],
    ['a*b*', 'aXbX', undefined],
    ['https://a.example', 'https://evil.example', undefined],
    ['https://a.example', 'https://a.example.evil', undefined],
    ['https://*.example', 'https://a.example:8080', undefined],
    ['https://x, https://a.example', 'https://a.example', undefined],
    ['https://a.example', '', undefined],
    ['*', '', undefined],
    [',', '', undefined],
  ])('with %j grants %j the origin %j', (allowedOrigins, origin, expected) => {
    expect(granted(allowedOrigins, origin)).toBe(expected)
  })

  describe('for any request but a preflight', () => {
    it('sends Vary alone when no origin came', () => {
      expect(policy('*').headersFor([])).toEqual(vary)
      expect(policy('https://a').headersFor(['host', 'x'])).toEqual(vary)
    })

    it('grants the six methods and OPTIONS, in any case', () => {
      for (const method of ['HEAD', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'get']) {
        expect(policy('*').headersFor(['Origin', 'x'], method)).toEqual([
          ...vary,
          'Access-Control-Allow-Origin',
          '*',
        ])
      }
      for (const method of ['TRACE', 'CONNECT', 'FOO', '']) {
        expect(policy('*').headersFor(['Origin', 'x'], method)).toEqual(vary)
      }
    })
  })

  describe('for a preflight', () => {
    const asks = (...headers: string[]) =>
      policy('https://a').preflight(['Access-Control-Request-Method', 'GET', ...headers])

    it('is one only when a method is asked for', () => {
      expect(policy('*').preflight(['origin', 'x'])).toBeUndefined()
      expect(policy('*').preflight(['origin', 'x', 'access-control-request-method', ''])).toBeUndefined()
    })

    it('names origin, method and headers when all of them pass', () => {
      expect(asks('Origin', 'https://a', 'Access-Control-Request-Headers', 'dapr-api-token,X-b')).toEqual([
        ...preflightVary,
        'Access-Control-Allow-Origin',
        'https://a',
        'Access-Control-Allow-Methods',
        'GET',
        'Access-Control-Allow-Headers',
        'Dapr-Api-Token, X-B',
      ])
    })

    it('names no headers when none were asked for', () => {
      expect(asks('Origin', 'https://a')).toEqual([
        ...preflightVary,
        'Access-Control-Allow-Origin',
        'https://a',
        'Access-Control-Allow-Methods',
        'GET',
      ])
    })

    it('answers a refused one with Vary alone', () => {
      expect(asks()).toEqual(preflightVary)
      expect(asks('Origin', 'https://evil')).toEqual(preflightVary)
      expect(policy('*').preflight(['origin', 'x', 'access-control-request-method', 'TRACE'])).toEqual(
        preflightVary,
      )
    })

    it('names the method in upper case', () => {
      const headers = policy('*').preflight(['origin', 'x', 'access-control-request-method', 'patch'])
      expect(headers?.slice(-1)).toEqual(['PATCH'])
    })

    it.each([
      ['CONTENT-type', 'Content-Type'],
      ['a , b,,c', 'A, B, C'],
      ['x_y.z-1a', 'X_y.z-1a'],
      ['x--y-', 'X--Y-'],
      ['x!y', 'Xy'],
      ['é-a', '-A'],
      ['!, abc', 'abc'],
      [' , ', undefined],
    ])('gives the header names %j as %j', (list, names) => {
      const headers = asks('Origin', 'https://a', 'Access-Control-Request-Headers', list)
      const at = headers?.indexOf('Access-Control-Allow-Headers') ?? -1
      expect(at === -1 ? undefined : headers?.[at + 1]).toBe(names)
    })
  })
})
