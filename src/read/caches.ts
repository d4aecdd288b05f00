/**
 * What is kept of one store: its secrets, and its bulk answers.
 *
 * @module
 */
import type { BulkSecrets, Secret, SecretValues } from '../stores/store.ts'
import type { Cache, CacheRuntime } from './cache.ts'
import { createCache } from './cache.ts'
import { bytesOf } from './pool.ts'
import type { CacheSettings } from './settings.ts'

/** The caches of a store. */
export interface Caches {
  readonly secrets: Cache<Secret>
  /**
   * A bulk answer is one entry, without what the scope denies: scopes are the same for every caller. Once they
   * are not, it must be kept by caller.
   */
  readonly bulk: Cache<BulkSecrets | undefined>
}

/** Empty caches. Bulk answers are few and large: they have a pool of their own, bounded by the same bytes. */
export function createCaches(settings: CacheSettings, runtime: CacheRuntime): Caches {
  const bulkSettings = { ...settings, entries: Math.min(settings.entries, mostBulkEntries) }
  return {
    secrets: createCache(settings, runtime, {
      sizeOf: ({ values }) => bytesOfValues(values),
      isMissing: ({ missing }) => missing === true,
    }),
    bulk: createCache(bulkSettings, runtime, { sizeOf: bytesOfBulk, isMissing: () => false }),
  }
}

/** One for each way of asking for all secrets. */
const mostBulkEntries = 8

function bytesOfBulk(secrets: BulkSecrets | undefined): number {
  let bytes = 0
  for (const [name, values] of secrets ?? []) bytes += bytesOf(name) + bytesOfValues(values)
  return bytes
}

function bytesOfValues(values: SecretValues | undefined): number {
  let bytes = 0
  for (const [key, value] of values ?? []) bytes += bytesOf(key) + bytesOf(value)
  return bytes
}
