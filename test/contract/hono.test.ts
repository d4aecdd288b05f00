import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { ContractAnswer, ContractRequest } from '../../src/contract/exchange.ts'
import type { AppOptions } from '../../src/contract/hono.ts'
import { createApp } from '../../src/contract/hono.ts'
import type { SecretsOptions } from '../../src/secrets.ts'
import { createSecrets } from '../../src/secrets.ts'
import { localEnv } from '../../src/stores/local-env.ts'
import { fakeComponent } from '../fakes/component.ts'
import { fakeRuntime } from '../fakes/runtime.ts'

const options = {
  appId: 'orders',
  components: [fakeComponent({ name: 'env' })],
  drivers: [localEnv],
  runtime: fakeRuntime({ env: { bulk: 'one secret', 'a/b': 'with a slash', plain: 'p' } }),
  maxBodySize: 8,
} satisfies SecretsOptions
const secrets = await createSecrets(options)

/** The contract, limited to bodies of 8 bytes. */
const app = createApp(secrets.answer)

/** An application over an answer that keeps what it was asked, and reads bodies up to the limit. */
function recording(
  options: AppOptions = {},
  answer: ContractAnswer = { status: 200, headers: [], body: 'x' },
  limit = 0,
) {
  const asked: ContractRequest[] = []
  const bodies: (Uint8Array | undefined)[] = []
  const app = createApp(async (request) => {
    asked.push(request)
    if (typeof request.body === 'function') bodies.push(await request.body(limit))
    return answer
  }, options)
  return { app, asked, bodies }
}

/** A body of chunks, and how many of them were taken. */
function streamOf(chunks: readonly string[]) {
  const state = { taken: 0, cancelled: false }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[state.taken]
        state.taken += 1
        if (chunk === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(chunk))
      },
      cancel() {
        state.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, state }
}

/** A request that streams its body; `duplex` is what Node wants and workerd ignores. */
function put(path: string, body: ReadableStream<Uint8Array>): Request {
  const init: RequestInit & { duplex: 'half' } = { method: 'PUT', body, duplex: 'half' }
  return new Request(`http://dapr${path}`, init)
}

describe('the contract as a Hono application', () => {
  it('answers a secret with exact body and headers', async () => {
    const response = await app.request('/v1.0/secrets/env/plain')
    expect(response.status).toBe(200)
    expect([...response.headers]).toEqual([
      ['cache-control', 'no-store'],
      ['content-type', 'application/json'],
    ])
    expect(await response.text()).toBe('{"plain":"p"}\n')
  })

  it('answers HEAD with 404, although Hono takes it for a GET', async () => {
    const response = await app.request('/v1.0/secrets/env/plain', { method: 'HEAD' })
    expect(response.status).toBe(404)
    expect(await response.text()).toBe('')
  })

  it.each([
    ['/v1.0/secrets/env/bul%6B', '{"bulk":"one secret"}\n'],
    ['/v1.0/secrets/env/a%2Fb', '{"a/b":"with a slash"}\n'],
    ['/v1.0/secrets/env/a/b', '{"a/b":"with a slash"}\n'],
    ['/v1.0/secrets/env/a%252Fb', '{"a%2Fb":""}\n'],
  ])('reads %s as it was sent', async (path, body) => {
    expect(await (await app.request(path)).text()).toBe(body)
  })

  it('does not take an escaped route for the route', async () => {
    expect((await app.request('/v1.0/%73ecrets/env/plain')).status).toBe(404)
  })

  it('hands over the target without scheme, host and fragment, and with its query', async () => {
    const { app, asked } = recording()
    await app.request('http://dapr/a%2Fb?x=%41&x=2#part')
    await app.request('http://dapr?only=query')
    expect(asked.map(({ target }) => target)).toEqual(['/a%2Fb?x=%41&x=2', '/?only=query'])
  })

  it('hands over headers as names and values in turn', async () => {
    const { app, asked } = recording()
    await app.request('/', { headers: { 'Dapr-Api-Token': 't' } })
    expect(asked[0]?.headers).toEqual(['dapr-api-token', 't'])
  })

  it("aborts the contract's signal when the request is aborted", async () => {
    const { app, asked } = recording()
    const client = new AbortController()
    await app.request('/', { signal: client.signal })
    expect(asked[0]?.signal?.aborted).toBe(false)
    client.abort()
    expect(asked[0]?.signal?.aborted).toBe(true)
  })

  it('reads no property of a request twice', async () => {
    const { app } = recording()
    const reads: Record<string, number> = {}
    const request = new Proxy(new Request('http://dapr/', { method: 'PUT', body: 'x' }), {
      get(target, name) {
        reads[String(name)] = (reads[String(name)] ?? 0) + 1
        const value: unknown = Reflect.get(target, name, target)
        return value
      },
    })
    await app.fetch(request)
    // The second look at the method is Hono's own.
    expect(reads).toEqual({ method: 2, url: 1, headers: 1, body: 1, signal: 1 })
  })

  it('gives a 204 no body and no content type', async () => {
    const response = await app.request('/v1.0/healthz')
    expect(response.status).toBe(204)
    expect(response.body).toBeNull()
    expect([...response.headers]).toEqual([])
  })

  it('adds no content type to an answer without a body', async () => {
    const { app } = recording({}, { status: 405, headers: ['Allow', 'GET', 'Allow', 'PUT'], body: '' })
    const response = await app.request('/')
    expect([...response.headers]).toEqual([['allow', 'GET, PUT']])
  })
})

describe('the body of a request', () => {
  it('is handed over whole, however many pieces it came in', async () => {
    const { app, bodies } = recording()
    await app.fetch(put('/', streamOf(['ab', '', 'cd', 'e']).stream))
    expect(new TextDecoder().decode(bodies[0])).toBe('abcde')
  })

  it('is absent where there is none', async () => {
    const { app, asked } = recording()
    await app.request('/')
    expect(asked[0]?.body).toBeUndefined()
  })

  it('is served at the limit', async () => {
    expect((await app.request('/v1.0/metadata/k', { method: 'PUT', body: '12345678' })).status).toBe(204)
  })

  it('is refused one byte past the limit', async () => {
    const response = await app.request('/v1.0/metadata/k', { method: 'PUT', body: '123456789' })
    expect(response.status).toBe(400)
    expect(await response.text()).toBe(
      '{"errorCode":"ERR_BODY_READ","message":"failed to read request body: stream too large"}',
    )
  })

  it('is not read further than the piece that passes the limit', async () => {
    const { stream, state } = streamOf(['1234', '5678', '9', 'never', 'never'])
    const response = await app.fetch(put('/v1.0/metadata/k', stream))
    expect(await response.text()).toContain('ERR_BODY_READ')
    expect(state).toEqual({ taken: 3, cancelled: true })
  })

  it.each([0, -1])('is read to its end with the limit %d', async (limit) => {
    const { app, bodies } = recording({}, undefined, limit)
    await app.request('/', { method: 'PUT', body: 'x'.repeat(5 * 1024 * 1024) })
    expect(bodies[0]?.length).toBe(5 * 1024 * 1024)
  })

  it('is not read at all of a request that is refused', async () => {
    const { answer } = await createSecrets({ ...options, token: 't' })
    const { stream, state } = streamOf(['never'])
    expect((await createApp(answer).fetch(put('/v1.0/metadata/k', stream))).status).toBe(401)
    // A stream fetches its first piece by itself.
    expect(state.taken).toBeLessThanOrEqual(1)
    expect(stream.locked).toBe(false)
  })

  it('ends in a 400 that quotes nothing when it breaks off', async () => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error('hunter2')),
    })
    const response = await app.fetch(put('/v1.0/metadata/k', stream))
    expect(response.status).toBe(400)
    expect(await response.text()).toBe(
      '{"errorCode":"ERR_BODY_READ","message":"failed to read request body: unexpected EOF"}',
    )
  })

  it('ends in a 400 when something in front has read it', async () => {
    const request = new Request('http://dapr/v1.0/metadata/k', { method: 'PUT', body: 'x' })
    await request.text()
    expect((await app.fetch(request)).status).toBe(400)
  })
})

describe('mounting the contract below a path', () => {
  const options = { basePath: '/dapr' }

  it.each([
    ['/dapr/v1.0/x?y=1', '/v1.0/x?y=1'],
    ['/dapr/', '/'],
    ['/dapr', '/dapr'],
    ['/daprd/v1.0/x', '/daprd/v1.0/x'],
    ['/v1.0/dapr/x', '/v1.0/dapr/x'],
    ['/dapr/dapr/x', '/dapr/x'],
  ])('takes the base path off %s once', async (path, target) => {
    for (const basePath of ['/dapr', '/dapr/']) {
      const { app, asked } = recording({ basePath })
      await app.request(path)
      expect(asked[0]?.target).toBe(target)
    }
  })

  it.each([
    ['route()', () => new Hono().route('/dapr', createApp(secrets.answer, options))],
    [
      'mount() with the request as it came',
      () => new Hono().mount('/dapr', createApp(secrets.answer, options).fetch, { replaceRequest: false }),
    ],
  ])('serves escaped paths through %s', async (_name, mounted) => {
    const shop = mounted().get('/shop', (context) => context.text('open'))
    expect(await (await shop.request('/shop')).text()).toBe('open')
    expect(await (await shop.request('/dapr/v1.0/secrets/env/plain')).text()).toBe('{"plain":"p"}\n')
    expect(await (await shop.request('/dapr/v1.0/secrets/env/a%2Fb')).text()).toBe('{"a/b":"with a slash"}\n')
    expect(await (await shop.request('/dapr/v1.0/secrets/env/bul%6B')).text()).toBe('{"bulk":"one secret"}\n')
    expect((await shop.request('/dapr/v1.0/secrets/env/plain', { method: 'HEAD' })).status).toBe(404)
    expect((await shop.request('/v1.0/secrets/env/plain')).status).toBe(404)
  })

  it('serves paths without needless escapes through mount() as it is by default', async () => {
    const shop = new Hono().mount('/dapr', createApp(secrets.answer).fetch)
    expect(await (await shop.request('/dapr/v1.0/secrets/env/plain')).text()).toBe('{"plain":"p"}\n')
    expect(await (await shop.request('/dapr/v1.0/secrets/env/a%2Fb')).text()).toBe('{"a/b":"with a slash"}\n')
  })
})
