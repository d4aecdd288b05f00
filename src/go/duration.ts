/**
 * Durations as Go writes them: `1h30m`, `500ms`, `1.5s`.
 *
 * @module
 */

/**
 * Milliseconds of a Go duration (golang/go `time/format.go`, ParseDuration); `undefined` when it is none.
 *
 * @example
 * ```ts
 * parseDuration('1m30s') // 90000
 * parseDuration('-250us') // -0.25
 * parseDuration('30')    // undefined, only 0 needs no unit
 * ```
 */
export function parseDuration(text: string): number | undefined {
  const [, sign, rest = ''] = SIGN.exec(text) ?? []
  if (rest === '0') return 0
  if (!WHOLE.test(rest)) return undefined
  let milliseconds = 0
  for (const [, number, unit = ''] of rest.matchAll(PART)) {
    milliseconds += Number(number) * (units.get(unit) ?? 0)
  }
  if (milliseconds > longestDuration) return undefined
  return sign === '-' ? 0 - milliseconds : milliseconds
}

const SIGN = /^([-+]?)(.*)$/s
const WHOLE = /^(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+$/
const PART = /([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h)/g

const units: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/** Milliseconds of the longest Go duration, a 64-bit number of nanoseconds. */
export const longestDuration = 9_223_372_036_854.775
