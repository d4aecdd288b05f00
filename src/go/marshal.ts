/**
 * A JSON value as Go's `encoding/json` writes it back after reading it into an `any`.
 *
 * Object keys are sorted by their bytes, `<`, `>`, `&`, U+2028 and U+2029 are escaped, numbers are float64. The
 * AWS Secrets Manager store of daprd writes the nested values of a JSON secret that way
 * (dapr/components-contrib `secretstores/aws/secretmanager/secretmanager.go`).
 *
 * @module
 */
import { withReplacement } from './bytes.ts'

/**
 * The text of a value that `JSON.parse` gave. `undefined` where Go would not have read it in the first place: a
 * number beyond float64, or more than 10,000 levels.
 *
 * @example
 * ```ts
 * marshal({ b: '<', a: [1e21, null] }) // '{"a":[1e+21,null],"b":"\\u003c"}'
 * ```
 */
export function marshal(value: unknown): string | undefined {
  let text = ''
  // Its own stack: how deep a secret is nested is its author's choice.
  const waiting: Step[] = [{ value, depth: 1 }]
  for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
    if (typeof step === 'string') {
      text += step
      continue
    }
    if (typeof step.value !== 'object' || step.value === null) {
      const leaf = leafText(step.value)
      if (leaf === undefined) return undefined
      text += leaf
      continue
    }
    if (step.depth > deepest) return undefined
    const steps = Array.isArray(step.value)
      ? listSteps(step.value, step.depth)
      : objectSteps(step.value, step.depth)
    for (const next of steps.reverse()) waiting.push(next)
  }
  return text
}

/** Levels that Go's decoder goes down (golang/go `encoding/json/scanner.go`). */
const deepest = 10_000

/** Text to write, or a value to take apart. */
type Step = string | { readonly value: unknown; readonly depth: number }

function listSteps(list: readonly unknown[], depth: number): Step[] {
  const steps: Step[] = ['[']
  for (const [index, value] of list.entries()) {
    if (index > 0) steps.push(',')
    steps.push({ value, depth: depth + 1 })
  }
  return [...steps, ']']
}

function objectSteps(object: object, depth: number): Step[] {
  const fields = new Map<string, unknown>()
  for (const [name, value] of Object.entries(object)) fields.set(withReplacement(name), value)
  const steps: Step[] = ['{']
  for (const [name, value] of [...fields].sort(([a], [b]) => compareCodePoints(a, b))) {
    steps.push(`${steps.length > 1 ? ',' : ''}${quote(name)}:`, { value, depth: depth + 1 })
  }
  return [...steps, '}']
}

function leafText(leaf: unknown): string | undefined {
  if (typeof leaf === 'string') return quote(withReplacement(leaf))
  if (typeof leaf !== 'number') return String(leaf)
  if (!Number.isFinite(leaf)) return undefined
  return Object.is(leaf, -0) ? '-0' : String(leaf)
}

function quote(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The order of UTF-8 bytes, which is that of code points and not that of UTF-16 units. */
function compareCodePoints(a: string, b: string): number {
  for (let index = 0; index < a.length && index < b.length; index++) {
    const [pointA = 0, pointB = 0] = [a.codePointAt(index), b.codePointAt(index)]
    if (pointA !== pointB) return pointA - pointB
  }
  return a.length - b.length
}
