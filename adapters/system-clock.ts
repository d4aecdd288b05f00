/**
 * The machine's clock, on every target: `Date` and `setTimeout` are the same everywhere.
 *
 * @module
 */
import type { Clock } from '../src/runtime.ts'

/** Wall-clock time. A sleep that is aborted leaves no timer behind. */
export const systemClock: Clock = {
  now: Date.now,
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const stop = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', stop)
          resolve()
        },
        Math.min(milliseconds, longestTimer),
      )
      signal?.addEventListener('abort', stop, { once: true })
    }),
}

/** A longer `setTimeout` would fire at once; a wait of 24 days ends early instead. */
const longestTimer = 2 ** 31 - 1
