import { describe, expect, it } from 'vitest'
import { withTimeout } from '../../src/resiliency/timeout.ts'
import { fakeClock } from '../fakes/clock.ts'

const never = () => new Promise<never>(() => undefined)

describe('withTimeout', () => {
  it('answers with the result of a call in time, and leaves no sleep behind', async () => {
    const clock = fakeClock()
    const result = withTimeout(100, clock, () => clock.sleep(99).then(() => 'value'))
    await clock.advance(99)
    await expect(result).resolves.toBe('value')
    expect(clock.sleeping).toBe(0)
  })

  it('takes a call that answers without a promise', async () => {
    const clock = fakeClock()
    await expect(withTimeout(100, clock, () => 'value')).resolves.toBe('value')
    expect(clock.sleeping).toBe(0)
  })

  it('passes an error on unchanged, thrown or rejected, and leaves no sleep behind', async () => {
    const clock = fakeClock()
    const error = new Error('vendor')
    const thrown = () => {
      throw error
    }
    await expect(withTimeout(100, clock, thrown)).rejects.toBe(error)
    await expect(withTimeout(100, clock, () => Promise.reject(error))).rejects.toBe(error)
    expect(clock.sleeping).toBe(0)
  })

  it('answers context deadline exceeded when the time is up, and aborts the call', async () => {
    const clock = fakeClock()
    let seen: AbortSignal | undefined
    const rejection = expect(
      withTimeout(100, clock, (signal) => {
        seen = signal
        return never()
      }),
    ).rejects.toMatchObject({ name: 'StoreError', kind: 'unavailable', message: 'context deadline exceeded' })
    await clock.advance(99)
    expect(seen?.aborted).toBe(false)
    await clock.advance(1)
    expect(seen?.aborted).toBe(true)
    await rejection
  })

  it('says so even when the call throws its own error on being aborted', async () => {
    const clock = fakeClock()
    const obedient = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    const rejection = expect(withTimeout(100, clock, obedient)).rejects.toThrow('context deadline exceeded')
    await clock.advance(100)
    await rejection
  })

  it('throws a late result and a late error away', async () => {
    const clock = fakeClock()
    const late = withTimeout(100, clock, () => clock.sleep(500).then(() => 'late'))
    const lateError = withTimeout(100, clock, () =>
      clock.sleep(500).then(() => Promise.reject(new Error('late'))),
    )
    const rejections = Promise.all([
      expect(late).rejects.toThrow('context deadline exceeded'),
      expect(lateError).rejects.toThrow('context deadline exceeded'),
    ])
    // An unhandled rejection would fail the run.
    await clock.advance(1000)
    await rejections
  })

  it('answers context canceled as soon as the caller leaves', async () => {
    const clock = fakeClock()
    const controller = new AbortController()
    let seen: AbortSignal | undefined
    const left = withTimeout(
      100,
      clock,
      (signal) => {
        seen = signal
        return never()
      },
      controller.signal,
    )
    controller.abort()
    await expect(left).rejects.toMatchObject({ kind: 'unavailable', message: 'context canceled' })
    expect(seen?.aborted).toBe(true)
    expect(clock.sleeping).toBe(0)
  })

  it('makes no call for a caller who has left already', async () => {
    const clock = fakeClock()
    let calls = 0
    const left = withTimeout(100, clock, () => (calls += 1), AbortSignal.abort())
    await expect(left).rejects.toThrow('context canceled')
    expect(calls).toBe(0)
    expect(clock.sleeping).toBe(0)
  })
})
