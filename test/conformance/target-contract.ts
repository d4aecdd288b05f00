/**
 * What every target must answer, asked of the bundle that ships.
 *
 * A test of a target only says how its bundle is called, and in a row what the platform does differently. What
 * a row declares is asserted too: nothing is skipped.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A request as a client of the platform sends it. */
export interface TargetRequest {
  readonly method: string
  /** The raw path and query. */
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: string
}

/** What the platform's client gets. */
export interface TargetAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
}

/** A bundle that was started. */
export interface RunningTarget {
  ask(request: TargetRequest): Promise<TargetAnswer>
  /** Everything it has logged. */
  log(): string
  close(): Promise<void>
}

/** A target's row. */
export interface Target {
  /** Starts the bundle of test/fixtures/targets with these variables, and no others. */
  start(variables: Readonly<Record<string, string>>): Promise<RunningTarget>
  /** A face the internet can reach refuses requests while no token is configured; one on loopback serves them. */
  readonly withoutToken: 'refuses' | 'serves'
  /** Whether a path like `/a/%2e%2e` arrives as it was sent, or as a WHATWG URL rewrites it. */
  readonly dotSegments: 'as sent' | 'rewritten'
  /** Whether the body of a GET arrives. */
  readonly bodyOfGet: 'read' | 'dropped'
  /** Whether of several `dapr-api-token` headers the first counts, as in daprd, or all of them as one text. */
  readonly repeatedToken: 'first counts' | 'joined'
}

const token = 'target-token'
const withToken = [['dapr-api-token', token]] as const
const variables = {
  APP_DATABASE_URL: 'postgres://db/orders?a="ü"&b=<1>',
  APP_bulk: 'one secret',
  APP___proto__: 'own',
  OTHER: 'not asked for',
  DAPR_API_TOKEN: token,
}

/** Runs the suite over a target. */
export function describeTarget(title: string, target: Target): void {
  describe(title, () => {
    let running: RunningTarget
    beforeAll(async () => {
      running = await target.start(variables)
    })
    afterAll(() => running?.close())

    const get = (path: string): Promise<TargetAnswer> =>
      running.ask({ method: 'GET', target: path, headers: withToken })

    it('answers a secret with its exact body, content type and cache control', async () => {
      const { status, headers, body } = await get('/v1.0/secrets/env/DATABASE_URL')
      expect(status).toBe(200)
      expect(body).toBe('{"DATABASE_URL":"postgres://db/orders?a=\\"ü\\"\\u0026b=\\u003c1\\u003e"}\n')
      expect(headers.get('content-type')).toBe('application/json')
      expect(headers.get('cache-control')).toBe('no-store')
    })

    it("answers all secrets of a store, and nothing of the platform's environment", async () => {
      const { body } = await get('/v1.0/secrets/env/bulk')
      expect(Object.keys(JSON.parse(body)).toSorted()).toEqual(['DATABASE_URL', '__proto__', 'bulk'])
    })

    it.each(['__proto__', 'constructor', 'toString'])('takes %s for a name like any other', async (name) => {
      const value = name === '__proto__' ? 'own' : ''
      expect(await get(`/v1.0/secrets/env/${name}`)).toMatchObject({
        status: 200,
        body: `{"${name}":"${value}"}\n`,
      })
    })

    it('reads one secret for bul%6B', async () => {
      expect((await get('/v1.0/secrets/env/bul%6B')).body).toBe('{"bulk":"one secret"}\n')
    })

    it('keeps %2F inside a name', async () => {
      expect((await get('/v1.0/secrets/env/a%2Fb')).body).toBe('{"a/b":""}\n')
    })

    it('decodes a name once', async () => {
      expect((await get('/v1.0/secrets/env/a%252Fb')).body).toBe('{"a%2Fb":""}\n')
    })

    it('reads the query', async () => {
      expect(await get('/v1.0/healthz?appid=orders')).toMatchObject({ status: 204 })
      expect(await get('/v1.0/healthz?appid=other&x=%26')).toMatchObject({
        status: 500,
        body: '{"errorCode":"ERR_HEALTH_APPID_NOT_MATCH","message":"dapr app-id does not match"}',
      })
    })

    it('answers an unknown store as daprd does', async () => {
      const { status, headers, body } = await get('/v1.0/secrets/other/x')
      expect(status).toBe(401)
      expect(headers.get('content-type')).toBe('application/json')
      expect(body).toBe(
        '{"errorCode":"ERR_SECRET_STORE_NOT_FOUND","message":"failed finding secret store with key other"}',
      )
    })

    it('answers an unknown route with 404 and JSON', async () => {
      const { status, headers, body } = await get('/v1.0/unknown')
      expect(status).toBe(404)
      expect(headers.get('content-type')).toBe('application/json')
      expect(JSON.parse(body)).toMatchObject({ errorCode: 'ERR_DIRECT_INVOKE' })
    })

    it('reads no secret for a HEAD', async () => {
      const head = { method: 'HEAD', target: '/v1.0/secrets/env/DATABASE_URL', headers: withToken }
      expect(await running.ask(head)).toMatchObject({ status: 404, body: '' })
    })

    it('takes a PUT with its body', async () => {
      const put = { method: 'PUT', target: '/v1.0/metadata/release', headers: withToken, body: 'ü 7' }
      expect(await running.ask(put)).toMatchObject({ status: 204, body: '' })
      expect(JSON.parse((await get('/v1.0/metadata')).body)).toMatchObject({
        id: 'orders',
        extended: { release: 'ü 7' },
      })
    })

    it('refuses a body beyond the limit', async () => {
      const body = 'x'.repeat(4 * 1024 * 1024 + 1)
      const put = { method: 'PUT', target: '/v1.0/metadata/release', headers: withToken, body }
      expect(await running.ask(put)).toMatchObject({
        status: 400,
        body: '{"errorCode":"ERR_BODY_READ","message":"failed to read request body: stream too large"}',
      })
    })

    it('serves health checks without a token, and without a body', async () => {
      const { status, headers, body } = await running.ask({
        method: 'GET',
        target: '/v1.0/healthz',
        headers: [],
      })
      expect({ status, body, type: headers.get('content-type') }).toEqual({ status: 204, body: '' })
    })

    it.each([[[]], [[['dapr-api-token', '']]], [[['dapr-api-token', 'other']]]] as const)(
      'refuses a request with the headers %j',
      async (headers) => {
        const answer = await running.ask({ method: 'GET', target: '/v1.0/secrets/env/bulk', headers })
        expect(answer.status).toBe(401)
        expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
        expect(answer.body).toBe('invalid api token\n')
      },
    )

    it(`sees dot segments ${target.dotSegments}`, async () => {
      const { status, body } = await get('/v1.0/secrets/env/%2e%2e')
      if (target.dotSegments === 'as sent')
        expect({ status, body }).toEqual({ status: 200, body: '{"..":""}\n' })
      else expect(status).toBe(404)
    })

    it(`has the body of a GET ${target.bodyOfGet}`, async () => {
      const { status, body } = await running.ask({
        method: 'GET',
        target: '/v1.0/secrets/env/DATABASE_URL',
        headers: withToken,
        body: 'no JSON',
      })
      if (target.bodyOfGet === 'dropped') expect(status).toBe(200)
      else
        expect({ status, body }).toMatchObject({
          status: 400,
          body: expect.stringContaining('ERR_MALFORMED'),
        })
    })

    it(`takes of repeated tokens: ${target.repeatedToken}`, async () => {
      const { status } = await running.ask({
        method: 'GET',
        target: '/v1.0/secrets/env/DATABASE_URL',
        headers: [...withToken, ['dapr-api-token', 'other']],
      })
      expect(status).toBe(target.repeatedToken === 'first counts' ? 200 : 401)
    })

    it('logs neither a secret nor the token', () => {
      expect(running.log()).not.toMatch(/postgres|one secret|target-token/)
    })
  })

  describe(`${title}, without a token`, () => {
    let running: RunningTarget
    beforeAll(async () => {
      running = await target.start({ APP_DATABASE_URL: 'postgres://db/orders' })
    })
    afterAll(() => running?.close())

    it(`${target.withoutToken} requests`, async () => {
      const answers: TargetAnswer[] = []
      for (const headers of [[], withToken, [['dapr-api-token', '']] as const]) {
        answers.push(await running.ask({ method: 'GET', target: '/v1.0/secrets/env/DATABASE_URL', headers }))
      }
      const expected =
        target.withoutToken === 'refuses'
          ? { status: 401, body: 'invalid api token\n' }
          : { status: 200, body: '{"DATABASE_URL":"postgres://db/orders"}\n' }
      expect(answers.map(({ status, body }) => ({ status, body }))).toEqual([expected, expected, expected])
    })

    it('serves health checks', async () => {
      const { status } = await running.ask({ method: 'GET', target: '/v1.0/healthz', headers: [] })
      expect(status).toBe(204)
    })

    it(`says ${target.withoutToken === 'refuses' ? 'once' : 'nowhere'} to set DAPR_API_TOKEN`, () => {
      const hints = running.log().match(/set DAPR_API_TOKEN/g) ?? []
      expect(hints.length).toBe(target.withoutToken === 'refuses' ? 1 : 0)
    })
  })
}
