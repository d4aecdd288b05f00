/**
 * Durations as a Resiliency document writes them: Go's, or a whole number of milliseconds.
 *
 * @module
 */
import { longestDuration, parseDuration } from '../go/duration.ts'

/**
 * Milliseconds of a Resiliency duration: a whole number is milliseconds, anything else a Go duration
 * (dapr/dapr `pkg/resiliency/resiliency.go`, dapr/kit `config/decode.go`).
 */
export function parseMillisecondsOrDuration(text: string): number | undefined {
  const number = /^[-+]?[0-9]+$/.test(text) ? Number(text) : undefined
  if (number === undefined) return parseDuration(text)
  return Math.abs(number) <= longestDuration ? number : undefined
}
