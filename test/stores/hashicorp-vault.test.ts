import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SendError } from '../../src/http/exchange.ts'
import { StoreError } from '../../src/secret-error.ts'
import { hashicorpVault } from '../../src/stores/hashicorp-vault.ts'
import { decodeOptions } from '../../src/stores/options.ts'
import type { SecretStore } from '../../src/stores/store.ts'
import { OptionError } from '../../src/stores/store.ts'
import type { GivenSecrets } from '../conformance/secret-store.ts'
import { describeSecretStore } from '../conformance/secret-store.ts'
import { fakeClock } from '../fakes/clock.ts'
import { fakeRuntime } from '../fakes/runtime.ts'
import type { FakeVault, FakeVaultOptions } from '../fakes/vault.ts'
import { answer, fakeVault, vaultAddr } from '../fakes/vault.ts'

type Metadata = Readonly<Record<string, string>>

/** A store over a fake vault; `metadata` is the component's, which says where and who when it does not. */
async function open({
  metadata = {},
  files = {},
  ...given
}: Partial<FakeVaultOptions> & {
  readonly metadata?: Metadata
  readonly files?: Readonly<Record<string, string>>
} = {}) {
  const clock = fakeClock()
  const vault = fakeVault({ clock, ...given })
  const runtime = {
    ...fakeRuntime({ clock, files }),
    send: vault.send,
    listFiles: async (folder: string) => Object.keys(files).filter((path) => path.startsWith(`${folder}/`)),
  }
  const items = { vaultAddr, ...(hasIdentity(metadata) ? {} : { vaultToken: 'root' }), ...metadata }
  const at = { file: 'components/vault.yaml', line: 1, column: 1 }
  const properties = Object.entries(items).map(([name, value]) => ({ name, value, at }))
  const { options, diagnostics } = decodeOptions(hashicorpVault.metadata, properties, { name: 'vault', at })
  expect(diagnostics).toEqual([])
  const store = await hashicorpVault.create(options, { runtime, signal: new AbortController().signal })
  return { store, vault, clock }
}

function hasIdentity(metadata: Metadata): boolean {
  return ['vaultToken', 'vaultTokenMountPath', 'vaultAuthMethod'].some((name) => name in metadata)
}

const none = new Map<string, string>()
const get = async (store: SecretStore, name: string, metadata = none) => store.getSecret({ name, metadata })
const value = async (store: SecretStore, name: string, key: string) =>
  (await get(store, name)).values?.get(key)
const failure = (work: Promise<unknown>): Promise<{ readonly kind: string; readonly message: string }> =>
  work.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => (error instanceof StoreError ? error : expect.fail(`it threw ${error}`)),
  )
const refusal = (work: Promise<unknown>): Promise<OptionError> =>
  work.then(
    () => expect.fail('it was taken'),
    (error: unknown) => (error instanceof OptionError ? error : expect.fail(`it threw ${error}`)),
  )

describeSecretStore('hashicorp.vault', {
  driver: hashicorpVault,
  severalKeys: true,
  missing: 'error',
  async make(secrets: GivenSecrets) {
    const { store, vault } = await open()
    for (const [name, values] of Object.entries(secrets)) vault.put(`dapr/${name}`, values)
    // A prefix under which nothing ever was is an error, see below; this one is empty otherwise.
    vault.put('dapr/deleted', { key: 'gone' })
    setState(vault, 'dapr/deleted', 'deleted')
    return store
  },
})

function setState(vault: FakeVault, path: string, state: 'deleted' | 'destroyed'): void {
  const latest = vault.secrets.get(path)?.at(-1)
  if (latest !== undefined) latest.state = state
}

describe('hashicorp.vault, one secret', () => {
  it('asks for the latest version of a path in the engine, with the token', async () => {
    const { store, vault } = await open()
    vault.put('dapr/db', { user: 'u' })
    expect(await get(store, 'db')).toEqual({ values: new Map([['user', 'u']]), version: '1' })
    expect(vault.requests.map(({ url, method, headers }) => [method, url, headers])).toEqual([
      [
        'GET',
        `${vaultAddr}/v1/secret/data/dapr/db?version=0`,
        { 'x-vault-request': 'true', 'x-vault-token': 'root' },
      ],
    ])
  })

  it('gives the version that is asked for', async () => {
    const { store, vault } = await open()
    for (const key of ['one', 'two', 'three']) vault.put('dapr/db', { key })
    const version = (id: string) => get(store, 'db', new Map([['version_id', id]]))
    expect(await version('2')).toEqual({ values: new Map([['key', 'two']]), version: '2' })
    expect(await get(store, 'db')).toEqual({ values: new Map([['key', 'three']]), version: '3' })
    expect(await get(store, 'db', new Map([['Version_ID', '2']]))).toMatchObject({ version: '3' })
    expect(await failure(version('4'))).toMatchObject({ kind: 'not-found' })
    expect(await failure(version('x&list=true'))).toMatchObject({ kind: 'invalid' })
    expect(vault.requests.at(-1)?.url).toContain('?version=x%26list%3Dtrue')
  })

  it.each(['deleted', 'destroyed'] as const)('calls a %s version missing', async (state) => {
    const { store, vault } = await open()
    vault.put('dapr/db', { key: 'one' })
    vault.put('dapr/db', { key: 'two' })
    setState(vault, 'dapr/db', state)
    expect(await failure(get(store, 'db'))).toMatchObject({
      kind: 'not-found',
      message: 'getSecret db failed secret key or version not exist',
    })
    expect((await get(store, 'db', new Map([['version_id', '1']]))).values?.get('key')).toBe('one')
  })

  it('gives a value that is no string as the JSON the vault wrote, and null as an empty string', async () => {
    const { store, vault } = await open()
    const raw =
      '{"big":12345678901234567890,"f":1.50,"flag":true,"no":null,"o":{"b":[1.0],"a":"\\u003c"},"s":"\\u003c"}'
    vault.put('dapr/mixed', { raw })
    expect((await get(store, 'mixed')).values).toEqual(
      new Map([
        ['big', '12345678901234567890'],
        ['f', '1.50'],
        ['flag', 'true'],
        ['no', ''],
        ['o', '{"b":[1.0],"a":"\\u003c"}'],
        ['s', '<'],
      ]),
    )
  })

  it('gives the whole secret as the JSON text the vault wrote, under the name asked for, as text', async () => {
    const { store, vault } = await open({ metadata: { vaultValueType: 'text' } })
    const raw = '{"10":1.50,"9":"\\u003c"}'
    vault.put('dapr/a/b', { raw })
    expect((await get(store, 'a/b')).values).toEqual(new Map([['a/b', raw]]))
    expect(await store.getBulkSecret({ metadata: none })).toEqual(new Map([['a/b', new Map([['a/b', raw]])]]))
    expect(store.features).toEqual([])
  })

  it.each([
    ['null', undefined, ''],
    ['{}', new Map(), '{}'],
  ])('gives data of %s as daprd does', async (raw, asMap, asText) => {
    const map = await open()
    map.vault.put('dapr/db', { raw })
    expect((await get(map.store, 'db')).values).toEqual(asMap)
    const text = await open({ metadata: { vaultValueType: 'text' } })
    text.vault.put('dapr/db', { raw })
    expect((await get(text.store, 'db')).values).toEqual(new Map([['db', asText]]))
  })

  it('gives no values where an engine of version 1 answers', async () => {
    const { store, vault } = await open()
    vault.override = () => answer(200, '{"data":{"user":"hunter2"}}')
    expect(await get(store, 'db')).toEqual({ values: undefined })
  })

  it.each(['[]', '"hunter2"', '5'])('refuses data that is %s', async (raw) => {
    const { store, vault } = await open()
    vault.put('dapr/db', { raw })
    expect(await failure(get(store, 'db'))).toEqual(
      new StoreError('invalid', "couldn't decode response body: the secret's data is no object"),
    )
  })

  it('reads a name with blank segments as the one it stands for', async () => {
    const { store, vault } = await open()
    vault.put('dapr/a/b', { key: 'x' })
    for (const name of ['a/b', '/a/b', 'a//b', 'a/b/', '///a///b///']) {
      expect(hashicorpVault.canonical(name)).toBe('a/b')
      expect(await value(store, name, 'key')).toBe('x')
    }
    expect(new Set(vault.requests.map(({ url }) => url)).size).toBe(1)
  })

  it.each(['', '/', '.', '..', '../x', 'a/..', 'a/./b', 'a\u0000', 'a\n', 'a\u007f', 'a\u0085', '\udcff'])(
    'refuses the name %j before any call',
    async (name) => {
      const { store, vault } = await open()
      expect(await failure(get(store, name))).toMatchObject({ kind: 'invalid' })
      expect(hashicorpVault.canonical(name)).toBeUndefined()
      expect(vault.requests).toEqual([])
    },
  )

  it('asks below the prefix for every name, and for the name that was decided', async () => {
    const { store, vault } = await open()
    const character = fc.constantFrom(
      'a',
      '/',
      '.',
      '%',
      '2',
      'e',
      'f',
      '?',
      '#',
      '\\',
      ' ',
      'é',
      '\n',
      '&',
      '+',
    )
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: character, maxLength: 8 }), async (name) => {
        const before = vault.requests.length
        await get(store, name).catch(() => undefined)
        const asked = vault.requests.slice(before).map(({ url }) => new URL(url))
        const canonical = hashicorpVault.canonical(name)
        expect(asked.map(({ pathname }) => decodeURIComponent(pathname))).toEqual(
          canonical === undefined ? [] : [`/v1/secret/data/dapr/${canonical}`],
        )
        expect(asked.every(({ search, hash }) => search === '?version=0' && hash === '')).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('pins exactly the versions that stay what they are', () => {
    const isPinned = (id: string) => hashicorpVault.isPinned?.(new Map([['version_id', id]]))
    expect(['1', '42'].map(isPinned)).toEqual([true, true])
    expect(['', '0', '-1', '01', '1 ', 'x'].map(isPinned)).toEqual([false, false, false, false, false, false])
    expect(hashicorpVault.isPinned?.(none)).toBe(false)
  })
})

describe('hashicorp.vault, in bulk', () => {
  it('lists folder by folder, names relative to the prefix, a name beside a folder of that name', async () => {
    const { store, vault } = await open()
    for (const name of ['a', 'a/b', 'a/c/d', 'z']) vault.put(`dapr/${name}`, { name })
    vault.put('elsewhere/x', { name: 'x' })
    const secrets = await store.getBulkSecret({ metadata: none })
    expect([...(secrets ?? [])].map(([name, values]) => [name, values?.get('name')]).sort()).toEqual(
      ['a', 'a/b', 'a/c/d', 'z'].map((name) => [name, name]),
    )
    expect(
      vault.requestsTo('metadata').map(({ method, url }) => [method, url.split('/metadata/')[1]]),
    ).toEqual([
      ['GET', 'dapr/?list=true'],
      ['GET', 'dapr/a/?list=true'],
      ['GET', 'dapr/a/c/?list=true'],
    ])
  })

  it('lists the whole engine without a prefix', async () => {
    const { store, vault } = await open({ metadata: { vaultKVUsePrefix: 'false' } })
    vault.put('dapr/a', { key: '1' })
    vault.put('b', { key: '2' })
    expect([...((await store.getBulkSecret({ metadata: none }))?.keys() ?? [])].sort()).toEqual([
      'b',
      'dapr/a',
    ])
    expect(await value(store, 'dapr/a', 'key')).toBe('1')
  })

  it('reads the version that is asked for of each, and leaves out what has none', async () => {
    const { store, vault } = await open()
    vault.put('dapr/twice', { key: 'old' })
    vault.put('dapr/twice', { key: 'new' })
    vault.put('dapr/once', { key: 'old' })
    const metadata = new Map([['version_id', '2']])
    expect(await store.getBulkSecret({ metadata })).toEqual(new Map([['twice', new Map([['key', 'new']])]]))
  })

  it('gives a secret without data as an entry without values', async () => {
    const { store, vault } = await open()
    vault.put('dapr/a', { raw: 'null' })
    expect(await store.getBulkSecret({ metadata: none })).toEqual(new Map([['a', undefined]]))
  })

  it('fails where nothing ever was, as daprd does', async () => {
    const { store } = await open()
    expect(await failure(Promise.resolve(store.getBulkSecret({ metadata: none })))).toEqual(
      new StoreError('not-found', "list keys couldn't get successful response, status code: 404"),
    )
  })

  it('does not mind a folder that is emptied meanwhile', async () => {
    const { store, vault } = await open()
    vault.put('dapr/a', { key: '1' })
    vault.put('dapr/folder/b', { key: '2' })
    vault.override = ({ url }) => (url.includes('folder/?list') ? answer(404, '{"errors":[]}') : undefined)
    expect([...((await store.getBulkSecret({ metadata: none }))?.keys() ?? [])]).toEqual(['a'])
  })

  it('leaves unread what the scope denies', async () => {
    const { store, vault } = await open()
    for (const name of ['open', 'folder/shut']) vault.put(`dapr/${name}`, { name })
    const isAllowed = (name: string) => name === 'open'
    expect([...((await store.getBulkSecret({ metadata: none, isAllowed }))?.keys() ?? [])]).toEqual(['open'])
    expect(vault.requestsTo('/data/')).toHaveLength(1)
  })

  it('reads a few at a time, and stops after a failure', async () => {
    const { store, vault } = await open()
    for (let index = 0; index < 100; index += 1) vault.put(`dapr/s${index}`, { key: 'x' })
    expect((await store.getBulkSecret({ metadata: none }))?.size).toBe(100)
    expect(vault.mostAtOnce).toBe(16)
    const before = vault.requests.length
    vault.override = ({ url }) => (url.includes('/data/') ? answer(500, 'hunter2') : undefined)
    expect(await failure(Promise.resolve(store.getBulkSecret({ metadata: none })))).toEqual(
      new StoreError('unavailable', "couldn't get successful response, status code 500"),
    )
    expect(vault.requests.length - before).toBeLessThan(20)
  })

  it('takes no key for a name that could not be asked for', async () => {
    const { store, vault } = await open()
    vault.put('dapr/a', { key: '1' })
    const keys = ['a', '/', '..', '../', '.', '', 'b\u0000', 5, null]
    vault.override = ({ url }) =>
      url.includes('list=true') ? answer(200, JSON.stringify({ data: { keys } })) : undefined
    expect([...((await store.getBulkSecret({ metadata: none }))?.keys() ?? [])]).toEqual(['a'])
  })
})

describe('hashicorp.vault, what goes wrong', () => {
  const statuses = [
    [400, 'invalid'],
    [405, 'invalid'],
    [472, 'unavailable'],
    [473, 'unavailable'],
    [500, 'unavailable'],
    [502, 'unavailable'],
  ] as const

  it.each(statuses)('calls status %i %s and shows nothing of the body', async (status, kind) => {
    const { store, vault } = await open()
    vault.override = () => answer(status, '{"errors":["hunter2"]}')
    const text = `couldn't get successful response, status code ${status}`
    expect(await failure(get(store, 'db'))).toEqual(new StoreError(kind, text))
    expect(await failure(Promise.resolve(store.getBulkSecret({ metadata: none })))).toEqual(
      new StoreError(kind, `list keys couldn't get successful response, status code: ${status}`),
    )
  })

  it.each([
    [412, 'unavailable'],
    [429, 'throttled'],
    [503, 'unavailable'],
  ] as const)('asks again a moment after a %i, and calls it %s when it stays', async (status, kind) => {
    const { store, vault, clock } = await open()
    vault.put('dapr/db', { key: 'x' })
    let left = 1
    vault.override = () => (left-- > 0 ? answer(status, '') : undefined)
    const read = value(store, 'db', 'key')
    await clock.advance(1000)
    expect(await read).toBe('x')
    left = 100
    const failed = failure(get(store, 'db'))
    await clock.advance(5000)
    expect(await failed).toMatchObject({
      kind,
      message: `couldn't get successful response, status code ${status}`,
    })
  })

  it('is unavailable while the vault is sealed', async () => {
    const { store, vault, clock } = await open()
    vault.isSealed = true
    const failed = failure(get(store, 'db'))
    await clock.advance(5000)
    expect(await failed).toMatchObject({ kind: 'unavailable' })
  })

  it.each(['<html>hunter2</html>', '{"data":{"data":{"key":"hun', '', 'hunter2'])(
    'is unavailable when an answer is %j, and quotes nothing',
    async (body) => {
      const { store, vault } = await open()
      vault.override = () => answer(200, body)
      const expected = new StoreError('unavailable', "couldn't decode response body: the answer is no JSON")
      expect(await failure(get(store, 'db'))).toEqual(expected)
      expect(await failure(Promise.resolve(store.getBulkSecret({ metadata: none })))).toEqual(expected)
    },
  )

  it('says in its own words that the vault cannot be reached', async () => {
    const { store, vault } = await open()
    vault.override = () => {
      throw new SendError('unreachable')
    }
    expect(await failure(get(store, 'db'))).toEqual(
      new StoreError('unavailable', "couldn't get secret: the store cannot be reached"),
    )
  })

  it('gives up after five seconds, or when the caller leaves', async () => {
    const { store, vault, clock } = await open()
    vault.override = () => new Promise(() => undefined)
    const late = failure(get(store, 'db'))
    await clock.advance(5000)
    expect(await late).toMatchObject({ kind: 'unavailable' })
    const caller = new AbortController()
    const left = failure(
      Promise.resolve(store.getSecret({ name: 'db', metadata: none, signal: caller.signal })),
    )
    await clock.advance(0)
    caller.abort()
    expect(await left).toMatchObject({ kind: 'unavailable' })
  })

  it('follows a standby on the same address and never to another one', async () => {
    const { store, vault } = await open()
    vault.put('dapr/db', { key: 'x' })
    const redirectTo = (location: string) => {
      let isFirst = true
      vault.override = () => {
        if (!isFirst) return undefined
        isFirst = false
        return { ...answer(307, ''), headers: new Map([['location', location]]) }
      }
    }
    redirectTo(`${vaultAddr}/v1/secret/data/dapr/db?version=0`)
    expect(await value(store, 'db', 'key')).toBe('x')
    const before = vault.requests.length
    redirectTo('https://active.test:8200/v1/secret/data/dapr/db?version=0')
    expect(await failure(get(store, 'db'))).toMatchObject({
      kind: 'unavailable',
      message: "couldn't get secret: the store redirects to another origin",
    })
    expect(vault.requests.length - before).toBe(1)
  })

  it('tells what a policy denies from a token that is no good', async () => {
    const { store, vault } = await open({ metadata: { vaultToken: 'hunter2' } })
    vault.put('dapr/db', { key: 'x' })
    expect(await failure(get(store, 'db'))).toMatchObject({ kind: 'unauthenticated' })
    vault.tokens.set('hunter2', { allows: (_, path) => path.endsWith('lookup-self') })
    expect(await failure(get(store, 'db'))).toEqual(
      new StoreError('denied', "couldn't get successful response, status code 403"),
    )
    expect(await failure(Promise.resolve(store.getBulkSecret({ metadata: none })))).toEqual(
      new StoreError('denied', "list keys couldn't get successful response, status code: 403"),
    )
  })

  it('never shows a token, a value or a word of the vault', async () => {
    const marker = 'hunter2'
    const { store, vault, clock } = await open({ metadata: { vaultToken: marker } })
    vault.put('dapr/db', { key: marker })
    const bodies = [
      marker,
      `{"errors":["${marker}"]}`,
      `{"data":{"data":"${marker}"}}`,
      `{"data":{"keys":"${marker}`,
    ]
    for (const status of [200, 301, 307, 400, 403, 404, 429, 500, 503]) {
      for (const body of bodies) {
        vault.override = () => ({
          ...answer(status, body),
          headers: new Map([['location', `//${marker}/${marker}`]]),
        })
        for (const read of [() => get(store, 'db'), async () => store.getBulkSecret({ metadata: none })]) {
          const text = read().then(
            () => '',
            (error: unknown) =>
              `${error} ${JSON.stringify(error)} ${error instanceof Error ? error.stack : ''}`,
          )
          await clock.advance(5000)
          expect(await text).not.toContain(marker)
        }
      }
    }
  })
})

describe('hashicorp.vault, where the vault is', () => {
  it('has the defaults of daprd', async () => {
    const seen: string[] = []
    const { store, vault } = await open({ metadata: { vaultAddr: '', enginePath: '', vaultKVPrefix: '' } })
    vault.override = ({ url }) => {
      seen.push(url)
      return answer(404, '')
    }
    await failure(get(store, 'db'))
    expect(seen).toEqual(['https://127.0.0.1:8200/v1/secret/data/dapr/db?version=0'])
  })

  it('takes paths of several segments and with slashes around them', async () => {
    const { store, vault } = await open({
      engine: 'team/kv',
      basePath: '/vault',
      metadata: { vaultAddr: `${vaultAddr}/vault/`, enginePath: '/team/kv/', vaultKVPrefix: 'my app/' },
    })
    vault.put('my app/db', { key: 'x' })
    expect(await value(store, 'db', 'key')).toBe('x')
    expect([...((await store.getBulkSecret({ metadata: none }))?.keys() ?? [])]).toEqual(['db'])
  })

  it('sends the namespace with every request, a login too', async () => {
    const { store, vault } = await open({
      engine: 'team/secret',
      metadata: {
        'sidecarless.vaultNamespace': 'team',
        vaultAuthMethod: 'approle',
        'sidecarless.vaultRoleId': 'r',
      },
    })
    vault.logins.set('approle', { body: { role_id: 'r' }, seconds: 60 })
    vault.put('dapr/db', { key: 'x' })
    expect(await value(store, 'db', 'key')).toBe('x')
    expect(vault.requests.map(({ headers }) => headers['x-vault-namespace'])).toEqual(['team', 'team'])
  })

  it.each([
    ['vaultAddr', 'vault:8200', 'must be an http or https URL with no more than a host and a port'],
    ['vaultAddr', 'http://vault.example:8200', 'must begin with https: '],
    ['vaultAddr', 'https://vault.example:8200/?x', 'must be the address of a vault, without a query'],
    ['vaultAddr', 'https://vault.example/a/../b', 'must be the address of a vault, without a query'],
    ['enginePath', 'secret/../sys', "must be a path without '.', '..' and control characters"],
    ['vaultKVPrefix', '..', "must be a path without '.', '..' and control characters"],
    ['vaultValueType', 'Text', 'vault init error, invalid value type, accepted values are map or text'],
  ])('refuses a %s of %s', async (field, text, message) => {
    expect(await refusal(open({ metadata: { [field]: text } }))).toMatchObject({
      field,
      message: expect.stringContaining(message),
    })
  })

  it('speaks plain http to another machine when it is told to', async () => {
    const vaultOfTest = 'http://vault.test:8200'
    const { store, vault } = await open({
      metadata: { vaultAddr: vaultOfTest, 'sidecarless.allowPlainHttp': 'true' },
    })
    vault.override = () => answer(200, '{"data":{"data":{"key":"x"}}}')
    expect(await value(store, 'db', 'key')).toBe('x')
    expect(vault.requests[0]?.url.startsWith(`${vaultOfTest}/v1/`)).toBe(true)
  })
})

describe('hashicorp.vault, whom to trust', () => {
  const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`
  const files = {
    'ca/one.pem': pem('one'),
    'ca/below/two.pem': pem('two'),
    'ca.pem': pem('file'),
    'bad/ca.pem': pem('ca'),
    'bad/readme': 'no PEM',
  }

  async function trusted(metadata: Metadata) {
    const { store, vault } = await open({ metadata, files })
    vault.put('dapr/db', { key: 'x' })
    await get(store, 'db')
    return vault.requests[0]?.tls
  }

  it.each<[Metadata, unknown]>([
    [{}, {}],
    [{ caPem: pem('given'), caPath: 'ca', caCert: 'ca.pem' }, { ca: pem('given') }],
    [{ caPath: 'ca', caCert: 'ca.pem' }, { ca: `${pem('one')}\n${pem('two')}` }],
    [
      { caCert: 'ca.pem', tlsServerName: 'vault' },
      { ca: pem('file'), serverName: 'vault' },
    ],
    [{ skipVerify: 'false', tlsServerName: 'vault' }, { serverName: 'vault' }],
    [{ skipVerify: 'True' }, {}],
    [{ skipVerify: '1' }, {}],
    [{ skipVerify: 'true', caCert: 'nowhere', tlsServerName: 'vault' }, { skipVerify: true }],
  ])('makes of %j what daprd does', async (metadata, tls) => {
    expect(await trusted(metadata)).toEqual(tls)
  })

  it.each<[Metadata, string, string]>([
    [{ caCert: 'nowhere' }, 'caCert', 'the certificates cannot be read: no such file or directory'],
    [{ caPath: 'bad' }, 'caPath', "couldn't read PEM: there is no certificate in it"],
    [{ caPath: 'empty' }, 'caPath', "couldn't read PEM: there is no certificate in it"],
    [{ caPem: 'hunter2' }, 'caPem', "couldn't read PEM: there is no certificate in it"],
  ])('refuses %j', async (metadata, field, message) => {
    expect(await refusal(open({ metadata, files }))).toMatchObject({ field, message })
  })
})

describe('hashicorp.vault, who reads it', () => {
  it.each<[string, Metadata, string | undefined, string]>([
    ['neither token nor file', { vaultToken: '' }, undefined, 'token mount path and token not set'],
    [
      'both',
      { vaultToken: 't', vaultTokenMountPath: 'token' },
      'vaultTokenMountPath',
      'token mount path and token both set',
    ],
    [
      'a file that is not there',
      { vaultTokenMountPath: 'nowhere' },
      'vaultTokenMountPath',
      "couldn't read vault token from mount path: no such file or directory",
    ],
    [
      'a method that is none',
      { vaultAuthMethod: 'hunter2' },
      'vaultAuthMethod',
      'vault init error, invalid auth method, accepted values are token, kubernetes, approle or jwt',
    ],
    [
      'kubernetes without a role',
      { vaultAuthMethod: 'kubernetes' },
      'vaultKubernetesRole',
      'vaultKubernetesRole is required when vaultAuthMethod is kubernetes',
    ],
    [
      'kubernetes beside a token',
      { vaultAuthMethod: 'kubernetes', vaultToken: 't' },
      'vaultToken',
      'vaultToken and vaultTokenMountPath must not be set when vaultAuthMethod is kubernetes',
    ],
    [
      'approle without a role id',
      { vaultAuthMethod: 'approle' },
      'sidecarless.vaultRoleId',
      'sidecarless.vaultRoleId is required when vaultAuthMethod is approle',
    ],
    [
      'jwt without a JWT',
      { vaultAuthMethod: 'jwt' },
      'sidecarless.vaultJwt',
      'exactly one of sidecarless.vaultJwt and sidecarless.vaultJwtPath must be set when vaultAuthMethod is jwt',
    ],
    [
      'a mount path that leads elsewhere',
      { vaultAuthMethod: 'kubernetes', vaultKubernetesRole: 'r', vaultKubernetesMountPath: '../sys' },
      'vaultKubernetesMountPath',
      "must be a path without '.', '..' and control characters",
    ],
  ])('refuses %s', async (_, metadata, field, message) => {
    expect(await refusal(open({ metadata }))).toMatchObject({ field, message })
  })

  it('uses a token file without the blanks around it, and a changed one at once', async () => {
    const files: Record<string, string> = { '/vault/token': '\n first \n' }
    const { store, vault } = await open({ metadata: { vaultTokenMountPath: '/vault/token' }, files })
    vault.put('dapr/db', { key: 'x' })
    vault.tokens.set('first', {})
    expect(await value(store, 'db', 'key')).toBe('x')
    vault.tokens.delete('first')
    vault.tokens.set('second', {})
    files['/vault/token'] = 'second'
    expect(await value(store, 'db', 'key')).toBe('x')
    expect(vault.requests.map(({ headers }) => headers['x-vault-token'])).toEqual(['first', 'second'])
  })

  it.each<[string, Metadata, string, Readonly<Record<string, string>>]>([
    [
      'kubernetes',
      { vaultAuthMethod: 'kubernetes', vaultKubernetesRole: 'orders' },
      'kubernetes',
      { role: 'orders', jwt: 'of the pod' },
    ],
    [
      'kubernetes elsewhere',
      {
        vaultAuthMethod: 'kubernetes',
        vaultKubernetesRole: 'orders',
        vaultKubernetesMountPath: 'k8s/eu 1',
        vaultServiceAccountTokenPath: 'my.jwt',
      },
      'k8s/eu 1',
      { role: 'orders', jwt: 'in a file' },
    ],
    [
      'approle',
      { vaultAuthMethod: 'approle', 'sidecarless.vaultRoleId': 'r', 'sidecarless.vaultSecretId': 's' },
      'approle',
      { role_id: 'r', secret_id: 's' },
    ],
    [
      'jwt',
      { vaultAuthMethod: 'jwt', 'sidecarless.vaultJwtRole': 'orders', 'sidecarless.vaultJwt': 'given' },
      'jwt',
      { role: 'orders', jwt: 'given' },
    ],
    [
      'jwt from a file',
      {
        vaultAuthMethod: 'jwt',
        'sidecarless.vaultJwtPath': 'my.jwt',
        'sidecarless.vaultJwtMountPath': 'oidc',
      },
      'oidc',
      { role: '', jwt: 'in a file' },
    ],
  ])('logs in by %s when the first secret is read', async (_, metadata, mountPath, body) => {
    const files = {
      '/var/run/secrets/kubernetes.io/serviceaccount/token': 'of the pod\n',
      'my.jwt': 'in a file',
    }
    const { store, vault } = await open({ metadata, files })
    vault.logins.set(mountPath, { body, seconds: 60 })
    vault.put('dapr/db', { key: 'x' })
    expect(vault.requests).toEqual([])
    expect(await value(store, 'db', 'key')).toBe('x')
    expect(await value(store, 'db', 'key')).toBe('x')
    expect(vault.requestsTo('/login')).toHaveLength(1)
  })
})
