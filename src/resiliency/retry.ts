/**
 * The repetition of a failed call: when, how often, and what ends it.
 *
 * Delays are those of dapr/kit `retry/retry.go` over cenkalti/backoff v4 `exponential.go`.
 *
 * @module
 */
import type { Runtime } from '../runtime.ts'
import { BreakerError } from './breaker.ts'
import { contextCanceled } from './cancellation.ts'
import type { RetryPolicy } from './policy.ts'

/** What a retry asks of its runtime. */
export type RetryRuntime = Pick<Runtime, 'clock' | 'random'>

/** Told of the first failure that is followed by another attempt, and of the success that follows it. */
export interface RetryObserver {
  failed(): void
  recovered(): void
}

/**
 * The outcome of the first attempt that succeeds, or the error of the last. Waiting ends when `signal`
 * aborts; a breaker that refuses the call ends the attempts.
 *
 * @throws {StoreError} `context canceled` when an attempt failed and `signal` has aborted; else what the
 * last attempt threw, unchanged
 */
export async function withRetry<Result>(
  policy: RetryPolicy,
  runtime: RetryRuntime,
  attempt: () => Promise<Result>,
  observer: RetryObserver,
  signal?: AbortSignal,
): Promise<Result> {
  const nextDelay = retryDelays(policy, runtime)
  for (let failures = 0; ; failures += 1) {
    try {
      const result = await attempt()
      if (failures > 0) observer.recovered()
      return result
    } catch (error) {
      if (error instanceof BreakerError) throw error
      if (signal?.aborted === true) throw contextCanceled()
      const delay = nextDelay()
      if (delay === undefined) throw error
      if (failures === 0) observer.failed()
      await pause(delay, runtime, signal)
    }
  }
}

/**
 * A function that answers with the next pause in milliseconds, and with `undefined` when no attempt is left.
 * The 15 minutes an exponential policy has in total start with this call.
 *
 * An exponential pause is 500 ms, then half as much again each time up to `maxInterval`, spread by a half to
 * either side; the spread comes last, so that a pause can exceed `maxInterval`.
 */
export function retryDelays(policy: RetryPolicy, { clock, random }: RetryRuntime): () => number | undefined {
  const start = clock.now()
  let retries = 0
  let interval = firstInterval
  return () => {
    if (policy.maxRetries >= 0 && retries >= policy.maxRetries) return undefined
    retries += 1
    if (policy.policy === 'constant') return policy.duration
    const delay = interval * (1 - spread + 2 * spread * random())
    interval = Math.min(interval * growth, policy.maxInterval)
    return clock.now() - start + delay > longestInTotal ? undefined : delay
  }
}

const firstInterval = 500
const growth = 1.5
const spread = 0.5
const longestInTotal = 15 * 60 * 1000

async function pause(milliseconds: number, { clock }: RetryRuntime, signal?: AbortSignal): Promise<void> {
  try {
    await clock.sleep(milliseconds, signal)
  } catch (error) {
    throw signal?.aborted === true ? contextCanceled() : error
  }
}
