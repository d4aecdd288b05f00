import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Breaker, BreakerError, createBreaker } from '../../src/resiliency/breaker.ts'
import type { CircuitBreakerPolicy } from '../../src/resiliency/policy.ts'
import { parseTrip } from '../../src/resiliency/trip-syntax.ts'
import { StoreError } from '../../src/secret-error.ts'
import { fakeClock } from '../fakes/clock.ts'

const policy: CircuitBreakerPolicy = { name: 'cb', maxRequests: 1, interval: 0, timeout: 60_000 }
const twice: CircuitBreakerPolicy = { ...policy, trip: parseTrip('consecutiveFailures >= 2') }

const succeed = async () => 'value'
const fail = async () => {
  throw new StoreError('not-found', 'secret nope not found')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function outcome(breaker: Breaker, call: () => Promise<string>): Promise<string> {
  return breaker.run(call).catch(messageOf)
}

async function failTimes(breaker: Breaker, times: number): Promise<void> {
  for (let index = 0; index < times; index += 1) await outcome(breaker, fail)
}

/** A call that ends when it is told to. */
function pendingCall() {
  let resolve: (value: string) => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<string>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { call: () => promise, resolve, reject }
}

describe('createBreaker', () => {
  it('passes results and errors through unchanged while closed', async () => {
    const breaker = createBreaker(policy, fakeClock())
    const error = new Error('vendor')
    await expect(breaker.run(succeed)).resolves.toBe('value')
    await expect(breaker.run(() => Promise.reject(error))).rejects.toBe(error)
  })

  it('opens by default after more than five failures in a row, not-found included', async () => {
    const breaker = createBreaker(policy, fakeClock())
    await failTimes(breaker, 5)
    expect(await outcome(breaker, succeed)).toBe('value')
    await failTimes(breaker, 5)
    expect(await outcome(breaker, fail)).toBe('secret nope not found')
    expect(await outcome(breaker, succeed)).toBe('circuit breaker is open')
  })

  it('makes no call while open, and says so with an unavailable StoreError', async () => {
    const breaker = createBreaker(twice, fakeClock())
    await failTimes(breaker, 2)
    let calls = 0
    const refused = breaker.run(async () => {
      calls += 1
    })
    await expect(refused).rejects.toBeInstanceOf(BreakerError)
    await expect(refused).rejects.toMatchObject({ name: 'StoreError', kind: 'unavailable', retryable: true })
    expect(calls).toBe(0)
  })

  it('never opens when trip has no value', async () => {
    const breaker = createBreaker(
      { ...policy, trip: parseTrip('requests / totalSuccesses > 0') },
      fakeClock(),
    )
    await failTimes(breaker, 20)
    expect(await outcome(breaker, succeed)).toBe('value')
  })

  it('gives trip all counters, and asks it only after a failure', async () => {
    const trip = parseTrip(
      'requests == 4 && totalSuccesses == 2 && totalFailures == 2 && consecutiveFailures == 1 && consecutiveSuccesses == 0',
    )
    const breaker = createBreaker({ ...policy, trip }, fakeClock())
    for (const call of [fail, succeed, succeed, fail]) await outcome(breaker, call)
    expect(await outcome(breaker, succeed)).toBe('circuit breaker is open')

    const always = createBreaker({ ...policy, trip: parseTrip('true') }, fakeClock())
    expect(await outcome(always, succeed)).toBe('value')
    expect(await outcome(always, succeed)).toBe('value')
  })

  it('stays open up to and including its timeout', async () => {
    const clock = fakeClock()
    const breaker = createBreaker(twice, clock)
    await failTimes(breaker, 2)
    clock.jump(60_000)
    expect(await outcome(breaker, succeed)).toBe('circuit breaker is open')
    clock.jump(1)
    expect(await outcome(breaker, succeed)).toBe('value')
  })

  it('stays open for 60 seconds and tries once when the policy says zero', async () => {
    const clock = fakeClock()
    const breaker = createBreaker({ ...twice, timeout: 0, maxRequests: 0 }, clock)
    await failTimes(breaker, 2)
    clock.jump(60_000)
    expect(await outcome(breaker, succeed)).toBe('circuit breaker is open')
    clock.jump(1)
    const trial = pendingCall()
    const running = outcome(breaker, trial.call)
    expect(await outcome(breaker, succeed)).toBe('too many requests')
    trial.resolve('trial')
    expect(await running).toBe('trial')
    expect(await outcome(breaker, fail)).toBe('secret nope not found')
    expect(await outcome(breaker, succeed)).toBe('value')
  })

  it('opens again on one failed trial', async () => {
    const clock = fakeClock()
    const breaker = createBreaker({ ...twice, maxRequests: 3 }, clock)
    await failTimes(breaker, 2)
    clock.jump(60_001)
    expect(await outcome(breaker, succeed)).toBe('value')
    expect(await outcome(breaker, fail)).toBe('secret nope not found')
    expect(await outcome(breaker, succeed)).toBe('circuit breaker is open')
    clock.jump(60_000)
    expect(await outcome(breaker, succeed)).toBe('circuit breaker is open')
  })

  it('closes after as many successes in a row as trials are allowed', async () => {
    const clock = fakeClock()
    const changes: string[] = []
    const breaker = createBreaker({ ...twice, maxRequests: 2 }, clock, (from, to) =>
      changes.push(`${from} to ${to}`),
    )
    await failTimes(breaker, 2)
    clock.jump(60_001)
    const first = pendingCall()
    const second = pendingCall()
    const running = [outcome(breaker, first.call), outcome(breaker, second.call)]
    expect(await outcome(breaker, succeed)).toBe('too many requests')
    first.resolve('first')
    await running[0]
    expect(await outcome(breaker, succeed)).toBe('too many requests')
    second.resolve('second')
    await running[1]
    expect(await outcome(breaker, succeed)).toBe('value')
    expect(changes).toEqual(['closed to open', 'open to half-open', 'half-open to closed'])
  })

  it('forgets its counts when an interval is over', async () => {
    const clock = fakeClock()
    const breaker = createBreaker({ ...twice, interval: 10_000 }, clock)
    await failTimes(breaker, 1)
    clock.jump(10_001)
    await failTimes(breaker, 1)
    expect(await outcome(breaker, succeed)).toBe('value')
    await failTimes(breaker, 2)
    expect(await outcome(breaker, succeed)).toBe('circuit breaker is open')
  })

  it('begins its first interval with its first call', async () => {
    const clock = fakeClock(0)
    const breaker = createBreaker({ ...twice, interval: 10_000 }, clock)
    clock.jump(1_000_000)
    await failTimes(breaker, 1)
    clock.jump(10_000)
    await failTimes(breaker, 1)
    expect(await outcome(breaker, succeed)).toBe('circuit breaker is open')
  })

  it('ignores a result that arrives in a later state', async () => {
    const clock = fakeClock()
    const breaker = createBreaker(twice, clock)
    const late = pendingCall()
    const running = outcome(breaker, late.call)
    await failTimes(breaker, 2)
    clock.jump(60_001)
    const trial = pendingCall()
    const trying = outcome(breaker, trial.call)
    late.resolve('late')
    expect(await running).toBe('late')
    expect(await outcome(breaker, succeed)).toBe('too many requests')
    trial.resolve('trial')
    expect(await trying).toBe('trial')
    expect(await outcome(breaker, succeed)).toBe('value')
  })

  it('ignores a failure from before its counts were forgotten', async () => {
    const clock = fakeClock()
    const breaker = createBreaker({ ...twice, interval: 10_000 }, clock)
    const late = pendingCall()
    const running = outcome(breaker, late.call)
    clock.jump(10_001)
    await failTimes(breaker, 1)
    late.reject(new Error('late'))
    await running
    expect(await outcome(breaker, succeed)).toBe('value')
  })

  it('does not stay open longer when the wall clock is set back', async () => {
    const clock = fakeClock()
    const breaker = createBreaker(twice, clock)
    await failTimes(breaker, 2)
    clock.jump(-3_600_000)
    expect(await outcome(breaker, succeed)).toBe('circuit breaker is open')
    clock.jump(60_001)
    expect(await outcome(breaker, succeed)).toBe('value')
  })

  it('agrees with a plain model for any sequence of calls, endings and pauses', async () => {
    await fc.assert(
      fc.asyncProperty(settings, fc.array(steps, { maxLength: 60 }), async (setting, script) => {
        const clock = fakeClock(0)
        const { failures, ...rest } = setting
        const breaker = createBreaker(
          { name: 'cb', ...rest, trip: parseTrip(`consecutiveFailures >= ${failures}`) },
          clock,
        )
        const model = new Model(setting)
        const running: { call: ReturnType<typeof pendingCall>; done: Promise<string>; entered: number }[] = []
        for (const step of script) {
          if (step.do === 'wait') {
            clock.jump(step.milliseconds)
          } else if (step.do === 'start') {
            const call = pendingCall()
            const done = outcome(breaker, call.call)
            const answer = model.start(clock.now())
            if (typeof answer === 'string') expect(await done).toBe(answer)
            else running.push({ call, done, entered: answer })
          } else {
            const [ended] = running.splice(step.which % Math.max(1, running.length), 1)
            if (ended === undefined) continue
            if (step.success) ended.call.resolve('fine')
            else ended.call.reject(new Error('bad'))
            expect(await ended.done).toBe(step.success ? 'fine' : 'bad')
            model.end(ended.entered, step.success, clock.now())
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

const settings = fc.record({
  failures: fc.integer({ min: 1, max: 3 }),
  maxRequests: fc.integer({ min: 1, max: 3 }),
  interval: fc.constantFrom(0, 20),
  timeout: fc.constantFrom(5, 10),
})

type Step =
  | { do: 'start' }
  | { do: 'end'; which: number; success: boolean }
  | { do: 'wait'; milliseconds: number }

const steps = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  { weight: 4, arbitrary: fc.constant({ do: 'start' }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('end'), which: fc.nat(9), success: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait'), milliseconds: fc.constantFrom(1, 5, 6, 10, 11, 21) }),
  },
)

/** A breaker as a log of what was let through since the last change, from which everything is recounted. */
class Model {
  private readonly setting: { failures: number; maxRequests: number; interval: number; timeout: number }
  private state: 'closed' | 'open' | 'half-open' = 'closed'
  private since: number | undefined
  private period = 0
  private admitted = 0
  private results: boolean[] = []

  constructor(setting: { failures: number; maxRequests: number; interval: number; timeout: number }) {
    this.setting = setting
  }

  /** The period the call belongs to, or why it is refused. */
  start(now: number): number | string {
    this.since ??= now
    this.look(now)
    if (this.state === 'open') return 'circuit breaker is open'
    if (this.state === 'half-open' && this.admitted === this.setting.maxRequests) return 'too many requests'
    this.admitted += 1
    return this.period
  }

  end(period: number, success: boolean, now: number): void {
    this.look(now)
    if (period !== this.period) return
    this.results.push(success)
    const streak = this.results.length - 1 - this.results.lastIndexOf(!success)
    if (this.state === 'closed' && !success && streak >= this.setting.failures) this.change('open', now)
    else if (this.state === 'half-open' && !success) this.change('open', now)
    else if (this.state === 'half-open' && streak >= this.setting.maxRequests) this.change('closed', now)
  }

  private look(now: number): void {
    const age = now - (this.since ?? now)
    if (this.state === 'open' && age > this.setting.timeout) this.change('half-open', now)
    if (this.state === 'closed' && this.setting.interval > 0 && age > this.setting.interval)
      this.change('closed', now)
  }

  private change(state: 'closed' | 'open' | 'half-open', now: number): void {
    this.state = state
    this.since = now
    this.period += 1
    this.admitted = 0
    this.results = []
  }
}
