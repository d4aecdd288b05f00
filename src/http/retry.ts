/**
 * The repetition of requests that a vendor asked to be repeated.
 *
 * @module
 */
import { withTimeout } from '../resiliency/timeout.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRequest, HttpClient } from './client.ts'
import type { HttpResponse } from './exchange.ts'
import { retryAfter } from './status.ts'

/** When and how long requests are repeated. */
export interface RetryingOptions {
  readonly runtime: Pick<Runtime, 'clock' | 'random'>
  /** For all attempts and the pauses between them, in milliseconds. Default 5000. */
  readonly timeout?: number
  /** Whether an answer asks for another attempt. Default: its status is 429 or 503. */
  readonly isBusy?: (response: HttpResponse) => boolean
}

/**
 * A client that repeats a request up to twice while the server is busy. It waits as long as `Retry-After` says,
 * else for a random part of 250 ms and then of 500 ms. An answer whose pause would outlast the time that is
 * left is given back at once.
 *
 * @example
 * ```ts
 * const client = retrying(httpClient({ origin, runtime }), { runtime })
 * ```
 */
export function retrying(client: HttpClient, options: RetryingOptions): HttpClient {
  const { runtime, timeout = 5000, isBusy = ({ status }) => status === 429 || status === 503 } = options
  const { clock, random } = runtime

  return {
    request: (request) =>
      withTimeout(timeout, clock, (signal) => repeat({ ...request, signal }, signal), request.signal),
  }

  async function repeat(request: ClientRequest, signal: AbortSignal): Promise<HttpResponse> {
    const end = clock.now() + timeout
    for (let repeats = 0; ; repeats += 1) {
      const response = await client.request(request)
      if (repeats === maxRepeats || !isBusy(response)) return response
      const now = clock.now()
      const pause = retryAfter(response, now) ?? random() * firstSpread * 2 ** repeats
      if (now + pause >= end) return response
      await clock.sleep(pause, signal)
    }
  }
}

const maxRepeats = 2
const firstSpread = 250
