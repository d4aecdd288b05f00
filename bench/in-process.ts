/**
 * A contract request in process, against a bare Hono route that answers the same JSON.
 *
 * @module
 */
import { Hono } from 'hono'
import { nodeRuntime } from '../adapters/node/runtime.ts'
import { drivers } from '../adapters/node/stores.ts'
import type { Component } from '../src/component/component.ts'
import { createApp } from '../src/contract/hono.ts'
import { createSecrets } from '../src/secrets.ts'
import { routes, variable } from './fixture.ts'
import { interleaved } from './statistics.ts'
import { figure, ratio, table } from './table.ts'

const rounds = 7
const callsARound = 20_000

/** The table. Fails when a subject answers anything but the secret. */
export async function measureInProcess(): Promise<string> {
  const at = { file: 'env.yaml', line: 1, column: 1 }
  const env: Component = {
    name: 'env',
    type: 'secretstores.local.env',
    version: 'v1',
    namespace: '',
    scopes: [],
    secretStore: '',
    ignoreErrors: false,
    initTimeout: 5000,
    metadata: [],
    at,
    typeAt: at,
  }
  const runtime = nodeRuntime({ [variable.name]: variable.value }, () => {})
  const { answer } = await createSecrets({ components: [env], drivers, runtime, appId: 'bench' })
  const app = createApp(answer)
  const secrets = new Map([['env', new Map([[variable.name as string, variable.value]])]])
  const bare = new Hono().get('/v1.0/secrets/:store/:key', (context) => {
    const { store, key } = context.req.param()
    return context.json({ [key]: secrets.get(store)?.get(key) })
  })

  const request = { method: 'GET', target: routes.get, headers: ['host', '127.0.0.1:3500'] }
  const url = `http://127.0.0.1:3500${routes.get}`
  const headers = { host: '127.0.0.1:3500', accept: '*/*' }
  const subjects = {
    answer: async () => (await answer(request)).body,
    appRequest: async () => (await app.request(routes.get)).text(),
    bareRequest: async () => (await bare.request(routes.get)).text(),
    appFetch: async () => (await app.fetch(new Request(url, { headers }))).text(),
    bareFetch: async () => (await bare.fetch(new Request(url, { headers }))).text(),
  }
  for (const [name, subject] of Object.entries(subjects)) {
    const body: unknown = JSON.parse(await subject())
    if (JSON.stringify(body) !== JSON.stringify({ [variable.name]: variable.value })) {
      throw new Error(`${name} answers something else`)
    }
  }
  for (const subject of Object.values(subjects)) await microsecondsACall(subject)
  const took = await interleaved(rounds, {
    answer: () => microsecondsACall(subjects.answer),
    appRequest: () => microsecondsACall(subjects.appRequest),
    bareRequest: () => microsecondsACall(subjects.bareRequest),
    appFetch: () => microsecondsACall(subjects.appFetch),
    bareFetch: () => microsecondsACall(subjects.bareFetch),
  })
  const row = (name: string, ours: number, peer: number) => [
    name,
    figure(ours),
    figure(peer),
    ratio(ours / peer),
    '<= 1.30',
    ours / peer <= 1.3 ? 'yes' : 'no',
  ]
  return table([
    ['In process, a get of local.env (us)', 'sidecarless', 'bare Hono', 'ratio', 'reach', ''],
    row('secrets.answer(request)', took.answer, took.bareRequest),
    row('app.request(path), body read', took.appRequest, took.bareRequest),
    row('app.fetch(new Request(url, { headers }))', took.appFetch, took.bareFetch),
  ])
}

async function microsecondsACall(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  for (let index = 0; index < callsARound; index += 1) await call()
  return ((performance.now() - started) * 1000) / callsARound
}
