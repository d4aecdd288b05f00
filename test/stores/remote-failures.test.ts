/**
 * What every remote store does when its vendor fails, one table for all of them. What a vendor says in such a case
 * is its own affair; what becomes of it is not.
 */
import { describe, expect, it } from 'vitest'
import type { HttpResponse, Send } from '../../src/http/exchange.ts'
import { SendError } from '../../src/http/exchange.ts'
import { StoreError } from '../../src/secret-error.ts'
import { awsParameterstore } from '../../src/stores/aws-parameterstore.ts'
import { awsSecretmanager } from '../../src/stores/aws-secretmanager.ts'
import { hashicorpVault } from '../../src/stores/hashicorp-vault.ts'
import { decodeOptions } from '../../src/stores/options.ts'
import type { SecretStore } from '../../src/stores/store.ts'
import { fakeAws } from '../fakes/aws.ts'
import { openAwsStore, usualMetadata, whileTimePasses } from '../fakes/aws-store.ts'
import type { FakeClock } from '../fakes/clock.ts'
import { fakeClock } from '../fakes/clock.ts'
import { fakeRuntime } from '../fakes/runtime.ts'
import { answer, fakeVault, vaultAddr } from '../fakes/vault.ts'

const value = 'hunter2'
const names = Array.from({ length: 60 }, (_, index) => `secret-${index}`)
const none = new Map<string, string>()

/** A store before a vendor that holds {@link names}, each with {@link value} under its own name. */
interface Opened {
  readonly store: SecretStore
  readonly clock: FakeClock
  readonly vendor: Vendor
}

interface Vendor {
  /** Answers instead of the vendor while it is set; a function that gives nothing lets the vendor answer. */
  instead: ((url: string) => HttpResponse | Promise<HttpResponse> | undefined) | undefined
  /** How many requests came. */
  requests: number
  /** Ends the credentials that were given or lent so far. */
  expire(): void
}

interface RemoteStore {
  readonly title: string
  /** @param mayRenew whether the store can come by other credentials; otherwise its own are all it has */
  open(mayRenew?: boolean): Promise<Opened>
  readonly busy: HttpResponse
}

const awsBusy = answer(400, `{"__type":"ThrottlingException","message":"${value}"}`)

const remoteStores: readonly RemoteStore[] = [
  { title: 'aws.secretmanager', busy: awsBusy, open: (mayRenew) => openAws('secrets', true, mayRenew) },
  {
    title: 'aws.secretmanager one by one',
    busy: awsBusy,
    open: (mayRenew) => openAws('secrets', false, mayRenew),
  },
  { title: 'aws.parameterstore', busy: awsBusy, open: (mayRenew) => openAws('parameters', true, mayRenew) },
  { title: 'hashicorp.vault', busy: answer(429, `{"errors":["${value}"]}`), open: openVault },
]

describe.each(remoteStores)('$title, when its vendor fails', ({ open, busy }) => {
  it('reads once a busy vendor has recovered, within the same read', async () => {
    const { store, clock, vendor } = await open()
    let refusals = 2
    vendor.instead = () => (refusals-- > 0 ? busy : undefined)
    expect(await whileTimePasses(clock, get(store))).toBe(value)
  })

  it('says that a vendor is busy that stays so, and reads again afterwards', async () => {
    const { store, clock, vendor } = await open()
    vendor.instead = () => busy
    for (const read of [get, bulk]) {
      expect(await whileTimePasses(clock, failure(read(store)))).toMatchObject({ kind: 'throttled' })
    }
    vendor.instead = undefined
    expect(await get(store)).toBe(value)
    expect((await bulk(store)).size).toBe(names.length)
  })

  it('waits five seconds for an answer and not longer', async () => {
    const { store, clock, vendor } = await open()
    vendor.instead = () => new Promise(() => {})
    for (const read of [get, bulk]) {
      const start = clock.now()
      const { kind } = await whileTimePasses(clock, failure(read(store)))
      expect(kind).toBe('unavailable')
      expect(clock.now() - start).toBeLessThanOrEqual(5100)
    }
    vendor.instead = undefined
    expect(await get(store)).toBe(value)
    expect(clock.sleeping).toBe(0)
  })

  it.each<[what: string, outcome: HttpResponse | SendError, kind: string, text: string]>([
    ['no JSON', answer(200, `<html>${value}</html>`), 'unavailable', 'no JSON'],
    ['half of its JSON', answer(200, `{"SecretString":"${value}`), 'unavailable', 'no JSON'],
    ['nothing', answer(200, ''), 'unavailable', 'no JSON'],
    ['half a reply', new SendError('broken'), 'unavailable', 'broke off'],
    ['more than is read', new SendError('too-large'), 'invalid', 'too long'],
    ['no connection', new SendError('unreachable'), 'unavailable', 'cannot be reached'],
  ])('says that it is %s that came, of one secret and of all', async (_, outcome, kind, text) => {
    const { store, clock, vendor } = await open()
    vendor.instead = () => (outcome instanceof SendError ? Promise.reject(outcome) : outcome)
    for (const read of [get, bulk]) {
      const error = await whileTimePasses(clock, failure(read(store)))
      expect(error).toMatchObject({ kind, message: expect.stringContaining(text) })
      expect(error.message).not.toContain(value)
    }
  })

  it('gives nothing at all when a bulk read fails after its first half', async () => {
    const { store, clock, vendor } = await open()
    const whole = await requestsOf(vendor, () => bulk(store))
    for (const outcome of [answer(200, `{"${value}`), busy, new SendError('broken')]) {
      const enough = vendor.requests + Math.ceil(whole / 2)
      vendor.instead = () => {
        if (vendor.requests <= enough) return undefined
        return outcome instanceof SendError ? Promise.reject(outcome) : outcome
      }
      const error = await whileTimePasses(clock, failure(bulk(store)))
      expect(error.message).not.toContain(value)
    }
    vendor.instead = undefined
    expect((await bulk(store)).size).toBe(names.length)
  })

  it('reads all secrets though its credentials expire half-way, where it can have new ones', async () => {
    const { store, clock, vendor } = await open(true)
    const whole = await requestsOf(vendor, () => bulk(store))
    // A token that was issued a moment ago is not replaced.
    await clock.advance(20_000)
    const half = vendor.requests + Math.ceil(whole / 2)
    vendor.instead = () => {
      if (vendor.requests === half) vendor.expire()
      return undefined
    }
    expect((await whileTimePasses(clock, bulk(store))).size).toBe(names.length)
    expect(vendor.requests).toBeGreaterThan(half)
  })

  it('gives nothing when its credentials expire half-way and there are no others', async () => {
    const { store, clock, vendor } = await open()
    const whole = await requestsOf(vendor, () => bulk(store))
    const half = vendor.requests + Math.ceil(whole / 2)
    vendor.instead = () => {
      if (vendor.requests === half) vendor.expire()
      return undefined
    }
    const { kind, message } = await whileTimePasses(clock, failure(bulk(store)))
    expect(kind).toBe('unauthenticated')
    expect(message).not.toContain(value)
  })

  it('answers a hundred reads at once, each with its own outcome', async () => {
    const { store } = await open()
    const asked = Array.from({ length: 100 }, (_, index) =>
      index % 4 === 3 ? `no-${index}` : `secret-${index % 60}`,
    )
    const outcomes = await Promise.all(
      asked.map((name) => get(store, name).catch((error: StoreError) => error.kind)),
    )
    expect(outcomes).toEqual(asked.map((name) => (name.startsWith('no-') ? 'not-found' : value)))
  })
})

async function get(store: SecretStore, name = 'secret-0'): Promise<string | undefined> {
  return (await store.getSecret({ name, metadata: none })).values?.get(name)
}

async function bulk(store: SecretStore): Promise<ReadonlyMap<string, unknown>> {
  return (await store.getBulkSecret({ metadata: none })) ?? new Map()
}

function failure(work: Promise<unknown>): Promise<StoreError> {
  return work.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => (error instanceof StoreError ? error : expect.fail(`it threw ${error}`)),
  )
}

async function requestsOf(vendor: Vendor, work: () => Promise<unknown>): Promise<number> {
  const before = vendor.requests
  await work()
  return vendor.requests - before
}

/** The vendor in front of its fake. */
function vendorBefore(send: Send, expire: () => void): Vendor & { readonly send: Send } {
  const vendor = {
    instead: undefined as Vendor['instead'],
    requests: 0,
    expire,
    async send(request: Parameters<Send>[0]) {
      vendor.requests += 1
      return (await vendor.instead?.(request.url)) ?? send(request)
    },
  }
  return vendor
}

async function openAws(kind: 'secrets' | 'parameters', batch: boolean, mayRenew = false): Promise<Opened> {
  const clock = fakeClock()
  const aws = fakeAws({ clock, [kind]: Object.fromEntries(names.map((name) => [name, value])) })
  aws.pageSize = 20
  const vendor = vendorBefore(aws.send, () => {
    for (const [id, keys] of aws.keys) aws.keys.set(id, { ...keys, expiresAt: clock.now() })
  })
  const env: Readonly<Record<string, string>> = mayRenew
    ? { AWS_WEB_IDENTITY_TOKEN_FILE: '/token', AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/reader' }
    : {}
  const ground = { clock, env, files: { '/token': aws.webIdentityToken } }
  const identity = mayRenew ? { region: 'us-east-1' } : usualMetadata
  const metadata = { ...identity, 'sidecarless.batch': String(batch) }
  const front = { ...aws, send: vendor.send }
  const store =
    kind === 'secrets'
      ? await openAwsStore(awsSecretmanager, front, ground, metadata)
      : await openAwsStore(awsParameterstore, front, ground, metadata)
  return { store, clock, vendor }
}

async function openVault(mayRenew = false): Promise<Opened> {
  const clock = fakeClock()
  const vault = fakeVault({ clock })
  for (const name of names) vault.put(`dapr/${name}`, { [name]: value })
  vault.logins.set('approle', { body: { role_id: 'reader' }, seconds: 3600 })
  const vendor = vendorBefore(vault.send, () => vault.tokens.clear())
  const identity = mayRenew
    ? { vaultAuthMethod: 'approle', 'sidecarless.vaultRoleId': 'reader' }
    : { vaultToken: 'root' }
  const at = { file: 'components/vault.yaml', line: 1, column: 1 }
  const items = Object.entries({ vaultAddr, ...identity }).map(([name, value]) => ({ name, value, at }))
  const { options } = decodeOptions(hashicorpVault.metadata, items, { name: 'vault', at })
  const runtime = { ...fakeRuntime({ clock }), send: vendor.send }
  const store = await hashicorpVault.create(options, { runtime, signal: new AbortController().signal })
  return { store, clock, vendor }
}
