/**
 * A store with everything that is decided once: its scope, its policy, its caches.
 *
 * @module
 */
import type { SecretScope } from '../access/scope.ts'
import { scopeDecision } from '../access/scope.ts'
import type { Policy } from '../resiliency/policies.ts'
import type {
  BulkRequest,
  BulkSecrets,
  NamedStore,
  RequestMetadata,
  Secret,
  SecretRequest,
} from '../stores/store.ts'
import type { CacheRuntime } from './cache.ts'
import type { Caches } from './caches.ts'
import { createCaches } from './caches.ts'
import { remember } from './remember.ts'
import type { ReadSettings } from './settings.ts'

/** A store, and how it is read: without settings, nothing of it is cached. */
export interface ReadStore extends NamedStore {
  readonly settings?: ReadSettings
}

/**
 * What may be done with a name: `undecided` where no scope forbids it, but the store may take it for another
 * secret than the one it looks like.
 */
export type Decision = 'allowed' | 'denied' | 'undecided'

/** What reads are made from. */
export interface Source {
  /** Decided on the canonical name. */
  decide(name: string): Decision
  isPinned(metadata: RequestMetadata): boolean
  /** `undefined` where nothing is cached. */
  readonly caches: Caches | undefined
  /** Asks the store, under its policy. */
  getSecret(request: SecretRequest): Secret | Promise<Secret>
  /** Asks the store for what its scope allows, under its policy. */
  getBulkSecret(request: BulkRequest): Promise<BulkSecrets | undefined>
}

/** Puts a source together. */
export function createSource(
  { store, driver, settings }: ReadStore,
  scope: SecretScope | undefined,
  policy: Policy | undefined,
  runtime: CacheRuntime,
): Source {
  const canonical = (name: string): string | undefined => driver.canonical(name)
  const isAllowed = scopeDecision(scope, canonical)
  const isAllowedAsListed = (name: string): boolean => isAllowed(canonical(name))
  const decide = (name: string): Decision => {
    const known = canonical(name)
    if (!isAllowed(known)) return 'denied'
    return known === undefined ? 'undecided' : 'allowed'
  }
  const filter = scope === undefined ? {} : { isAllowed: isAllowedAsListed }
  return {
    // Neither a scope nor what a name stands for ever changes, and telling takes longer than the rest of a cached read.
    decide: remember(decide),
    isPinned: (metadata) => driver.isPinned?.(metadata) ?? false,
    caches: settings?.cache && createCaches(settings.cache, runtime),

    getSecret(request) {
      if (policy === undefined) return store.getSecret(request)
      return policy.run((signal) => store.getSecret({ ...request, signal }), request.signal)
    },

    async getBulkSecret(request) {
      const secrets =
        policy === undefined
          ? await store.getBulkSecret({ ...request, ...filter })
          : await policy.run(
              (signal) => store.getBulkSecret({ ...request, ...filter, signal }),
              request.signal,
            )
      return secrets === undefined ? undefined : only(secrets, isAllowedAsListed)
    },
  }
}

/** What the scope leaves of a bulk read; the store's own map when it leaves everything. */
function only(secrets: BulkSecrets, isAllowed: (name: string) => boolean): BulkSecrets {
  const denied = [...secrets.keys()].filter((name) => !isAllowed(name))
  if (denied.length === 0) return secrets
  const allowed = new Map(secrets)
  for (const name of denied) allowed.delete(name)
  return allowed
}
