/**
 * Where we differ from daprd on purpose. Each has a heading in `docs/differences.md` that says why.
 *
 * @module
 */

/** A case whose recorded answer is daprd's and not ours. */
export interface Difference {
  /** The name of the recorded case. */
  readonly case: string
  /** The id of the heading in `docs/differences.md`: its text in lower case, spaces as hyphens. */
  readonly heading: string
  readonly reason: string
}

/** Cases that were recorded without a mark, because it is our choice. */
export const differences: readonly Difference[] = [
  {
    case: 'yaml-11-0144-2',
    heading: 'components-of-other-building-blocks-are-not-loaded',
    reason: 'a state store is not loaded, so /v1.0/metadata does not list it',
  },
]

/** Headings for the cases whose recording already holds our answer, by the text that marks them. */
export const markedDifferences: ReadonlyMap<string, string> = new Map([
  [
    'daprd answers 404: a raw character makes it decode %2F into a separator. A raw / inside a key is accepted here, so the key is a/b|c',
    'a-slash-inside-a-key-is-accepted',
  ],
  [
    'daprd logs the missing secret and starts with an empty value; it must end the start with a diagnostic',
    'a-reference-that-cannot-be-resolved-ends-the-start',
  ],
  [
    'daprd logs the missing key and keeps the plain value; it must end the start with a diagnostic',
    'a-reference-that-cannot-be-resolved-ends-the-start',
  ],
  [
    'daprd starts with the reference unresolved when auth.secretStore is missing; it must end the start with a diagnostic',
    'a-reference-that-cannot-be-resolved-ends-the-start',
  ],
  [
    'daprd waits for ever for the store and never loads the component; it must end the start with a diagnostic',
    'a-reference-that-cannot-be-resolved-ends-the-start',
  ],
  [
    'daprd never loads a component that needs itself; it must end the start with a diagnostic',
    'a-cycle-of-references-ends-the-start',
  ],
  [
    'daprd logs the document that cannot be read and starts without it; it must end the start with a diagnostic',
    'a-document-that-cannot-be-read-ends-the-start',
  ],
  [
    'daprd logs an error and starts without the document; a document that cannot be read must end the start',
    'a-document-that-cannot-be-read-ends-the-start',
  ],
  [
    'daprd loads a component without a name; nothing can ever reach it, so it must end the start',
    'a-component-without-a-name-ends-the-start',
  ],
])
