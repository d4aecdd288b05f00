import { describe, expect, it } from 'vitest'
import type { Cached, Freshness } from '../../src/read/cache.ts'
import { createCache } from '../../src/read/cache.ts'
import type { CacheSettings } from '../../src/read/settings.ts'
import { BreakerError } from '../../src/resiliency/breaker.ts'
import type { SecretErrorKind } from '../../src/secret-error.ts'
import { StoreError } from '../../src/secret-error.ts'
import { fakeClock } from '../fakes/clock.ts'

const defaults: CacheSettings = {
  ttl: 60_000,
  negativeTtl: 5000,
  maxStale: 900_000,
  entries: 10,
  bytes: 10_000,
}

interface Given extends Partial<CacheSettings> {
  readonly random?: () => number
  readonly isolatesRequests?: true
}

interface ReadOptions {
  readonly freshness?: Freshness
  readonly isPinned?: boolean
  readonly signal?: AbortSignal
}

/** A cache over a store whose answer, delay and failure a test sets. Every call takes the next number. */
function setUp({ random = () => 0.5, isolatesRequests, ...settings }: Given = {}) {
  const clock = fakeClock()
  const signals: AbortSignal[] = []
  const store = {
    delay: 0,
    failure: undefined as Error | undefined,
    calls: 0,
    running: 0,
    isMissing: false,
    isDeaf: false,
  }
  const runtime = { clock, random, ...(isolatesRequests && { isolatesRequests }) }
  const cache = createCache<string>({ ...defaults, ...settings }, runtime, {
    sizeOf: (value) => value.length,
    isMissing: () => store.isMissing,
  })

  async function load(signal: AbortSignal): Promise<string> {
    store.calls += 1
    store.running += 1
    signals.push(signal)
    const value = `value ${store.calls}`
    try {
      if (store.delay > 0) await clock.sleep(store.delay, store.isDeaf ? undefined : signal)
    } finally {
      store.running -= 1
    }
    if (store.failure !== undefined) throw store.failure
    return value
  }

  async function read(key = 'db', { freshness = 'cached', isPinned = false, signal }: ReadOptions = {}) {
    return cache.read(key, { freshness, isPinned, signal, load })
  }

  /** What a read gave, for a test that must let time pass meanwhile. */
  function reading(key?: string, options?: ReadOptions) {
    const state: { result?: Cached<string>; error?: unknown } = {}
    void read(key, options).then(
      (result) => {
        state.result = result
      },
      (error: unknown) => {
        state.error = error
      },
    )
    return state
  }

  return { clock, store, signals, read, reading }
}

const failure = (kind: SecretErrorKind) => new StoreError(kind, kind)

describe('a cached value', () => {
  it('is asked for once, and then no more until its TTL has passed', async () => {
    const { clock, store, read } = setUp()
    expect(await read()).toEqual({ value: 'value 1', age: 0, source: 'store' })
    await clock.advance(59_999)
    expect(await read()).toEqual({ value: 'value 1', age: 59_999, source: 'cache' })
    await clock.advance(1)
    expect(await read()).toEqual({ value: 'value 2', age: 0, source: 'store' })
    expect(store.calls).toBe(2)
  })

  it.each([
    [0, 54_000],
    [0.999_999, 65_999],
  ])('has a TTL that is spread by a tenth: with chance %d it is fresh after %d ms', async (chance, fresh) => {
    const { clock, read } = setUp({ random: () => chance })
    await read()
    await clock.advance(fresh - 1)
    expect((await read()).source).toBe('cache')
    await clock.advance(2)
    expect((await read()).source).toBe('store')
  })

  it('is not shared with another key', async () => {
    const { read } = setUp()
    expect([(await read('db')).value, (await read('DB')).value]).toEqual(['value 1', 'value 2'])
  })

  it('is told its age from when the call began', async () => {
    const { clock, store, read, reading } = setUp()
    store.delay = 400
    const first = reading()
    await clock.advance(400)
    expect(first.result).toEqual({ value: 'value 1', age: 0, source: 'store' })
    expect((await read()).age).toBe(400)
  })

  it('is gone when the clock was set back, since its age is not known', async () => {
    const { clock, read, store } = setUp()
    await read()
    clock.jump(-1)
    store.failure = failure('unavailable')
    await expect(read()).rejects.toBe(store.failure)
  })

  it('leaves no failure behind when the clock was set back either', async () => {
    const { clock, read, store } = setUp()
    store.failure = failure('not-found')
    await read('gone').catch(() => undefined)
    await read('db', { freshness: 'latest' }).catch(() => undefined)
    clock.jump(-1)
    store.failure = undefined
    expect((await read('gone')).source).toBe('store')
    expect((await read('db', { freshness: 'latest' })).source).toBe('store')
  })

  it('is too old at once when a frozen process wakes', async () => {
    const { clock, read, store } = setUp()
    await read()
    clock.jump(900_000)
    store.failure = failure('unavailable')
    await expect(read()).rejects.toBe(store.failure)
  })

  it('makes way for others by last use, while absent names only make way for each other', async () => {
    const { store, read } = setUp({ entries: 2 })
    await read('a')
    await read('b')
    store.failure = failure('not-found')
    for (let index = 0; index < 300; index += 1) await read(`random ${index}`).catch(() => undefined)
    store.failure = undefined
    expect((await read('a')).source).toBe('cache')
    await read('c')
    expect((await read('a')).source).toBe('cache')
    expect((await read('b')).source).toBe('store')
  })

  it('is not kept when it is larger than the bound', async () => {
    const { read } = setUp({ bytes: 50 })
    await read()
    expect((await read()).source).toBe('store')
  })
})

describe('concurrent reads', () => {
  it('share one call', async () => {
    const { store, read } = setUp()
    const results = await Promise.all(Array.from({ length: 1000 }, () => read()))
    expect(store.calls).toBe(1)
    expect(new Set(results.map(({ value, source }) => `${value} ${source}`))).toEqual(
      new Set(['value 1 store']),
    )
  })

  it('share its failure, which is not remembered', async () => {
    const { store, read } = setUp()
    store.failure = failure('unavailable')
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => read()))
    expect(results.every((result) => result.status === 'rejected' && result.reason === store.failure)).toBe(
      true,
    )
    expect(store.calls).toBe(1)
    store.failure = undefined
    expect((await read()).value).toBe('value 2')
  })

  it('make a call each where requests are isolated, and the value is shared', async () => {
    const { store, read } = setUp({ isolatesRequests: true })
    await Promise.all([read(), read(), read()])
    expect(store.calls).toBe(3)
    expect(await read()).toEqual({ value: 'value 3', age: 0, source: 'cache' })
  })

  it('do not let an earlier call overwrite what a later one brought', async () => {
    const { clock, store, reading, read } = setUp({ isolatesRequests: true })
    store.delay = 300
    reading()
    await clock.advance(100)
    store.delay = 100
    reading()
    await clock.advance(300)
    expect((await read()).value).toBe('value 2')
  })

  it('do not fail when one of them leaves, and give the call up when all have', async () => {
    const { clock, store, signals, reading } = setUp()
    store.delay = 500
    const [one, other] = [new AbortController(), new AbortController()]
    const [left, stays] = [reading('db', { signal: one.signal }), reading('db', { signal: other.signal })]
    await clock.advance(100)
    one.abort()
    await clock.advance(0)
    expect(left.error).toMatchObject({ kind: 'unavailable', message: 'context canceled' })
    expect(signals[0]?.aborted).toBe(false)
    other.abort()
    await clock.advance(0)
    expect(stays.error).toMatchObject({ message: 'context canceled' })
    expect(signals[0]?.aborted).toBe(true)
    // A reader who comes now does not inherit the end of a call that nobody wanted.
    const next = reading()
    await clock.advance(500)
    expect(next.result?.value).toBe('value 2')
  })
})

describe('a call that was given up', () => {
  it('is not mistaken for the next one when it ends after all', async () => {
    const { clock, store, reading } = setUp()
    store.isDeaf = true
    store.delay = 500
    const controller = new AbortController()
    reading('db', { signal: controller.signal })
    await clock.advance(100)
    controller.abort()
    await clock.advance(0)
    store.failure = failure('unavailable')
    reading()
    await clock.advance(400)
    store.failure = undefined
    const third = reading()
    await clock.advance(100)
    expect(store.calls).toBe(2)
    expect(third.result).toEqual({ value: 'value 2', age: 0, source: 'store' })
  })
})

describe('an absent secret', () => {
  it.each(['not-found', 'denied'] as const)(
    'that is %s is remembered for its own short time',
    async (kind) => {
      const { clock, store, read } = setUp()
      store.failure = failure(kind)
      for (let index = 0; index < 50; index += 1) await expect(read()).rejects.toBe(store.failure)
      expect(store.calls).toBe(1)
      store.failure = undefined
      await clock.advance(4999)
      await expect(read()).rejects.toMatchObject({ kind })
      await clock.advance(1)
      expect((await read()).value).toBe('value 2')
    },
  )

  it('that is answered with a value marked as missing is remembered as briefly', async () => {
    const { clock, store, read } = setUp()
    store.isMissing = true
    await read()
    expect(await read()).toEqual({ value: 'value 1', age: 0, source: 'cache' })
    await clock.advance(5000)
    expect((await read()).value).toBe('value 2')
  })

  it('is forgotten once there is a value, also when that is gone again', async () => {
    const { clock, store, read } = setUp()
    store.failure = failure('not-found')
    await read().catch(() => undefined)
    store.failure = undefined
    await read('db', { freshness: 'latest' })
    await clock.advance(1000)
    store.failure = failure('unauthenticated')
    await read('db', { freshness: 'latest' }).catch(() => undefined)
    await expect(read()).rejects.toBe(store.failure)
    expect(store.calls).toBe(4)
  })

  it('is not remembered when its time is 0', async () => {
    const { store, read } = setUp({ negativeTtl: 0 })
    store.failure = failure('not-found')
    await read().catch(() => undefined)
    await read().catch(() => undefined)
    expect(store.calls).toBe(2)
  })

  it.each(['unauthenticated', 'invalid', 'throttled'] as const)('is not what %s says', async (kind) => {
    const { store, read } = setUp()
    store.failure = failure(kind)
    await read().catch(() => undefined)
    await read().catch(() => undefined)
    expect(store.calls).toBe(2)
  })
})

describe('an old value', () => {
  it.each([
    ['is unavailable', failure('unavailable')],
    ['throttles', failure('throttled')],
    ['is behind an open breaker', new BreakerError('circuit breaker is open')],
    ['fails in a way nobody foresaw', new TypeError('hunter2')],
  ])('stands in while the store %s, until its hard age', async (_what, error) => {
    const { clock, store, read } = setUp()
    await read()
    store.failure = error
    await clock.advance(60_000)
    expect(await read()).toEqual({ value: 'value 1', age: 60_000, source: 'stale' })
    await clock.advance(839_999)
    expect((await read()).source).toBe('stale')
    await clock.advance(1)
    await expect(read()).rejects.toBe(error)
    store.failure = undefined
    expect((await read()).source).toBe('store')
  })

  it.each(['not-found', 'denied', 'unauthenticated', 'invalid'] as const)(
    'never stands in for %s, and is gone after it',
    async (kind) => {
      const { clock, store, read } = setUp()
      await read()
      await clock.advance(60_000)
      store.failure = failure(kind)
      await expect(read()).rejects.toBe(store.failure)
      await clock.advance(5500)
      store.failure = failure('unavailable')
      await expect(read()).rejects.toBe(store.failure)
    },
  )

  it('never stands in when maxStale is 0', async () => {
    const { clock, store, read } = setUp({ maxStale: 0 })
    await read()
    await clock.advance(60_000)
    store.failure = failure('unavailable')
    await expect(read()).rejects.toBe(store.failure)
  })

  it('does not stand in when its hard age came while the store was asked', async () => {
    const { clock, store, read, reading } = setUp()
    await read()
    await clock.advance(899_500)
    store.failure = failure('unavailable')
    store.delay = 900
    const late = reading()
    await clock.advance(900)
    expect(late.error).toBe(store.failure)
  })

  it('stands in for a slow store after a second, while the call goes on for whoever reads next', async () => {
    const { clock, store, signals, read, reading } = setUp()
    await read()
    await clock.advance(60_000)
    store.delay = 3000
    const first = reading()
    await clock.advance(999)
    expect(first.result).toBeUndefined()
    await clock.advance(1)
    expect(first.result).toEqual({ value: 'value 1', age: 61_000, source: 'stale' })
    // The next one need not wait to learn that the call is slow.
    const second = reading()
    await clock.advance(0)
    expect(second.result?.source).toBe('stale')
    expect(signals[1]?.aborted).toBe(false)
    await clock.advance(2000)
    expect(await read()).toEqual({ value: 'value 2', age: 3000, source: 'cache' })
    expect(store.calls).toBe(2)
  })

  it('waits for a call that somebody else began no longer than until that is slow', async () => {
    const { clock, store, read, reading } = setUp()
    await read()
    await clock.advance(60_000)
    store.delay = 3000
    reading('db', { freshness: 'latest' })
    await clock.advance(700)
    const joined = reading()
    await clock.advance(299)
    expect(joined).toEqual({})
    await clock.advance(1)
    expect(joined.result?.source).toBe('stale')
  })

  it('does not keep a call that never ends: it is given up when the last to need it leaves', async () => {
    const { clock, store, read, reading } = setUp()
    await read()
    await clock.advance(60_000)
    store.delay = Number.POSITIVE_INFINITY
    const covered = reading()
    await clock.advance(1000)
    expect(covered.result?.source).toBe('stale')
    await clock.advance(900_000)
    const controller = new AbortController()
    const waits = reading('db', { signal: controller.signal })
    await clock.advance(10_000)
    expect(waits).toEqual({})
    controller.abort()
    await clock.advance(0)
    store.delay = 0
    expect((await read()).source).toBe('store')
  })

  it('makes way for a new one that another request brought while this one’s call was slow', async () => {
    const { clock, store, read, reading } = setUp({ isolatesRequests: true })
    await read()
    await clock.advance(60_000)
    store.delay = 3000
    const slow = reading()
    await clock.advance(500)
    store.delay = 0
    await read()
    await clock.advance(500)
    expect(slow.result).toEqual({ value: 'value 3', age: 500, source: 'cache' })
  })

  it('leaves no sleep behind when the store was fast enough', async () => {
    const { clock, store, read, reading } = setUp()
    await read()
    await clock.advance(60_000)
    store.delay = 900
    const refreshed = reading()
    await clock.advance(900)
    expect(refreshed.result?.source).toBe('store')
    expect(clock.sleeping).toBe(0)
  })

  it('waits for a slow store after all when its hard age has come', async () => {
    const { clock, store, read, reading } = setUp({ maxStale: 60_500 })
    await read()
    await clock.advance(60_000)
    store.delay = 3000
    const late = reading()
    await clock.advance(2999)
    expect(late).toEqual({})
    await clock.advance(1)
    expect(late.result).toEqual({ value: 'value 2', age: 0, source: 'store' })
  })
})

describe('a defect', () => {
  it('is its readers’ error, and nobody waits for ever', async () => {
    const traits = {
      sizeOf: () => {
        throw new TypeError('not a map')
      },
      isMissing: () => false,
    }
    const cache = createCache<string>(defaults, { clock: fakeClock(), random: () => 0.5 }, traits)
    const read = { freshness: 'cached', isPinned: false, signal: undefined, load: () => 'value' } as const
    await expect(cache.read('db', read)).rejects.toThrow('not a map')
  })
})

describe('a pinned version', () => {
  it('is fresh until its hard age', async () => {
    const { clock, read } = setUp()
    await read('db', { isPinned: true })
    await clock.advance(899_999)
    expect((await read('db', { isPinned: true })).source).toBe('cache')
    await clock.advance(1)
    expect((await read('db', { isPinned: true })).source).toBe('store')
  })
})

describe('a read of the latest value', () => {
  const latest = { freshness: 'latest' } as const

  it('asks the store though a value is fresh, and what it brings is the new value', async () => {
    const { read } = setUp()
    await read()
    expect(await read('db', latest)).toEqual({ value: 'value 2', age: 0, source: 'store' })
    expect(await read()).toEqual({ value: 'value 2', age: 0, source: 'cache' })
  })

  it('asks at most once a second for a key', async () => {
    const { clock, store, read } = setUp()
    await read('db', latest)
    await clock.advance(999)
    expect(await read('db', latest)).toEqual({ value: 'value 1', age: 999, source: 'cache' })
    expect((await read('other', latest)).source).toBe('store')
    await clock.advance(1)
    expect((await read('db', latest)).value).toBe('value 3')
    expect(store.calls).toBe(3)
  })

  it('joins the call that another one made less than a second before, however long it takes', async () => {
    const { clock, store, reading } = setUp()
    store.delay = 1500
    const [first, second] = [reading('db', latest), reading('db', latest)]
    await clock.advance(1500)
    expect(second.result).toEqual({ value: 'value 1', age: 0, source: 'store' })
    expect(second.result).toEqual(first.result)
    expect(store.calls).toBe(1)
  })

  it('shares a failure for that second too', async () => {
    const { clock, store, read } = setUp()
    store.failure = failure('unavailable')
    await expect(read('db', latest)).rejects.toBe(store.failure)
    await expect(read('db', latest)).rejects.toBe(store.failure)
    expect(store.calls).toBe(1)
    store.failure = undefined
    await clock.advance(1000)
    expect((await read('db', latest)).value).toBe('value 2')
  })

  it('joins no call that began before it, and shares the next with all that waited', async () => {
    const { clock, store, reading } = setUp()
    store.delay = 100
    const plain = reading()
    await clock.advance(50)
    const waiting = [reading('db', latest), reading('db', latest), reading('db', latest)]
    await clock.advance(50)
    expect(plain.result?.value).toBe('value 1')
    expect(store.calls).toBe(2)
    await clock.advance(100)
    expect(waiting.map(({ result }) => result?.value)).toEqual(['value 2', 'value 2', 'value 2'])
    expect(store.calls).toBe(2)
  })

  it('is never answered with an old value, neither of a failing nor of a slow store', async () => {
    const { clock, store, read, reading } = setUp()
    await read()
    await clock.advance(60_000)
    store.failure = failure('unavailable')
    await expect(read('db', latest)).rejects.toBe(store.failure)
    expect((await read()).source).toBe('stale')
    await clock.advance(1000)
    store.failure = undefined
    store.delay = 2000
    const slow = reading('db', latest)
    await clock.advance(2000)
    expect(slow.result?.source).toBe('store')
  })

  it('that its reader left is no outcome for the next', async () => {
    const { clock, store, reading } = setUp()
    store.delay = 100
    const controller = new AbortController()
    reading('db', { ...latest, signal: controller.signal })
    await clock.advance(50)
    controller.abort()
    await clock.advance(0)
    const next = reading('db', latest)
    await clock.advance(100)
    expect(next.result?.source).toBe('store')
  })

  it('is not answered with what was known before while another request’s call is on its way', async () => {
    const { clock, store, read, reading } = setUp({ isolatesRequests: true })
    await read()
    store.failure = failure('not-found')
    await read('gone').catch(() => undefined)
    store.failure = undefined
    store.delay = 100
    const found = [reading('gone', latest), reading('gone', latest)]
    await clock.advance(100)
    expect(found.map(({ result }) => result?.source)).toEqual(['store', 'store'])
    const [one, other] = [reading('db', latest), reading('db', latest)]
    await clock.advance(100)
    expect([one.result?.source, other.result?.source]).toEqual(['store', 'store'])
    expect(await read('db', latest)).toEqual({ value: 'value 6', age: 100, source: 'cache' })
  })
})
