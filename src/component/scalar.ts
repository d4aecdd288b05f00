/**
 * What a scalar means in the YAML that daprd reads components with: go-yaml v2's `resolve.go`, as forked in
 * sigs.k8s.io/yaml `goyaml.v2`.
 *
 * @module
 */
import { decodeUtf8, withReplacement } from '../go/bytes.ts'
import type { YamlScalar } from './yaml.ts'
import { isNull, tags } from './yaml.ts'

/** A scalar with a type. */
export type ScalarValue =
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** Any 64-bit number, with a sign or without. */
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'text'; readonly text: string }

/**
 * The meaning of a scalar; `undefined` when its tag and its text contradict each other (`!!int x`).
 *
 * An unquoted `yes`, `n` or `Off` is a boolean, `0777` and `0o777` are octal, `1_000` is a number. Dates and
 * `1:30` stay texts, and so does a number too large for a float.
 */
export function resolveScalar(scalar: YamlScalar): ScalarValue | undefined {
  const { text, tag } = scalar
  if (tag === undefined && !scalar.isPlain) return { type: 'text', text }
  switch (tag) {
    case undefined:
      return plainValue(scalar)
    case tags.null:
      return isNull({ ...scalar, tag: undefined, isPlain: true }) ? { type: 'null' } : undefined
    case tags.bool:
      return onlyIf(plainValue(scalar), 'boolean')
    case tags.int:
      return onlyIf(plainValue(scalar), 'integer')
    case tags.float: {
      const value = plainValue(scalar)
      return value.type === 'integer' ? { type: 'float', value: Number(value.value) } : onlyIf(value, 'float')
    }
    case tags.timestamp:
      return TIMESTAMP.test(text) ? { type: 'text', text } : undefined
    case tags.binary:
      return binaryValue(text)
    default:
      // A tag of one's own, and !!str: the text is a text.
      return { type: 'text', text }
  }
}

function plainValue({ text }: YamlScalar): ScalarValue {
  if (nullWords.has(text)) return { type: 'null' }
  if (trueWords.has(text)) return { type: 'boolean', value: true }
  if (falseWords.has(text)) return { type: 'boolean', value: false }
  const special = specialFloats.get(text)
  if (special !== undefined) return { type: 'float', value: special }
  return numberValue(text) ?? { type: 'text', text }
}

function numberValue(text: string): ScalarValue | undefined {
  // After a point an underscore is no separator, as strconv.ParseFloat has it.
  if (text.startsWith('.')) return FLOAT.test(text) ? floatValue(text) : undefined
  if (!NUMBER_START.test(text)) return undefined
  const digits = text.replaceAll('_', '')
  return integerValue(digits) ?? (FLOAT.test(digits) ? floatValue(digits) : undefined)
}

function integerValue(digits: string): ScalarValue | undefined {
  const match = INTEGER.exec(digits)
  if (match === null) return undefined
  const [, sign = '', octal, number = ''] = match
  const magnitude = BigInt(octal === undefined ? number : `0o${octal}`)
  const value = sign === '-' ? -magnitude : magnitude
  // Only without a sign is the upper half of the 64 bits in reach.
  const most = sign === '' ? 0xffff_ffff_ffff_ffffn : 0x7fff_ffff_ffff_ffffn
  return value >= -0x8000_0000_0000_0000n && value <= most ? { type: 'integer', value } : undefined
}

function floatValue(digits: string): ScalarValue | undefined {
  const value = Number(digits)
  return Number.isFinite(value) ? { type: 'float', value } : undefined
}

function binaryValue(text: string): ScalarValue | undefined {
  const base64 = text.replace(/[\r\n]/g, '')
  if (!BASE64.test(base64)) return undefined
  const bytes = Uint8Array.from(atob(base64), (unit) => unit.charCodeAt(0))
  return { type: 'text', text: withReplacement(decodeUtf8(bytes)) }
}

function onlyIf(value: ScalarValue, type: ScalarValue['type']): ScalarValue | undefined {
  return value.type === type ? value : undefined
}

const nullWords: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL'])
const trueWords: ReadonlySet<string> = new Set([
  ...['y', 'Y', 'yes', 'Yes', 'YES'],
  ...['true', 'True', 'TRUE', 'on', 'On', 'ON'],
])
const falseWords: ReadonlySet<string> = new Set([
  ...['n', 'N', 'no', 'No', 'NO'],
  ...['false', 'False', 'FALSE', 'off', 'Off', 'OFF'],
])
const specialFloats: ReadonlyMap<string, number> = new Map([
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, -Infinity] as const),
])

const NUMBER_START = /^[-+0-9]/
/** As strconv.ParseInt reads with base 0: a leading zero is octal. */
const INTEGER = /^([-+]?)(?:0([0-7]+)|(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0|[1-9][0-9]*))$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const TIMESTAMP =
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)(?:Z|[-+]\d{2}:\d{2})?)?$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
