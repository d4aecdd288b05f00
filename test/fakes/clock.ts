/**
 * A clock whose time a test moves.
 *
 * @module
 */
import type { Clock } from '../../src/runtime.ts'

/** A {@link Clock} that stands still until it is told otherwise. */
export interface FakeClock extends Clock {
  /**
   * Lets time pass: each sleep that falls due wakes at its own moment, earliest first, and what it leads to
   * (further sleeps included) has run before the next one wakes. When the promise resolves, all that could
   * happen by then has happened. `advance(0)` lets pending work run.
   */
  advance(milliseconds: number): Promise<void>
  /**
   * Moves the time at once without waking anybody, as for a process that was frozen; a negative number sets
   * the clock back. Sleeps that are overdue wake at the next `advance`.
   */
  jump(milliseconds: number): void
  /** How many sleeps are pending; 0 shows that nothing would keep a process alive. */
  readonly sleeping: number
}

/**
 * A clock that starts at `start` milliseconds since the epoch.
 *
 * @example
 * ```ts
 * const clock = fakeClock()
 * const nap = clock.sleep(1000)
 * await clock.advance(1000)
 * await nap
 * ```
 */
export function fakeClock(start = Date.UTC(2030, 0, 1)): FakeClock {
  let time = start
  let sleepers: Sleeper[] = []

  function takeEarliest(until: number): Sleeper | undefined {
    const due = sleepers.filter((sleeper) => sleeper.wakesAt <= until)
    const earliest = due.reduce<Sleeper | undefined>(
      (first, sleeper) => (first === undefined || sleeper.wakesAt < first.wakesAt ? sleeper : first),
      undefined,
    )
    sleepers = sleepers.filter((sleeper) => sleeper !== earliest)
    return earliest
  }

  return {
    now: () => time,
    sleep(milliseconds, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(signal.reason)
          return
        }
        const leave = (): void => {
          sleepers = sleepers.filter((sleeper) => sleeper !== self)
          reject(signal?.reason)
        }
        const self: Sleeper = {
          wakesAt: time + milliseconds,
          wake() {
            signal?.removeEventListener('abort', leave)
            resolve()
          },
        }
        signal?.addEventListener('abort', leave, { once: true })
        sleepers.push(self)
      })
    },
    async advance(milliseconds) {
      const until = time + milliseconds
      await pendingWork()
      for (let next = takeEarliest(until); next !== undefined; next = takeEarliest(until)) {
        time = Math.max(time, next.wakesAt)
        next.wake()
        await pendingWork()
      }
      time = until
    },
    jump(milliseconds) {
      time += milliseconds
    },
    get sleeping() {
      return sleepers.length
    },
  }
}

interface Sleeper {
  readonly wakesAt: number
  wake(): void
}

/** A macrotask: every promise that can settle has settled by then. */
function pendingWork(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
