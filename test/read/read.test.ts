import { describe, expect, it } from 'vitest'
import type { SecretScope } from '../../src/access/scope.ts'
import type { Reader } from '../../src/read/read.ts'
import { createReader } from '../../src/read/read.ts'
import { createPolicies } from '../../src/resiliency/policies.ts'
import type { Resiliency } from '../../src/resiliency/policy.ts'
import { SecretError, StoreError } from '../../src/secret-error.ts'
import { localEnv } from '../../src/stores/local-env.ts'
import type { BulkRequest, SecretStore, SecretStoreDriver } from '../../src/stores/store.ts'
import { fakeClock } from '../fakes/clock.ts'
import { fakeRuntime } from '../fakes/runtime.ts'

interface Given {
  readonly store?: Partial<SecretStore>
  readonly driver?: Partial<SecretStoreDriver>
  readonly scope?: Partial<SecretScope>
}

/** A reader over one store named `vault`. */
function readerOver({ store, driver, scope }: Given = {}): Reader {
  const whole: SecretStore = {
    features: [],
    getSecret: ({ name }) => ({ values: new Map([[name, 'hunter2']]) }),
    getBulkSecret: () =>
      new Map([
        ['db', new Map([['db', 'hunter2']])],
        ['root', new Map([['root', 'hunter3']])],
      ]),
    ...store,
  }
  const scopes: SecretScope[] =
    scope === undefined
      ? []
      : [{ storeName: 'vault', defaultAccess: 'allow', allowedSecrets: [], deniedSecrets: [], ...scope }]
  return createReader({
    stores: [{ name: 'vault', driver: { ...localEnv, ...driver }, store: whole }],
    scopes,
    policies: createPolicies([], fakeRuntime()),
    runtime: fakeRuntime(),
  })
}

const timeoutOf100: Resiliency = {
  name: 'res',
  timeouts: [{ name: 'short', milliseconds: 100 }],
  retries: [],
  circuitBreakers: [],
  targets: [{ component: 'vault', timeout: 'short' }],
}

const context = { store: 'vault', metadata: new Map<string, string>(), caller: 'myapp' }

async function failure(read: Promise<unknown>): Promise<Pick<SecretError, 'kind' | 'code' | 'message'>> {
  const error: unknown = await read.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof SecretError)) throw new Error('expected a SecretError')
  expect(error.cause).toBeUndefined()
  return { kind: error.kind, code: error.code, message: error.message }
}

describe('a read', () => {
  it('gives what the store gives, fresh', async () => {
    const { read } = readerOver({
      store: { getSecret: () => ({ values: new Map([['k', 'v']]), version: '7' }) },
    })
    expect(await read({ ...context, name: 'db' })).toEqual({
      values: new Map([['k', 'v']]),
      version: '7',
      age: 0,
      source: 'store',
      isCached: false,
    })
  })

  it('hands the request metadata and the signal to the store', async () => {
    const seen: unknown[] = []
    const { read, readBulk } = readerOver({
      store: {
        getSecret: (request) => {
          seen.push(request)
          return { values: new Map() }
        },
        getBulkSecret: (request) => {
          seen.push(request)
          return new Map()
        },
      },
    })
    const metadata = new Map([['version_id', '3']])
    const { signal } = new AbortController()
    await read({ ...context, metadata, signal, name: 'db' })
    await readBulk({ ...context, metadata, signal })
    expect(seen).toEqual([
      { name: 'db', metadata, signal },
      { metadata, signal },
    ])
  })

  it('says that no store is configured before it looks for one', async () => {
    const reader = createReader({
      stores: [],
      scopes: [],
      policies: createPolicies([], fakeRuntime()),
      runtime: fakeRuntime(),
    })
    const expected = { code: 'ERR_SECRET_STORES_NOT_CONFIGURED', message: 'secret store is not configured' }
    expect(await failure(reader.read({ ...context, name: 'db' }))).toMatchObject(expected)
    expect(await failure(reader.readBulk(context))).toMatchObject(expected)
  })

  it.each(['nope', 'VAULT', '__proto__', 'constructor'])('does not find a store named %s', async (store) => {
    expect(await failure(readerOver().read({ ...context, store, name: 'db' }))).toMatchObject({
      code: 'ERR_SECRET_STORE_NOT_FOUND',
      message: `failed finding secret store with key ${store}`,
    })
  })

  it('is refused by a scope before the store is asked', async () => {
    let asked = 0
    const { read } = readerOver({
      scope: { deniedSecrets: ['a"b'] },
      store: {
        getSecret: () => {
          asked += 1
          return { values: new Map() }
        },
      },
    })
    expect(await failure(read({ ...context, name: 'a"b' }))).toEqual({
      kind: 'denied',
      code: 'ERR_PERMISSION_DENIED',
      message: 'access denied by policy to get "a\\"b" from "vault"',
    })
    expect(asked).toBe(0)
  })

  it('is decided on the name the store calls canonical', async () => {
    const { read, readBulk } = readerOver({
      scope: { deniedSecrets: ['Db'] },
      driver: { canonical: (name) => name.toLowerCase() },
    })
    expect((await failure(read({ ...context, name: 'DB' }))).kind).toBe('denied')
    expect([...((await readBulk(context)).secrets?.keys() ?? [])]).toEqual(['root'])
  })

  it('of a name whose identity cannot be decided is denied where there is a scope, and never reaches the store', async () => {
    let asked = 0
    const given: Given = {
      driver: { canonical: (name) => (name.includes('?') ? undefined : name) },
      store: {
        getSecret: () => {
          asked += 1
          return { values: new Map() }
        },
      },
    }
    for (const scope of [{}, { allowedSecrets: ['db?', 'db'] }, { deniedSecrets: ['db?'] }]) {
      const { kind, code } = await failure(readerOver({ ...given, scope }).read({ ...context, name: 'db?' }))
      expect([kind, code]).toEqual(['denied', 'ERR_PERMISSION_DENIED'])
    }
    expect(await failure(readerOver(given).read({ ...context, name: 'db?' }))).toEqual({
      kind: 'invalid',
      code: 'ERR_SECRET_GET',
      message:
        'failed getting secret with key db? from secret store vault: the store can have no secret of this name',
    })
    expect(asked).toBe(0)
  })

  it.each(['not-found', 'denied', 'unauthenticated', 'unavailable', 'throttled', 'invalid'] as const)(
    'passes a store error of kind %s on in daprd’s words',
    async (kind) => {
      const fail = () => {
        throw new StoreError(kind, 'the words')
      }
      const { read, readBulk } = readerOver({ store: { getSecret: fail, getBulkSecret: fail } })
      expect(await failure(read({ ...context, name: 'db' }))).toEqual({
        kind,
        code: 'ERR_SECRET_GET',
        message: 'failed getting secret with key db from secret store vault: the words',
      })
      expect(await failure(readBulk(context))).toEqual({
        kind,
        code: 'ERR_SECRET_GET',
        message: 'failed getting secrets from secret store vault: the words',
      })
    },
  )

  it('shows nothing of an error that is not a store error', async () => {
    const { read } = readerOver({
      store: { getSecret: () => Promise.reject(new SyntaxError('in JSON: hunter2')) },
    })
    const { message } = await failure(read({ ...context, name: 'db' }))
    expect(message).toBe('failed getting secret with key db from secret store vault: the store failed')
  })
})

describe('a bulk read', () => {
  it('leaves out what the scope denies, without an error', async () => {
    const { readBulk } = readerOver({ scope: { allowedSecrets: ['db'] } })
    expect((await readBulk(context)).secrets).toEqual(new Map([['db', new Map([['db', 'hunter2']])]]))
  })

  it('is empty when the scope denies everything', async () => {
    const { secrets } = await readerOver({ scope: { defaultAccess: 'deny' } }).readBulk(context)
    expect(secrets).toEqual(new Map())
  })

  it('tells the store which names the scope allows, on their canonical form, and filters all the same', async () => {
    const seen: unknown[] = []
    const { readBulk } = readerOver({
      scope: { deniedSecrets: ['ROOT'] },
      driver: { canonical: (name) => (name === '?' ? undefined : name.toLowerCase()) },
      store: {
        getBulkSecret: ({ isAllowed }) => {
          seen.push(['db', 'Root', '?'].map((name) => isAllowed?.(name)))
          return new Map([
            ['DB', new Map([['DB', '1']])],
            ['Root', new Map([['Root', '2']])],
            ['?', new Map([['?', '3']])],
          ])
        },
      },
    })
    expect([...((await readBulk(context)).secrets?.keys() ?? [])]).toEqual(['DB'])
    expect(seen).toEqual([[true, false, false]])
  })

  it('gets the signal of its attempt, and the scope, also under a policy', async () => {
    const clock = fakeClock()
    const runtime = fakeRuntime({ clock })
    const seen: BulkRequest[] = []
    const { readBulk } = createReader({
      stores: [
        {
          name: 'vault',
          driver: { ...localEnv, canonical: (name) => name.toLowerCase() },
          store: {
            features: [],
            getSecret: () => ({ values: new Map() }),
            getBulkSecret: (request) => {
              seen.push(request)
              return new Promise<never>(() => undefined)
            },
          },
        },
      ],
      scopes: [{ storeName: 'vault', defaultAccess: 'allow', allowedSecrets: [], deniedSecrets: ['ROOT'] }],
      policies: createPolicies([timeoutOf100], runtime),
      runtime,
    })
    const { signal } = new AbortController()
    const failed = failure(readBulk({ ...context, signal }))
    await clock.advance(99)
    expect(seen.map((request) => [request.signal?.aborted, request.isAllowed?.('Root')])).toEqual([
      [false, false],
    ])
    await clock.advance(1)
    expect(seen[0]?.signal?.aborted).toBe(true)
    expect(signal.aborted).toBe(false)
    expect((await failed).message).toContain('context deadline exceeded')
  })

  it('does not change the map that the store gave', async () => {
    const secrets = new Map([['db', new Map([['db', '1']])]])
    await readerOver({ scope: { defaultAccess: 'deny' }, store: { getBulkSecret: () => secrets } }).readBulk(
      context,
    )
    expect(secrets.size).toBe(1)
  })

  it('is undefined when the store has no map at all', async () => {
    const { secrets } = await readerOver({ store: { getBulkSecret: () => undefined } }).readBulk(context)
    expect(secrets).toBeUndefined()
  })
})
