import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeParameter, parseTarget } from '../../src/contract/target.ts'
import { decodeUtf8, encodeUtf8 } from '../../src/go/bytes.ts'

/** The decoded segments, or `'malformed'`. */
function parameters(target: string): readonly string[] | 'malformed' {
  const parsed = parseTarget(target)
  return parsed === 'malformed' ? parsed : parsed.segments.map(decodeParameter)
}

/*
 * The rule of Go's net/url and path packages, step by step over bytes written as Latin-1 characters. Slow and literal:
 * it shares no regular expression, no table and no decoder with the code.
 */
function model(target: string): readonly string[] | 'malformed' {
  const bytes = String.fromCharCode(...encodeUtf8(target))
  for (const byte of bytes) if (byte <= ' ' || byte === '\u007f') return 'malformed'
  if (!bytes.startsWith('/')) return 'malformed'
  const raw = bytes.split('?')[0] ?? ''
  const decoded = unescapeBytes(raw, '+')
  if (decoded === undefined) return 'malformed'
  let escaped = ''
  for (const byte of decoded) {
    const code = byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
    escaped += isLetterOrDigit(byte) || '-_.~$&+,/:;=@'.includes(byte) ? byte : `%${code}`
  }
  let isValidEncoding = true
  for (const byte of raw) {
    if (!isLetterOrDigit(byte) && !"-_.~$&+,/:;=@!'()*[]%".includes(byte)) isValidEncoding = false
  }
  let path = `${isValidEncoding ? raw : escaped}/`
  for (let before = ''; before !== path; ) {
    before = path
    // One slash for each run of them, or a `..` would take an empty name for its parent.
    while (path.includes('//')) path = path.replaceAll('//', '/')
    path = path.replaceAll('/./', '/')
    if (path.includes('/./')) continue
    const at = path.indexOf('/../')
    // At the root there is no parent, and the look back finds the root itself.
    if (at !== -1) path = path.slice(0, path.lastIndexOf('/', at - 1)) + path.slice(at + 3)
  }
  const segments = path.slice(1, -1) === '' ? [] : path.slice(1, -1).split('/')
  return segments.map((segment) => {
    const text = unescapeBytes(segment, ' ') ?? ''
    return decodeUtf8(Uint8Array.from(text, (character) => character.charCodeAt(0)))
  })
}

function unescapeBytes(text: string, plus: string): string | undefined {
  let out = ''
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    if (character !== '%') {
      out += character === '+' ? plus : character
      continue
    }
    const digits = '0123456789abcdef'
    const high = digits.indexOf(text.charAt(index + 1).toLowerCase() || 'x')
    const low = digits.indexOf(text.charAt(index + 2).toLowerCase() || 'x')
    if (high === -1 || low === -1) return undefined
    out += String.fromCharCode(high * 16 + low)
    index += 2
  }
  return out
}

function isLetterOrDigit(byte: string): boolean {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9')
}

const piece = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('/', '/', '.', '..', 'a', 'bulk', '+', '%2F', '%2e', '%2B', '%20'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('%FF', '%C3', '%A9', '%C3%A9', 'é', '😀', '\udcff', '\udca9', '%00', '%25'),
  },
  { weight: 2, arbitrary: fc.constantFrom(...'|"#;:@[]\'(!*$&,=~\\^`{<?') },
  { weight: 1, arbitrary: fc.constantFrom('%', '%z', '%zz', ' ', '\u0001', '\u007f') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 3 }) },
)
const anyPath = fc.array(piece, { maxLength: 14 }).map((parts) => `/${parts.join('')}`)

describe('parseTarget', () => {
  it('gives the parameters that the rules of net/url give', () => {
    fc.assert(
      fc.property(anyPath, (target) => {
        expect(parameters(target)).toEqual(model(target))
      }),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['/v1.0/secrets/s/k', ['v1.0', 'secrets', 's', 'k']],
    ['/v1.0/secrets/s/k/', ['v1.0', 'secrets', 's', 'k']],
    ['//v1.0//secrets//s//k', ['v1.0', 'secrets', 's', 'k']],
    ['/v1.0/secrets/./s/k', ['v1.0', 'secrets', 's', 'k']],
    ['/v1.0/secrets/x/../s/k', ['v1.0', 'secrets', 's', 'k']],
    ['/../../a', ['a']],
    ['/a/..', []],
    ['/', []],
    ['/s/bul%6B', ['s', 'bul%6B']],
    ['/s/a%2fb', ['s', 'a%2fb']],
    ['/s/%2e%2e', ['s', '%2e%2e']],
    ['/s/.a', ['s', '.a']],
    ['/s/...', ['s', '...']],
    ["/s/;:[0]@,=!'(b)*$&~-_", ['s', ";:[0]@,=!'(b)*$&~-_"]],
    ['/s/a|b', ['s', 'a%7Cb']],
    ['/s/"<>\\^`{}#', ['s', '%22%3C%3E%5C%5E%60%7B%7D%23']],
    ['/s/é', ['s', '%C3%A9']],
    ['/s/\udcff', ['s', '%FF']],
    ['/s/a%2Fb|c', ['s', 'a', 'b%7Cc']],
    ['/s/a%2Bb|c', ['s', 'a+b%7Cc']],
    ['/s/(%2F)|', ['s', '%28', '%29%7C']],
    ['/s/k?x=/../y', ['s', 'k']],
  ])('splits %j into escaped segments', (target, segments) => {
    expect(parseTarget(target)).toMatchObject({ segments })
  })

  it.each([
    ['/s/a/b', '/s/a/b', ''],
    ['/v1.0/%68ealthz/', '/v1.0/healthz/', ''],
    ['//v1.0/./healthz', '//v1.0/./healthz', ''],
    ['/a+b', '/a+b', ''],
    ['/%FF?x=%zz', '/\udcff', 'x=%zz'],
    ['/a?', '/a', ''],
    ['/a??b', '/a', '?b'],
    ['/a?b#c', '/a', 'b#c'],
    ['/a#b?c', '/a#b', 'c'],
    ['*', '*', ''],
  ])('reads the path and the query of %j', (target, decodedPath, query) => {
    expect(parseTarget(target)).toMatchObject({ decodedPath, query })
  })

  it.each([
    '',
    'a',
    'v1.0/secrets/s/k',
    '?',
    '*a',
    '/%',
    '/%2',
    '/%zz',
    '/a%2/b',
    '/a b',
    '/a\u0000',
    '/a\u007f',
    '/a?b c',
    '/a?\t',
    ':a',
    '1http://host/a',
  ])('refuses %j', (target) => {
    expect(parseTarget(target)).toBe('malformed')
  })

  it('looks at escapes in the path alone', () => {
    expect(parseTarget('/a?%zz')).toMatchObject({ query: '%zz' })
    expect(parseTarget('/%zz?a')).toBe('malformed')
  })

  describe('in absolute form', () => {
    it.each([
      ['http://host/v1.0/secrets/s/k?q', ['v1.0', 'secrets', 's', 'k']],
      ['HTTP://host:3500//a', ['a']],
      ['http://user:pa%20ss@host/a', ['a']],
      ['http://[::1]:80/a', ['a']],
      ['http://[fe80::1%25en0]/a', ['a']],
      ['http://[::ffff:1.2.3.4]/a', ['a']],
      ['http://host', []],
      ['http://host?x', []],
      ['http:/a', ['a']],
      ['http:opaque/a', []],
      ['x+y.z-1://h,g:1:2/a', ['a']],
      ['http://%E9%25/a', ['a']],
    ])('reads the path of %j', (target, segments) => {
      expect(parseTarget(target)).toMatchObject({ segments })
    })

    it.each([
      'http://host:x/a',
      'http://host:1:2/a',
      'HTTP://host:1:2/a',
      'http://us"er@host/a',
      'http://us%zzer@host/a',
      'http://ho|st/a',
      'http://ho%41st/a',
      'http://x[::1]/a',
      'http://[::1/a',
      'http://[::1]x/a',
      'http://[1.2.3.4]/a',
      'http://[1:2:3:4:5:6:7]/a',
      'http://[1:2:3:4:5:6:7:8::]/a',
      'http://[1::2::3]/a',
      'http://[::256.1.1.1]/a',
      'http://[::1%25]/a',
      'http://[::1%25%2F]/a',
      'http://[::1%zz]/a',
      'http://host/%zz',
    ])('refuses %j', (target) => {
      expect(parseTarget(target)).toBe('malformed')
    })
  })
})

describe('decodeParameter', () => {
  it.each([
    ['a+b', 'a b'],
    ['a%20b', 'a b'],
    ['a%2Bb', 'a+b'],
    ['a%252Fb', 'a%2Fb'],
    ['a%2fb', 'a/b'],
    ['%C3%A9', 'é'],
    ['%F0%9F%98%80', '😀'],
    ['%FF', '\udcff'],
    ['%C3', '\udcc3'],
    ['%C3+%A9', '\udcc3 \udca9'],
    ['%ED%A0%80', '\udced\udca0\udc80'],
    ['%C0%AF', '\udcc0\udcaf'],
    ['%EF%BB%BFa', '\ufeffa'],
    ['%00', '\u0000'],
    ['%2e%2e', '..'],
    ['a;b', 'a;b'],
    ['', ''],
  ])('reads %j as %j', (escaped, value) => {
    expect(decodeParameter(escaped)).toBe(value)
  })

  it('reads an escaped byte together with the raw one after it', () => {
    expect(decodeParameter('%C3\udca9')).toBe('é')
  })
})
