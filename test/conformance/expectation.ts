/**
 * Whether an exchange is what was recorded, and if not, where it differs.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import { type Header, headerValue } from './raw-http.ts'
import type { Expectation } from './vectors.ts'

/** An answer, whichever face gave it. Header names are in lower case. */
export interface Exchange {
  readonly status: number
  readonly headers: readonly Header[]
  readonly body: Uint8Array
}

/**
 * One line for each point in which the exchange is not as expected; none when it is.
 *
 * The recorded values are made up, so the lines may quote them.
 *
 * @example
 * ```ts
 * mismatches({ status: 404, headers: [], body: new Uint8Array() }, { status: 200 }) // ['status is 404, expected 200']
 * ```
 */
export function mismatches(exchange: Exchange, expected: Expectation): readonly string[] {
  return [...headMismatches(exchange, expected), ...bodyMismatches(exchange, expected)]
}

function* headMismatches(exchange: Exchange, expected: Expectation): Iterable<string> {
  if (expected.status !== undefined && exchange.status !== expected.status) {
    yield `status is ${exchange.status}, expected ${expected.status}`
  }
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    const actual = headerValue(exchange.headers, name)
    if (actual !== value) yield `header ${name} is ${quote(actual)}, expected ${quote(value)}`
  }
  for (const name of expected.headersAbsent ?? []) {
    const actual = headerValue(exchange.headers, name)
    if (actual !== undefined) yield `header ${name} is ${quote(actual)}, expected none`
  }
  for (const [name, pattern] of Object.entries(expected.headersMatch ?? {})) {
    const actual = headerValue(exchange.headers, name)
    if (actual === undefined || !new RegExp(pattern).test(actual)) {
      yield `header ${name} is ${quote(actual)}, expected to match ${pattern}`
    }
  }
}

function* bodyMismatches(exchange: Exchange, expected: Expectation): Iterable<string> {
  const body = decode(exchange.body)
  if (expected.bodyAbsent === true && body !== '') yield `body is ${quote(body)}, expected none`
  if (expected.bodyText !== undefined && body !== expected.bodyText) {
    yield `body is ${quote(body)}, expected ${quote(expected.bodyText)}`
  }
  if (expected.bodyRegex !== undefined && !new RegExp(expected.bodyRegex).test(body)) {
    yield `body is ${quote(body)}, expected to match ${expected.bodyRegex}`
  }
  if (needsJson(expected)) {
    const json = parseJson(body)
    if (json === undefined) yield `body is ${quote(body)}, expected JSON`
    else yield* jsonMismatches(json.value, expected)
  }
}

function needsJson(expected: Expectation): boolean {
  return (
    'bodyJson' in expected ||
    'bodyJsonSubset' in expected ||
    expected.bodyKeysAbsent !== undefined ||
    expected.pathsAbsent !== undefined ||
    expected.errorCode !== undefined ||
    expected.messageRegex !== undefined
  )
}

function* jsonMismatches(body: unknown, expected: Expectation): Iterable<string> {
  if ('bodyJson' in expected && !isDeepStrictEqual(body, expected.bodyJson)) {
    yield `body is ${JSON.stringify(body)}, expected ${JSON.stringify(expected.bodyJson)}`
  }
  if ('bodyJsonSubset' in expected && !contains(body, expected.bodyJsonSubset)) {
    yield `body is ${JSON.stringify(body)}, expected to hold ${JSON.stringify(expected.bodyJsonSubset)}`
  }
  for (const name of expected.bodyKeysAbsent ?? []) {
    if (at(body, [name]) !== undefined) yield `body has ${quote(name)}, expected not to`
  }
  for (const path of expected.pathsAbsent ?? []) {
    if (at(body, path.split('.')) !== undefined) yield `body has ${quote(path)}, expected not to`
  }
  const errorCode = at(body, ['errorCode'])
  if (expected.errorCode !== undefined && errorCode !== expected.errorCode) {
    yield `errorCode is ${JSON.stringify(errorCode)}, expected ${quote(expected.errorCode)}`
  }
  const message = at(body, ['message'])
  if (
    expected.messageRegex !== undefined &&
    !(isText(message) && new RegExp(expected.messageRegex).test(message))
  ) {
    yield `message is ${JSON.stringify(message)}, expected to match ${expected.messageRegex}`
  }
}

/** Whether every field that is named is there; items of a list in any order, each one used once. */
function contains(actual: unknown, expected: unknown): boolean {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return false
    const left: unknown[] = [...actual]
    return expected.every((item) => {
      const found = left.findIndex((candidate) => contains(candidate, item))
      if (found >= 0) left.splice(found, 1)
      return found >= 0
    })
  }
  if (!isObject(expected)) return isDeepStrictEqual(actual, expected)
  return (
    isObject(actual) &&
    Object.entries(expected).every(
      ([name, value]) => Object.hasOwn(actual, name) && contains(actual[name], value),
    )
  )
}

function at(value: unknown, path: readonly string[]): unknown {
  let here = value
  for (const name of path) here = isObject(here) && Object.hasOwn(here, name) ? here[name] : undefined
  return here
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** Bytes that are no UTF-8 stay visible as escapes, so that they never equal a recorded text by chance. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return `not UTF-8: ${Buffer.from(bytes).toString('hex')}`
  }
}

function quote(text: string | undefined): string {
  return text === undefined ? 'absent' : JSON.stringify(text)
}
