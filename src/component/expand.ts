/**
 * Environment variables in a Configuration, put in before the text is read as YAML.
 *
 * The rules are those of golang/go `os/env.go`, ExpandEnv, which daprd applies to the whole file (dapr/dapr
 * `pkg/config/configuration.go`): there is no escape, and a variable that is not set is nothing.
 *
 * @module
 */
import type { Environment } from '../runtime.ts'

/** A text with its variables put in. */
export interface ExpandedText {
  readonly text: string
  /** The offset in the text as written for one in the expanded text; inside a value it is the variable's `$`. */
  toSource(offset: number): number
  /** Whether a part of the expanded text came out of the environment. */
  isExpanded(start: number, end: number): boolean
  /** The variables that are not set, and where in the expanded text they left nothing. */
  readonly unset: readonly UnsetVariable[]
}

/** A variable that the environment does not have. */
export interface UnsetVariable {
  readonly name: string
  /** In the expanded text. */
  readonly offset: number
  /** In the text as written: its `$`. */
  readonly sourceOffset: number
}

/**
 * Replaces `$NAME`, `${NAME}` and the one-character names of a shell (`$1`, `$*`, `$$`). `${}` vanishes, and
 * so does `${` that is never closed; a `$` before anything else stays.
 *
 * @param longest stops soon after the expanded text is longer, in UTF-16 units
 *
 * @example
 * ```ts
 * expandVariables('storeName: $STORE', environment({ STORE: 'vault' })).text // 'storeName: vault'
 * ```
 */
export function expandVariables(
  source: string,
  env: Environment,
  longest = Number.POSITIVE_INFINITY,
): ExpandedText {
  let text = ''
  let copied = 0
  const parts: Part[] = []
  const unset: UnsetVariable[] = []
  const lastBrace = source.lastIndexOf('}')
  for (let at = source.indexOf('$'); at >= 0; at = source.indexOf('$', copied)) {
    if (text.length > longest) break
    const variable = variableAt(source, at, lastBrace)
    text += source.slice(copied, at)
    copied = at + variable.length
    const start = text.length
    const value = variable.name === undefined ? variable.text : env.get(variable.name)
    if (variable.name !== undefined && value === undefined) {
      unset.push({ name: variable.name, offset: start, sourceOffset: at })
    }
    text += value ?? ''
    if (variable.name !== undefined || variable.text === '') {
      parts.push({ sourceStart: at, sourceEnd: copied, start, end: text.length })
    }
  }
  text += source.slice(copied)
  return {
    text,
    unset,
    toSource(offset) {
      const part = lastBefore(parts, offset)
      if (part === undefined) return offset
      return offset < part.end ? part.sourceStart : part.sourceEnd + (offset - part.end)
    },
    isExpanded(start, end) {
      const part = lastBefore(parts, end - 1)
      // A variable that is nothing counts too: columns behind it differ.
      return part !== undefined && part.end >= start
    },
  }
}

/** A variable, and what it became. */
interface Part {
  readonly sourceStart: number
  readonly sourceEnd: number
  readonly start: number
  readonly end: number
}

/** What a `$` begins: a variable, or a text that stands for itself or is dropped. */
type Variable =
  | { readonly name: string; readonly length: number }
  | { readonly name?: undefined; readonly text: '' | '$'; readonly length: number }

function variableAt(source: string, at: number, lastBrace: number): Variable {
  if (source[at + 1] !== '{') {
    SHORT_NAME.lastIndex = at + 1
    const [name] = SHORT_NAME.exec(source) ?? []
    return name === undefined ? { text: '$', length: 1 } : { name, length: 1 + name.length }
  }
  const end = at + 2 > lastBrace ? -1 : source.indexOf('}', at + 2)
  if (end < 0) return { text: '', length: 2 }
  return end === at + 2 ? { text: '', length: 3 } : { name: source.slice(at + 2, end), length: end + 1 - at }
}

/** Digits and signs are names of one character. */
const SHORT_NAME = /[*#$@!?\-0-9]|[A-Za-z_][A-Za-z0-9_]*/y

/** The last part that begins at or before an offset. */
function lastBefore(parts: readonly Part[], offset: number): Part | undefined {
  let low = 0
  let high = parts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((parts[middle]?.start ?? Number.POSITIVE_INFINITY) <= offset) low = middle + 1
    else high = middle
  }
  return parts[low - 1]
}
