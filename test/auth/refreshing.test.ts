import { describe, expect, it } from 'vitest'
import type { Loaded } from '../../src/auth/refreshing.ts'
import { refreshing } from '../../src/auth/refreshing.ts'
import { fakeClock } from '../fakes/clock.ts'

const minute = 60_000

/** Loads that a test lets end one by one. */
function loads() {
  const started: {
    readonly signal: AbortSignal
    readonly succeed: (loaded: Loaded<string>) => void
    readonly fail: (error: Error) => void
  }[] = []
  const load = (signal: AbortSignal): Promise<Loaded<string>> =>
    new Promise((succeed, fail) => {
      started.push({ signal, succeed, fail })
    })
  return { started, load }
}

/** A source of numbered values that each live for `life` milliseconds. */
function numbered(life: number, clock = fakeClock()) {
  let count = 0
  const source = { isDown: false }
  const value = refreshing(
    async () => {
      if (source.isDown) throw new Error('down')
      count += 1
      return { value: `v${count}`, expiresAt: clock.now() + life }
    },
    { clock },
  )
  return { clock, value, source }
}

describe('a refreshing value', () => {
  it('is loaded once and kept', async () => {
    const { value, clock } = numbered(60 * minute)
    expect(await value.get()).toBe('v1')
    clock.jump(54 * minute)
    expect(await value.get()).toBe('v1')
  })

  it('is renewed five minutes before its end, or in the last quarter of a short life', async () => {
    const long = numbered(60 * minute)
    await long.value.get()
    long.clock.jump(55 * minute)
    expect(await long.value.get()).toBe('v2')
    const short = numbered(4 * minute)
    await short.value.get()
    short.clock.jump(3 * minute - 1)
    expect(await short.value.get()).toBe('v1')
    short.clock.jump(1)
    expect(await short.value.get()).toBe('v2')
  })

  it('is kept for ever when it does not expire', async () => {
    const clock = fakeClock()
    let count = 0
    const value = refreshing(async () => ({ value: ++count, expiresAt: undefined }), { clock })
    await value.get()
    clock.jump(365 * 24 * 60 * minute)
    expect(await value.get()).toBe(1)
  })

  it('is loaded again after it was refused, and not for refusing an older one', async () => {
    const { value } = numbered(60 * minute)
    value.refuse(await value.get())
    expect(await value.get()).toBe('v2')
    value.refuse('v1')
    expect(await value.get()).toBe('v2')
  })

  it('stays in use while renewing fails, until its end', async () => {
    const { value, clock, source } = numbered(60 * minute)
    await value.get()
    source.isDown = true
    clock.jump(56 * minute)
    expect(await value.get()).toBe('v1')
    clock.jump(4 * minute)
    await expect(value.get()).rejects.toThrow('down')
    source.isDown = false
    expect(await value.get()).toBe('v2')
  })

  it('does not ask again at once after renewing failed', async () => {
    const { value, clock, source } = numbered(60 * minute)
    await value.get()
    source.isDown = true
    clock.jump(56 * minute)
    await value.get()
    source.isDown = false
    clock.jump(9_999)
    expect(await value.get()).toBe('v1')
    clock.jump(1)
    expect(await value.get()).toBe('v2')
  })

  it('is not in use any more when it was refused while renewing failed', async () => {
    const { started, load } = loads()
    const clock = fakeClock()
    const value = refreshing(load, { clock })
    const first = value.get()
    started[0]?.succeed({ value: 'v1', expiresAt: clock.now() + 60 * minute })
    await first
    clock.jump(56 * minute)
    const renewing = value.get()
    value.refuse('v1')
    started[1]?.fail(new Error('down'))
    await expect(renewing).rejects.toThrow('down')
  })

  it('does not keep a failure', async () => {
    const { value, source } = numbered(60 * minute)
    source.isDown = true
    await expect(value.get()).rejects.toThrow('down')
    source.isDown = false
    expect(await value.get()).toBe('v1')
  })

  it('is loaded once for many callers', async () => {
    const { started, load } = loads()
    const value = refreshing(load, { clock: fakeClock() })
    const callers = [value.get(), value.get(), value.get()]
    expect(started.length).toBe(1)
    started[0]?.succeed({ value: 'v', expiresAt: undefined })
    expect(await Promise.all(callers)).toEqual(['v', 'v', 'v'])
  })

  it('does not fail for the others when one caller leaves', async () => {
    const { started, load } = loads()
    const value = refreshing(load, { clock: fakeClock() })
    const leaving = new AbortController()
    const left = value.get(leaving.signal)
    const stays = value.get()
    leaving.abort()
    await expect(left).rejects.toMatchObject({ kind: 'unavailable', message: 'context canceled' })
    expect(started[0]?.signal.aborted).toBe(false)
    started[0]?.succeed({ value: 'v', expiresAt: undefined })
    expect(await stays).toBe('v')
  })

  it('stops loading when the last caller leaves, and begins anew for the next', async () => {
    const { started, load } = loads()
    const value = refreshing(load, { clock: fakeClock() })
    const leaving = new AbortController()
    const left = value.get(leaving.signal)
    leaving.abort()
    await expect(left).rejects.toThrow('context canceled')
    expect(started[0]?.signal.aborted).toBe(true)
    const next = value.get()
    started[1]?.succeed({ value: 'new', expiresAt: undefined })
    expect(await next).toBe('new')
    started[0]?.succeed({ value: 'late', expiresAt: undefined })
    await Promise.resolve()
    await Promise.resolve()
    expect(await value.get()).toBe('new')
  })

  it('refuses a caller who has left already', async () => {
    const { started, load } = loads()
    const value = refreshing(load, { clock: fakeClock() })
    await expect(value.get(AbortSignal.abort())).rejects.toThrow('context canceled')
    expect(started.length).toBe(0)
  })

  it('shares values and no loads where requests are isolated', async () => {
    const { started, load } = loads()
    const value = refreshing(load, { clock: fakeClock(), isolatesRequests: true })
    const callers = [value.get(), value.get()]
    expect(started.length).toBe(2)
    started[0]?.succeed({ value: 'one', expiresAt: undefined })
    started[1]?.succeed({ value: 'two', expiresAt: undefined })
    expect(await Promise.all(callers)).toEqual(['one', 'two'])
    expect(await value.get()).toBe('two')
    expect(started.length).toBe(2)
  })
})
