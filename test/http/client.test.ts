import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ClientRequest, HttpClientOptions } from '../../src/http/client.ts'
import { httpClient, originProblem } from '../../src/http/client.ts'
import type { HttpRequest, HttpResponse, SendFailure } from '../../src/http/exchange.ts'
import { SendError } from '../../src/http/exchange.ts'
import { StoreError } from '../../src/secret-error.ts'
import { fakeClock } from '../fakes/clock.ts'
import { fakeServer, response, silence } from './fake-server.ts'

const origin = 'https://vault.example:8200'

function clientOf(
  answer: (request: HttpRequest, count: number) => HttpResponse | Promise<HttpResponse>,
  options: Partial<HttpClientOptions> = {},
) {
  const clock = fakeClock()
  const server = fakeServer(answer)
  const client = httpClient({ origin, runtime: { clock, send: server.send, random: () => 0.5 }, ...options })
  const ask = (request: Partial<ClientRequest> = {}) =>
    client.request({ method: 'GET', path: '/v1/a?b', ...request })
  return { ask, clock, requests: server.requests }
}

/** Kind and text of what was thrown. */
async function failure(answer: Promise<unknown>): Promise<readonly [kind: string, message: string]> {
  const error = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof StoreError)) throw new Error('nothing was thrown that a store may throw')
  expect(error.cause).toBeUndefined()
  return [error.kind, error.message]
}

describe('a request', () => {
  it('is sent to the origin, with what it was given and no more', async () => {
    const { ask, requests } = clientOf(() => response(200))
    await ask({ method: 'POST', headers: { 'x-token': 't' }, body: 'b' })
    const [{ signal, ...sent } = { signal: undefined }] = requests
    expect(sent).toEqual({
      method: 'POST',
      url: `${origin}/v1/a?b`,
      headers: { 'x-token': 't' },
      body: 'b',
      maxBytes: 4 * 1024 * 1024,
    })
    expect(signal).toBeInstanceOf(AbortSignal)
  })

  it('carries whom to trust and how much to read', async () => {
    const { ask, requests } = clientOf(() => response(200), { maxBytes: 7, tls: { serverName: 'x' } })
    await ask()
    expect(requests[0]).toMatchObject({ maxBytes: 7, tls: { serverName: 'x' } })
  })

  it('is spelt from the origin in its one spelling', async () => {
    const { ask, requests } = clientOf(() => response(200), { origin: 'HTTPS://Vault.Example:443/' })
    await ask()
    expect(requests[0]?.url).toBe('https://vault.example/v1/a?b')
  })

  it.each([100, 200, 204, 304, 400, 401, 403, 404, 429, 500, 503])(
    'is answered with status %d as it came',
    async (status) => {
      const { ask } = clientOf(() => response(status, { a: 'b' }, 'body'))
      expect(await ask()).toEqual(response(status, { a: 'b' }, 'body'))
    },
  )

  it.each<[string, Partial<ClientRequest>, string]>([
    ['a path without a slash', { path: 'v1' }, 'the name or a field makes no path that can be sent'],
    ['an empty path', { path: '' }, 'the name or a field makes no path that can be sent'],
    [
      'a path that is a host',
      { path: '@evil.example/' },
      'the name or a field makes no path that can be sent',
    ],
    ['a space', { path: '/canary x' }, 'the name or a field makes no path that can be sent'],
    ['a line end', { path: '/canary\r\nx: y' }, 'the name or a field makes no path that can be sent'],
    ['a letter beyond ASCII', { path: '/ü' }, 'the name or a field makes no path that can be sent'],
    ['a backslash', { path: '/\\evil.example' }, 'the name or a field makes no path that can be sent'],
    ['a fragment', { path: '/a#b' }, 'the name or a field makes no path that can be sent'],
    ['a dot segment', { path: '/v1/../canary' }, 'the name or a field makes no path that can be sent'],
    ['an encoded dot segment', { path: '/v1/.%2E' }, 'the name or a field makes no path that can be sent'],
    [
      'a header with a line end',
      { headers: { 'x-token': 'canary\n' } },
      'header x-token holds a character that cannot be sent',
    ],
    [
      'a header beyond ASCII',
      { headers: { 'x-token': 'canary ü' } },
      'header x-token holds a character that cannot be sent',
    ],
    ['a name with a line end', { headers: { 'x\n': 'canary' } }, 'a header has a name that cannot be sent'],
    ['an odd method', { method: 'GET canary' }, 'the request has no method'],
  ])('is not sent with %s', async (_, request, message) => {
    const { ask, requests } = clientOf(() => response(200))
    expect(await failure(ask(request))).toEqual(['invalid', message])
    expect(requests).toEqual([])
  })

  it('is not sent where there is no network', async () => {
    const client = httpClient({ origin, runtime: { clock: fakeClock(), random: () => 0.5 } })
    expect(await failure(client.request({ method: 'GET', path: '/' }))).toEqual([
      'invalid',
      'this target lends no network',
    ])
  })

  it.each<[SendFailure, string, string]>([
    ['unreachable', 'unavailable', 'the store cannot be reached'],
    ['reset', 'unavailable', 'the store ended the connection without an answer'],
    ['broken', 'unavailable', "the store's answer broke off or is no HTTP"],
    ['untrusted', 'unavailable', "the store's certificate is not trusted"],
    ['too-large', 'invalid', "the store's answer is too long"],
    ['aborted', 'unavailable', 'context canceled'],
  ])('that fails as %s is %s: %s', async (reason, kind, message) => {
    const { ask } = clientOf(() => {
      throw new SendError(reason)
    })
    expect(await failure(ask())).toEqual([kind, message])
  })

  it('that fails in a way nobody foresaw says nothing of it', async () => {
    const { ask } = clientOf(() => {
      throw new TypeError('canary')
    })
    expect(await failure(ask())).toEqual(['unavailable', 'the request failed'])
  })

  it('is sent once more when its connection had died, and not a third time', async () => {
    const dead = new SendError('reset')
    const once = clientOf((_, count) => {
      if (count === 1) throw dead
      return response(200)
    })
    expect((await once.ask({ method: 'POST', body: 'b' })).status).toBe(200)
    expect(once.requests.map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'b'],
      ['POST', 'b'],
    ])
    const always = clientOf(() => {
      throw dead
    })
    await failure(always.ask())
    expect(always.requests.length).toBe(2)
  })

  it.each<SendFailure>(['unreachable', 'broken', 'untrusted', 'too-large'])(
    'is sent once when it fails as %s',
    async (reason) => {
      const { ask, requests } = clientOf(() => {
        throw new SendError(reason)
      })
      await failure(ask())
      expect(requests.length).toBe(1)
    },
  )
})

describe('the deadline', () => {
  it('is five seconds from the start, and ends what was sent', async () => {
    const { ask, clock, requests } = clientOf(silence)
    const answer = failure(ask())
    await clock.advance(4999)
    expect(requests[0]?.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(await answer).toEqual(['unavailable', 'context deadline exceeded'])
    expect(requests[0]?.signal.aborted).toBe(true)
    expect(clock.sleeping).toBe(0)
  })

  it('is what the options say', async () => {
    const { ask, clock } = clientOf(silence, { timeout: 10 })
    const answer = failure(ask())
    await clock.advance(10)
    expect((await answer)[1]).toBe('context deadline exceeded')
  })

  it('holds even where the target does not listen to the signal, and nothing is sent after it', async () => {
    const answers: ((response: HttpResponse) => void)[] = []
    const { ask, clock, requests } = clientOf(() => new Promise((resolve) => void answers.push(resolve)))
    const answer = failure(ask())
    await clock.advance(5000)
    expect((await answer)[1]).toBe('context deadline exceeded')
    answers[0]?.(response(307, { location: '/b' }))
    await clock.advance(0)
    expect(requests.length).toBe(1)
  })

  it('counts over redirects and a request that is sent again', async () => {
    const { ask, clock } = clientOf(async (_, count) => {
      await clock.sleep(2000)
      if (count === 1) throw new SendError('reset')
      return response(307, { location: `/${count}` })
    })
    const answer = failure(ask())
    await clock.advance(5000)
    expect((await answer)[1]).toBe('context deadline exceeded')
  })

  it('leaves no timer behind an answer or a failure', async () => {
    const { ask, clock } = clientOf((_, count) => {
      if (count > 1) throw new SendError('unreachable')
      return response(200)
    })
    await ask()
    await failure(ask())
    expect(clock.sleeping).toBe(0)
  })

  it('is not waited for by a caller who leaves', async () => {
    const { ask, clock, requests } = clientOf(silence)
    const caller = new AbortController()
    const answer = failure(ask({ signal: caller.signal }))
    await clock.advance(0)
    caller.abort()
    expect(await answer).toEqual(['unavailable', 'context canceled'])
    expect(requests[0]?.signal.aborted).toBe(true)
    expect(clock.sleeping).toBe(0)
  })

  it('does not begin for a caller who has left', async () => {
    const { ask, requests } = clientOf(() => response(200))
    expect((await failure(ask({ signal: AbortSignal.abort() })))[1]).toBe('context canceled')
    expect(requests).toEqual([])
  })
})

describe('a redirect', () => {
  const redirected = (status: number, location: string | undefined, request: Partial<ClientRequest> = {}) => {
    const { ask, requests } = clientOf((_, count) =>
      count === 1 ? response(status, location === undefined ? {} : { location }) : response(200),
    )
    return { answer: ask(request), requests }
  }

  it.each([
    ['/v2', '/v2'],
    ['https://vault.example:8200/v2?c=d', '/v2?c=d'],
    ['HTTPS://VAULT.example:08200/v2', '/v2'],
    ['//vault.example:8200/v2', '/v2'],
    ['https://vault.example:8200', '/'],
    ['https://vault.example:8200?x', '/?x'],
    ['b', '/v1/b'],
    ['b/../c/./d', '/v1/c/d'],
    ['../b', '/b'],
    ['../../../b/..', '/'],
    ['b/c/..', '/v1/b/'],
    ['b/.', '/v1/b/'],
    ['/b/../?../x', '/?../x'],
    ['?x', '/v1/a?x'],
    ['', '/v1/a?b'],
    ['#x', '/v1/a?b'],
    ['/v2#x', '/v2'],
    ['//vault.example:8200//x', '//x'],
    ['/x//evil.example', '/x//evil.example'],
    ['/x?https://evil.example', '/x?https://evil.example'],
  ])('to %j is followed to %s', async (location, path) => {
    const { answer, requests } = redirected(307, location, { headers: { 'x-token': 't' } })
    expect((await answer).status).toBe(200)
    expect(requests[1]?.url).toBe(`${origin}${path}`)
    expect(requests[1]?.headers).toEqual({ 'x-token': 't' })
  })

  it.each([
    'https://evil.example:8200/v1/a',
    'https://vault.example/v1/a',
    'https://vault.example:8201/v1/a',
    'http://vault.example:8200/v1/a',
    '//evil.example/v1/a',
    'https://vault.example.evil.example:8200/',
    'https://vault.example.:8200/',
  ])('to %s leads to another origin and is not followed', async (location) => {
    const { answer, requests } = redirected(307, location)
    expect(await failure(answer)).toEqual(['unavailable', 'the store redirects to another origin'])
    expect(requests.length).toBe(1)
  })

  it.each([
    'https://vault.example:8200@evil.example/',
    'https://user:canary@vault.example:8200/',
    'https:/evil.example',
    'https:evil.example',
    'https:\\\\evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://vault.example:8200\\@evil.example/',
    'https://vault.example:8200\t.evil.example/',
    'https://vault.example:99999/',
    'https://vault.example:8200 /',
    'https://vault.example:/',
    'https://2130706433/',
    '/v1/%2e%2e/canary',
    'javascript:canary',
    'data:,canary',
    '/v2, /v3',
    '?canary x',
    '?"',
    '/ü',
  ])('to %j leads to no address and is not followed', async (location) => {
    const { answer, requests } = redirected(307, location)
    expect(await failure(answer)).toEqual([
      'unavailable',
      'the store redirects to something that is no address',
    ])
    expect(requests.length).toBe(1)
  })

  it('to nowhere is not followed', async () => {
    expect(await failure(redirected(302, undefined).answer)).toEqual([
      'unavailable',
      'the store redirects without saying where',
    ])
  })

  it.each(
    [301, 302, 303, 307, 308].flatMap((status) =>
      ['GET', 'LIST', 'HEAD'].map((method): [number, string] => [status, method]),
    ),
  )('of status %d keeps the method %s', async (status, method) => {
    const { answer, requests } = redirected(status, '/b', { method })
    expect((await answer).status).toBe(200)
    expect(requests.map((request) => request.method)).toEqual([method, method])
  })

  it.each([307, 308])('of status %d keeps the body', async (status) => {
    const { answer, requests } = redirected(status, '/b', { method: 'POST', body: 'b' })
    await answer
    expect(requests[1]).toMatchObject({ method: 'POST', body: 'b' })
  })

  it.each([301, 302, 303])('of status %d is not followed with a body', async (status) => {
    const { answer, requests } = redirected(status, '/b', { method: 'POST', body: 'b' })
    expect(await failure(answer)).toEqual([
      'unavailable',
      'the store redirects a request that must not be repeated elsewhere',
    ])
    expect(requests.length).toBe(1)
  })

  it('is followed three times, not four', async () => {
    const three = clientOf((_, count) =>
      count <= 3 ? response(307, { location: `${count}` }) : response(200),
    )
    expect((await three.ask()).status).toBe(200)
    expect(three.requests.length).toBe(4)
    const four = clientOf((_, count) =>
      count <= 4 ? response(307, { location: `${count}` }) : response(200),
    )
    expect(await failure(four.ask())).toEqual(['unavailable', 'the store redirects too often'])
    expect(four.requests.length).toBe(4)
  })
})

describe('whatever a server answers', () => {
  const host = fc.constantFrom(
    'vault.example',
    'VAULT.example',
    'evil.example',
    '127.0.0.1',
    '[::1]',
    'vault',
  )
  const port = fc.constantFrom('', ':8200', ':443', ':80', ':', ':99999')
  const tail = fc.oneof(
    fc.constantFrom(
      '',
      '/',
      '/v1/b',
      '?x',
      '#x',
      '@evil.example/',
      '\\@evil.example',
      '.evil.example/',
      '/../..//x',
    ),
    fc.webPath(),
    fc.string(),
  )
  const location = fc.oneof(
    fc.webUrl(),
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom('/', '\\', ':', '@', '?', '#', '.', '%2e', 'a', '8200', '\t', 'https:'),
    }),
    fc
      .tuple(
        fc.constantFrom('https://', 'http://', '//', 'https:', 'HTTPS://', 'ftp://', '/', ''),
        host,
        port,
        tail,
      )
      .map((parts) => parts.join('')),
    fc.tuple(fc.constant(origin), tail).map((parts) => parts.join('')),
  )
  const answer = fc.oneof(
    {
      weight: 1,
      arbitrary: fc.constantFrom<SendFailure>('unreachable', 'reset', 'broken', 'untrusted', 'too-large'),
    },
    {
      weight: 9,
      arbitrary: fc.record({
        status: fc.oneof(fc.constantFrom(301, 302, 303, 307, 308), fc.integer({ min: 100, max: 599 })),
        location: fc.option(fc.oneof(location, fc.webPath()), { nil: undefined, freq: 20 }),
        body: fc.string(),
      }),
    },
  )
  const request = fc.record({
    method: fc.constantFrom('GET', 'GET', 'LIST', 'HEAD', 'POST', 'DELETE'),
    path: fc.oneof(
      { weight: 4, arbitrary: fc.webPath().map((path) => `/${path}`) },
      { weight: 1, arbitrary: fc.string() },
      {
        weight: 1,
        arbitrary: fc
          .string({ unit: fc.constantFrom('/', '\\', '@', '?', '#', '..', 'a', ':', '%2e') })
          .map((path) => `/${path}`),
      },
    ),
    origin: fc.constantFrom(origin, 'https://vault.example', 'http://127.0.0.1:8200', 'http://[::1]'),
  })

  it('no request leaves the origin, and nothing but a StoreError is thrown, without its words', async () => {
    let followed = 0
    await fc.assert(
      fc.asyncProperty(request, fc.array(answer, { minLength: 1, maxLength: 6 }), async (asked, answers) => {
        const { ask, requests } = clientOf(
          (_, count) => {
            const next = answers[(count - 1) % answers.length]
            if (next === undefined || typeof next === 'string') throw new SendError(next ?? 'broken')
            const { status, location, body } = next
            return response(status, location === undefined ? {} : { location }, body)
          },
          { origin: asked.origin },
        )
        const error = await ask({ method: asked.method, path: asked.path }).then(
          () => undefined,
          (reason: unknown) => reason,
        )
        for (const { url, method } of requests) {
          expect(url.startsWith(`${asked.origin}/`)).toBe(true)
          const { origin: sentTo, username, password, href } = new URL(url)
          expect([sentTo, username, password]).toEqual([asked.origin, '', ''])
          // What `fetch` would send is what the store meant; only a quote in a query is spelt otherwise.
          expect(href.replaceAll('%27', "'")).toBe(url.replaceAll('%27', "'"))
          expect(method).toBe(asked.method)
        }
        expect(requests.length).toBeLessThanOrEqual(8)
        if (requests.length > 2) followed += 1
        if (error !== undefined) {
          expect(error).toBeInstanceOf(StoreError)
          expect(texts).toContain(error instanceof StoreError ? error.message : '')
        }
      }),
      { numRuns: 2000 },
    )
    expect(followed).toBeGreaterThan(20)
  })

  /** Everything there is to say. */
  const texts: readonly string[] = [
    'the name or a field makes no path that can be sent',
    'the store cannot be reached',
    'the store ended the connection without an answer',
    "the store's answer broke off or is no HTTP",
    "the store's certificate is not trusted",
    "the store's answer is too long",
    'the store redirects a request that must not be repeated elsewhere',
    'the store redirects to another origin',
    'the store redirects to something that is no address',
    'the store redirects too often',
    'the store redirects without saying where',
  ]
})

describe('an origin', () => {
  it.each([
    'https://vault.example',
    'https://vault.example/',
    'https://vault.example:8200',
    'HTTPS://Vault.Example',
    'https://10.0.0.1',
    'https://[2001:db8::1]:8200',
    'https://vault_1.default.svc.cluster.local.',
    'http://localhost:8200',
    'http://127.0.0.1:8200',
    'http://127.1.2.3',
    'http://[::1]:8200',
  ])('%s can be used', (text) => {
    expect(originProblem(text)).toBeUndefined()
  })

  it.each([
    ['', 'must be an http or https URL with no more than a host and a port'],
    ['canary', 'must be an http or https URL with no more than a host and a port'],
    ['vault.example:8200', 'must be an http or https URL with no more than a host and a port'],
    ['ftp://vault.example', 'must be an http or https URL with no more than a host and a port'],
    ['https://', 'must be an http or https URL with no more than a host and a port'],
    ['https:///x', 'must be an http or https URL with no more than a host and a port'],
    ['https://a b', 'must be an http or https URL with no more than a host and a port'],
    ['https://a\n', 'must be an http or https URL with no more than a host and a port'],
    ['https://ü.example', 'must be an http or https URL with no more than a host and a port'],
    ['https://%76ault.example', 'must be an http or https URL with no more than a host and a port'],
    ['https://a..b', 'must be an http or https URL with no more than a host and a port'],
    ['https://-a', 'must be an http or https URL with no more than a host and a port'],
    ['https://a:0', 'must be an http or https URL with no more than a host and a port'],
    ['https://a:65536', 'must be an http or https URL with no more than a host and a port'],
    ['https://127.1', 'must be an http or https URL with no more than a host and a port'],
    ['https://0x7f000001', 'must be an http or https URL with no more than a host and a port'],
    ['https://0177.0.0.1', 'must be an http or https URL with no more than a host and a port'],
    ['https://256.0.0.1', 'must be an http or https URL with no more than a host and a port'],
    ['https://a#canary', 'must be an http or https URL with no more than a host and a port'],
    ['https://user:canary@vault.example', 'must not hold a user name or a password'],
    ['https://vault.example/canary', 'must not hold a path or a query'],
    ['https://vault.example//', 'must not hold a path or a query'],
    ['https://vault.example?canary', 'must not hold a path or a query'],
    ['https://vault.example/?', 'must not hold a path or a query'],
  ])('%j cannot: it %s', (text, problem) => {
    expect(originProblem(text, true)).toBe(problem)
    expect(() => httpClient({ origin: text, runtime: { clock: fakeClock(), random: () => 0 } })).toThrow(
      new StoreError('invalid', `the store's address ${problem}`),
    )
  })

  it.each([
    'http://vault.example',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://10.0.0.1',
    'http://[::2]',
    'http://[::ffff:127.0.0.1]',
  ])('%s is another machine, spoken to in the clear only when that is allowed', (text) => {
    expect(originProblem(text)).toMatch(/^must begin with https: /)
    expect(originProblem(text, true)).toBeUndefined()
    const runtime = { clock: fakeClock(), random: () => 0 }
    expect(() => httpClient({ origin: text, runtime })).toThrow(StoreError)
    expect(() => httpClient({ origin: text, runtime, allowPlainHttp: true })).not.toThrow()
  })
})
