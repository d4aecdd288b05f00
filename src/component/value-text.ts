/**
 * A YAML value as text: the text a store receives, and the text where a text is expected.
 *
 * daprd turns YAML into JSON (sigs.k8s.io/yaml `yaml.go`), keeps a metadata value's JSON, and takes the quotes
 * off it when it is a string (dapr/dapr `pkg/apis/common/namevalue.go`).
 *
 * @module
 */
import type { ScalarValue } from './scalar.ts'
import { resolveScalar } from './scalar.ts'
import type { YamlMapping, YamlNode, YamlScalar } from './yaml.ts'

/** A node that has no JSON: an infinite number, or a text that contradicts its tag. */
export class ValueError extends Error {
  override readonly name = 'ValueError'
  /** Where in the document. */
  readonly offset: number

  /** @param message what is wrong, without a final period and without a value */
  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

/**
 * A metadata value as a store receives it: a string as it is, a number or boolean as JSON writes it, a mapping
 * or list as compact JSON with sorted keys. `undefined` for a null.
 *
 * @throws {ValueError} when it has no JSON
 *
 * @example
 * ```ts
 * // value: yes        'true'
 * // value: 0x1F       '31'
 * // value: {b: 1}     '{"b":1}'
 * // value: "yes"      'yes'
 * ```
 */
export function valueText(node: YamlNode): string | undefined {
  if (node.kind !== 'scalar') return jsonText(node)
  const value = scalarValue(node)
  if (value.type === 'null') return undefined
  return value.type === 'text' ? value.text : scalarJson(value)
}

/**
 * A scalar where daprd expects a string: numbers and booleans become their text, floats through 32 bits.
 * `undefined` for a null.
 *
 * @throws {ValueError} when the text contradicts the tag
 */
export function stringText(node: YamlScalar): string | undefined {
  const value = scalarValue(node)
  switch (value.type) {
    case 'null':
      return undefined
    case 'text':
      return value.text
    case 'float':
      return shortFloat(value.value)
    default:
      return String(value.value)
  }
}

function scalarValue(node: YamlScalar): ScalarValue {
  const value = resolveScalar(node)
  if (value === undefined) throw new ValueError(node.start, 'the text does not fit its tag')
  if (value.type === 'float' && !Number.isFinite(value.value)) {
    throw new ValueError(node.start, 'infinity and not-a-number cannot be used; quote the text if it is one')
  }
  return value
}

function jsonText(node: YamlNode): string {
  if (node.kind === 'scalar') {
    const value = scalarValue(node)
    if (value.type === 'null') return 'null'
    return value.type === 'text' ? jsonString(value.text) : scalarJson(value)
  }
  if (node.kind === 'sequence') return `[${node.items.map(jsonText).join(',')}]`
  const members = [...lastOfEachKey(node)].sort(([one], [other]) => compareBytes(one, other))
  return `{${members.map(([key, value]) => `${jsonString(key)}:${jsonText(value)}`).join(',')}}`
}

function lastOfEachKey(node: YamlMapping): ReadonlyMap<string, YamlNode> {
  return new Map(
    node.entries.map(({ key, value }) => {
      const text = stringText(key)
      if (text === undefined) throw new ValueError(key.start, 'a null cannot be a key')
      return [text, value]
    }),
  )
}

function scalarJson(value: Exclude<ScalarValue, { type: 'null' | 'text' }>): string {
  return Object.is(value.value, -0) ? '-0' : String(value.value)
}

/** With the escapes of Go's encoding/json, which makes JSON safe inside HTML. */
function jsonString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Order of UTF-8 bytes, which is that of code points. */
function compareBytes(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let index = 0; index < length; index += 1) {
    const a = one.charCodeAt(index)
    const b = other.charCodeAt(index)
    // Surrogates stand for code points above all other units.
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1
  }
  return one.length - other.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

/** `strconv.FormatFloat(value, 'g', -1, 32)`: the shortest decimal that a 32-bit float reads back. */
function shortFloat(value: number): string {
  const wanted = Math.fround(value)
  if (!Number.isFinite(wanted)) return value > 0 ? '+Inf' : '-Inf'
  if (wanted === 0) return Object.is(wanted, -0) ? '-0' : '0'
  let digits = 1
  while (digits < 9 && Math.fround(Number(wanted.toPrecision(digits))) !== wanted) digits += 1
  const [mantissa = '', exponentText = ''] = wanted.toExponential(digits - 1).split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < 6) return wanted.toFixed(Math.max(0, digits - 1 - exponent))
  const sign = exponent < 0 ? '-' : '+'
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
}
