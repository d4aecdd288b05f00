import { describe, expect, it } from 'vitest'
import { defaultConfiguration } from '../../src/component/configuration.ts'
import type { ContractAnswer, ContractRequest } from '../../src/contract/exchange.ts'
import type { Secrets, SecretsOptions } from '../../src/secrets.ts'
import { createSecrets } from '../../src/secrets.ts'
import { localEnv } from '../../src/stores/local-env.ts'
import type { SecretStore, SecretStoreDriver } from '../../src/stores/store.ts'
import { fakeComponent } from '../fakes/component.ts'
import { fakeRuntime } from '../fakes/runtime.ts'

const env = { FOO: 'bar', 'a/b': 'slash', bulk: 'iam-bulk', 'bulk/x': 'below', constructor: 'odd' }

function open(options: Partial<SecretsOptions> = {}): Promise<Secrets> {
  return createSecrets({
    components: [fakeComponent({ name: 'env' })],
    drivers: [localEnv],
    runtime: fakeRuntime({ env }),
    appId: 'myapp',
    ...options,
  })
}

/** Sends one request to the main listener's contract. */
async function send(
  target: string,
  request: Partial<Omit<ContractRequest, 'target'>> = {},
  options: Partial<SecretsOptions> = {},
): Promise<ContractAnswer & { header(name: string): string | undefined }> {
  const { answer } = await open(options)
  return withHeader(await answer({ method: 'GET', headers: [], ...request, target }))
}

function withHeader(answer: ContractAnswer) {
  return {
    ...answer,
    header(name: string): string | undefined {
      const index = answer.headers.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === name)
      return index < 0 ? undefined : answer.headers[index + 1]
    },
  }
}

const invocation404 =
  '{"errorCode":"ERR_DIRECT_INVOKE","message":"failed getting app id either from the URL path or the header dapr-app-id"}'

describe('a get over HTTP', () => {
  it('answers the values as JSON with a final newline, never to be stored', async () => {
    const answer = await send('/v1.0/secrets/env/FOO')
    expect(answer.status).toBe(200)
    expect(answer.body).toBe('{"FOO":"bar"}\n')
    expect(answer.headers).toEqual(['Content-Type', 'application/json', 'Cache-Control', 'no-store'])
  })

  it('reads a raw slash as part of the key', async () => {
    expect((await send('/v1.0/secrets/env/a/b')).body).toBe('{"a/b":"slash"}\n')
    expect((await send('/v1.0/secrets/env/a%2Fb')).body).toBe('{"a/b":"slash"}\n')
  })

  it('reads a secret named bulk only when the name is escaped', async () => {
    expect((await send('/v1.0/secrets/env/bul%6B')).body).toBe('{"bulk":"iam-bulk"}\n')
    expect((await send('/v1.0/secrets/env/bul%6B/x')).body).toBe('{"bulk/x":"below"}\n')
  })

  it('answers 404 below bulk', async () => {
    expect(await send('/v1.0/secrets/env/bulk/x')).toMatchObject({ status: 404, body: invocation404 })
  })

  it('finds a secret named like a property of every object', async () => {
    expect((await send('/v1.0/secrets/env/constructor')).body).toBe('{"constructor":"odd"}\n')
    expect((await send('/v1.0/secrets/env/__proto__')).body).toBe('{"__proto__":""}\n')
  })

  it.each(['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'get', 'FOO'])('answers 404 to %s', async (method) => {
    expect(await send('/v1.0/secrets/env/FOO', { method })).toMatchObject({
      status: 404,
      body: invocation404,
    })
  })

  it('refuses a malformed escape before it asks for a token', async () => {
    const answer = await send('/v1.0/secrets/env/a%zz', {}, { token: 'tok' })
    expect(answer).toMatchObject({ status: 400, body: '400 Bad Request', close: true })
  })
})

describe('bulk over HTTP', () => {
  it('answers every secret, sorted', async () => {
    const answer = await send('/v1.0/secrets/env/bulk/')
    expect(answer.body).toBe(
      '{"FOO":{"FOO":"bar"},"a/b":{"a/b":"slash"},"bulk":{"bulk":"iam-bulk"},"bulk/x":{"bulk/x":"below"},"constructor":{"constructor":"odd"}}\n',
    )
    expect(answer.header('cache-control')).toBe('no-store')
  })
})

describe('a store that has no map', () => {
  const none: SecretStoreDriver = {
    ...localEnv,
    create: (): SecretStore => ({
      features: [],
      getSecret: () => ({ values: undefined }),
      getBulkSecret: ({ metadata }) =>
        metadata.get('null') === undefined ? undefined : new Map([['x', undefined]]),
    }),
  }

  it.each(['FOO', 'bulk'])('is answered with 204 and nothing else for %s', async (key) => {
    expect(await send(`/v1.0/secrets/env/${key}`, {}, { drivers: [none] })).toMatchObject({
      status: 204,
      headers: [],
      body: '',
    })
  })

  it('is answered as null inside a bulk', async () => {
    expect((await send('/v1.0/secrets/env/bulk?metadata.null=1', {}, { drivers: [none] })).body).toBe(
      '{"x":null}\n',
    )
  })
})

describe('a body', () => {
  const body = (text: string): Uint8Array => new TextEncoder().encode(text)

  it('that is valid never changes the outcome', async () => {
    const answer = await send('/v1.0/secrets/env/FOO', { body: body('{"storeName":"zzz","key":"OTHER"}') })
    expect(answer.body).toBe('{"FOO":"bar"}\n')
  })

  it('that is malformed is refused before the store is looked up', async () => {
    expect(await send('/v1.0/secrets/nope/FOO', { body: body('hello') })).toMatchObject({
      status: 400,
      body: '{"errorCode":"ERR_MALFORMED_REQUEST","message":"failed deserializing HTTP body: proto: syntax error (line 1:1): invalid value hello"}',
    })
  })

  it.each(['/v1.0/secrets/env/FOO', '/v1.0/secrets/env/bulk', '/v1.0/metadata'])(
    'that is too long is refused by %s, and the connection ends',
    async (target) => {
      expect(await send(target, { body: body('{"key":"aaaaaaa"}') }, { maxBodySize: 10 })).toMatchObject({
        status: 400,
        body: '{"errorCode":"ERR_BODY_READ","message":"failed to read request body: stream too large"}',
        close: true,
      })
    },
  )

  it.each([0, -2])('has no limit when the limit is %s', async (maxBodySize) => {
    expect(
      (await send('/v1.0/secrets/env/FOO', { body: body(`{"key":"${'a'.repeat(99)}"}`) }, { maxBodySize }))
        .status,
    ).toBe(200)
  })
})

describe('the token', () => {
  const token = 'tok'

  it.each([
    [[]],
    [['dapr-api-token', 'nope']],
    [['dapr-api-token', 'TOK']],
    [['authorization', 'Bearer tok']],
    [['dapr-api-token', 'tok2']],
  ])('is required of every request: %j', async (headers) => {
    for (const target of ['/v1.0/secrets/env/FOO', '/nothing/here', '/v1.0/metadata']) {
      const answer = await send(target, { headers }, { token })
      expect(answer).toMatchObject({ status: 401, body: 'invalid api token\n' })
      expect(answer.header('content-type')).toBe('text/plain; charset=utf-8')
      expect(answer.header('x-content-type-options')).toBe('nosniff')
    }
  })

  it('lets a request through that carries it, under any spelling of the header; the first one counts', async () => {
    const headers = ['DAPR-Api-Token', 'tok', 'dapr-api-token', 'nope']
    expect((await send('/v1.0/secrets/env/FOO', { headers }, { token })).status).toBe(200)
  })

  it.each([
    '/v1.0/healthz',
    '/v1.0/healthz/',
    '//v1.0/healthz',
    '/v1.0/healthz?appid=myapp',
    '/v1.0/healthz/outbound',
  ])('is not needed for GET %s', async (target) => {
    expect(await send(target, {}, { token })).toMatchObject({ status: 204, body: '' })
  })

  it('is asked for however many slashes a path holds', async () => {
    // A search that begins anew at each slash would take hours.
    const target = `/v1.0${'/'.repeat(4_000_000)}x`
    const { answer } = await open({ token })
    expect((await answer({ method: 'GET', target, headers: [] })).status).toBe(401)
  })

  it.each([
    ['HEAD', '/v1.0/healthz'],
    ['POST', '/v1.0/healthz'],
    ['GET', '/v1.0//healthz'],
    ['GET', '/v1.0/./healthz'],
  ])('is needed for %s %s', async (method, target) => {
    expect((await send(target, { method }, { token })).status).toBe(401)
  })

  it('is missing everywhere when a face without one refuses', async () => {
    const withoutToken = 'refuse'
    expect((await send('/v1.0/secrets/env/FOO', {}, { withoutToken })).status).toBe(401)
    expect(
      (await send('/v1.0/secrets/env/FOO', { headers: ['dapr-api-token', ''] }, { withoutToken })).status,
    ).toBe(401)
    expect((await send('/v1.0/healthz', {}, { withoutToken })).status).toBe(204)
  })
})

describe('a Host that is a foreign DNS name', () => {
  const withoutToken = 'refuse foreign hosts'

  it.each([
    'localhost',
    'localhost:3500',
    'LOCALHOST.',
    'app.localhost:1',
    '127.0.0.1:3500',
    '[::1]:3500',
    '10.0.0.7',
    '',
  ])('is not %j', async (host) => {
    expect((await send('/v1.0/secrets/env/FOO', { headers: ['Host', host] }, { withoutToken })).status).toBe(
      200,
    )
  })

  it.each([
    'evil.example',
    'evil.example:3500',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'notlocalhost',
  ])('is %j, and is refused where there is no token', async (host) => {
    const headers = ['Host', host]
    expect((await send('/v1.0/secrets/env/FOO', { headers }, { withoutToken })).status).toBe(403)
    expect(
      (
        await send(
          '/v1.0/secrets/env/FOO',
          { headers: [...headers, 'dapr-api-token', 't'] },
          { withoutToken, token: 't' },
        )
      ).status,
    ).toBe(200)
    expect((await send('/v1.0/secrets/env/FOO', { headers })).status).toBe(200)
  })

  it('is no obstacle to a health check', async () => {
    const headers = ['Host', 'evil.example']
    for (const target of ['/v1.0/healthz', '/v1.0/healthz/outbound']) {
      expect((await send(target, { headers }, { withoutToken })).status).toBe(204)
    }
    expect((await send('/v1.0/healthz', { method: 'POST', headers }, { withoutToken })).status).toBe(403)
  })
})

describe('an unmatched request', () => {
  it.each([
    ['/v1.0/invoke/other/method/go', []],
    ['/nope', ['dapr-app-id', 'other']],
    ['/nope', ['Authorization', `Basic ${btoa('dapr-app-id:other')}`]],
  ])('to %s with %j is an invocation, which is not served', async (target, headers) => {
    expect(await send(target, { headers })).toMatchObject({
      status: 500,
      body: '{"errorCode":"ERR_DIRECT_INVOKE","message":"invoke API is not ready"}',
    })
  })

  describe('where the invoke API is not allowed', () => {
    const rule = (name: string) => ({ name, version: 'v1', protocol: 'http' })
    const configuration = { ...defaultConfiguration, api: { allowed: [rule('secrets')], denied: [] } }

    it('gets the router’s own 404', async () => {
      const answer = await send('/nope', {}, { configuration })
      expect(answer).toMatchObject({ status: 404, body: '404 page not found\n' })
      expect(answer.header('x-content-type-options')).toBe('nosniff')
    })

    it('gets 405 and what is allowed on a known path, and only 405 for an unknown verb', async () => {
      const known = await send('/v1.0/secrets/env/FOO', { method: 'POST' }, { configuration })
      expect(known).toMatchObject({ status: 405, headers: ['Allow', 'GET'], body: '' })
      const unknown = await send('/v1.0/secrets/env/FOO', { method: 'FOO' }, { configuration })
      expect(unknown).toMatchObject({ status: 405, headers: [], body: '' })
    })

    it.each(['localhost:80/v1.0/secrets/env/FOO', 'h/v1.0/secrets/env/FOO', '/v1.0/secrets/env/FOO'])(
      'is found by the path of CONNECT %s',
      async (target) => {
        const answer = await send(target, { method: 'CONNECT' }, { configuration })
        expect(answer).toMatchObject({ status: 405, headers: ['Allow', 'GET'] })
      },
    )

    it('includes the metadata that SDKs poll, which is not in the list', async () => {
      expect((await send('/v1.0/metadata', {}, { configuration })).status).toBe(404)
      expect((await send('/v1.0/healthz', {}, { configuration })).status).toBe(204)
    })
  })

  it('to * with OPTIONS is answered by the server itself', async () => {
    expect(await send('*', { method: 'OPTIONS' })).toMatchObject({ status: 200, body: '' })
  })
})

describe('metadata', () => {
  it('has the shape SDKs poll', async () => {
    expect((await send('/v1.0/metadata')).body).toBe(
      '{"id":"myapp","runtimeVersion":"1.18.3","components":[{"name":"env","type":"secretstores.local.env","version":"v1"}],' +
        '"extended":{"daprRuntimeVersion":"1.18.3"},"appConnectionProperties":{"protocol":"http","channelAddress":"127.0.0.1"},' +
        '"actorRuntime":{"runtimeStatus":"DISABLED","hostReady":false,"placement":"placement: disconnected"}}\n',
    )
  })

  it('leaves out components when there are none', async () => {
    expect((await send('/v1.0/metadata', {}, { components: [] })).body).not.toContain('components')
  })

  it('keeps what is put, as it is, beside its own version', async () => {
    const { answer } = await open()
    const put = (key: string, text: string) =>
      answer({
        method: 'PUT',
        target: `/v1.0/metadata/${key}`,
        headers: [],
        body: new TextEncoder().encode(text),
      })
    expect(await put('a%20b', '{"raw":1}')).toMatchObject({ status: 204, body: '' })
    expect(await put('__proto__', '')).toMatchObject({ status: 204 })
    expect(await put('daprRuntimeVersion', '9')).toMatchObject({ status: 204 })
    const { body } = await answer({ method: 'GET', target: '/v1.0/metadata', headers: [] })
    expect(body).toContain('"extended":{"__proto__":"","a b":"{\\"raw\\":1}","daprRuntimeVersion":"1.18.3"}')
  })
})

describe('CORS and tracing', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  it('put their headers on refusals too', async () => {
    const headers = ['Origin', 'https://a.example', 'traceparent', traceparent]
    const answer = await send('/v1.0/secrets/env/FOO', { headers }, { token: 't', allowedOrigins: '*' })
    expect(answer.status).toBe(401)
    expect(answer.header('access-control-allow-origin')).toBe('*')
    expect(answer.header('traceparent')).toBe(traceparent)
  })

  it('answer a preflight without a token', async () => {
    const headers = ['Origin', 'https://a.example', 'Access-Control-Request-Method', 'GET']
    const answer = await send(
      '/v1.0/secrets/env/FOO',
      { method: 'OPTIONS', headers },
      { token: 't', allowedOrigins: '*' },
    )
    expect(answer).toMatchObject({ status: 200, body: '' })
    expect(answer.header('access-control-allow-origin')).toBe('*')
  })

  it('are both on the answer to a preflight', async () => {
    const headers = ['Origin', 'https://a.example', 'Access-Control-Request-Method', 'GET']
    const answer = await send(
      '/v1.0/secrets/env/FOO',
      { method: 'OPTIONS', headers: [...headers, 'traceparent', traceparent] },
      { allowedOrigins: '*' },
    )
    expect(answer.header('access-control-allow-methods')).toBe('GET')
    expect(answer.header('traceparent')).toBe(traceparent)
  })

  it('send no traceparent when none came in, none for health, and none at rate zero', async () => {
    const headers = ['traceparent', traceparent]
    const configuration = { ...defaultConfiguration, tracing: { samplingRate: 0, exporter: true } }
    expect((await send('/v1.0/secrets/env/FOO')).header('traceparent')).toBeUndefined()
    expect((await send('/v1.0/healthz', { headers })).header('traceparent')).toBeUndefined()
    expect(
      (await send('/v1.0/secrets/env/FOO', { headers }, { configuration })).header('traceparent'),
    ).toBeUndefined()
  })

  it('give a span of their own when sampling is on', async () => {
    const configuration = { ...defaultConfiguration, tracing: { samplingRate: 1, exporter: false } }
    const answer = await send(
      '/v1.0/secrets/env/FOO',
      { headers: ['traceparent', traceparent] },
      { configuration },
    )
    expect(answer.header('traceparent')).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/)
    expect(answer.header('traceparent')).not.toBe(traceparent)
  })

  it.each([
    [0.00005, '01'],
    [0.00015, '00'],
  ])(
    'sample one trace in 10,000 when there is an exporter and no rate: a draw of %s gives flags %s',
    async (draw, flags) => {
      const configuration = { ...defaultConfiguration, tracing: { samplingRate: undefined, exporter: true } }
      const runtime = { ...fakeRuntime({ env }), random: () => draw }
      const answer = await send('/v1.0/secrets/env/FOO', {}, { configuration, runtime })
      expect(answer.header('traceparent')).toMatch(new RegExp(`^00-[0-9a-f]{32}-[0-9a-f]{16}-${flags}$`))
    },
  )

  it('refuse a malformed baggage header before the token is asked for', async () => {
    const answer = await send('/v1.0/secrets/env/FOO', { headers: ['baggage', '=nokey'] }, { token: 't' })
    expect(answer.status).toBe(400)
    expect(answer.body).toMatch(/^invalid baggage header: .+\n$/)
  })
})

describe('the configuration routes', () => {
  it.each(['cfg', 'cfg/subscribe', 'cfg/abc/unsubscribe'])(
    'say that there is no configuration store: %s',
    async (path) => {
      for (const version of ['v1.0', 'v1.0-alpha1']) {
        expect(await send(`/${version}/configuration/${path}`)).toMatchObject({
          status: 500,
          body: '{"errorCode":"ERR_CONFIGURATION_STORE_NOT_CONFIGURED","message":"configuration stores not configured"}',
        })
      }
    },
  )
})

describe('the public listener', () => {
  it('serves health and metadata without a token, and nothing else', async () => {
    const { publicAnswer } = await open({ token: 't' })
    const get = (target: string, method = 'GET') => publicAnswer({ method, target, headers: [] })
    expect((await get('/v1.0/healthz')).status).toBe(204)
    expect((await get('/v1.0/metadata')).status).toBe(200)
    expect(await get('/v1.0/secrets/env/FOO')).toMatchObject({ status: 404, body: '404 page not found\n' })
    expect(await get('/v1.0/metadata', 'POST')).toMatchObject({ status: 405 })
    expect((await get('/%zz')).status).toBe(400)
  })

  it('takes no longer body than the main one, and stores nothing of it', async () => {
    const { publicAnswer } = await open({ maxBodySize: 10 })
    const put = (text: string) =>
      publicAnswer({
        method: 'PUT',
        target: '/v1.0/metadata/k',
        headers: [],
        body: async (limit) => new TextEncoder().encode(text).slice(0, limit + 1),
      })
    expect((await put('0123456789')).status).toBe(204)
    expect(await put('0123456789abc')).toMatchObject({
      status: 400,
      body: expect.stringContaining('stream too large'),
    })
    const { body } = await publicAnswer({ method: 'GET', target: '/v1.0/metadata', headers: [] })
    expect(body).toContain('"k":"0123456789"')
  })

  it('refuses a foreign Host where it is told to and there is no token, health checks aside', async () => {
    const statuses = async (options: Partial<SecretsOptions>) => {
      const { publicAnswer } = await open(options)
      const get = async (target: string, host: string) =>
        (await publicAnswer({ method: 'GET', target, headers: ['Host', host] })).status
      return [
        await get('/v1.0/metadata', 'evil.example'),
        await get('/v1.0/metadata', 'localhost'),
        await get('/v1.0/healthz', 'evil.example'),
      ]
    }
    const publicWithoutToken = 'refuse foreign hosts'
    expect(await statuses({ publicWithoutToken })).toEqual([403, 200, 204])
    expect(await statuses({ publicWithoutToken, token: 't' })).toEqual([200, 200, 204])
    expect(await statuses({ withoutToken: 'refuse foreign hosts' })).toEqual([200, 200, 204])
  })
})

it('a scope for a store that is not there is a warning at its place', async () => {
  const at = { file: 'config.yaml', line: 7, column: 18 }
  const scope = {
    storeName: 'nope',
    defaultAccess: 'deny' as const,
    allowedSecrets: [],
    deniedSecrets: [],
    at,
  }
  const { diagnostics } = await open({ configuration: { ...defaultConfiguration, secretScopes: [scope] } })
  expect(diagnostics).toEqual([
    {
      severity: 'warning',
      at,
      message: expect.stringContaining('that is not there, so it protects nothing'),
    },
  ])
})
