/**
 * A problem in what the user wrote, with the place it stands at.
 *
 * Diagnostics are data; wording them for a person is `formatDiagnostic` on one line and `renderDiagnostic`
 * with the source line. A message may name components, fields, types, stores and secrets; it never holds a
 * value.
 *
 * @module
 */
import { oneLine } from './one-line.ts'

/** A place in a file, both numbers one-based; `column` counts UTF-16 units, as editors do. */
export interface Location {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** `error` ends a start or a build; `warning` does not, unless the command is told to be strict. */
export type Severity = 'error' | 'warning'

/** One problem. */
export interface Diagnostic {
  readonly severity: Severity
  readonly at: Location
  /** The name of the component concerned, when it is known. */
  readonly component?: string
  /** What is wrong and what was expected, without a final period. */
  readonly message: string
  /** The line `at` stands on. Absent unless it is certain that the line holds no value. */
  readonly excerpt?: string
}

/**
 * The compiler-style line for a diagnostic. Always one line: a control character in a name is shown escaped.
 *
 * @example
 * ```ts
 * formatDiagnostic({
 *   severity: 'error',
 *   at: { file: 'components/vault.yaml', line: 9, column: 12 },
 *   component: 'vault',
 *   message: "metadata 'skipVerify' must be true or false",
 * })
 * // components/vault.yaml:9:12: component 'vault': metadata 'skipVerify' must be true or false
 * ```
 */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  return lineOf(diagnostic, diagnostic.severity === 'warning' ? 'warning: ' : '')
}

/** The same line without its `warning: `, for a log that has levels of its own. */
export function formatForLog(diagnostic: Diagnostic): string {
  return lineOf(diagnostic, '')
}

function lineOf({ at, component, message }: Diagnostic, mark: string): string {
  const who = component === undefined ? '' : `component '${component}': `
  return oneLine(`${at.file}:${at.line}:${at.column}: ${mark}${who}${message}`)
}

/**
 * A diagnostic for a person at a terminal: its line and, when it has an excerpt, the source line with a caret
 * under the column. Lines are separated by `\n`, without one at the end.
 *
 * @example
 * ```ts
 * renderDiagnostic({
 *   severity: 'warning',
 *   at: { file: 'components/vault.yaml', line: 2, column: 7 },
 *   message: "kind must be exactly 'Component'; this document is ignored",
 *   excerpt: 'kind: component',
 * })
 * // components/vault.yaml:2:7: warning: kind must be exactly 'Component'; this document is ignored
 * //   kind: component
 * //         ^
 * ```
 */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const line = formatDiagnostic(diagnostic)
  const { excerpt, at } = diagnostic
  if (excerpt === undefined) return line
  // Tabs are kept before the caret, so that it stands under its column however wide they are.
  const before = excerpt.slice(0, at.column - 1).replace(/[^\t]/g, ' ')
  return `${line}\n  ${excerpt}\n  ${before}^`
}

/** Whether any of the diagnostics is an error. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}
