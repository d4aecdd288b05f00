/**
 * Trace headers of an answer: `traceparent`, `tracestate` and `baggage`.
 *
 * The rules are those of dapr/dapr `pkg/diagnostics/http_tracing.go` and `pkg/diagnostics/tracing.go`. daprd sends
 * none of these headers, and checks no baggage, for a path that contains `/healthz`: that is the caller's to ask.
 *
 * @module
 */

import { baggageOf } from './baggage.ts'
import { headerValue } from './header.ts'

/**
 * What daprd's tracing set-up amounts to.
 *
 * - `off`: `samplingRate: "0"`; no header at all.
 * - `echo`: no sampling rate and no exporter; a valid incoming context comes back as it is. daprd sends an
 *   all-zero `traceparent` when none came in, which W3C Trace Context forbids; here there is none then.
 * - `spans`: every answer names a span of its own. `rate`, 0 to 1, is the share of new traces that is sampled; a
 *   trace that came in keeps its caller's decision.
 */
export type TraceMode =
  | { readonly kind: 'off' }
  | { readonly kind: 'echo' }
  | { readonly kind: 'spans'; readonly rate: number }

/**
 * The headers to add to an answer, names and values in turn. The request's baggage is copied; that it is valid is
 * for `baggageProblem` to say first.
 *
 * @param headers the request's, names and values in turn
 * @param random a number in [0, 1), for the ids of new spans
 */
export function traceHeaders(
  headers: readonly string[],
  mode: TraceMode,
  random: () => number,
): readonly string[] {
  if (mode.kind === 'off') return NONE
  const baggage = baggageOf(headers)
  const incoming = incomingSpan(headers)
  if (mode.kind === 'echo' && incoming === undefined && baggage === '') return NONE
  const answer: string[] = []
  if (baggage !== '') answer.push('baggage', baggage)
  const span = mode.kind === 'echo' ? incoming : newSpan(incoming, mode.rate, random)
  if (span !== undefined) {
    const flags = span.flags.toString(16).padStart(2, '0')
    answer.push('traceparent', `00-${span.traceId}-${span.spanId}-${flags}`)
  }
  if (incoming !== undefined) {
    const state = traceState(headerValue(headers, 'tracestate') ?? '')
    if (state !== '' && state.length <= MAX_TRACE_STATE) answer.push('tracestate', state)
  }
  return answer
}

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
}

const NONE: readonly string[] = []
const SAMPLED = 1
const MAX_TRACE_STATE = 512
const MAX_STATE_MEMBERS = 32
/** Only the ids must be in lower case; the flags may be any number of bytes, of which the first counts. */
const TRACE_PARENT =
  /^([0-9A-Fa-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9A-Fa-f]{2})(?:[0-9A-Fa-f]{2})*(-.*)?$/
const ALL_ZERO = /^0+$/

/** The span that a valid `traceparent` names. Later versions than 00 may add sections, and end at fe. */
function incomingSpan(headers: readonly string[]): Span | undefined {
  const header = headerValue(headers, 'traceparent')
  if (header === undefined || header === '') return undefined
  const [, version, traceId, spanId, flags, more] = TRACE_PARENT.exec(header) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined)
    return undefined
  if (version.toLowerCase() === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (ALL_ZERO.test(traceId) || ALL_ZERO.test(spanId)) return undefined
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}

/** A child of the incoming span or the first span of a new trace (OpenTelemetry's parent-based ratio sampler). */
function newSpan(parent: Span | undefined, rate: number, random: () => number): Span {
  const spanId = randomId(2, random)
  if (parent !== undefined) return { traceId: parent.traceId, spanId, flags: parent.flags }
  const traceId = randomId(4, random)
  const sampled = Number.parseInt(traceId.slice(16), 16) < rate * 2 ** 64
  return { traceId, spanId, flags: sampled ? SAMPLED : 0 }
}

/** So many groups of eight hexadecimal digits, not all of them zero. */
function randomId(groups: number, random: () => number): string {
  let id = ''
  for (let group = 0; group < groups; group++) {
    id += Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0')
  }
  return ALL_ZERO.test(id) ? id.replace(/0$/, '1') : id
}

/**
 * A `tracestate` as OpenTelemetry renders it again: without blanks around members and without empty members.
 * Empty when any member is invalid, named twice or one too many (W3C Trace Context, `go.opentelemetry.io/otel/trace`).
 */
function traceState(header: string): string {
  if (header === '') return ''
  const members = new Map<string, string>()
  for (const member of header.split(',')) {
    if (member === '') continue
    const match = STATE_MEMBER.exec(member)
    const [, key, value] = match ?? []
    if (key === undefined || value === undefined || members.has(key)) return ''
    if (members.size === MAX_STATE_MEMBERS) return ''
    members.set(key, value)
  }
  return [...members].map(([key, value]) => `${key}=${value}`).join(',')
}

const STATE_MEMBER =
  /^[ \t]*([a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=([ -+\--<>-~]{0,255}[!-+\--<>-~])[ \t]*$/
