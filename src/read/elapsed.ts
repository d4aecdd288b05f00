/**
 * Time that only goes forward, from a wall clock that may be set back.
 *
 * A wall clock goes on while a sandbox is frozen, which a monotonic one may not; so ages are told by it.
 *
 * @module
 */
import type { Clock } from '../runtime.ts'

/**
 * Milliseconds since the first reading. When the clock was set back since the last one, nobody knows how much
 * time has passed in between: the time stands still for that reading and `onSetBack` is told.
 */
export function elapsedTime(clock: Pick<Clock, 'now'>, onSetBack: () => void): () => number {
  let elapsed = 0
  let last: number | undefined
  return () => {
    const now = clock.now()
    if (last !== undefined && now < last) onSetBack()
    else elapsed += now - (last ?? now)
    last = now
    return elapsed
  }
}
