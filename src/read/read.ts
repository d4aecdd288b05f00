/**
 * The one read path under every face: find the store, decide the scope, look into the cache, apply the store's
 * policy, ask it.
 *
 * Mirrors the order of checks of dapr/dapr `pkg/api/universal/secrets.go`. Faces (HTTP, Hono, gRPC, the typed
 * client) are views of it; no store, cache or scope is reached any other way.
 *
 * @module
 */
import type { SecretScope } from '../access/scope.ts'
import { goQuote } from '../go/quote.ts'
import type { Policies } from '../resiliency/policies.ts'
import type { SecretErrorKind } from '../secret-error.ts'
import { SecretError, StoreError } from '../secret-error.ts'
import type { BulkSecrets, RequestMetadata, Secret } from '../stores/store.ts'
import type { CacheRuntime, Freshness, ReadSource } from './cache.ts'
import { readKey } from './key.ts'
import type { ReadStore, Source } from './source.ts'
import { createSource } from './source.ts'

/** What every read says. */
export interface ReadContext {
  /** The secret store's component name. */
  readonly store: string
  readonly metadata: RequestMetadata
  /** The app id on whose behalf the read is made. */
  readonly caller: string
  /** Default `cached`. Nothing is cached where the store's settings do not say so. */
  readonly freshness?: Freshness
  readonly signal?: AbortSignal | undefined
}

/** A read of one secret. */
export interface ReadRequest extends ReadContext {
  /** The secret's name, decoded once. */
  readonly name: string
}

/** A read of all secrets of a store. */
export type ReadBulkRequest = ReadContext

/** Where an answer came from. */
export interface Origin {
  /** How long ago the store was asked for it, in milliseconds; 0 when it was asked for this read. */
  readonly age: number
  readonly source: ReadSource
  /** Whether the store has a cache, so that `age` and `source` can be anything but 0 and `store`. */
  readonly isCached: boolean
}

/** One secret, and where it came from. */
export interface ReadResult extends Secret, Origin {}

/** All secrets that the scope allows, and where they came from. */
export interface ReadBulkResult extends Origin {
  /** `undefined` where the store has no map at all. */
  readonly secrets: BulkSecrets | undefined
}

/** Reads secrets. */
export interface Reader {
  /** @throws {SecretError} with the reason as `kind` and daprd's wording as message */
  read(request: ReadRequest): Promise<ReadResult>
  /**
   * All secrets of a store that the scope allows. One that cannot be read fails it, as in daprd.
   *
   * @throws {SecretError} as `read` does; a scope never refuses a bulk read, it leaves names out
   */
  readBulk(request: ReadBulkRequest): Promise<ReadBulkResult>
}

/** What {@link createReader} reads from. */
export interface ReaderOptions {
  readonly stores: readonly ReadStore[]
  readonly scopes: readonly SecretScope[]
  readonly policies: Policies
  readonly runtime: CacheRuntime
}

/**
 * Makes the reader.
 *
 * @example
 * ```ts
 * const reader = createReader({ stores, scopes: configuration.secretScopes, policies, runtime })
 * const { values } = await reader.read({ store: 'vault', name: 'db', metadata: new Map(), caller: 'orders' })
 * ```
 */
export function createReader({ stores, scopes, policies, runtime }: ReaderOptions): Reader {
  const sources = new Map<string, Source>()
  for (const store of stores) {
    const scope = scopes.find(({ storeName }) => storeName === store.name)
    const policy = policies.for(store.name, store.driver.reads)
    sources.set(store.name, createSource(store, scope, policy, runtime))
  }

  return {
    async read({ store, name, metadata, signal, freshness = 'cached' }) {
      const source = sourceOf(store)
      const decision = source.decide(name)
      if (decision === 'denied') {
        const message = `access denied by policy to get ${goQuote(name)} from ${goQuote(store)}`
        throw new SecretError({ kind: 'denied', code: 'ERR_PERMISSION_DENIED', message })
      }
      try {
        if (decision === 'undecided') throw undecided()
        const { caches } = source
        if (caches === undefined) {
          const secret = await source.getSecret({ name, metadata, signal })
          return { ...secret, age: 0, source: 'store', isCached: false }
        }
        const key = readKey(name, metadata)
        const known = freshness === 'cached' ? caches.secrets.recall(key) : undefined
        const found =
          known ??
          (await caches.secrets.read(key, {
            freshness,
            isPinned: source.isPinned(metadata),
            signal,
            load: (shared) => source.getSecret({ name, metadata, signal: shared }),
          }))
        return { ...found.value, age: found.age, source: found.source, isCached: true }
      } catch (error) {
        throw failedRead(`failed getting secret with key ${name} from secret store ${store}`, error)
      }
    },

    async readBulk({ store, metadata, signal, freshness = 'cached' }) {
      const source = sourceOf(store)
      try {
        const { caches } = source
        if (caches === undefined) {
          const secrets = await source.getBulkSecret({ metadata, signal })
          return { secrets, age: 0, source: 'store', isCached: false }
        }
        const found = await caches.bulk.read(readKey('', metadata), {
          freshness,
          isPinned: false,
          signal,
          load: (shared) => source.getBulkSecret({ metadata, signal: shared }),
        })
        return { secrets: found.value, age: found.age, source: found.source, isCached: true }
      } catch (error) {
        throw failedRead(`failed getting secrets from secret store ${store}`, error)
      }
    },
  }

  function sourceOf(storeName: string): Source {
    const source = sources.get(storeName)
    if (source !== undefined) return source
    if (sources.size === 0) {
      const message = 'secret store is not configured'
      throw new SecretError({ kind: 'invalid', code: 'ERR_SECRET_STORES_NOT_CONFIGURED', message })
    }
    const message = `failed finding secret store with key ${storeName}`
    throw new SecretError({ kind: 'invalid', code: 'ERR_SECRET_STORE_NOT_FOUND', message })
  }
}

/** No call is made for a name that the vendor might take for another secret than the one it looks like. */
function undecided(): StoreError {
  return new StoreError('invalid', 'the store can have no secret of this name')
}

/** A store's own words travel; anything else may quote a value, so only the fact does. */
function failedRead(what: string, error: unknown): SecretError {
  const kind: SecretErrorKind = error instanceof StoreError ? error.kind : 'unavailable'
  const reason = error instanceof StoreError ? error.message : 'the store failed'
  return new SecretError({ kind, code: 'ERR_SECRET_GET', message: `${what}: ${reason}` })
}
