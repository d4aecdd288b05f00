/**
 * A problem in what the user wrote, with the place it stands at.
 *
 * Diagnostics are data; wording them for a person is `formatDiagnostic`, showing the source line is the
 * caller's choice (it has the text). A message may name components, fields, types, stores and secrets;
 * it never holds a value.
 *
 * @module
 */

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
}

/**
 * The compiler-style line for a diagnostic.
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
  const { at, component, message, severity } = diagnostic
  const where = `${at.file}:${at.line}:${at.column}: `
  const mark = severity === 'warning' ? 'warning: ' : ''
  const who = component === undefined ? '' : `component '${component}': `
  return where + mark + who + message
}

/** Whether any of the diagnostics is an error. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error')
}
