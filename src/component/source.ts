/**
 * A text the user wrote, and where it came from.
 *
 * @module
 */

/** One YAML file. */
export interface SourceFile {
  /** As diagnostics show it, e.g. `components/vault.yaml`. */
  readonly path: string
  readonly text: string
}
