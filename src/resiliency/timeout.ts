/**
 * A bound on the time of one attempt (dapr/dapr `pkg/resiliency/policy.go`).
 *
 * @module
 */
import type { Clock } from '../runtime.ts'
import { contextCanceled, deadlineExceeded } from './cancellation.ts'

/**
 * The outcome of a call, or `context deadline exceeded` as soon as the time is up, or `context canceled` as
 * soon as `signal` aborts. A late outcome is thrown away. The signal the call is given is aborted when the
 * caller no longer waits, and also once the call has ended, so that nothing goes on for its sake.
 *
 * @param milliseconds more than zero
 * @throws {StoreError} of kind `unavailable` with either text; an error of the call comes through unchanged
 */
export function withTimeout<Result>(
  milliseconds: number,
  clock: Pick<Clock, 'sleep'>,
  call: (signal: AbortSignal) => Result | Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(contextCanceled())
      return
    }
    const attempt = new AbortController()
    const end = (): void => {
      signal?.removeEventListener('abort', leave)
      attempt.abort()
    }
    // The caller is answered before the call hears of it: what the call then throws comes too late to win.
    const giveUp = (error: Error): void => {
      reject(error)
      end()
    }
    const leave = (): void => giveUp(contextCanceled())

    signal?.addEventListener('abort', leave)
    clock.sleep(milliseconds, attempt.signal).then(
      () => giveUp(deadlineExceeded()),
      () => undefined, // the call has ended
    )
    const running = async (): Promise<Result> => call(attempt.signal)
    running().then(resolve, reject).then(end)
  })
}
