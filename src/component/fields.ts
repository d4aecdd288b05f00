/**
 * The fields of a document, read one by one with everything that is wrong said at its place.
 *
 * @module
 */
import type { Diagnostic, Location, Severity } from '../diagnostic.ts'
import { nearest } from '../did-you-mean.ts'
import type { Places } from './place.ts'
import { resolveScalar } from './scalar.ts'
import { stringText, ValueError, valueText } from './value-text.ts'
import type { YamlEntry, YamlMapping, YamlNode, YamlScalar } from './yaml.ts'
import { isNull } from './yaml.ts'

/** The fields a mapping has, by their known name. */
export type Fields = ReadonlyMap<string, Field>

/** A field that is there, with a path for messages such as `spec.type`. */
export interface Field {
  readonly path: string
  readonly entry: YamlEntry
}

/** How names are compared, and what a scalar of the dialect is as text. */
export interface FieldRules {
  /** `json`: without regard to letter case, as encoding/json does; `exact`: as go-yaml v3 does, and only once each. */
  readonly names: 'json' | 'exact'
  /** A scalar where a text is expected; `undefined` for a null. */
  text(scalar: YamlScalar): string | undefined
}

/** How components and Resiliency are decoded. */
export const jsonRules: FieldRules = { names: 'json', text: stringText }

/** Reads fields and keeps what is wrong with them. */
export class FieldReader {
  /** The name of the component that is read, as soon as it is known. */
  component: string | undefined
  readonly #problems: Diagnostic[] = []
  readonly #places: Places
  readonly #rules: FieldRules
  readonly #counts: Record<Severity, number> = { error: 0, warning: 0 }

  constructor(places: Places, rules: FieldRules) {
    this.#places = places
    this.#rules = rules
  }

  /** Everything that was found. */
  get diagnostics(): readonly Diagnostic[] {
    const { component } = this
    return component === undefined
      ? this.#problems
      : this.#problems.map((problem) => ({ component, ...problem }))
  }

  /** Whether nothing was found that keeps the document from being used. */
  get isSound(): boolean {
    return this.#counts.error === 0
  }

  /** Whether a field's value was written as it is, and did not come out of a variable. */
  isWritten({ entry: { value } }: Field): boolean {
    return this.#places.isWritten(value.start, value.end)
  }

  /** The place of an offset. */
  locate(offset: number): Location {
    return this.#places.locate(offset)
  }

  /** Says that something is wrong at an offset. */
  report(severity: Severity, offset: number, message: string): void {
    if (this.#isNew(severity)) this.#add(severity, offset, message, undefined)
  }

  /**
   * Says that something is wrong with a field's value.
   *
   * @param isHarmless whether the value may be shown, because it is a name
   */
  reportValue(severity: Severity, field: Field, message: string, isHarmless = false): void {
    if (!this.#isNew(severity)) return
    const { entry } = field
    this.#add(severity, entry.value.start, message, this.#places.excerptOf(entry, isHarmless))
  }

  /**
   * The fields of a mapping. A null has none; anything else that is no mapping is an error.
   *
   * @param path for messages; empty for the document itself
   * @param severity of a field that is not known; a warning by default
   */
  fields(
    node: YamlNode | undefined,
    path: string,
    known: readonly string[],
    severity: Severity = 'warning',
  ): Fields {
    const fields = new Map<string, Field>()
    for (const entry of this.#entries(node, path)) {
      const name = this.#knownName(entry.key.text, known)
      if (name === undefined) {
        this.#reportUnknown(entry, path, known, severity)
        continue
      }
      const earlier = fields.get(name)
      if (earlier !== undefined) this.#reportRepeated(entry, earlier.entry, name)
      if (earlier === undefined || this.#replaces(entry, earlier.entry)) {
        fields.set(name, { path: path === '' ? name : `${path}.${name}`, entry })
      }
    }
    return fields
  }

  /** A few fields of a mapping that may have any others. */
  only(node: YamlMapping, known: readonly string[]): Fields {
    const fields = new Map<string, Field>()
    for (const entry of node.entries) {
      const name = this.#knownName(entry.key.text, known)
      if (name === undefined) continue
      const earlier = fields.get(name)
      if (earlier === undefined || this.#replaces(entry, earlier.entry)) {
        fields.set(name, { path: name, entry })
      }
    }
    return fields
  }

  /** The entries of a mapping whose keys are names the user chose. A later entry replaces an earlier one. */
  named(field: Field | undefined): ReadonlyMap<string, Field> {
    const named = new Map<string, Field>()
    if (field === undefined) return named
    for (const entry of this.#entries(field.entry.value, field.path)) {
      const name = this.#read(() => this.#rules.text(entry.key)) ?? ''
      named.set(name, { path: `${field.path}.${name}`, entry })
    }
    return named
  }

  /** The items of a list. A null has none; anything else that is no list is an error. */
  items(field: Field | undefined): readonly YamlNode[] {
    if (field === undefined || isNull(field.entry.value)) return []
    const { value } = field.entry
    if (value.kind === 'sequence') return value.items
    this.reportValue('error', field, `${field.path} must be a list`)
    return []
  }

  /** A text. A number or boolean is taken as its text, a null as nothing. */
  text(field: Field | undefined): string | undefined {
    if (field === undefined) return undefined
    const { value } = field.entry
    if (value.kind === 'scalar') return this.#read(() => this.#rules.text(value))
    this.reportValue('error', field, `${field.path} must be a text`)
    return undefined
  }

  /** A text that is taken as its text only when it is one: a number is an error. */
  strictText(node: YamlNode, path: string): string | undefined {
    if (isNull(node)) return undefined
    const value = node.kind === 'scalar' ? resolveScalar(node) : undefined
    if (value?.type === 'text') return value.text
    this.report('error', node.start, `${path} must be a text; a number or a boolean must be quoted`)
    return undefined
  }

  /** The text of a metadata value, whatever its type. */
  value(field: Field | undefined): string | undefined {
    return field === undefined ? undefined : this.#read(() => valueText(field.entry.value))
  }

  /** A boolean proper: a quoted one is a text. */
  boolean(field: Field | undefined): boolean | undefined {
    if (field === undefined || isNull(field.entry.value)) return undefined
    const { value } = field.entry
    const resolved = value.kind === 'scalar' ? resolveScalar(value) : undefined
    if (resolved?.type === 'boolean') return resolved.value
    this.reportValue('error', field, `${field.path} must be true or false, without quotes`)
    return undefined
  }

  /** A whole number that JSON can hold. */
  wholeNumber(field: Field | undefined): number | undefined {
    if (field === undefined || isNull(field.entry.value)) return undefined
    const { value } = field.entry
    const resolved = value.kind === 'scalar' ? resolveScalar(value) : undefined
    const number =
      resolved?.type === 'integer' || resolved?.type === 'float' ? Number(resolved.value) : Number.NaN
    if (Number.isSafeInteger(number)) return number
    this.reportValue('error', field, `${field.path} must be a whole number, without quotes`)
    return undefined
  }

  /**
   * Whether a problem is still to be said: a document that is wrong throughout is not listed throughout.
   * Errors are counted apart, so that no number of warnings hides one.
   */
  #isNew(severity: Severity): boolean {
    this.#counts[severity] += 1
    return this.#counts[severity] <= mostOfEach
  }

  #add(severity: Severity, offset: number, message: string, excerpt: string | undefined): void {
    const isLast = this.#counts[severity] === mostOfEach
    this.#problems.push({
      severity,
      at: this.#places.locate(offset),
      message: isLast ? `${message} (further ${severity}s of this document are not listed)` : message,
      ...(excerpt === undefined ? {} : { excerpt }),
    })
  }

  #entries(node: YamlNode | undefined, path: string): readonly YamlEntry[] {
    if (node === undefined || isNull(node)) return []
    if (node.kind === 'mapping') return node.entries
    this.report('error', node.start, `${path} must be a mapping`)
    return []
  }

  #read(text: () => string | undefined): string | undefined {
    try {
      return text()
    } catch (error) {
      if (!(error instanceof ValueError)) throw error
      this.report('error', error.offset, error.message)
      return undefined
    }
  }

  #knownName(key: string, names: readonly string[]): string | undefined {
    if (names.includes(key)) return key
    if (this.#rules.names === 'exact') return undefined
    const lowerCase = key.toLowerCase()
    return names.find((name) => name.toLowerCase() === lowerCase)
  }

  #reportRepeated(entry: YamlEntry, earlier: YamlEntry, name: string): void {
    // What a merge brings is meant to be replaced.
    if (entry.isMerged || earlier.isMerged) return
    const severity = this.#rules.names === 'exact' ? 'error' : 'warning'
    if (!this.#isNew(severity)) return
    const consequence = severity === 'error' ? '' : '; only one of them counts'
    const message = `'${name}' is given twice${consequence}`
    this.#add(severity, entry.key.start, message, this.#places.excerptOf(entry, false))
  }

  /** Whether a later field counts: JSON objects come with sorted keys, and a null changes nothing. */
  #replaces(entry: YamlEntry, earlier: YamlEntry): boolean {
    return entry.key.text === earlier.key.text || (entry.key.text > earlier.key.text && !isNull(entry.value))
  }

  /**
   * An unknown name is quoted only when it is close to a known one and was written as it is: it may be a value
   * that slipped, or one that a variable brought.
   */
  #reportUnknown(entry: YamlEntry, path: string, names: readonly string[], severity: Severity): void {
    // Looking for a near name is the costly part.
    if (severity === 'warning' && this.#counts.warning >= mostOfEach) return
    const where = path === '' ? '' : ` in ${path}`
    const near = nearest(entry.key.text, names)
    const shown = this.#places.isWritten(entry.key.start, entry.key.end) ? ` '${entry.key.text}'` : ''
    const message =
      near === undefined
        ? `unknown field${where}; known are ${names.join(', ')}`
        : `unknown field${shown}${where}; did you mean '${near}'?`
    if (!this.#isNew(severity)) return
    const excerpt = near === undefined ? undefined : this.#places.excerptOf(entry, false)
    this.#add(severity, entry.key.start, message, excerpt)
  }
}

/** So many errors of one document are listed, and so many warnings. */
const mostOfEach = 100
