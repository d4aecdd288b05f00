/**
 * What one store has said, kept for a while: one call at a time for each key, old values for as long as the
 * store does not answer, and nothing past its hard age.
 *
 * No timers: whether something is too old is decided when it is asked for, so a sandbox that was frozen stays
 * right.
 *
 * @module
 */
import type { Runtime } from '../runtime.ts'
import { elapsedTime } from './elapsed.ts'
import type { Flight } from './flight.ts'
import { startFlight } from './flight.ts'
import type { Outcome } from './freshness.ts'
import { freshFor, spread, verdictOf } from './freshness.ts'
import type { PoolBounds } from './pool.ts'
import { bytesOf, createPool } from './pool.ts'
import type { CacheSettings } from './settings.ts'

/**
 * `cached` is content with a value within its TTL; `latest` wants what the store says now, or in the second
 * before.
 */
export type Freshness = 'cached' | 'latest'

/** Where a value came from: a call made for this read, the cache, or the cache past its TTL. */
export type ReadSource = 'store' | 'cache' | 'stale'

/** A value and how old it is. */
export interface Cached<Value> {
  readonly value: Value
  /** Milliseconds since the call that brought it began; 0 when it was made for this read. */
  readonly age: number
  readonly source: ReadSource
}

/** A read, and how to ask the store for it. */
export interface CacheRead<Value> {
  readonly freshness: Freshness
  /** Whether the value can never change. */
  readonly isPinned: boolean
  readonly signal: AbortSignal | undefined
  readonly load: (signal: AbortSignal) => Value | Promise<Value>
}

/** The cache of one store. */
export interface Cache<Value> {
  /**
   * The value under `key` when it is known and fresh: what `read` would give first, without a promise.
   *
   * @throws what the call threw, when that is remembered
   */
  recall(key: string): Cached<Value> | undefined
  /**
   * The value under `key`, from here or from the store.
   *
   * A `latest` read joins only calls that began after it, and waits for the one that did not. One key is asked
   * for that way once a second; further reads in that second share its outcome. An old value never stands in
   * for it: it was asked for because the old one no longer serves.
   *
   * @throws what the call threw, also when it is remembered; {@link StoreError} `context canceled` as soon as the
   * reader's signal aborts
   */
  read(key: string, read: CacheRead<Value>): Promise<Cached<Value>>
}

/** What a cache asks of its runtime. */
export type CacheRuntime = Pick<Runtime, 'clock' | 'random' | 'isolatesRequests'>

/** What a cache needs to know of its values. */
export interface ValueTraits<Value> {
  /** Bytes, about. */
  sizeOf(value: Value): number
  /** Whether it only says that there is none. */
  isMissing(value: Value): boolean
}

/** How often one key may be asked for by `latest` reads, in milliseconds. */
const forcedEvery = 1000

/** Absent secrets have a small pool of their own, so that random names cannot push values out. */
const negativeBounds: PoolBounds = { entries: 256, bytes: 256 * 1024 }

/** What is kept under a key. */
interface Entry<Known> {
  readonly known: Known
  /** The call that brought it. */
  readonly order: number
  readonly beganAt: number
  readonly freshFor: number
  readonly size: number
}

/** The last call that a `latest` read made. */
interface ForcedCall {
  readonly order: number
  readonly beganAt: number
  /** How it failed, once it has. */
  failure?: { readonly error: unknown }
}

/** An empty cache. */
export function createCache<Value>(
  settings: CacheSettings,
  runtime: CacheRuntime,
  { sizeOf, isMissing }: ValueTraits<Value>,
): Cache<Value> {
  const { clock, isolatesRequests = false } = runtime
  const values = createPool<Entry<Value>>(settings)
  const negatives = createPool<Entry<Outcome<Value>>>(negativeBounds)
  const flights = new Map<string, Flight<Value>>()
  const forced = new Map<string, ForcedCall>()
  let lastOrder = 0
  // A clock that was set back leaves no age known, so nothing is kept.
  const now = elapsedTime(clock, () => {
    values.clear()
    negatives.clear()
    forced.clear()
  })

  /** What is known and fresh, when it was brought by the call `since` or a later one. */
  function recall(key: string, since = 0): Cached<Value> | undefined {
    const time = now()
    const entry = values.get(key)
    if (entry !== undefined && isFresh(entry, time)) {
      return entry.order < since ? undefined : cached(entry.known, time - entry.beganAt)
    }
    const negative = negatives.get(key)
    if (negative === undefined || !isFresh(negative, time) || negative.order < since) return undefined
    if ('error' in negative.known) throw negative.known.error
    return cached(negative.known.value, time - negative.beganAt)
  }

  /** The value that stands in for a store that does not answer. */
  function standIn(key: string): Cached<Value> | undefined {
    const time = now()
    const entry = values.get(key)
    if (entry === undefined) return undefined
    const age = time - entry.beganAt
    // Another reader may have brought a new one meanwhile.
    if (isFresh(entry, time)) return cached(entry.known, age)
    return age < settings.maxStale ? { value: entry.known, age, source: 'stale' } : undefined
  }

  async function refresh(key: string, read: CacheRead<Value>): Promise<Cached<Value>> {
    const flight = flights.get(key) ?? begin(key, read)
    const inTime =
      standIn(key) === undefined ? await flight.wait(read.signal) : await flight.waitUnlessSlow(read.signal)
    if (inTime === 'slow') {
      const old = standIn(key)
      if (old !== undefined) return old
    }
    const outcome = inTime === 'slow' ? await flight.wait(read.signal) : inTime
    const old = verdictOf(outcome, isMissing) === 'unknown' ? standIn(key) : undefined
    return old ?? given(outcome)
  }

  async function latest(key: string, read: CacheRead<Value>): Promise<Cached<Value>> {
    const asked = lastOrder
    for (;;) {
      const last = lastForced(key)
      if (last?.failure !== undefined) throw last.failure.error
      const running = flights.get(key)
      if (running === undefined) {
        const known = last === undefined ? undefined : recall(key, last.order)
        return known ?? given(await begin(key, read, { isForced: true }).wait(read.signal))
      }
      if (running.order > asked || running.order === last?.order) {
        return given(await running.wait(read.signal))
      }
      await running.over(read.signal)
    }
  }

  function begin(
    key: string,
    { load, isPinned }: CacheRead<Value>,
    { isForced = false } = {},
  ): Flight<Value> {
    lastOrder += 1
    const order = lastOrder
    const flight = startFlight<Value>({
      order,
      now,
      clock,
      load,
      ended(outcome) {
        land(key, order)
        const last = forced.get(key)
        if (last?.order === order && 'error' in outcome) last.failure = outcome
        keep(key, flight, outcome, isPinned)
      },
      abandoned() {
        land(key, order)
        // That its readers have left is nobody else's outcome.
        if (forced.get(key)?.order === order) forced.delete(key)
      },
    })
    // A promise of one request must not be awaited by another there: each makes its own call.
    if (!isolatesRequests) flights.set(key, flight)
    if (isForced) rememberForced(key, flight)
    return flight
  }

  function land(key: string, order: number): void {
    if (flights.get(key)?.order === order) flights.delete(key)
  }

  /** Draws the conclusions of a call, unless a later one has. */
  function keep(
    key: string,
    { order, beganAt }: Flight<Value>,
    outcome: Outcome<Value>,
    isPinned: boolean,
  ): void {
    const verdict = verdictOf(outcome, isMissing)
    const known = values.get(key) ?? negatives.get(key)
    if (verdict === 'unknown' || (known !== undefined && known.order > order)) return
    values.delete(key)
    negatives.delete(key)
    const chance = runtime.random()
    if (verdict === 'value' && 'value' in outcome) {
      const size = sizeOf(outcome.value) + bytesOf(key)
      values.set(key, {
        known: outcome.value,
        order,
        beganAt,
        freshFor: freshFor(settings, isPinned, chance),
        size,
      })
    } else if (verdict === 'absent') {
      const size = bytesOf(key)
      negatives.set(key, {
        known: outcome,
        order,
        beganAt,
        freshFor: spread(settings.negativeTtl, chance),
        size,
      })
    }
  }

  function lastForced(key: string): ForcedCall | undefined {
    const last = forced.get(key)
    return last !== undefined && now() - last.beganAt < forcedEvery ? last : undefined
  }

  /** Those of more than a second ago are forgotten on the way, so that they never pile up. */
  function rememberForced(key: string, { order, beganAt }: Flight<Value>): void {
    for (const [oldKey, old] of forced) {
      if (beganAt - old.beganAt < forcedEvery) break
      forced.delete(oldKey)
    }
    forced.delete(key)
    forced.set(key, { order, beganAt })
  }

  return {
    recall: (key) => recall(key),
    async read(key, read) {
      return read.freshness === 'latest' ? latest(key, read) : (recall(key) ?? refresh(key, read))
    },
  }
}

function isFresh({ beganAt, freshFor }: Entry<unknown>, time: number): boolean {
  return time - beganAt < freshFor
}

function cached<Value>(value: Value, age: number): Cached<Value> {
  return { value, age, source: 'cache' }
}

/** What a call made for this very read gave. */
function given<Value>(outcome: Outcome<Value>): Cached<Value> {
  if ('error' in outcome) throw outcome.error
  return { value: outcome.value, age: 0, source: 'store' }
}
