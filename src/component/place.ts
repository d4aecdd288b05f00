/**
 * From offsets in a document to places in a file, and to the line that may be shown there.
 *
 * @module
 */
import type { Diagnostic, Location } from '../diagnostic.ts'
import type { SourceFile } from './source.ts'
import type { YamlEntry } from './yaml.ts'

/** Where the offsets of one document stand. */
export interface Places {
  locate(offset: number): Location
  /**
   * The line of a field, when it holds nothing but list marks, the key and the start of a block, or the key
   * and its one-line value.
   *
   * @param isHarmless whether the value may be shown: it is a name, not a secret
   */
  excerptOf(entry: YamlEntry, isHarmless: boolean): string | undefined
  /** Whether a part of the document stands in the file as it is, and did not come out of a variable. */
  isWritten(start: number, end: number): boolean
}

/** Finds lines and columns of a file; lines are counted once, when the first place is asked for. */
export class LineMap {
  readonly #file: SourceFile
  #starts: readonly number[] | undefined

  constructor(file: SourceFile) {
    this.#file = file
  }

  /** The place of an offset in the file's text. A byte order mark takes no column. */
  locate(offset: number): Location {
    const starts = this.#lineStarts()
    const line = lastAtMost(starts, offset)
    const start = line === 0 && this.#file.text.startsWith('\ufeff') ? 1 : (starts[line] ?? 0)
    return { file: this.#file.path, line: line + 1, column: Math.max(0, offset - start) + 1 }
  }

  #lineStarts(): readonly number[] {
    if (this.#starts === undefined) {
      const starts = [0]
      for (let at = this.#file.text.indexOf('\n'); at >= 0; at = this.#file.text.indexOf('\n', at + 1)) {
        starts.push(at + 1)
      }
      this.#starts = starts
    }
    return this.#starts
  }
}

/** Diagnostics in the order of files, and of places in each. */
export function inReadingOrder(
  diagnostics: readonly Diagnostic[],
  files: readonly SourceFile[],
): readonly Diagnostic[] {
  const ranks = new Map(files.map(({ path }, index) => [path, index]))
  const rank = ({ at }: Diagnostic) => ranks.get(at.file) ?? files.length
  return diagnostics.toSorted(
    (one, other) => rank(one) - rank(other) || one.at.line - other.at.line || one.at.column - other.at.column,
  )
}

/**
 * The places of a document.
 *
 * @param toFile takes an offset in the document to one in the file
 * @param isExpanded whether a part of the document came out of a variable; nothing did by default
 */
export function placesOf(
  text: string,
  lines: LineMap,
  toFile: (offset: number) => number,
  isExpanded: (start: number, end: number) => boolean = () => false,
): Places {
  return {
    isWritten: (start, end) => !isExpanded(start, end),
    locate: (offset) => lines.locate(toFile(offset)),
    excerptOf(entry, isHarmless) {
      const line = lineOf(text, entry.key.start)
      if (line.text.length > longestExcerpt || !holdsOnly(entry, isHarmless, text, line)) return undefined
      return isExpanded(line.start, line.end) ? undefined : line.text
    },
  }
}

const longestExcerpt = 200

interface Line {
  readonly text: string
  readonly start: number
  readonly end: number
}

function lineOf(text: string, offset: number): Line {
  const start = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1
  const lineEnd = text.indexOf('\n', offset)
  const whole = text.slice(start, lineEnd < 0 ? text.length : lineEnd)
  const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole
  return { text: line, start, end: start + line.length }
}

function holdsOnly({ key, value }: YamlEntry, isHarmless: boolean, text: string, line: Line): boolean {
  if (key.end > line.end || !/^[ -]*$/.test(text.slice(line.start, key.start))) return false
  const behindKey = text.slice(key.end, line.end)
  if (/^ *: *$/.test(behindKey)) return true
  return (
    isHarmless &&
    value.kind === 'scalar' &&
    value.end <= line.end &&
    /^ *: *$/.test(text.slice(key.end, value.start)) &&
    /^ *$/.test(text.slice(value.end, line.end))
  )
}

/** Index of the last of ascending numbers that is not above `wanted`; the first is taken to be so. */
function lastAtMost(numbers: readonly number[], wanted: number): number {
  let low = 0
  let high = numbers.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((numbers[middle] ?? Number.POSITIVE_INFINITY) <= wanted) low = middle
    else high = middle - 1
  }
  return low
}
