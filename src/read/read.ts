/**
 * The one read path under every face: find the store, decide the scope, apply the store's policy, ask it.
 *
 * Mirrors the order of checks of dapr/dapr `pkg/api/universal/secrets.go`. Faces (HTTP, Hono, gRPC, the typed
 * client) are views of it; no store, cache or scope is reached any other way.
 *
 * @module
 */
import type { ScopeDecision, SecretScope } from '../access/scope.ts'
import { scopeDecision } from '../access/scope.ts'
import { goQuote } from '../go/quote.ts'
import type { Policies, Policy } from '../resiliency/policies.ts'
import type { SecretErrorKind } from '../secret-error.ts'
import { SecretError, StoreError } from '../secret-error.ts'
import type { BulkSecrets, NamedStore, RequestMetadata, Secret, SecretStore } from '../stores/store.ts'

/** What every read says. */
export interface ReadContext {
  /** The secret store's component name. */
  readonly store: string
  readonly metadata: RequestMetadata
  /** The app id on whose behalf the read is made. */
  readonly caller: string
  readonly signal?: AbortSignal | undefined
}

/** A read of one secret. */
export interface ReadRequest extends ReadContext {
  /** The secret's name, decoded once. */
  readonly name: string
}

/** A read of all secrets of a store. */
export type ReadBulkRequest = ReadContext

/** One secret, and where it came from. */
export interface ReadResult extends Secret {
  /** How long ago the store gave it, in milliseconds. */
  readonly age: number
  readonly source: 'store'
}

/** Reads secrets. */
export interface Reader {
  /** @throws {SecretError} with the reason as `kind` and daprd's wording as message */
  read(request: ReadRequest): Promise<ReadResult>
  /**
   * All secrets of a store that the scope allows; `undefined` where the store has no map at all.
   *
   * @throws {SecretError} as `read` does; a scope never refuses a bulk read, it leaves names out
   */
  readBulk(request: ReadBulkRequest): Promise<BulkSecrets | undefined>
}

/** What {@link createReader} reads from. */
export interface ReaderOptions {
  readonly stores: readonly NamedStore[]
  readonly scopes: readonly SecretScope[]
  readonly policies: Policies
}

/** A store with everything that is decided once. */
interface Source {
  readonly store: SecretStore
  readonly policy: Policy | undefined
  canonical(name: string): string
  readonly isAllowed: ScopeDecision
}

/**
 * Makes the reader.
 *
 * @example
 * ```ts
 * const reader = createReader({ stores, scopes: configuration.secretScopes, policies })
 * const { values } = await reader.read({ store: 'vault', name: 'db', metadata: new Map(), caller: 'orders' })
 * ```
 */
export function createReader({ stores, scopes, policies }: ReaderOptions): Reader {
  const sources = new Map<string, Source>()
  for (const { name, driver, store } of stores) {
    const scope = scopes.find(({ storeName }) => storeName === name)
    sources.set(name, {
      store,
      policy: policies.for(name),
      canonical: driver.canonical,
      isAllowed: scopeDecision(scope, driver.canonical),
    })
  }

  return {
    async read({ store: storeName, name, metadata, signal }) {
      const source = sourceOf(storeName)
      if (!source.isAllowed(source.canonical(name))) {
        const message = `access denied by policy to get ${goQuote(name)} from ${goQuote(storeName)}`
        throw new SecretError({ kind: 'denied', code: 'ERR_PERMISSION_DENIED', message })
      }
      try {
        const { store, policy } = source
        const secret =
          policy === undefined
            ? await store.getSecret({ name, metadata, signal })
            : await policy.run((attempt) => store.getSecret({ name, metadata, signal: attempt }), signal)
        return { ...secret, age: 0, source: 'store' }
      } catch (error) {
        throw failedRead(`failed getting secret with key ${name} from secret store ${storeName}`, error)
      }
    },

    async readBulk({ store: storeName, metadata, signal }) {
      const source = sourceOf(storeName)
      const { store, policy } = source
      let secrets: BulkSecrets | undefined
      try {
        secrets =
          policy === undefined
            ? await store.getBulkSecret({ metadata, signal })
            : await policy.run((attempt) => store.getBulkSecret({ metadata, signal: attempt }), signal)
      } catch (error) {
        throw failedRead(`failed getting secrets from secret store ${storeName}`, error)
      }
      return secrets === undefined ? undefined : allowedOf(secrets, source)
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

/** What the scope leaves of a bulk read; the store's own map when it leaves everything. */
function allowedOf(secrets: BulkSecrets, { canonical, isAllowed }: Source): BulkSecrets {
  const denied = [...secrets.keys()].filter((name) => !isAllowed(canonical(name)))
  if (denied.length === 0) return secrets
  const allowed = new Map(secrets)
  for (const name of denied) allowed.delete(name)
  return allowed
}

/** A store's own words travel; anything else may quote a value, so only the fact does. */
function failedRead(what: string, error: unknown): SecretError {
  const kind: SecretErrorKind = error instanceof StoreError ? error.kind : 'unavailable'
  const reason = error instanceof StoreError ? error.message : 'the store failed'
  return new SecretError({ kind, code: 'ERR_SECRET_GET', message: `${what}: ${reason}` })
}
