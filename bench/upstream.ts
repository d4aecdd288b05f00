/**
 * What the cache and the bulk reads save: calls of a vendor that takes 20 ms for each, and reads of what is cached.
 *
 * @module
 */
import { Hono } from 'hono'
import { nodeRuntime } from '../adapters/node/runtime.ts'
import { drivers } from '../adapters/node/stores.ts'
import { hasErrors } from '../src/diagnostic.ts'
import type { Secrets } from '../src/secrets.ts'
import { createSecrets } from '../src/secrets.ts'
import { middyHandler, powertools } from './peers.ts'
import { interleaved, interleavedAll } from './statistics.ts'
import { figure, ratio, table } from './table.ts'
import type { Vendor } from './vendor.ts'
import { names, secretValue, startVendor } from './vendor.ts'

const rounds = 5
const readsARound = 100_000
const [known = ''] = names
const unknown = 'no-such-secret'

/** The three tables. Fails when a subject answers anything but the secret. */
export async function measureUpstream(): Promise<string> {
  const vendor = await startVendor()
  try {
    return [await callsForOne(vendor), await bulk(vendor), await warm(vendor)].join('\n\n')
  } finally {
    vendor.stop()
  }
}

/** The components' types, and the metadata that leads to the stand-in. */
const stores = {
  'aws.secretmanager': { accessKey: 'key', secretKey: 'secret', region: 'eu-west-1' },
  'aws.parameterstore': { accessKey: 'key', secretKey: 'secret', region: 'eu-west-1' },
  'hashicorp.vault': { vaultToken: 'token' },
} as const

type StoreType = keyof typeof stores

const storeTypes = Object.keys(stores) as readonly StoreType[]

async function start(
  type: StoreType,
  { origin }: Vendor,
  more: Record<string, string> = {},
): Promise<Secrets> {
  const at = { file: 'bench.yaml', line: 1, column: 1 }
  const metadata = { ...stores[type], ...(type === 'hashicorp.vault' ? { vaultAddr: origin } : {}), ...more }
  const component = {
    name: 'store',
    type: `secretstores.${type}`,
    version: 'v1',
    namespace: '',
    scopes: [],
    secretStore: '',
    ignoreErrors: false,
    initTimeout: 5000,
    metadata: Object.entries(metadata).map(([name, value]) => ({ name, value, at, nameAt: at })),
    at,
    typeAt: at,
  }
  const runtime = nodeRuntime({ AWS_ENDPOINT_URL: origin }, () => {})
  const secrets = await createSecrets({ components: [component], drivers, runtime, appId: 'bench' })
  if (hasErrors(secrets.diagnostics))
    throw new Error(secrets.diagnostics.map((one) => one.message).join('\n'))
  return secrets
}

function reads({ reader }: Secrets): (name: string) => Promise<unknown> {
  return async (name) => {
    const { values } = await reader.read({ store: 'store', name, metadata: noMetadata, caller: 'bench' })
    return values?.get(name)
  }
}

const noMetadata: ReadonlyMap<string, string> = new Map()

async function callsForOne(vendor: Vendor): Promise<string> {
  const { origin } = vendor
  const subjects: Record<string, () => Promise<(name: string) => Promise<unknown>>> = {
    ...Object.fromEntries(storeTypes.map((type) => [type, async () => reads(await start(type, vendor))])),
    'Powertools parameters': async () => powertools(origin),
    'Middy secrets-manager': async () => {
      const handlers = { [known]: middyHandler(origin, known), [unknown]: middyHandler(origin, unknown) }
      return async (name) => handlers[name]?.()
    },
  }
  const rows: string[][] = []
  for (const [name, begin] of Object.entries(subjects)) {
    const cold = await begin()
    const concurrent = await vendor.measure(() =>
      Promise.all(Array.from({ length: 1000 }, async () => expectValue(name, known, await cold(known)))),
    )
    const fresh = await begin()
    const absent = await vendor.measure(async () => {
      for (let count = 0; count < 50; count += 1) await expectFailure(name, fresh(unknown))
    })
    const isOurs = name in stores
    const reached = concurrent.calls <= 1 && absent.calls <= 1
    rows.push([
      name,
      figure(concurrent.calls),
      figure(concurrent.milliseconds),
      figure(absent.calls),
      figure(absent.milliseconds),
      ...(isOurs ? ['1; 1', reached ? 'yes' : 'no'] : []),
    ])
  }
  const headings = ['1,000 concurrent cold', 'ms', '50 missing in turn', 'ms', 'reach', '']
  return table([['Calls of a vendor of 20 ms, one secret', ...headings], ...rows])
}

async function bulk(vendor: Vendor): Promise<string> {
  const rows: string[][] = []
  for (const type of storeTypes) {
    const ways = type === 'hashicorp.vault' ? ['false'] : ['true', 'false']
    for (const batch of ways) {
      const more: Record<string, string> = type === 'hashicorp.vault' ? {} : { 'sidecarless.batch': batch }
      const took = await interleavedAll(rounds, {
        bulk: async () => {
          const { reader } = await start(type, vendor, more)
          const { calls, milliseconds } = await vendor.measure(async () => {
            const read = { store: 'store', metadata: noMetadata, caller: 'bench' }
            const { secrets } = await reader.readBulk(read)
            for (const name of names) expectValue(type, name, secrets?.get(name)?.get(name))
          })
          return { calls, milliseconds }
        },
      })
      const { calls, milliseconds } = took.bulk
      const most = batch === 'true' ? { calls: 20, seconds: 0.5 } : { calls: 305, seconds: 0.7 }
      const reached = calls <= most.calls && milliseconds / 1000 <= most.seconds
      rows.push([
        type,
        batch === 'true' ? 'batch' : 'one by one',
        figure(calls),
        figure(milliseconds),
        `<= ${most.calls} calls, ${most.seconds} s`,
        reached ? 'yes' : 'no',
      ])
    }
  }
  return table([['Bulk of 300 at 20 ms a call', '', 'calls', 'ms', 'reach', ''], ...rows])
}

async function warm(vendor: Vendor): Promise<string> {
  const { origin } = vendor
  const typed = async (type: StoreType) => {
    const { reader } = await start(type, vendor)
    return (name: string) => reader.read({ store: 'store', name, metadata: noMetadata, caller: 'bench' })
  }
  const { answer } = await start('aws.secretmanager', vendor)
  const target = `/v1.0/secrets/store/${known}`
  const request = { method: 'GET', target, headers: ['host', '127.0.0.1:3500'] }
  const bare = new Hono().get('/v1.0/secrets/:store/:key', (context) => {
    const { key } = context.req.param()
    return context.json({ [key]: secretValue(key) })
  })
  const [manager, parameters, vault] = [
    await typed('aws.secretmanager'),
    await typed('aws.parameterstore'),
    await typed('hashicorp.vault'),
  ]
  const provider = powertools(origin)
  const valueIn = (body: string): unknown => (JSON.parse(body) as Record<string, unknown>)[known]
  const subjects = {
    manager: () => manager(known),
    parameters: () => parameters(known),
    vault: () => vault(known),
    powertools: () => provider(known),
    middy: middyHandler(origin, known),
    answer: async () => (await answer(request)).body,
    bare: async () => (await bare.request(target)).text(),
  }
  for (const [name, subject] of Object.entries({ manager, parameters, vault })) {
    expectValue(name, known, (await subject(known)).values?.get(known))
  }
  for (const subject of [subjects.answer, subjects.bare]) {
    expectValue('the contract', known, valueIn(await subject()))
  }
  for (const subject of [subjects.powertools, subjects.middy]) {
    expectValue('a peer', known, await subject())
  }
  const timed = (subject: () => Promise<unknown>, count: number) => () => microsecondsACall(subject, count)
  const timings = {
    manager: timed(subjects.manager, readsARound),
    parameters: timed(subjects.parameters, readsARound),
    vault: timed(subjects.vault, readsARound),
    powertools: timed(subjects.powertools, readsARound),
    middy: timed(subjects.middy, readsARound / 10),
    answer: timed(subjects.answer, readsARound / 10),
    bare: timed(subjects.bare, readsARound / 10),
  }
  for (const timing of Object.values(timings)) await timing()
  const took = await interleaved(rounds, timings)
  const read = (name: string, ours: number) => [
    name,
    figure(ours),
    ratio(ours / took.powertools),
    '<= 0.2 us',
    ours <= 0.2 ? 'yes' : 'no',
  ]
  return [
    table([
      ['Warm read of a cached secret', 'us', '/ Powertools', 'reach', ''],
      read('aws.secretmanager', took.manager),
      read('aws.parameterstore', took.parameters),
      read('hashicorp.vault', took.vault),
      ['Powertools parameters', figure(took.powertools), ratio(1)],
      ['Middy secrets-manager, the handler', figure(took.middy), ratio(took.middy / took.powertools)],
    ]),
    table([
      ['Warm contract request of a cached secret (us)', 'sidecarless', 'bare Hono', 'ratio', 'reach', ''],
      [
        'secrets.answer(request)',
        figure(took.answer),
        figure(took.bare),
        ratio(took.answer / took.bare),
        '<= 1.30',
        took.answer / took.bare <= 1.3 ? 'yes' : 'no',
      ],
    ]),
  ].join('\n\n')
}

async function microsecondsACall(call: () => Promise<unknown>, count: number): Promise<number> {
  const started = performance.now()
  for (let index = 0; index < count; index += 1) await call()
  return ((performance.now() - started) * 1000) / count
}

function expectValue(subject: string, name: string, value: unknown): void {
  if (value !== secretValue(name)) throw new Error(`${subject} answers something else`)
}

async function expectFailure(subject: string, read: Promise<unknown>): Promise<void> {
  const failed = await read.then(
    () => false,
    () => true,
  )
  if (!failed) throw new Error(`${subject} answers what is not there`)
}
