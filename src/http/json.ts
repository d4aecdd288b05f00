/**
 * A vendor's JSON: `unknown` until one of these has looked at it.
 *
 * @module
 */
import { StoreError } from '../secret-error.ts'
import type { HttpResponse } from './exchange.ts'

/**
 * The body as JSON. Nothing is known of its shape yet.
 *
 * @throws {StoreError} of kind `unavailable` when it is no JSON; the parser's message, which quotes the body,
 * ends here
 *
 * @example
 * ```ts
 * const value = textOf(fieldOf(jsonOf(response), 'SecretString'))
 * if (value === undefined) throw new StoreError('invalid', 'the answer has no SecretString')
 * ```
 */
export function jsonOf(response: Pick<HttpResponse, 'body'>): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(response.body))
  } catch {
    throw new StoreError('unavailable', 'the answer is no JSON')
  }
}

/** A field of an object; `undefined` when `value` is no object or has no such field of its own. */
export function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** The fields of an object, `__proto__` like any other; `undefined` when `value` is no object. */
export function fieldsOf(value: unknown): readonly (readonly [name: string, value: unknown])[] | undefined {
  return isObject(value) ? Object.entries(value) : undefined
}

/** A text, an empty one too; `undefined` when `value` is none. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A number; `undefined` when `value` is none. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** `true` or `false`; `undefined` when `value` is neither. */
export function booleanOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

/** The items of an array, an empty one too; `undefined` when `value` is none. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
