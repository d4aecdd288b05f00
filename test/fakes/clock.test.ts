import { describe, expect, it } from 'vitest'
import { fakeClock } from './clock.ts'

describe('fakeClock', () => {
  it('wakes sleeps at their own moment, earliest first, in the order they were made', async () => {
    const clock = fakeClock(0)
    const woken: string[] = []
    const nap = (name: string, milliseconds: number) =>
      clock.sleep(milliseconds).then(() => woken.push(`${name} at ${clock.now()}`))
    void nap('late', 300)
    void nap('early', 100)
    void nap('also early', 100)
    void nap('not yet', 301)
    await clock.advance(300)
    expect(woken).toEqual(['early at 100', 'also early at 100', 'late at 300'])
    expect(clock.sleeping).toBe(1)
    expect(clock.now()).toBe(300)
  })

  it('wakes a sleep that begins while time passes', async () => {
    const clock = fakeClock(0)
    let moments: number[] = []
    const work = async () => {
      for (let round = 0; round < 5; round += 1) {
        await clock.sleep(100)
        moments = [...moments, clock.now()]
      }
    }
    void work()
    await clock.advance(350)
    expect(moments).toEqual([100, 200, 300])
  })

  it('rejects a sleep with the reason of its signal, and forgets it', async () => {
    const clock = fakeClock()
    const controller = new AbortController()
    const nap = clock.sleep(100, controller.signal)
    expect(clock.sleeping).toBe(1)
    controller.abort(new Error('enough'))
    await expect(nap).rejects.toThrow('enough')
    expect(clock.sleeping).toBe(0)
    await expect(clock.sleep(100, controller.signal)).rejects.toThrow('enough')
  })

  it('jumps without waking anybody until time passes', async () => {
    const clock = fakeClock(0)
    let awake = false
    void clock.sleep(100).then(() => {
      awake = true
    })
    clock.jump(1000)
    expect(clock.now()).toBe(1000)
    expect(awake).toBe(false)
    await clock.advance(0)
    expect(awake).toBe(true)
    expect(clock.now()).toBe(1000)
  })
})
