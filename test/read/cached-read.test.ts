import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SecretScope } from '../../src/access/scope.ts'
import type { ReadContext } from '../../src/read/read.ts'
import { createReader } from '../../src/read/read.ts'
import type { CacheSettings } from '../../src/read/settings.ts'
import { createPolicies } from '../../src/resiliency/policies.ts'
import type { Resiliency } from '../../src/resiliency/policy.ts'
import { parseTrip } from '../../src/resiliency/trip-syntax.ts'
import { StoreError } from '../../src/secret-error.ts'
import { localEnv } from '../../src/stores/local-env.ts'
import type { RequestMetadata, SecretStore, SecretStoreDriver } from '../../src/stores/store.ts'
import { fakeClock } from '../fakes/clock.ts'
import { fakeRuntime } from '../fakes/runtime.ts'

const cache: CacheSettings = {
  ttl: 60_000,
  negativeTtl: 5000,
  maxStale: 900_000,
  entries: 100,
  bytes: 100_000,
}

/** A breaker around `vault` that opens after one failure, for five minutes. */
const opensAfterOne: Resiliency = {
  name: 'res',
  timeouts: [],
  retries: [],
  circuitBreakers: [
    {
      name: 'cb',
      maxRequests: 1,
      interval: 0,
      timeout: 300_000,
      trip: parseTrip('consecutiveFailures >= 1'),
    },
  ],
  targets: [{ component: 'vault', circuitBreaker: 'cb' }],
}

interface Given {
  readonly store?: Partial<SecretStore>
  readonly driver?: Partial<SecretStoreDriver>
  readonly scopes?: readonly SecretScope[]
  readonly resiliency?: readonly Resiliency[]
}

function setUp({ store, driver, scopes = [], resiliency = [] }: Given = {}) {
  const clock = fakeClock()
  const runtime = fakeRuntime({ clock })
  let calls = 0
  const whole: SecretStore = {
    features: [],
    getSecret({ name }) {
      calls += 1
      return { values: new Map([[name, `value ${calls}`]]), version: String(calls) }
    },
    getBulkSecret() {
      calls += 1
      return new Map([
        ['db', new Map([['db', `value ${calls}`]])],
        ['root', new Map([['root', `value ${calls}`]])],
      ])
    },
    ...store,
  }
  const settings = { cache }
  const reader = createReader({
    stores: [
      { name: 'vault', driver: { ...localEnv, reads: 'remotely', ...driver }, store: whole, settings },
      { name: 'other', driver: { ...localEnv, reads: 'remotely' }, store: whole, settings },
      { name: 'plain', driver: localEnv, store: whole },
    ],
    scopes,
    policies: createPolicies(resiliency, runtime),
    runtime,
  })
  return { ...reader, clock, calls: () => calls }
}

const context: ReadContext = { store: 'vault', metadata: new Map(), caller: 'orders' }
const latest = { freshness: 'latest' } as const

describe('a read of a store with a cache', () => {
  it('gives the whole secret, where it came from and how old it is', async () => {
    const { read, clock } = setUp()
    const secret = { values: new Map([['db', 'value 1']]), version: '1', isCached: true }
    expect(await read({ ...context, name: 'db' })).toEqual({ ...secret, age: 0, source: 'store' })
    await clock.advance(1500)
    expect(await read({ ...context, name: 'db' })).toEqual({ ...secret, age: 1500, source: 'cache' })
    expect((await read({ ...context, ...latest, name: 'db' })).version).toBe('2')
  })

  it('is not cached where the store has no settings', async () => {
    const { read, readBulk, calls } = setUp()
    const plain = { ...context, store: 'plain' }
    await read({ ...plain, name: 'db' })
    expect(await read({ ...plain, name: 'db' })).toMatchObject({ age: 0, source: 'store', isCached: false })
    await readBulk(plain)
    expect(await readBulk(plain)).toMatchObject({ age: 0, source: 'store', isCached: false })
    expect(calls()).toBe(4)
  })

  it('never shares what one store gave with another, nor a secret with a bulk read', async () => {
    const { read, readBulk } = setUp()
    await read({ ...context, name: '' })
    expect((await readBulk(context)).source).toBe('store')
    expect((await read({ ...context, store: 'other', name: '' })).source).toBe('store')
  })

  it('never answers one request with what was answered to another that may differ', async () => {
    // Answers under the name as it was spelt, and with the version that was asked for.
    const answerTo = (name: string, metadata: RequestMetadata) =>
      `${name} ${JSON.stringify([...metadata].sort())}`
    const name = fc.constantFrom('db', 'DB', 'db/', '[', '["db"]', '["db",["version_id","1"]]', '__proto__')
    const metadata = fc.uniqueArray(
      fc.tuple(fc.constantFrom('version_id', 'version_stage', 'x'), fc.constantFrom('', '1', '2')),
      { maxLength: 2, selector: ([key]) => key },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ name, metadata }), { maxLength: 30 }), async (requests) => {
        const { read } = setUp({
          driver: { canonical: (spelt) => spelt.toLowerCase().replace(/\/$/, '') },
          store: {
            getSecret: (request) => ({
              values: new Map([[request.name, answerTo(request.name, request.metadata)]]),
            }),
          },
        })
        for (const request of requests) {
          const given = new Map(request.metadata)
          const { values } = await read({ ...context, name: request.name, metadata: given })
          expect(values).toEqual(new Map([[request.name, answerTo(request.name, given)]]))
        }
      }),
    )
  })

  it('is decided by the scope before the cache is looked into', async () => {
    const scope = {
      storeName: 'vault',
      defaultAccess: 'deny',
      allowedSecrets: [],
      deniedSecrets: [],
    } as const
    const { read, calls } = setUp({ scopes: [scope] })
    await expect(read({ ...context, name: 'db' })).rejects.toMatchObject({ code: 'ERR_PERMISSION_DENIED' })
    expect(calls()).toBe(0)
  })

  it('wraps a remembered failure in daprd’s words for each reader', async () => {
    let calls = 0
    const { read } = setUp({
      store: {
        getSecret({ name }) {
          calls += 1
          throw new StoreError('not-found', `secret ${name} not found`)
        },
      },
    })
    const failures = await Promise.allSettled(
      Array.from({ length: 50 }, () => read({ ...context, name: 'nope' })),
    )
    for (const failure of failures) {
      expect(failure).toMatchObject({
        reason: {
          kind: 'not-found',
          message: 'failed getting secret with key nope from secret store vault: secret nope not found',
        },
      })
    }
    expect(calls).toBe(1)
  })

  it('keeps a version that the driver calls pinned until its hard age', async () => {
    const { read, clock } = setUp({ driver: { isPinned: (metadata) => metadata.has('version_id') } })
    const pinned = { ...context, name: 'db', metadata: new Map([['version_id', '1']]) }
    await read(pinned)
    await read({ ...context, name: 'db' })
    await clock.advance(70_000)
    expect((await read(pinned)).source).toBe('cache')
    expect((await read({ ...context, name: 'db' })).source).toBe('store')
  })

  it('is covered by an old value while the breaker is open', async () => {
    let isDown = false
    const { read, clock } = setUp({
      resiliency: [opensAfterOne],
      store: {
        getSecret({ name }) {
          if (isDown) throw new StoreError('unavailable', 'down')
          return { values: new Map([[name, '1']]) }
        },
      },
    })
    await read({ ...context, name: 'db' })
    isDown = true
    await clock.advance(60_000)
    expect((await read({ ...context, name: 'db' })).source).toBe('stale')
    isDown = false
    expect((await read({ ...context, name: 'db' })).source).toBe('stale')
    await expect(read({ ...context, name: 'cold' })).rejects.toThrow('circuit breaker is open')
    await clock.advance(300_001)
    expect((await read({ ...context, name: 'db' })).source).toBe('store')
  })

  it.each(['not-found', 'denied'] as const)(
    'does not open the breaker with made-up names that are %s',
    async (kind) => {
      const { read } = setUp({
        resiliency: [opensAfterOne],
        store: {
          getSecret({ name }) {
            if (name !== 'db') throw new StoreError(kind, kind)
            return { values: new Map([[name, '1']]) }
          },
        },
      })
      for (const name of ['x', 'y', 'z']) await read({ ...context, name }).catch(() => undefined)
      expect((await read({ ...context, name: 'db' })).source).toBe('store')
    },
  )

  it('gives the call a signal of its own, which ends when the only reader leaves', async () => {
    const seen: AbortSignal[] = []
    const { read } = setUp({
      store: {
        getSecret({ signal }) {
          if (signal !== undefined) seen.push(signal)
          return new Promise(() => undefined)
        },
      },
    })
    const reader = new AbortController()
    const result = read({ ...context, name: 'db', signal: reader.signal })
    reader.abort()
    await expect(result).rejects.toThrow('context canceled')
    expect(seen.map(({ aborted }) => aborted)).toEqual([true])
    expect(seen).not.toContain(reader.signal)
  })
})

describe('a bulk read of a store with a cache', () => {
  it('is kept as one entry, without what the scope denies', async () => {
    const scope = {
      storeName: 'vault',
      defaultAccess: 'allow',
      allowedSecrets: [],
      deniedSecrets: ['root'],
    } as const
    const { readBulk, clock, calls } = setUp({ scopes: [scope] })
    const secrets = new Map([['db', new Map([['db', 'value 1']])]])
    expect(await readBulk(context)).toEqual({ secrets, age: 0, source: 'store', isCached: true })
    await clock.advance(2000)
    expect(await readBulk(context)).toEqual({ secrets, age: 2000, source: 'cache', isCached: true })
    expect((await readBulk({ ...context, metadata: new Map([['maxresults', '1']]) })).source).toBe('store')
    await readBulk({ ...context, ...latest })
    expect(calls()).toBe(3)
  })

  it('is kept for the last eight ways of asking', async () => {
    const { readBulk } = setUp()
    const ask = (way: number) => readBulk({ ...context, metadata: new Map([['way', String(way)]]) })
    for (let way = 0; way < 9; way += 1) await ask(way)
    expect([(await ask(8)).source, (await ask(1)).source, (await ask(0)).source]).toEqual([
      'cache',
      'cache',
      'store',
    ])
  })

  it('cannot push out single values, however large it is', async () => {
    const big = new Map(Array.from({ length: 900 }, (_, index) => [`s${index}`, new Map([['k', 'v']])]))
    const { read, readBulk } = setUp({ store: { getBulkSecret: () => big } })
    await read({ ...context, name: 'db' })
    await readBulk(context)
    expect((await readBulk(context)).source).toBe('store')
    expect((await read({ ...context, name: 'db' })).source).toBe('cache')
  })

  it('remembers that the store has no map at all', async () => {
    let calls = 0
    const { readBulk } = setUp({
      store: {
        getBulkSecret() {
          calls += 1
          return undefined
        },
      },
    })
    await readBulk(context)
    expect(await readBulk(context)).toMatchObject({ secrets: undefined, source: 'cache' })
    expect(calls).toBe(1)
  })
})
