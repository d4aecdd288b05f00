/**
 * The check of a `baggage` header, as OpenTelemetry's Go library makes it.
 *
 * Follows `go.opentelemetry.io/otel/baggage` v1.44.0, which dapr/dapr `pkg/diagnostics/http_tracing.go` calls:
 * a single invalid list-member makes the request a 400. Its texts quote the header; these do not.
 *
 * @module
 */

import { decodeUtf8, encodeUtf8, isInvalidByte } from '../go/bytes.ts'
import { headerValues } from './header.ts'
import { decodePercent } from './percent.ts'

/** The request's baggage: every `baggage` header, joined by `,`; empty when there is none. */
export function baggageOf(headers: readonly string[]): string {
  const values = headerValues(headers, 'baggage')
  return values.length === 0 ? '' : values.join(',')
}

/**
 * What is wrong with the request's baggage: the text that follows `invalid baggage header: ` in the body of the 400,
 * or `undefined` when there is none or it is valid. Never quotes the header.
 */
export function baggageProblem(headers: readonly string[]): string | undefined {
  const baggage = baggageOf(headers)
  if (baggage === '') return undefined
  if (baggage.length > MAX_BYTES) return `baggage-string too large: ${baggage.length}`
  const sizes = new Map<string, number>()
  let total = 0
  for (const text of baggage.split(',')) {
    if (sizes.size >= MAX_MEMBERS) return 'too many list-members in baggage-string'
    const member = parseMember(text)
    if (typeof member === 'string') return member
    const before = sizes.get(member.key)
    // A member that is new comes with a comma, the first one aside.
    const size = member.size + (before === undefined && sizes.size > 0 ? 1 : 0)
    total += size - (before ?? 0)
    if (total > MAX_BYTES) return 'baggage-string too large'
    sizes.set(member.key, size)
  }
  return undefined
}

const MAX_BYTES = 8192
const MAX_MEMBERS = 64
const KEY = /^[!#-'*+\-.0-9A-Z^-z|~]+$/
const VALUE = /^[!#-+\--:<-[\]-~]*$/
const SPACE = '\t\n\v\f\r '
const BLANK = '\t '

/** A member's key and its size when written again; or the problem with it. */
function parseMember(text: string): { readonly key: string; readonly size: number } | string {
  const [pair = '', ...properties] = text.split(';')
  const sizes: number[] = []
  for (const property of properties) {
    const size = propertySize(property)
    if (size === undefined) return 'invalid baggage list-member property'
    if (size > 0) sizes.push(size)
  }
  const equals = pair.indexOf('=')
  if (equals === -1) return 'invalid baggage list-member'
  const key = trim(pair.slice(0, equals), SPACE)
  if (!KEY.test(key)) return 'invalid key'
  const size = valueSize(trim(pair.slice(equals + 1), SPACE))
  if (size === undefined) return 'invalid value'
  const suffix =
    properties.length === 0 ? 0 : sizes.reduce((sum, one) => sum + one, Math.max(1, sizes.length))
  return { key, size: key.length + 1 + size + suffix }
}

/** The size of a property when written again; an empty one is dropped. `undefined` when it is invalid. */
function propertySize(text: string): number | undefined {
  if (text === '') return 0
  const equals = text.indexOf('=')
  const key = trim(equals === -1 ? text : text.slice(0, equals), BLANK)
  if (!KEY.test(key)) return undefined
  if (equals === -1) return key.length
  const size = valueSize(trim(text.slice(equals + 1), BLANK))
  return size === undefined ? undefined : key.length + 1 + size
}

/** The text without those characters around it; an expression for this takes quadratic time. */
function trim(text: string, characters: string): string {
  let start = 0
  let end = text.length
  while (start < end && characters.includes(text.charAt(start))) start += 1
  while (end > start && characters.includes(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** The size of a value when it is decoded and encoded again; `undefined` when it is invalid. */
function valueSize(value: string): number | undefined {
  if (!VALUE.test(value)) return undefined
  if (!value.includes('%')) return value.length
  const decoded = decodePercent(value)
  if (decoded === undefined) return undefined
  let size = 0
  for (const character of decodeUtf8(encodeUtf8(decoded))) {
    const code = character.charCodeAt(0)
    // An invalid byte is written as U+FFFD, three bytes of three characters each.
    if (character.length === 1 && isInvalidByte(code)) size += 9
    else if (character !== '%' && VALUE.test(character)) size += 1
    else size += 3 * encodeUtf8(character).length
  }
  return size
}
