import { describe, expect, it } from 'vitest'
import type { App, CompiledSecrets, StartOptions } from '../../adapters/compiled.ts'
import { startOnFirstRequest } from '../../adapters/compiled.ts'
import type { Component } from '../../src/component/component.ts'
import { defaultConfiguration } from '../../src/component/configuration.ts'
import type { Send } from '../../src/http/exchange.ts'
import { SendError } from '../../src/http/exchange.ts'
import type { LogLevel, Runtime } from '../../src/runtime.ts'
import { localEnv } from '../../src/stores/local-env.ts'
import type { SecretStoreDriver } from '../../src/stores/store.ts'
import { defineStore, OptionError } from '../../src/stores/store.ts'
import { fakeComponent } from '../fakes/component.ts'

const at = { file: 'components/env.yaml', line: 7, column: 3 }

function component(type: string): Component {
  return fakeComponent({ name: 'env', type, at, typeAt: at })
}

/** A store whose start waits until the test lets it go on, and fails as often as the test says. */
function slowStore({ failures = 0 } = {}) {
  const state = { starts: 0, release: () => {} }
  const released = new Promise<void>((resolve) => {
    state.release = resolve
  })
  const driver = defineStore({
    type: 'secretstores.example.slow',
    description: 'Starts when it is told to.',
    metadata: {},
    requestMetadata: [],
    targets: ['node'],
    reads: 'locally',
    canonical: (name) => name,
    async create() {
      state.starts += 1
      const start = state.starts
      await released
      if (start <= failures) throw new OptionError(undefined, 'not yet')
      return {
        features: [],
        getSecret: ({ name }) => ({ values: new Map([[name, `start ${start}`]]) }),
        getBulkSecret: () => new Map(),
      }
    },
  })
  return { driver, state }
}

/** Started applications over one driver, and the lines that were logged. */
function compile(driver: SecretStoreDriver, options: Partial<StartOptions & CompiledSecrets> = {}) {
  const lines: [LogLevel, string][] = []
  const app = startOnFirstRequest(
    { appId: 'orders', components: [component(driver.type)], drivers: [driver], ...options },
    { sharesStart: true, log: (level, message) => void lines.push([level, message]), ...options },
  )
  return { app, lines }
}

const token = { 'dapr-api-token': 't' }
const variables = { DAPR_API_TOKEN: 't', plain: 'p' }

async function read(app: App, name = 'plain'): Promise<{ status: number; body: string }> {
  const response = await app.request(`/v1.0/secrets/env/${name}`, { headers: token })
  return { status: response.status, body: await response.text() }
}

const notReady = {
  status: 500,
  body: '{"errorCode":"ERR_HEALTH_NOT_READY","message":"dapr is not ready"}',
}

describe('starting on the first request', () => {
  it('starts nothing before it', () => {
    const { driver, state } = slowStore()
    compile(driver)
    expect(state.starts).toBe(0)
  })

  it('starts once for requests that come together, where they may share it', async () => {
    const { driver, state } = slowStore()
    const { app } = compile(driver)
    const apps = [app(variables), app(variables), app(variables)]
    state.release()
    const [first, ...others] = await Promise.all(apps)
    expect(others).toEqual([first, first])
    expect(await app(variables)).toBe(first)
    expect(state.starts).toBe(1)
  })

  it('lets none wait for another where they may not, and keeps what was first', async () => {
    const { driver, state } = slowStore()
    const { app } = compile(driver, { sharesStart: false })
    const apps = [app(variables), app(variables)]
    state.release()
    const [first, second] = await Promise.all(apps)
    expect(state.starts).toBe(2)
    expect(second).toBe(first)
    expect(await app(variables)).toBe(first)
    expect(state.starts).toBe(2)
  })

  it.each([true, false])('starts anew after a start that failed (shared: %s)', async (sharesStart) => {
    const { driver, state } = slowStore({ failures: 1 })
    state.release()
    const { app } = compile(driver, { sharesStart })
    expect(await read(await app(variables))).toEqual(notReady)
    expect(await read(await app(variables))).toEqual({ status: 200, body: '{"plain":"start 2"}\n' })
    expect(state.starts).toBe(2)
  })

  it('takes the base path off', async () => {
    const { app } = compile(localEnv, { basePath: '/api' })
    const response = await (await app(variables)).request('/api/v1.0/secrets/env/plain', { headers: token })
    expect(await response.text()).toBe('{"plain":"p"}\n')
  })
})

describe('a start with errors', () => {
  it('answers every request with 500, health checks too, and logs where the error is', async () => {
    const { app, lines } = compile(localEnv, { components: [component('secretstores.local.file')] })
    const started = await app(variables)
    expect(await read(started)).toEqual(notReady)
    expect((await started.request('/v1.0/healthz')).status).toBe(500)
    expect(lines).toEqual([
      [
        'error',
        expect.stringMatching(/^components\/env\.yaml:7:3: component 'env': .*secretstores\.local\.file/),
      ],
      ['fatal', 'the secret stores did not start, see above; every request is answered with 500'],
    ])
  })

  it('quotes nothing of an error that nobody foresaw', async () => {
    const { app, lines } = compile(localEnv, {
      configuration: {
        ...defaultConfiguration,
        get secretScopes(): never {
          throw new TypeError('hunter2')
        },
      },
    })
    expect(await read(await app(variables))).toEqual(notReady)
    expect(lines).toEqual([
      ['fatal', 'the secret stores did not start (TypeError); every request is answered with 500'],
    ])
  })
})

describe('the token of a compiled target', () => {
  it.each([{}, { DAPR_API_TOKEN: '' }, { DAPR_API_TOKEN: 7 }])(
    'refuses every request with the variables %j, and says once what to set',
    async (variables) => {
      const { app, lines } = compile(localEnv)
      expect(await read(await app(variables))).toEqual({ status: 401, body: 'invalid api token\n' })
      expect(await read(await app(variables))).toEqual({ status: 401, body: 'invalid api token\n' })
      expect((await (await app(variables)).request('/v1.0/healthz')).status).toBe(204)
      expect(lines).toEqual([
        ['warn', 'no API token is configured, so every request is refused; set DAPR_API_TOKEN'],
      ])
    },
  )

  it('logs nothing where there is one', async () => {
    const { app, lines } = compile(localEnv)
    expect((await read(await app(variables))).status).toBe(200)
    expect(lines).toEqual([])
  })
})

describe('the environment of a compiled target', () => {
  it('is made of own properties that are strings', async () => {
    const { app } = compile(localEnv)
    const inherited: object = { inherited: 'from the prototype' }
    const bindings: Record<string, unknown> = Object.assign(Object.create(inherited), {
      ...variables,
      number: 1,
      namespace: { get: () => 'value' },
      nothing: undefined,
    })
    Object.defineProperty(bindings, '__proto__', { value: 'a secret like any other', enumerable: true })
    const started = await app(bindings)
    const bulk = await started.request('/v1.0/secrets/env/bulk', { headers: token })
    expect(await bulk.text()).toBe(
      '{"__proto__":{"__proto__":"a secret like any other"},"plain":{"plain":"p"}}\n',
    )
    expect(await read(started, 'inherited')).toEqual({ status: 200, body: '{"inherited":""}\n' })
  })
})

describe('what a compiled target lends to stores', () => {
  /** The runtime that the one store was made with. */
  async function lent(options: Partial<StartOptions>) {
    const runtimes: Runtime[] = []
    const driver = defineStore({
      ...localEnv,
      async create(_, { runtime }) {
        runtimes.push(runtime)
        return { features: [], getSecret: () => ({ values: undefined }), getBulkSecret: () => undefined }
      },
    })
    await compile(driver, options).app(variables)
    return runtimes[0]
  }

  it('is the network it was given, and none otherwise', async () => {
    const send: Send = () => Promise.reject(new SendError('unreachable'))
    expect((await lent({ send }))?.send).toBe(send)
    expect(await lent({})).not.toHaveProperty('send')
  })

  it('says whether a request may wait for the call of another', async () => {
    expect((await lent({ sharesStart: false }))?.isolatesRequests).toBe(true)
    expect(await lent({ sharesStart: true })).not.toHaveProperty('isolatesRequests')
  })
})
