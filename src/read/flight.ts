/**
 * One call of a store that several readers may wait for.
 *
 * @module
 */
import { contextCanceled } from '../resiliency/cancellation.ts'
import type { Clock } from '../runtime.ts'
import type { Outcome } from './freshness.ts'

/** Milliseconds after which a call is slow, and a reader that has an old value no longer waits. */
export const slowAfter = 1000

/** A call in progress. */
export interface Flight<Value> {
  /** Calls of one cache are numbered in the order in which they began. */
  readonly order: number
  /** When it began, on the cache's own time. */
  readonly beganAt: number
  /**
   * The outcome, for a reader. The call is given up when the last of its readers leaves.
   *
   * @throws {StoreError} `context canceled` as soon as `signal` aborts
   */
  wait(signal: AbortSignal | undefined): Promise<Outcome<Value>>
  /** As `wait`, for a reader that can do without a slow call. The call then goes on, for whoever reads next. */
  waitUnlessSlow(signal: AbortSignal | undefined): Promise<Outcome<Value> | 'slow'>
  /** Resolves when the call has ended or was given up; whoever waits for that does not keep it going. */
  over(signal: AbortSignal | undefined): Promise<void>
}

/** What a flight is made of. */
export interface FlightOptions<Value> {
  readonly order: number
  readonly now: () => number
  readonly clock: Pick<Clock, 'sleep'>
  /** The call. Its signal aborts when nobody waits any more, and once it has ended. */
  readonly load: (signal: AbortSignal) => Value | Promise<Value>
  /** Told of the outcome before any reader, also of a call that was given up. */
  readonly ended: (outcome: Outcome<Value>) => void
  /** Told when the call is given up. */
  readonly abandoned: () => void
}

/** Begins the call. Neither callback is called before this has returned. */
export function startFlight<Value>(options: FlightOptions<Value>): Flight<Value> {
  const { order, now, clock } = options
  const beganAt = now()
  const call = new AbortController()
  let readers = 0
  let isOver = false
  let slow: Promise<Outcome<Value> | 'slow'> | undefined

  let resolve: (outcome: Outcome<Value>) => void = () => undefined
  const outcome = new Promise<Outcome<Value>>((settle) => {
    resolve = settle
  })

  function end(result: Outcome<Value>): void {
    isOver = true
    resolve(result)
    call.abort()
  }

  async function run(): Promise<Outcome<Value>> {
    try {
      return { value: await options.load(call.signal) }
    } catch (error) {
      return { error }
    }
  }
  void run()
    .then((result) => {
      options.ended(result)
      end(result)
    })
    // What a defect threw is the readers' outcome: nobody must wait for ever.
    .catch((error: unknown) => end({ error }))

  /** One sleep for all readers; it ends with the call. */
  function untilSlow(): Promise<Outcome<Value> | 'slow'> {
    slow ??= clock.sleep(Math.max(0, slowAfter - (now() - beganAt)), call.signal).then(
      () => 'slow' as const,
      () => outcome,
    )
    return slow
  }

  async function asReader<Result>(result: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    readers += 1
    let goesOnAlone = false
    try {
      const known = await untilLeft(result, signal)
      goesOnAlone = known === 'slow'
      return known
    } finally {
      readers -= 1
      // Decided by the last reader, so that a call that never ends does not stay for ever.
      if (readers === 0 && !isOver && !goesOnAlone) {
        options.abandoned()
        end({ error: contextCanceled() })
      }
    }
  }

  return {
    order,
    beganAt,
    wait: (signal) => asReader(outcome, signal),
    waitUnlessSlow: (signal) => asReader(Promise.race([outcome, untilSlow()]), signal),
    async over(signal) {
      await untilLeft(outcome, signal)
    },
  }
}

/** The promise's outcome, or `context canceled` as soon as the signal aborts. */
function untilLeft<Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(contextCanceled())
    if (signal.aborted) {
      leave()
      return
    }
    signal.addEventListener('abort', leave)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
