import { expect, it } from 'vitest'
import type { Endpoint } from '../../src/contract/endpoint.ts'
import { endpointMatcher } from '../../src/contract/endpoint.ts'

const endpoint = (method: Endpoint['method'], pattern: string): Endpoint => ({
  method,
  group: 'v1/x',
  pattern,
  answer: () => ({ status: 200, headers: [], body: '' }),
})

it('a path that several patterns know lists each of their methods once', () => {
  const match = endpointMatcher([endpoint('GET', 'a/b'), endpoint('GET', 'a/{x}'), endpoint('PUT', 'a/{x}')])
  expect(match('POST', ['a', 'b'])).toEqual({ allow: ['GET', 'PUT'] })
})
