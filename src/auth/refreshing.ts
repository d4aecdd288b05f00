/**
 * A value that expires (credentials, a token), loaded when it is first needed and again before it runs out.
 *
 * Nothing here runs by itself: whether to load is decided when somebody asks, so a process that was frozen for
 * an hour finds out on its first read.
 *
 * @module
 */
import type { Runtime } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'

/** What a load gives. */
export interface Loaded<Value> {
  readonly value: Value
  /** In milliseconds since the epoch; `undefined` when it is good until it is refused. */
  readonly expiresAt: number | undefined
}

/** A value that is there when it is asked for. */
export interface Refreshing<Value> {
  /**
   * The value, loaded if need be. Of several callers at once one load serves all; one who leaves fails alone.
   *
   * @throws what the load throws; a failed load is not kept, and is hidden while the old value is still good
   */
  get(signal?: AbortSignal): Promise<Value>
  /** Says that the vendor no longer takes this value: the next `get` loads another. Older ones are ignored. */
  refuse(value: Value): void
}

/**
 * A value that is renewed in the last quarter of its life, and no earlier than five minutes before its end.
 *
 * Where the runtime isolates requests, values are shared and loads are not.
 *
 * @param load its signal aborts when nobody waits any more
 *
 * @example
 * ```ts
 * const token = refreshing(async (signal) => {
 *   const { id, seconds } = await logIn(signal)
 *   return { value: id, expiresAt: runtime.clock.now() + seconds * 1000 }
 * }, runtime)
 * await token.get()
 * ```
 */
export function refreshing<Value>(
  load: (signal: AbortSignal) => Promise<Loaded<Value>>,
  runtime: Pick<Runtime, 'clock' | 'isolatesRequests'>,
): Refreshing<Value> {
  const { clock } = runtime
  let kept: Kept<Value> | undefined
  let flight: Flight<Value> | undefined

  return {
    async get(signal) {
      if (hasLeft(signal)) throw contextCanceled()
      const now = clock.now()
      if (kept !== undefined && now < kept.renewAt) return kept.value
      const spare = kept !== undefined && now < kept.expiresAt ? kept : undefined
      try {
        return await (runtime.isolatesRequests === true ? loadAlone(signal) : join(signal))
      } catch (error) {
        if (spare === undefined || spare !== kept || hasLeft(signal)) throw error
        spare.renewAt = Math.min(spare.expiresAt, clock.now() + pauseAfterFailure)
        return spare.value
      }
    },

    refuse(value) {
      if (kept?.value === value) kept = undefined
    },
  }

  function keep({ value, expiresAt = Number.POSITIVE_INFINITY }: Loaded<Value>): Value {
    const margin = Math.min(longestMargin, Math.max(0, expiresAt - clock.now()) / 4)
    kept = { value, expiresAt, renewAt: expiresAt - margin }
    return value
  }

  async function loadAlone(signal: AbortSignal = new AbortController().signal): Promise<Value> {
    return keep(await load(signal))
  }

  function join(signal: AbortSignal | undefined): Promise<Value> {
    flight ??= takeOff()
    const joined = flight
    joined.waiting += 1
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        joined.waiting -= 1
        if (joined.waiting === 0) {
          // Nobody is left: the next one who comes begins anew instead of sharing an aborted load.
          if (flight === joined) flight = undefined
          joined.stop()
        }
        reject(contextCanceled())
      }
      signal?.addEventListener('abort', leave, { once: true })
      joined.result.then(resolve, reject).finally(() => signal?.removeEventListener('abort', leave))
    })
  }

  function takeOff(): Flight<Value> {
    const controller = new AbortController()
    const result = (async () => {
      const loaded = await load(controller.signal)
      return controller.signal.aborted ? loaded.value : keep(loaded)
    })()
    const started = { result, waiting: 0, stop: () => controller.abort(contextCanceled()) }
    const land = (): void => {
      if (flight === started) flight = undefined
    }
    result.then(land, land)
    return started
  }
}

/** Milliseconds before the end at which a long-lived value is renewed, as the AWS SDKs do. */
const longestMargin = 5 * 60_000

/** Milliseconds for which a value that is still good is given out after a renewal failed. */
const pauseAfterFailure = 10_000

function hasLeft(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** The caller has left, in the words of Go's `context`. */
function contextCanceled(): StoreError {
  return new StoreError('unavailable', 'context canceled')
}

interface Kept<Value> {
  readonly value: Value
  readonly expiresAt: number
  renewAt: number
}

interface Flight<Value> {
  readonly result: Promise<Value>
  waiting: number
  stop(): void
}
