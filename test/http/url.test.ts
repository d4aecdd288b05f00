import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPath, splitUrl } from '../../src/http/url.ts'

describe('splitting a URL', () => {
  it.each([
    ['https://a.example/b?c', { origin: 'https://a.example', path: '/b?c' }],
    ['http://169.254.170.2/v2/credentials/1', { origin: 'http://169.254.170.2', path: '/v2/credentials/1' }],
    ['HTTP://A:80', { origin: 'http://a', path: '/' }],
    ['https://a:80', { origin: 'https://a:80', path: '/' }],
    ['https://a:0443/x', { origin: 'https://a', path: '/x' }],
    ['https://[FE80::1]/x', { origin: 'https://[fe80::1]', path: '/x' }],
  ])('takes %s apart', (url, parts) => {
    expect(splitUrl(url)).toEqual(parts)
  })

  it('never finds another host than the platform does', () => {
    const text = fc.oneof(
      fc.webUrl(),
      fc.string({
        unit: fc.constantFrom(
          'http://',
          'https://',
          '/',
          '@',
          ':',
          '443',
          'a',
          '.',
          '1',
          '0x1',
          '\\',
          '?',
          '[::1]',
          '#',
          '\t',
        ),
      }),
    )
    let agreed = 0
    fc.assert(
      fc.property(text, (url) => {
        const parts = splitUrl(url)
        if (parts === undefined) return
        agreed += 1
        expect(new URL(url).origin).toBe(parts.origin)
        expect(new URL(`${parts.origin}${parts.path}`).origin).toBe(parts.origin)
      }),
      { numRuns: 5000 },
    )
    expect(agreed).toBeGreaterThan(100)
  })
})

describe('a path', () => {
  it.each(['/', '/a', '/a//b', '/a%2Fb', '/...', '/..a', '/a?..', '/a?b/../c', "/a'b(c)!*~"])(
    '%s can be sent',
    (path) => {
      expect(isPath(path)).toBe(true)
    },
  )

  it.each([
    '',
    'a',
    '/.',
    '/..',
    '/a/..',
    '/a/./b',
    '/%2e',
    '/a/.%2E/b',
    '/a b',
    '/a\\b',
    '/a#',
    '/%',
    '/%2',
    '/%zz',
    '/a"',
    '/<',
    '/{a}',
    '/\u007f',
    '/é',
  ])('%j cannot', (path) => {
    expect(isPath(path)).toBe(false)
  })
})
