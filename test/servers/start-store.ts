/**
 * A store against a real server: the component's metadata decoded as for any component, Node's own transport,
 * and the real clock.
 *
 * @module
 */
import { awsSdkClient } from '../../adapters/node/aws-sdk.ts'
import { nodeSend } from '../../adapters/node/send.ts'
import { systemClock } from '../../adapters/system-clock.ts'
import type { HttpRequest } from '../../src/http/exchange.ts'
import type { Clock, Runtime } from '../../src/runtime.ts'
import { StoreError } from '../../src/secret-error.ts'
import { decodeOptions } from '../../src/stores/options.ts'
import type { FieldTable, SecretStore, SecretStoreDriver } from '../../src/stores/store.ts'
import { type FakeRuntime, fakeRuntime } from '../fakes/runtime.ts'

/** What a store stands on besides its metadata. */
export interface Ground {
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly clock?: Clock
}

/** A store, and what it has sent and logged. */
export interface StoreOnGround {
  readonly store: SecretStore
  readonly sent: readonly HttpRequest[]
  readonly lines: FakeRuntime['lines']
}

/** @param metadata the component's, references resolved */
export async function startStore<Fields extends FieldTable>(
  driver: SecretStoreDriver<Fields>,
  metadata: Readonly<Record<string, string>>,
  { env = {}, files = {}, clock = systemClock }: Ground = {},
): Promise<StoreOnGround> {
  const at = { file: 'test', line: 1, column: 1 }
  const properties = Object.entries(metadata).map(([name, value]) => ({ name, value, at }))
  const { options, diagnostics } = decodeOptions(driver.metadata, properties, { name: 'store', at })
  const problem = diagnostics.find(({ severity }) => severity === 'error')
  if (problem !== undefined) throw new Error(problem.message)
  const sent: HttpRequest[] = []
  const fake = fakeRuntime({ env, files, clock })
  const send = nodeSend()
  const runtime: Runtime = {
    ...fake,
    send(request) {
      sent.push(request)
      return send(request)
    },
    awsSdk: (sdkOptions) => awsSdkClient(sdkOptions, runtime),
  }
  const store = await driver.create(options, { runtime, signal: new AbortController().signal })
  return { store, sent, lines: fake.lines }
}

/** How a read ended, in terms that a store and a vendor's SDK share. */
export type Outcome = { readonly values: Readonly<Record<string, string>> } | { readonly kind: string }

/** The outcome of a read through a store. A failure that is no `StoreError` is a defect, and thrown. */
export async function outcomeOf(
  store: SecretStore,
  name: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  try {
    const { values } = await store.getSecret({ name, metadata: new Map(Object.entries(metadata)) })
    return { values: Object.fromEntries(values ?? []) }
  } catch (error) {
    if (error instanceof StoreError) return { kind: error.kind }
    throw error
  }
}
