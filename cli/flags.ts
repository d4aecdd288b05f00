/**
 * Command-line flags as spf13/pflag reads them, since that is what daprd's users type: `--name value`,
 * `--name=value`, a single dash just as well, booleans without a value.
 *
 * @module
 */
import { nearest } from '../src/did-you-mean.ts'

/** One flag of a command. */
export interface Flag {
  readonly name: string
  /** A boolean takes no value unless written `--name=false`. */
  readonly type: 'boolean' | 'string'
  /** Stands for the value in the help. */
  readonly value?: string
  /** Absent for flags that are accepted and ignored; they are left out of the help. */
  readonly help?: string
}

/** What {@link parseFlags} gives. */
export interface ParsedFlags {
  /** Values in the order they came; a flag that was not given is not in it. */
  readonly values: ReadonlyMap<string, readonly string[]>
  /** Arguments that are no flag. */
  readonly positional: readonly string[]
  readonly problems: readonly string[]
}

/**
 * Reads arguments against a table of flags; every problem is reported, not only the first.
 *
 * @example
 * ```ts
 * const { values } = parseFlags(['--app-id', 'orders'], [{ name: 'app-id', type: 'string' }])
 * values.get('app-id') // ['orders']
 * ```
 */
export function parseFlags(args: readonly string[], flags: readonly Flag[]): ParsedFlags {
  const values = new Map<string, string[]>()
  const positional: string[] = []
  const problems: string[] = []

  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? ''
    if (argument === '--') {
      positional.push(...args.slice(index + 1))
      break
    }
    const spelt = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(argument)
    if (spelt === null) {
      positional.push(argument)
      continue
    }
    const [, name = '', inline] = spelt
    const flag = flags.find((candidate) => candidate.name === name)
    if (flag === undefined) {
      const near = nearest(
        name,
        flags.map((candidate) => candidate.name),
      )
      problems.push(`unknown flag --${name}${near === undefined ? '' : `; did you mean --${near}?`}`)
      const takesValue = flags.some((meant) => meant.name === near && meant.type === 'string')
      // What follows is then its value, and no problem of its own.
      if (takesValue && inline === undefined && !args[index + 1]?.startsWith('-')) index += 1
      continue
    }
    const value = inline ?? (flag.type === 'boolean' ? 'true' : args[index + 1])
    if (inline === undefined && flag.type === 'string') index += 1
    if (value === undefined) problems.push(`flag --${name} needs a value`)
    else if (flag.type === 'boolean' && !isBoolean(value))
      problems.push(`flag --${name} must be true or false`)
    else values.set(name, [...(values.get(name) ?? []), value])
  }
  return { values, positional, problems }
}

/** The last value of a boolean flag. Default false. */
export function isSet(values: ParsedFlags['values'], name: string): boolean {
  return trueWords.has(values.get(name)?.at(-1) ?? '')
}

/** What Go's `strconv.ParseBool` accepts. */
const trueWords: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const falseWords: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

function isBoolean(value: string): boolean {
  return trueWords.has(value) || falseWords.has(value)
}
