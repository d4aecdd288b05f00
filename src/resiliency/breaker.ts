/**
 * A circuit breaker: the states and counts of sony/gobreaker v0.5.0 `gobreaker.go`, as daprd sets it up in
 * dapr/dapr `pkg/resiliency/breaker/circuitbreaker.go`.
 *
 * State changes are found out when a call begins or ends; there is no timer.
 *
 * @module
 */
import type { Clock } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'
import type { CircuitBreakerPolicy } from './policy.ts'
import { evaluateTrip, type TripCounter, type TripCounts } from './trip.ts'

/** `closed` lets every call through, `open` none, `half-open` as many trials as `maxRequests`. */
export type BreakerState = 'closed' | 'half-open' | 'open'

/** A breaker and the state it keeps between calls. */
export interface Breaker {
  /**
   * The outcome of the call, if the breaker lets it through.
   *
   * @throws {BreakerError} when it does not; an error of the call comes through unchanged
   */
  run<Result>(call: () => Promise<Result>): Promise<Result>
}

/** Told of each change of state. */
export type StateObserver = (from: BreakerState, to: BreakerState) => void

/** A refusal: the call was not made. */
export class BreakerError extends StoreError {
  constructor(reason: 'circuit breaker is open' | 'too many requests') {
    super('unavailable', reason)
  }
}

/** Whether an error that a call threw counts against the store. */
export type CountsAsFailure = (error: unknown) => boolean

/** Every error does, "not found" and a caller who left included, as in daprd. */
export const everyError: CountsAsFailure = () => true

/**
 * Every error but "not found" and "denied": with those the store has answered, and names that somebody makes up
 * must not close it to everyone.
 */
export const allButAnswers: CountsAsFailure = (error) =>
  !(error instanceof StoreError && (error.kind === 'not-found' || error.kind === 'denied'))

/**
 * A closed breaker. Its first `interval` begins with its first call.
 *
 * A closed breaker opens when `trip` holds after a failure. After `timeout` it is half open: a failure opens
 * it again, `maxRequests` successes in a row close it. A result that arrives after a change of state, or
 * after the counts were forgotten, is ignored.
 */
export function createBreaker(
  policy: CircuitBreakerPolicy,
  clock: Pick<Clock, 'now'>,
  onStateChange: StateObserver = () => undefined,
  countsAsFailure: CountsAsFailure = everyError,
): Breaker {
  // gobreaker's own defaults, for values that are not positive
  const maxRequests = policy.maxRequests > 0 ? policy.maxRequests : 1
  const interval = policy.interval > 0 ? policy.interval : Number.POSITIVE_INFINITY
  const timeout = policy.timeout > 0 ? policy.timeout : 60_000

  const elapsed = stopwatch(clock)
  let state: BreakerState = 'closed'
  let generation = 0
  let counts = noCounts()
  /** When the counts are forgotten or the open state ends, on the stopwatch. */
  let expiry = interval

  function begin(next: BreakerState, time: number): void {
    const previous = state
    state = next
    generation += 1
    counts = noCounts()
    expiry = time + { closed: interval, 'half-open': Number.POSITIVE_INFINITY, open: timeout }[next]
    if (next !== previous) onStateChange(previous, next)
  }

  /** Moves on to the state that holds now; its time is the answer. */
  function catchUp(): number {
    const time = elapsed()
    if (time > expiry) begin(state === 'open' ? 'half-open' : state, time)
    return time
  }

  function enter(): number {
    catchUp()
    if (state === 'open') throw new BreakerError('circuit breaker is open')
    if (state === 'half-open' && counts.requests >= maxRequests) throw new BreakerError('too many requests')
    counts.requests += 1
    return generation
  }

  function leave(entered: number, success: boolean): void {
    const time = catchUp()
    if (entered !== generation) return
    if (success) {
      counts.totalSuccesses += 1
      counts.consecutiveSuccesses += 1
      counts.consecutiveFailures = 0
      if (state === 'half-open' && counts.consecutiveSuccesses >= maxRequests) begin('closed', time)
    } else {
      counts.totalFailures += 1
      counts.consecutiveFailures += 1
      counts.consecutiveSuccesses = 0
      if (state === 'half-open' || trips(policy, counts)) begin('open', time)
    }
  }

  return {
    async run(call) {
      const entered = enter()
      let success = false
      try {
        const result = await call()
        success = true
        return result
      } catch (error) {
        success = !countsAsFailure(error)
        throw error
      } finally {
        leave(entered, success)
      }
    },
  }
}

function trips({ trip }: CircuitBreakerPolicy, counts: TripCounts): boolean {
  return trip === undefined ? counts.consecutiveFailures > 5 : evaluateTrip(trip, counts)
}

function noCounts(): Record<TripCounter, number> {
  return { requests: 0, totalSuccesses: 0, totalFailures: 0, consecutiveSuccesses: 0, consecutiveFailures: 0 }
}

/**
 * Milliseconds since its first reading. Never runs backwards: a wall clock that was set back would keep a
 * breaker open, and Go's time here is monotonic.
 */
function stopwatch(clock: Pick<Clock, 'now'>): () => number {
  let elapsed = 0
  let last: number | undefined
  return () => {
    const now = clock.now()
    elapsed += Math.max(0, now - (last ?? now))
    last = now
    return elapsed
  }
}
