/**
 * How long what a store said may be used, and what may stand in for it when it says nothing.
 *
 * @module
 */
import type { SecretErrorKind } from '../secret-error.ts'
import { StoreError } from '../secret-error.ts'
import type { CacheSettings } from './settings.ts'

/** How a call of a store ended. */
export type Outcome<Value> = { readonly value: Value } | { readonly error: unknown }

/**
 * What an outcome says of the secret: its value; that there is none for us (not found, denied), which is worth
 * remembering for a moment; that something else is wrong with asking (unauthenticated, invalid); or nothing,
 * because the store was not reached or had no time, and only then may an old value stand in.
 */
export type Verdict = 'value' | 'absent' | 'refused' | 'unknown'

/** @param isMissing whether a value only says that there is none, as `local.env` does */
export function verdictOf<Value>(outcome: Outcome<Value>, isMissing: (value: Value) => boolean): Verdict {
  if ('value' in outcome) return isMissing(outcome.value) ? 'absent' : 'value'
  return verdicts[outcome.error instanceof StoreError ? outcome.error.kind : 'unavailable']
}

const verdicts: Readonly<Record<SecretErrorKind, Verdict>> = {
  'not-found': 'absent',
  denied: 'absent',
  unauthenticated: 'refused',
  invalid: 'refused',
  unavailable: 'unknown',
  throttled: 'unknown',
}

/**
 * Milliseconds for which a value is fresh, by a tenth more or less, so that what was read together is not read
 * again together. A pinned version never changes and stays fresh for as long as anything is kept.
 *
 * @param chance a number in [0, 1)
 */
export function freshFor({ ttl, maxStale }: CacheSettings, isPinned: boolean, chance: number): number {
  const longest = Math.max(ttl, maxStale)
  if (isPinned) return longest
  // The spread must not carry a value past a bound that was set.
  return maxStale === 0 ? spread(ttl, chance) : Math.min(spread(ttl, chance), longest)
}

/** `milliseconds`, by a tenth more or less. */
export function spread(milliseconds: number, chance: number): number {
  return milliseconds * (0.9 + 0.2 * chance)
}
