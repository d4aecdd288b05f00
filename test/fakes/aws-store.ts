/**
 * A store of AWS before a fake AWS, its component's metadata decoded as for any component.
 */
import type { Runtime } from '../../src/runtime.ts'
import { decodeOptions } from '../../src/stores/options.ts'
import type { FieldTable, SecretStore, SecretStoreDriver } from '../../src/stores/store.ts'
import type { FakeAws } from './aws.ts'
import { fakeKeys } from './aws.ts'
import type { FakeClock } from './clock.ts'
import { fakeRuntime } from './runtime.ts'

/** What a store stands on besides the fake. */
export interface AwsGround {
  readonly clock: FakeClock
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly isolatesRequests?: true
}

/** A store, the fake behind it, and the clock of both. */
export interface OpenedAwsStore {
  readonly store: SecretStore
  readonly aws: FakeAws
  readonly clock: FakeClock
}

/** Metadata of a component that has everything it needs. */
export const usualMetadata = {
  region: 'us-east-1',
  accessKey: fakeKeys.accessKeyId,
  secretKey: fakeKeys.secretAccessKey,
} as const

/** @param metadata the component's; {@link usualMetadata} when it is left out */
export async function openAwsStore<Fields extends FieldTable>(
  driver: SecretStoreDriver<Fields>,
  aws: FakeAws,
  ground: AwsGround,
  metadata: Readonly<Record<string, string>> = usualMetadata,
): Promise<SecretStore> {
  const at = { file: 'components/aws.yaml', line: 1, column: 1 }
  const properties = Object.entries(metadata).map(([name, value]) => ({ name, value, at }))
  const { options, diagnostics } = decodeOptions(driver.metadata, properties, { name: 'aws', at })
  const problem = diagnostics.find(({ severity }) => severity === 'error')
  if (problem !== undefined) throw new Error(problem.message)
  return driver.create(options, {
    runtime: awsRuntime(aws, ground),
    signal: new AbortController().signal,
  })
}

/** A runtime whose network is the fake. */
export function awsRuntime(
  aws: FakeAws,
  { clock, env = {}, files = {}, isolatesRequests }: AwsGround,
): Runtime {
  const runtime = fakeRuntime({ clock, env, files })
  return { ...runtime, send: aws.send, ...(isolatesRequests === undefined ? {} : { isolatesRequests }) }
}

/** All secrets of the store as plain objects, whatever time that takes. */
export async function bulkOf(
  { store, clock }: Pick<OpenedAwsStore, 'store' | 'clock'>,
  isAllowed?: (name: string) => boolean,
): Promise<Record<string, unknown>> {
  const request = { metadata: new Map(), ...(isAllowed === undefined ? {} : { isAllowed }) }
  const secrets = await whileTimePasses(clock, Promise.resolve(store.getBulkSecret(request)))
  return Object.fromEntries(
    [...(secrets ?? [])].map(([name, values]) => [name, Object.fromEntries(values ?? [])]),
  )
}

/** The outcome of work that waits: time passes until it is there. */
export async function whileTimePasses<Value>(clock: FakeClock, work: Promise<Value>): Promise<Value> {
  let isDone = false
  const end = (): void => {
    isDone = true
  }
  work.then(end, end)
  while (!isDone) await clock.advance(10)
  return work
}
