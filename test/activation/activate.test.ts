import { describe, expect, it } from 'vitest'
import { activate } from '../../src/activation/activate.ts'
import { formatDiagnostic } from '../../src/diagnostic.ts'
import { localEnv } from '../../src/stores/local-env.ts'
import { localFile } from '../../src/stores/local-file.ts'
import type { SecretStoreDriver } from '../../src/stores/store.ts'
import { fakeClock } from '../fakes/clock.ts'
import type { GivenComponent } from '../fakes/component.ts'
import { fakeComponent } from '../fakes/component.ts'
import type { FakeRuntimeOptions } from '../fakes/runtime.ts'
import { fakeRuntime } from '../fakes/runtime.ts'

interface Given extends FakeRuntimeOptions {
  readonly drivers?: readonly SecretStoreDriver[]
  readonly references?: 'all' | 'local'
}

async function start(components: readonly GivenComponent[], { drivers, references, ...options }: Given = {}) {
  const runtime = fakeRuntime(options)
  const { stores, diagnostics } = await activate(
    components.map(fakeComponent),
    drivers ?? [localEnv, localFile],
    {
      appId: 'myapp',
      runtime,
      ...(references === undefined ? {} : { references }),
    },
  )
  return {
    names: stores.map(({ name }) => name),
    problems: diagnostics.map((diagnostic) =>
      formatDiagnostic(diagnostic).replace('components/test.yaml:1:1: ', ''),
    ),
    get: async (store: string, name: string) => {
      const secret = await stores
        .find((candidate) => candidate.name === store)
        ?.store.getSecret({ name, metadata: new Map() })
      return secret?.values?.get(name)
    },
  }
}

const fileStore: GivenComponent = {
  name: 'file',
  type: 'secretstores.local.file',
  metadata: [{ name: 'secretsFile', value: 'secrets.json' }],
}
const files = { 'secrets.json': '{"pfx":"MYAPP_","empty":"","quoted":"\\"Q_\\""}' }

/** A `local.env` whose prefix comes from the file store. */
function referring(
  reference: { readonly name: string; readonly key?: string },
  more: Partial<GivenComponent> = {},
): GivenComponent {
  return {
    name: 'env',
    secretStore: 'file',
    metadata: [{ name: 'prefix', secretKeyRef: reference }],
    ...more,
  }
}

describe('activate', () => {
  it('starts the secret stores and leaves components of other building blocks alone', async () => {
    const { names, problems } = await start([{ name: 'env' }, { name: 'state', type: 'state.redis' }])
    expect(names).toEqual(['env'])
    expect(problems).toEqual([])
  })

  it.each(['', 'v0', 'v1', 'V1'])('takes version %j for the base implementation', async (version) => {
    expect((await start([{ name: 'env', version }])).names).toEqual(['env'])
  })

  it('compares a type without regard to letter case after its category', async () => {
    expect((await start([{ name: 'env', type: 'secretstores.Local.ENV' }])).names).toEqual(['env'])
    expect((await start([{ name: 'env', type: 'SecretStores.local.env' }])).problems).toEqual([
      "component 'env': incorrect type SecretStores.local.env; did you mean 'secretstores.local.env'?",
    ])
  })

  it.each([
    [
      'secretstores.local.evn',
      'v1',
      "couldn't find secret store secretstores.local.evn/v1; did you mean 'secretstores.local.env'?",
    ],
    [
      'secretstores.local.env',
      'v2',
      "couldn't find secret store secretstores.local.env/v2; its version is v1",
    ],
    [
      'secretstores.nope',
      '',
      "couldn't find secret store secretstores.nope; known are secretstores.local.env, secretstores.local.file",
    ],
    ['local.env', 'v1', "incorrect type local.env; did you mean 'secretstores.local.env'?"],
    [
      'secretstore.local.env',
      'v1',
      "incorrect type secretstore.local.env; did you mean 'secretstores.local.env'?",
    ],
    ['nope', 'v1', 'incorrect type nope'],
    ['', 'v1', "a component must have a type (set 'spec.type')"],
  ])('refuses type %s version %j', async (type, version, message) => {
    const { names, problems } = await start([{ name: 'x', type, version }])
    expect(names).toEqual([])
    expect(problems).toEqual([`component 'x': ${message}`])
  })

  it('turns errors into warnings where the component says to ignore them, and starts without it', async () => {
    const { names, problems } = await start([
      { name: 'env' },
      { name: 'file', type: 'secretstores.local.file', ignoreErrors: true },
      {
        name: 'gone',
        type: 'secretstores.local.file',
        ignoreErrors: true,
        metadata: [{ name: 'secretsFile', value: 'gone.json' }],
      },
    ])
    expect(names).toEqual(['env'])
    expect(problems).toEqual([
      "warning: component 'file': missing local secrets file in metadata (set metadata 'secretsFile')",
      "warning: component 'gone': metadata 'secretsFile': the file cannot be read: no such file or directory",
    ])
  })

  it('reports the problems of all components, not only of the first', async () => {
    const { problems } = await start([
      { name: 'a', type: 'secretstores.nope' },
      { name: 'b', type: 'secretstores.local.file' },
      { name: 'c', metadata: [{ name: 'prefx', value: 'x' }] },
    ])
    expect(problems).toHaveLength(3)
    expect(problems[2]).toBe(
      "warning: component 'c': metadata 'prefx' is not known and has no effect; did you mean 'prefix'?",
    )
  })

  describe('references to secrets', () => {
    it.each([
      ['before', [fileStore, referring({ name: 'pfx' })]],
      ['after', [referring({ name: 'pfx' }), fileStore]],
    ])('are resolved when the store stands %s the component', async (_where, components) => {
      const { get, problems } = await start(components, { files, env: { MYAPP_A: '1' } })
      expect(problems).toEqual([])
      expect(await get('env', 'A')).toBe('1')
    })

    it('replace a value that was given as well', async () => {
      const metadata = [{ name: 'prefix', value: 'ZZ_', secretKeyRef: { name: 'pfx' } }]
      const { get } = await start([fileStore, { name: 'env', secretStore: 'file', metadata }], {
        files,
        env: { MYAPP_A: '1' },
      })
      expect(await get('env', 'A')).toBe('1')
    })

    it('lose their quotes when they are a Go literal, as any metadata value', async () => {
      const { get } = await start([fileStore, referring({ name: 'quoted' })], { files, env: { Q_A: '1' } })
      expect(await get('env', 'A')).toBe('1')
    })

    it.each([
      [
        { name: 'nope' },
        "secretKeyRef: cannot read secret 'nope' from secret store 'file': secret nope not found",
      ],
      [{ name: 'pfx', key: 'other' }, "secretKeyRef: secret 'pfx' has no key 'other'; it has 'pfx'"],
    ])('that cannot be resolved are errors: %j', async (reference, message) => {
      const { names, problems } = await start([fileStore, referring(reference)], { files })
      expect(names).toEqual(['file'])
      expect(problems).toEqual([`component 'env': ${message}`])
    })

    it('into the environment are errors when the variable is not set', async () => {
      const { problems } = await start([
        { name: 'base' },
        referring({ name: 'NOPE' }, { secretStore: 'base' }),
      ])
      expect(problems).toEqual([
        "component 'env': secretKeyRef: secret 'NOPE' does not exist in secret store 'base'",
      ])
    })

    it('to an empty secret warn and leave the value', async () => {
      const metadata = [{ name: 'prefix', value: 'ZZ_', secretKeyRef: { name: 'empty' } }]
      const { get, problems } = await start([fileStore, { name: 'env', secretStore: 'file', metadata }], {
        files,
        env: { ZZ_A: '1' },
      })
      expect(problems).toEqual([
        "warning: component 'env': secretKeyRef: key 'empty' of secret 'empty' is empty",
      ])
      expect(await get('env', 'A')).toBe('1')
    })

    it('need a store, also in components of other building blocks', async () => {
      const metadata = [{ name: 'redisPassword', secretKeyRef: { name: 'pfx' } }]
      const { problems } = await start(
        [
          fileStore,
          referring({ name: 'pfx' }, { secretStore: '' }),
          { name: 'state', type: 'state.redis', secretStore: 'flie', metadata },
        ],
        { files },
      )
      expect(problems).toEqual([
        "component 'env': secretKeyRef needs a store to read from: set 'auth.secretStore' to the name of a secret store",
        "component 'state': there is no secret store 'flie' to resolve its secretKeyRefs; did you mean 'file'?",
      ])
    })

    it('that go in a circle are one error which names the circle', async () => {
      const at = (name: string, secretStore: string): GivenComponent =>
        referring({ name: 'x' }, { name, secretStore })
      const { names, problems } = await start([
        at('a', 'b'),
        at('b', 'c'),
        at('c', 'b'),
        at('self', 'self'),
        { name: 'fine' },
      ])
      expect(names).toEqual(['fine'])
      expect(problems).toEqual([
        "component 'b': secret stores refer to each other in a cycle: 'b' → 'c' → 'b'",
        "component 'self': secret stores refer to each other in a cycle: 'self' → 'self'",
      ])
    })

    it('to a store that did not start are not reported twice, unless its own errors were ignored', async () => {
      const broken = { ...fileStore, metadata: [] }
      expect((await start([broken, referring({ name: 'pfx' })])).problems).toHaveLength(1)
      const { problems } = await start([{ ...broken, ignoreErrors: true }, referring({ name: 'pfx' })])
      expect(problems[1]).toBe(
        "component 'env': secret store 'file' did not start, so its secretKeyRefs cannot be resolved",
      )
    })

    it('into a remote store are left alone by a check that stays off the network', async () => {
      const remote: SecretStoreDriver = {
        ...localEnv,
        type: 'secretstores.remote',
        reads: 'remotely',
        create: () => ({
          features: [],
          getSecret: () => Promise.reject(new Error('the network was used')),
          getBulkSecret: () => undefined,
        }),
      }
      const components = [
        { name: 'far', type: 'secretstores.remote' },
        referring({ name: 'pfx' }, { secretStore: 'far' }),
      ]
      const drivers = [localEnv, remote]
      expect((await start(components, { drivers, references: 'local' })).problems).toEqual([])
      expect((await start(components, { drivers })).problems).toEqual([
        "component 'env': secretKeyRef: cannot read secret 'pfx' from secret store 'far': the store failed",
      ])
    })

    it('read each secret once a component', async () => {
      let reads = 0
      const counting: SecretStoreDriver = {
        ...localEnv,
        type: 'secretstores.counting',
        create: () => ({
          features: [],
          getSecret: ({ metadata }) => {
            reads += 1
            expect(metadata).toEqual(new Map([['namespace', 'prod']]))
            return {
              values: new Map([
                ['a', 'x'],
                ['b', 'y'],
              ]),
            }
          },
          getBulkSecret: () => undefined,
        }),
      }
      const metadata = [
        { name: 'prefix', secretKeyRef: { name: 'one', key: 'a' } },
        { name: 'other', secretKeyRef: { name: 'one', key: 'b' } },
      ]
      await start(
        [
          { name: 'base', type: 'secretstores.counting' },
          { name: 'env', namespace: 'prod', secretStore: 'base', metadata },
        ],
        { drivers: [localEnv, counting] },
      )
      expect(reads).toBe(1)
    })
  })

  describe('references to the environment', () => {
    const withEnvRef: GivenComponent = { name: 'env', metadata: [{ name: 'prefix', envRef: 'MY_PREFIX' }] }

    it('are resolved', async () => {
      const { get } = await start([withEnvRef], { env: { MY_PREFIX: 'P_', P_A: '1' } })
      expect(await get('env', 'A')).toBe('1')
    })

    it('lose their quotes when they are a Go literal', async () => {
      const { get } = await start([withEnvRef], { env: { MY_PREFIX: '"P_"', P_A: '1' } })
      expect(await get('env', 'A')).toBe('1')
    })

    it('yield to a value that is empty', async () => {
      const metadata = [{ name: 'prefix', value: '', envRef: 'MY_PREFIX' }]
      const { get } = await start([{ name: 'env', metadata }], {
        env: { MY_PREFIX: 'P_', P_A: '1', A: 'plain' },
      })
      expect(await get('env', 'A')).toBe('plain')
    })

    it.each([
      [
        {},
        "warning: component 'env': envRef 'MY_PREFIX' is not set in the environment; the value stays empty",
      ],
      [
        { MY_PREFIX: 'P_', DAPR_ENV_KEYS: 'OTHER' },
        "warning: component 'env': envRef 'MY_PREFIX' is a variable that components may not read; the value stays empty",
      ],
    ])('warn when they cannot be: environment %j', async (env, problem) => {
      expect((await start([withEnvRef], { env })).problems).toEqual([problem])
    })
  })

  describe('templates', () => {
    const withPrefix = (value: string): GivenComponent => ({
      name: 'env',
      metadata: [{ name: 'prefix', value }],
    })

    it.each([
      ['{appID}_', {}, 'myapp_'],
      ['{namespace}_', {}, 'default.myapp_'],
      ['{namespace}_', { NAMESPACE: 'ns1' }, 'ns1.myapp_'],
      ['{namespace}_', { NAMESPACE: '' }, 'default.myapp_'],
      ['{podName}_', { POD_NAME: 'pod1' }, 'pod1_'],
      ['{uuid}{uuid}', {}, '00000000-0000-4000-8000-00000000000100000000-0000-4000-8000-000000000002'],
      ['{appid}_{ appID }', {}, '{appid}_{ appID }'],
    ])('turn %s with environment %j into %s', async (template, env, prefix) => {
      const { get } = await start([withPrefix(template)], { env: { ...env, [`${prefix}A`]: '1' } })
      expect(await get('env', 'A')).toBe('1')
    })

    it('that need a pod name are an error without one', async () => {
      expect((await start([withPrefix('{podName}_')])).problems).toEqual([
        "component 'env': failed to parse metadata: property prefix refers to {podName} but podName is not set (set the environment variable POD_NAME)",
      ])
    })
  })

  it('gives up on a store that is not ready within its init timeout', async () => {
    const clock = fakeClock()
    const slow: SecretStoreDriver = {
      ...localEnv,
      type: 'secretstores.slow',
      create: (_options, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('aborted'))),
        ),
    }
    const starting = start(
      [{ name: 'slow', type: 'secretstores.slow', initTimeout: 1000 }, { name: 'env' }],
      { clock, drivers: [slow, localEnv] },
    )
    await clock.advance(1000)
    const { names, problems } = await starting
    expect(names).toEqual(['env'])
    expect(problems).toEqual(["component 'slow': init timeout for component slow (secretstores.slow/v1)"])
    expect(clock.sleeping).toBe(0)
  })

  describe('metadata of our own', () => {
    const remote: SecretStoreDriver = { ...localEnv, type: 'secretstores.remote', reads: 'remotely' }
    const settingsOf = async (...metadata: NonNullable<GivenComponent['metadata']>) => {
      const components = [fakeComponent({ name: 'x', type: remote.type, metadata })]
      const { stores, diagnostics } = await activate(components, [remote], {
        appId: 'myapp',
        runtime: fakeRuntime({ env: { TTL: '90s' } }),
      })
      return { ttl: stores[0]?.settings.cache?.ttl, problems: diagnostics.map(({ message }) => message) }
    }

    it('says how the store is read, also by reference, and is nothing that the driver would not know', async () => {
      expect(await settingsOf()).toEqual({ ttl: 60_000, problems: [] })
      expect(await settingsOf({ name: 'sidecarless.cacheTTL', envRef: 'TTL' })).toEqual({
        ttl: 90_000,
        problems: [],
      })
      expect(await settingsOf({ name: 'sidecarless.cacheTTL', value: '0' })).toEqual({
        ttl: undefined,
        problems: [],
      })
    })

    it('ends the start when it is misspelt or makes no sense', async () => {
      expect(
        await settingsOf(
          { name: 'sidecarless.cacheTL', value: '0' },
          { name: 'sidecarless.maxStale', value: 'never' },
        ),
      ).toEqual({
        ttl: undefined,
        problems: [
          "metadata 'sidecarless.maxStale' must be a duration that is not negative, such as 0, 500ms or 1m30s",
          "metadata 'sidecarless.cacheTL' is not known; did you mean 'sidecarless.cacheTTL'?",
        ],
      })
    })
  })

  it('shows nothing of an error that is not its own', async () => {
    const broken: SecretStoreDriver = {
      ...localEnv,
      type: 'secretstores.broken',
      create: () => {
        throw new SyntaxError('Unexpected token in "hunter2"')
      },
    }
    expect(
      (await start([{ name: 'x', type: 'secretstores.broken' }], { drivers: [broken] })).problems,
    ).toEqual(["component 'x': the store could not start"])
  })

  it('says nothing of a missing field where the field could not be resolved', async () => {
    const metadata = [{ name: 'secretsFile', value: '{podName}.json' }]
    const { problems } = await start([{ name: 'file', type: 'secretstores.local.file', metadata }])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain('podName is not set')
  })

  it('says what is wrong with a field at the last of its items, the one that counts', async () => {
    const component = fakeComponent({ ...fileStore, metadata: [] })
    const item = (line: number) => ({
      name: 'secretsFile',
      value: 'gone.json',
      nameAt: component.at,
      at: { ...component.at, line },
    })
    const { diagnostics } = await activate([{ ...component, metadata: [item(7), item(9)] }], [localFile], {
      appId: 'myapp',
      runtime: fakeRuntime(),
    })
    expect(diagnostics.map(({ at }) => at.line)).toEqual([9])
  })
})
