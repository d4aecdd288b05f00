/**
 * Component metadata to a driver's options, by the driver's field table.
 *
 * Mirrors dapr/kit `metadata/utils.go` and `metadata/string_decoders.go`: names without regard to letter case,
 * aliases only when the name itself is absent, lenient booleans, unknown names ignored (here with a warning).
 *
 * @module
 */
import type { Diagnostic, Location } from '../diagnostic.ts'
import { nearest } from '../did-you-mean.ts'
import { parseDuration } from '../go/duration.ts'
import type { Field, FieldTable, Options } from './store.ts'

/** One metadata entry whose references are resolved. */
export interface Property {
  readonly name: string
  readonly value: string
  /** Where its name stands, when that is known. */
  readonly nameAt?: Location
  readonly at: Location
}

/** What {@link decodeOptions} gives: options when there is no error among the diagnostics. */
export interface DecodedOptions<Fields extends FieldTable> {
  readonly options: Options<Fields>
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Decodes and checks a component's metadata.
 *
 * @param fields the driver's field table
 * @param properties the component's metadata; of several with exactly one name the last one counts
 * @param component the component's name and where it stands, for diagnostics
 */
export function decodeOptions<Fields extends FieldTable>(
  fields: Fields,
  properties: readonly Property[],
  component: { readonly name: string; readonly at: Location },
): DecodedOptions<Fields> {
  const diagnostics: Diagnostic[] = []
  const report = (severity: Diagnostic['severity'], at: Location, message: string): void => {
    diagnostics.push({ severity, at, component: component.name, message })
  }

  const given = lastOfEachName(properties)
  const byLowerCase = new Map<string, Property>()
  for (const property of given) {
    const key = property.name.toLowerCase()
    if (byLowerCase.has(key)) {
      report('error', property.at, `failed to resolve aliases: key ${key} is duplicate in the metadata`)
    }
    byLowerCase.set(key, property)
  }

  const options: Record<string, string | boolean | number> = {}
  const known = new Set<string>()
  for (const [name, field] of Object.entries(fields)) {
    const spellings = [name, ...(field.aliases ?? [])].map((spelling) => spelling.toLowerCase())
    for (const spelling of spellings) known.add(spelling)
    const property = spellings
      .map((spelling) => byLowerCase.get(spelling))
      .find((found) => found !== undefined)
    const problem = fieldProblem(name, field, property)
    if (problem !== undefined) report(problem.severity, property?.at ?? component.at, problem.message)
    options[name] = fieldValue(field, property)
  }

  for (const property of given) {
    if (property.name === '' || known.has(property.name.toLowerCase())) continue
    report('warning', property.nameAt ?? property.at, unknownField(property.name, Object.keys(fields)))
  }
  // Each name of the table was given a value of its field's type in the loop above.
  return { options: options as Options<Fields>, diagnostics }
}

function lastOfEachName(properties: readonly Property[]): readonly Property[] {
  return [...new Map(properties.map((property) => [property.name, property])).values()]
}

function fieldValue(field: Field, property: Property | undefined): string | boolean | number {
  if (field.type === 'boolean')
    return property === undefined ? (field.default ?? false) : isTruthy(property.value)
  const text = property?.value ?? String(field.default ?? '')
  return field.type === 'string' ? text : (numberOf(field.type, text) ?? 0)
}

/** The number a field's text stands for; `undefined` when it stands for none. */
function numberOf(type: 'duration' | 'integer', text: string): number | undefined {
  if (type === 'integer') return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined
  const milliseconds = parseDuration(text)
  return milliseconds === undefined || milliseconds < 0 ? undefined : milliseconds
}

const numberWords = {
  duration: 'a duration that is not negative, such as 0, 500ms or 1m30s',
  integer: 'a whole number that is not negative',
} as const

type FieldProblem = Pick<Diagnostic, 'severity' | 'message'>

function fieldProblem(name: string, field: Field, property: Property | undefined): FieldProblem | undefined {
  if (field.required !== undefined && (property === undefined || property.value === '')) {
    return { severity: 'error', message: `${field.required} (set metadata '${name}')` }
  }
  if (property === undefined) return undefined
  if (field.type === 'boolean' && !isTruthy(property.value) && !falseWords.has(word(property.value))) {
    return {
      severity: 'warning',
      message: `metadata '${name}' must be true or false; anything else is read as false`,
    }
  }
  if (
    (field.type === 'duration' || field.type === 'integer') &&
    numberOf(field.type, property.value) === undefined
  ) {
    return { severity: 'error', message: `metadata '${name}' must be ${numberWords[field.type]}` }
  }
  if (field.pattern !== undefined && !matchesWhole(field.pattern, property.value)) {
    return { severity: 'error', message: `metadata '${name}' must match ${field.pattern.source}` }
  }
  return undefined
}

function unknownField(name: string, fields: readonly string[]): string {
  const near = nearest(name, fields)
  const hint = near === undefined ? `known are ${fields.join(', ')}` : `did you mean '${near}'?`
  return `metadata '${name}' is not known and has no effect; ${hint}`
}

const trueWords = new Set(['y', 'yes', 'true', 't', 'on', '1'])
const falseWords = new Set(['n', 'no', 'false', 'f', 'off', '0', ''])

function isTruthy(value: string): boolean {
  return trueWords.has(word(value))
}

function word(value: string): string {
  return value.trim().toLowerCase()
}

function matchesWhole(pattern: RegExp, value: string): boolean {
  return pattern.exec(value)?.[0] === value
}
