/**
 * The cache against a plain record of what really happened: random reads, rotations, failures and time.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cached, Freshness } from '../../src/read/cache.ts'
import { createCache } from '../../src/read/cache.ts'
import type { CacheSettings } from '../../src/read/settings.ts'
import type { SecretErrorKind } from '../../src/secret-error.ts'
import { StoreError } from '../../src/secret-error.ts'
import { fakeClock } from '../fakes/clock.ts'

const settings: CacheSettings = {
  ttl: 60_000,
  negativeTtl: 5000,
  maxStale: 900_000,
  entries: 3,
  bytes: 100_000,
}

type Health = 'healthy' | SecretErrorKind

type Step =
  | { readonly kind: 'read'; readonly key: string; readonly freshness: Freshness }
  | { readonly kind: 'health'; readonly health: Health }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'rotate'; readonly key: string }
  | { readonly kind: 'advance' | 'freeze'; readonly milliseconds: number }
  | { readonly kind: 'set back' }

const keys = ['a', 'b', 'c'] as const
const key = fc.constantFrom(...keys)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      key,
      freshness: fc.constantFrom<Freshness>('cached', 'cached', 'cached', 'latest'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('health' as const),
      health: fc.constantFrom<Health>(
        ...(['healthy', 'healthy', 'healthy', 'unavailable', 'throttled', 'not-found', 'denied'] as const),
        ...(['unauthenticated', 'invalid'] as const),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('delay' as const),
      milliseconds: fc.constantFrom(0, 0, 300, 1500, 4000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rotate' as const), key }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('advance' as const, 'advance' as const, 'freeze' as const),
      milliseconds: fc.constantFrom(1, 500, 999, 2000, 6000, 58_000, 70_000, 600_000, 880_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'set back' as const }) },
)

/** What the store gave: which secret, which version of it, in which call and when that began. */
interface Value {
  readonly call: number
  readonly key: string
  readonly version: number
  readonly askedAt: number
}

/** Plays the steps. Gives what was violated, each rule once; nothing is when all is well. */
async function play(
  steps: readonly Step[],
  entries: number,
  random: () => number,
): Promise<ReadonlySet<string>> {
  const clock = fakeClock()
  const violated = new Set<string>()
  const versions = new Map<string, number>()
  const running = new Set<string>()
  const forcedAt = new Map<string, number>()
  /** The last call that said a key is gone or not for us, and when it did. */
  const revoked = new Map<string, { readonly call: number; readonly at: number }>()
  const reads: Promise<void>[] = []
  /** By how much the clock was set back in all: with it, the time that has really passed. */
  let setBack = 0
  let calls = 0
  let health: Health = 'healthy'
  let delay = 0
  let lastTrouble = never
  const realTime = () => clock.now() + setBack
  const hold = (isHeld: boolean, rule: string) => {
    if (!isHeld) violated.add(rule)
  }

  const traits = { sizeOf: () => 100, isMissing: () => false }
  const cache = createCache<Value>({ ...settings, entries }, { clock, random }, traits)

  async function load(name: string, freshness: Freshness, signal: AbortSignal): Promise<Value> {
    const askedAt = realTime()
    calls += 1
    const call = calls
    hold(!running.has(name), 'one call at a time for a key')
    running.add(name)
    if (freshness === 'latest') {
      // What had to make way for others is asked for again.
      const isSecondOver = askedAt - (forcedAt.get(name) ?? never) >= 1000 || entries < keys.length
      hold(isSecondOver, 'a key is forced once a second at most')
      forcedAt.set(name, askedAt)
    }
    const version = versions.get(name) ?? 0
    const outcome = health
    if (delay > 0) await clock.sleep(delay, signal)
    running.delete(name)
    if (outcome === 'healthy') return { key: name, version, call, askedAt }
    if (outcome !== 'unavailable' && outcome !== 'throttled') revoked.set(name, { call, at: realTime() })
    throw new StoreError(outcome, outcome)
  }

  async function read(name: string, freshness: Freshness): Promise<void> {
    const started = realTime()
    const version = versions.get(name) ?? 0
    const lastForced = forcedAt.get(name) ?? never
    // The store is well, nothing of an illness is remembered, and no call is on its way.
    const isWell = health === 'healthy' && delay <= 300 && !running.has(name) && started > lastTrouble + 6000
    let result: Cached<Value> | undefined
    try {
      result = await cache.read(name, {
        freshness,
        isPinned: false,
        signal: undefined,
        load: (signal) => load(name, freshness, signal),
      })
    } catch {
      // Whether it may fail is the next question.
    }
    if (isWell && lastTrouble < started) {
      hold(result !== undefined && result.source !== 'stale', 'a healthy store is what is answered')
      hold(result?.source !== 'store' || result.value.version >= version, 'a rotated value is seen')
    }
    if (result === undefined) return

    const { value, source, age } = result
    const trueAge = realTime() - value.askedAt
    hold(value.key === name, 'never a value of another key')
    const { call, at } = revoked.get(name) ?? { call: 0, at: never }
    // Within one instant a reader may hear of its value a few steps after the next call has ended.
    hold(value.call > call || at === realTime(), 'never a value from before it was gone or denied')
    hold(age === (source === 'store' ? 0 : trueAge), 'the age is true')
    hold(source !== 'cache' || trueAge < settings.ttl * 1.1, 'a cached value is younger than its TTL')
    hold(source !== 'stale' || trueAge < settings.maxStale, 'a stale value is younger than maxStale')
    if (freshness === 'latest') {
      hold(source !== 'stale', 'a forced read is never stale')
      const isLimited = started - lastForced < 1000
      hold(isLimited || value.askedAt >= started, 'a forced read joins no call from before it')
    }
  }

  for (const next of steps) {
    switch (next.kind) {
      case 'read':
        reads.push(read(next.key, next.freshness))
        await clock.advance(0)
        break
      case 'health':
        health = next.health
        lastTrouble = realTime()
        break
      case 'delay':
        delay = next.milliseconds
        lastTrouble = realTime()
        break
      case 'rotate':
        versions.set(next.key, (versions.get(next.key) ?? 0) + 1)
        break
      case 'advance':
        await clock.advance(next.milliseconds)
        break
      case 'freeze':
        // Calls on their way are late then, as they would be.
        clock.jump(next.milliseconds)
        if (running.size > 0) lastTrouble = realTime()
        break
      case 'set back':
        // Nobody could notice it behind the time that passed since the clock was last looked at.
        if (running.size === 0) {
          clock.jump(-day)
          setBack += day
          // The cache has forgotten everything, so it must ask.
          forcedAt.clear()
        }
        break
    }
  }
  await clock.advance(100_000)
  await Promise.all(reads)
  hold(clock.sleeping === 0, 'nothing is left that would keep a process alive')
  return violated
}

const never = Number.NEGATIVE_INFINITY

const day = 24 * 60 * 60 * 1000

describe('a cache, whatever happens', () => {
  it('never answers another key, a revoked value, or one past its age, and asks one call at a time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 10 }),
        fc.constantFrom(2, 3),
        async (steps, chances, entries) => {
          let turn = 0
          const violated = await play(steps, entries, () => (chances[turn++ % chances.length] ?? 0) / 100)
          expect([...violated]).toEqual([])
        },
      ),
      { numRuns: 300 },
    )
  })
})
