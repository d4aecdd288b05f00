import { describe, expect, it } from 'vitest'
import { headerValue } from '../../src/contract/header.ts'
import { createSecrets } from '../../src/secrets.ts'
import { defineStore } from '../../src/stores/store.ts'
import { fakeClock } from '../fakes/clock.ts'
import { fakeComponent } from '../fakes/component.ts'
import { fakeRuntime } from '../fakes/runtime.ts'

/** The contract over a remote store whose values count its calls. */
async function setUp(metadata: Readonly<Record<string, string>> = {}) {
  const clock = fakeClock()
  let calls = 0
  const driver = defineStore({
    type: 'secretstores.test.remote',
    description: 'A test.',
    metadata: {},
    requestMetadata: [],
    targets: ['node'],
    reads: 'remotely',
    canonical: (name) => name,
    create: () => ({
      features: [],
      getSecret({ name }) {
        calls += 1
        return { values: name === 'nil' ? undefined : new Map([[name, `value ${calls}`]]) }
      },
      getBulkSecret() {
        calls += 1
        return new Map([['db', new Map([['db', `value ${calls}`]])]])
      },
    }),
  })
  const component = fakeComponent({
    name: 'vault',
    type: driver.type,
    metadata: Object.entries(metadata).map(([name, value]) => ({ name, value })),
  })
  const secrets = await createSecrets({
    components: [component],
    drivers: [driver],
    runtime: fakeRuntime({ clock }),
    appId: 'orders',
  })
  expect(secrets.diagnostics).toEqual([])
  const get = async (path: string, ...headers: string[]) => {
    const {
      status,
      body,
      headers: given,
    } = await secrets.answer({
      method: 'GET',
      target: `/v1.0/secrets/vault/${path}`,
      headers,
    })
    return {
      status,
      body,
      age: headerValue(given, 'age'),
      source: headerValue(given, 'x-sidecarless-source'),
    }
  }
  return { get, clock }
}

describe('an answer of a store with a cache', () => {
  it.each([
    ['db', '{"db":"value 1"}\n'],
    ['bulk', '{"db":{"db":"value 1"}}\n'],
  ])(
    'to %s says where it came from and how many whole seconds ago, and has the same body',
    async (path, body) => {
      const { get, clock } = await setUp()
      expect(await get(path)).toEqual({ status: 200, body, age: '0', source: 'store' })
      await clock.advance(2999)
      expect(await get(path)).toEqual({ status: 200, body, age: '2', source: 'cache' })
    },
  )

  it('says so too where it is empty', async () => {
    const { get } = await setUp()
    expect(await get('nil')).toEqual({ status: 204, body: '', age: '0', source: 'store' })
  })

  it.each([
    [['cache-control', 'no-cache']],
    [['Cache-Control', 'max-age=5, No-Cache']],
    [['cache-control', 'max-age=0', 'Cache-Control', ' no-cache ']],
  ])('is the store’s own for a request with %j', async (headers) => {
    const { get } = await setUp()
    await get('db')
    expect(await get('db', ...headers)).toMatchObject({ body: '{"db":"value 2"}\n', source: 'store' })
    await get('bulk')
    expect(await get('bulk', ...headers)).toMatchObject({
      body: '{"db":{"db":"value 4"}}\n',
      source: 'store',
    })
  })

  it.each([
    [['cache-control', 'no-cachefoo']],
    [['cache-control', 'max-age=0']],
    [['x-cache-control', 'no-cache']],
  ])('is the cached one for a request with %j', async (headers) => {
    const { get } = await setUp()
    await get('db')
    expect((await get('db', ...headers)).source).toBe('cache')
  })
})

describe('an answer of a store whose cache is off', () => {
  it('is exactly daprd’s', async () => {
    const { get } = await setUp({ 'sidecarless.cacheTTL': '0' })
    for (const [call, headers] of [[], ['cache-control', 'no-cache']].entries()) {
      const body = `{"db":"value ${call + 1}"}\n`
      expect(await get('db', ...headers)).toEqual({ status: 200, body, age: undefined, source: undefined })
    }
  })
})
