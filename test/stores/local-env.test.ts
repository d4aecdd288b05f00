import { describe, expect, it } from 'vitest'
import { localEnv } from '../../src/stores/local-env.ts'
import type { SecretStore } from '../../src/stores/store.ts'
import { describeSecretStore } from '../conformance/secret-store.ts'
import { fakeRuntime } from '../fakes/runtime.ts'

async function open(env: Readonly<Record<string, string>>, prefix = ''): Promise<SecretStore> {
  const runtime = fakeRuntime({ env })
  return localEnv.create({ prefix }, { runtime, signal: new AbortController().signal })
}

describeSecretStore('local.env', {
  driver: localEnv,
  severalKeys: false,
  missing: 'marked',
  make: (secrets) =>
    open(Object.fromEntries(Object.entries(secrets).map(([name, keys]) => [name, keys[name] ?? '']))),
})

const metadata = new Map<string, string>()

describe('local.env', () => {
  it('adds its prefix to the name it looks up and answers under the name that was asked for', async () => {
    const store = await open({ MYAPP_DB: 'x' }, 'MYAPP_')
    expect(await store.getSecret({ name: 'DB', metadata })).toEqual({ values: new Map([['DB', 'x']]) })
  })

  it('lists only variables longer than its prefix, without the prefix', async () => {
    const store = await open({ MYAPP_A: '1', MYAPP_: 'zero', OTHER: 'x', myapp_b: '2' }, 'MYAPP_')
    expect(await store.getBulkSecret({ metadata })).toEqual(new Map([['A', new Map([['A', '1']])]]))
  })

  it.each(['DAPR_API_TOKEN', 'dapr_x', 'APP_API_TOKEN', 'app_api_token'])(
    'never gives the runtime credential %s, alone or in bulk',
    async (name) => {
      const store = await open({ [name]: 'hunter2', OPEN: '1' })
      expect(await store.getSecret({ name, metadata })).toEqual({
        values: new Map([[name, '']]),
        missing: true,
      })
      expect([...((await store.getBulkSecret({ metadata }))?.keys() ?? [])]).toEqual(['OPEN'])
    },
  )

  it('decides on the whole variable, prefix included', async () => {
    const store = await open({ DAPR_X: 'hunter2' }, 'DAPR_')
    expect((await store.getSecret({ name: 'X', metadata })).values?.get('X')).toBe('')
    expect(await store.getBulkSecret({ metadata })).toEqual(new Map())
  })

  it('does not take a variable that only begins like the app token for it', async () => {
    const store = await open({ APP_API_TOKEN2: 'mine' })
    expect((await store.getSecret({ name: 'APP_API_TOKEN2', metadata })).values?.get('APP_API_TOKEN2')).toBe(
      'mine',
    )
  })

  it('logs the name of a forbidden variable and not its value', async () => {
    const runtime = fakeRuntime({ env: { DAPR_X: 'hunter2' } })
    const store = await localEnv.create({ prefix: '' }, { runtime, signal: new AbortController().signal })
    await store.getSecret({ name: 'DAPR_X', metadata })
    expect(runtime.lines).toEqual([['warn', 'Access to env var DAPR_X is forbidden']])
  })
})
