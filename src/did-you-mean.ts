/**
 * The known word that was probably meant.
 *
 * @module
 */

/**
 * The candidate nearest to a word, `undefined` when none is near: about a third of the word may
 * be wrong. Letter case does not count as a mistake of its own.
 *
 * @example
 * ```ts
 * nearest('secretsfile', ['secretsFile', 'nestedSeparator']) // 'secretsFile'
 * nearest('port', ['secretsFile', 'nestedSeparator'])        // undefined
 * ```
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // A word of a length that no one types by mistake is compared with nothing.
  if (word.length > 100) return undefined
  let best: string | undefined
  let fewest = Math.max(1, Math.round(word.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(word.length - candidate.length) >= fewest) continue
    const mistakes = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (mistakes < fewest) {
      best = candidate
      fewest = mistakes
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = []
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwap =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const options = [
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        ...(isSwap ? [at(beforeLast, column - 2) + 1] : []),
      ]
      current.push(Math.min(...options))
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
