import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BreakerError } from '../../src/resiliency/breaker.ts'
import type { RetryPolicy } from '../../src/resiliency/policy.ts'
import { retryDelays, withRetry } from '../../src/resiliency/retry.ts'
import { fakeClock } from '../fakes/clock.ts'

const constant: RetryPolicy = {
  name: 'r',
  policy: 'constant',
  duration: 5000,
  maxInterval: 60_000,
  maxRetries: -1,
}
const exponential: RetryPolicy = { ...constant, policy: 'exponential' }

const middle = () => 0.5

function take(count: number, next: () => number | undefined): (number | undefined)[] {
  return Array.from({ length: count }, next)
}

describe('retryDelays', () => {
  it('repeats the duration of a constant policy for ever by default', () => {
    const clock = fakeClock()
    const next = retryDelays(constant, { clock, random: middle })
    clock.jump(86_400_000)
    expect(new Set(take(1000, next))).toEqual(new Set([5000]))
  })

  it('ends after maxRetries', () => {
    const clock = fakeClock()
    expect(take(3, retryDelays({ ...constant, maxRetries: 2 }, { clock, random: middle }))).toEqual([
      5000,
      5000,
      undefined,
    ])
    expect(take(1, retryDelays({ ...constant, maxRetries: 0 }, { clock, random: middle }))).toEqual([
      undefined,
    ])
    expect(take(2, retryDelays({ ...exponential, maxRetries: 1 }, { clock, random: middle }))).toEqual([
      500,
      undefined,
    ])
  })

  it('grows by half from 500 ms up to maxInterval', () => {
    const next = retryDelays({ ...exponential, maxInterval: 2000 }, { clock: fakeClock(), random: middle })
    expect(take(6, next)).toEqual([500, 750, 1125, 1687.5, 2000, 2000])
  })

  it('begins with 500 ms even when maxInterval is shorter', () => {
    const next = retryDelays({ ...exponential, maxInterval: 100 }, { clock: fakeClock(), random: middle })
    expect(take(3, next)).toEqual([500, 100, 100])
  })

  it('spreads each exponential pause by a half to either side, past maxInterval too', () => {
    const short = { ...exponential, maxInterval: 500 }
    expect(take(2, retryDelays(short, { clock: fakeClock(), random: () => 0 }))).toEqual([250, 250])
    expect(take(2, retryDelays(short, { clock: fakeClock(), random: () => 0.75 }))).toEqual([625, 625])
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (draw) => {
        const [first] = take(1, retryDelays(short, { clock: fakeClock(), random: () => draw }))
        expect(first).toBeGreaterThanOrEqual(250)
        expect(first).toBeLessThanOrEqual(750)
      }),
    )
  })

  it('never pauses past 15 minutes of an exponential policy', () => {
    const clock = fakeClock()
    const next = retryDelays(exponential, { clock, random: middle })
    clock.jump(15 * 60_000 - 500)
    expect(next()).toBe(500)
    expect(next()).toBeUndefined()
  })
})

describe('withRetry', () => {
  /** Fails so many times, then answers. */
  function flaky(failures: number) {
    const attempts: number[] = []
    const clock = fakeClock(0)
    const said: string[] = []
    return {
      attempts,
      clock,
      said,
      run: (policy: RetryPolicy, signal?: AbortSignal) =>
        withRetry(
          policy,
          { clock, random: middle },
          async () => {
            attempts.push(clock.now())
            if (attempts.length <= failures) throw new Error(`failure ${attempts.length}`)
            return 'value'
          },
          { failed: () => said.push('failed'), recovered: () => said.push('recovered') },
          signal,
        ),
    }
  }

  it('makes one attempt when that succeeds, and says nothing', async () => {
    const { attempts, clock, run, said } = flaky(0)
    await expect(run(constant)).resolves.toBe('value')
    expect(attempts).toEqual([0])
    expect(clock.sleeping).toBe(0)
    expect(said).toEqual([])
  })

  it('waits between attempts until one succeeds, and speaks once of each', async () => {
    const { attempts, clock, run, said } = flaky(3)
    const result = run(constant)
    await clock.advance(15_000)
    await expect(result).resolves.toBe('value')
    expect(attempts).toEqual([0, 5000, 10_000, 15_000])
    expect(said).toEqual(['failed', 'recovered'])
  })

  it('throws the last error, unchanged, when no attempt is left', async () => {
    const { attempts, clock, run, said } = flaky(Number.POSITIVE_INFINITY)
    const result = run({ ...constant, maxRetries: 2 })
    const rejection = expect(result).rejects.toThrow('failure 3')
    await clock.advance(60_000)
    await rejection
    expect(attempts).toEqual([0, 5000, 10_000])
    expect(said).toEqual(['failed'])
  })

  it('is silent and does not wait when maxRetries is 0', async () => {
    const { attempts, run, said } = flaky(1)
    await expect(run({ ...constant, maxRetries: 0 })).rejects.toThrow('failure 1')
    expect(attempts).toHaveLength(1)
    expect(said).toEqual([])
  })

  it('counts the time of the attempts towards the 15 minutes', async () => {
    const clock = fakeClock(0)
    let attempts = 0
    const slow = withRetry(
      exponential,
      { clock, random: middle },
      async () => {
        attempts += 1
        clock.jump(8 * 60_000)
        throw new Error(`failure ${attempts}`)
      },
      { failed: () => undefined, recovered: () => undefined },
    )
    const rejection = expect(slow).rejects.toThrow('failure 2')
    await clock.advance(1000)
    await rejection
  })

  it('stops waiting as soon as the caller leaves', async () => {
    const { attempts, clock, run } = flaky(Number.POSITIVE_INFINITY)
    const controller = new AbortController()
    const rejection = expect(run(constant, controller.signal)).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'unavailable',
      message: 'context canceled',
    })
    await clock.advance(6000)
    expect(clock.sleeping).toBe(1)
    controller.abort()
    await rejection
    expect(clock.sleeping).toBe(0)
    expect(attempts).toHaveLength(2)
  })

  it('says that the caller left when the last attempt fails after that', async () => {
    const { attempts, run, said } = flaky(1)
    await expect(run({ ...constant, maxRetries: 0 }, AbortSignal.abort())).rejects.toThrow('context canceled')
    expect(attempts).toHaveLength(1)
    expect(said).toEqual([])
  })

  it('ends at once when a breaker refuses', async () => {
    const clock = fakeClock()
    const refusal = new BreakerError('circuit breaker is open')
    const said: string[] = []
    const refused = withRetry(constant, { clock, random: middle }, () => Promise.reject(refusal), {
      failed: () => said.push('failed'),
      recovered: () => said.push('recovered'),
    })
    await expect(refused).rejects.toBe(refusal)
    expect(said).toEqual([])
  })
})
