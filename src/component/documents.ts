/**
 * How a file of resources falls into documents.
 *
 * daprd cuts at the bytes `\n---` before it looks at the YAML, and drops the rest of that line
 * (kubernetes/apimachinery `pkg/util/yaml/decoder.go`, used by dapr/dapr `pkg/internal/loader/disk/manifest.go`).
 * So a block of text with such a line is cut in two, here as there.
 *
 * @module
 */

/** A document as text, before it is parsed. */
export interface DocumentText {
  readonly text: string
  /** Where the text begins in its file. */
  readonly start: number
  /**
   * Whether it is what a reader sees who takes the whole file for one YAML text and stops after the first
   * document, as daprd does for Resiliency: comments above a first `---` are no document.
   */
  readonly isFirst: boolean
  /** Where in the file a text begins that is not read: more than a comment behind the `---` above. */
  readonly ignoredAt: number | undefined
}

/** The documents of a file, in order; empty ones included. */
export function splitDocuments(text: string): readonly DocumentText[] {
  const documents: DocumentText[] = []
  let start = 0
  let ignoredAt: number | undefined
  for (;;) {
    const separator = text.indexOf('\n---', start)
    const end = separator < 0 ? text.length : separator
    const document = text.slice(start, end)
    const isFirst =
      documents.length === 0 || (documents.length === 1 && isWithoutContent(documents[0]?.text ?? ''))
    documents.push({ text: document, start, isFirst, ignoredAt })
    if (separator < 0) return documents
    const lineEnd = text.indexOf('\n', separator + 1)
    start = lineEnd < 0 ? text.length : lineEnd + 1
    const behind = separator + '\n---'.length
    ignoredAt = COMMENT_OR_BLANK.test(text.slice(behind, start)) ? undefined : behind
    // daprd gives up on a last line like `--- x`; nothing is behind it to lose.
    if (lineEnd < 0) return documents
  }
}

function isWithoutContent(text: string): boolean {
  return text.split('\n').every((line) => COMMENT_OR_BLANK.test(line))
}

const COMMENT_OR_BLANK = /^\ufeff?\s*(?:#|$)/
