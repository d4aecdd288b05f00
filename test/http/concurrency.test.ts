import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mapBounded } from '../../src/http/concurrency.ts'
import { fakeClock } from '../fakes/clock.ts'

describe('many calls, a few at a time', () => {
  it('keep the order of their items, never exceed the limit, and reach it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        async (delays, limit) => {
          const clock = fakeClock()
          let running = 0
          let most = 0
          const results = mapBounded([...delays.entries()], limit, async ([index, delay]) => {
            running += 1
            most = Math.max(most, running)
            await clock.sleep(delay)
            running -= 1
            return index
          })
          await clock.advance(1000)
          expect(await results).toEqual([...delays.keys()])
          expect(most).toBe(Math.min(limit, delays.length))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('take as long as the limit makes them', async () => {
    const clock = fakeClock()
    const start = clock.now()
    const done = mapBounded(Array.from({ length: 300 }), 10, () => clock.sleep(20)).then(() => clock.now())
    await clock.advance(10_000)
    expect((await done) - start).toBe(600)
  })

  it('fail with the first failure, at once, and none is started after it', async () => {
    const clock = fakeClock()
    const started: number[] = []
    const call = mapBounded([0, 1, 2, 3, 4, 5, 6, 7], 3, async (index) => {
      started.push(index)
      await clock.sleep(index === 1 ? 5 : 10)
      if (index > 0) throw new Error(`number ${index}`)
      return index
    }).then(
      () => undefined,
      (error: unknown) => ({ error, at: clock.now() }),
    )
    const start = clock.now()
    await clock.advance(1000)
    expect(await call).toEqual({ error: new Error('number 1'), at: start + 5 })
    expect(started).toEqual([0, 1, 2])
  })

  it.each([0, -1])('are one at a time with the limit %d', async (limit) => {
    expect(await mapBounded(['a', 'b'], limit, async (item) => item)).toEqual(['a', 'b'])
  })

  it('are none for no items', async () => {
    expect(await mapBounded([], 3, async () => 1)).toEqual([])
  })

  it('fail when one throws before it waits', async () => {
    await expect(
      mapBounded([1, 2], 1, () => {
        throw new Error('at once')
      }),
    ).rejects.toThrow('at once')
  })
})
