/**
 * Answers that never change, given once.
 *
 * @module
 */

/**
 * The same function, which is not asked again for a text of a moment ago.
 *
 * @param answer gives the same for the same text, always
 */
export function remember<Answer extends {}>(answer: (text: string) => Answer): (text: string) => Answer {
  const known = new Map<string, Answer>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const given = answer(text)
    if (text.length > longestText) return given
    if (known.size >= mostAnswers) known.clear()
    known.set(text, given)
    return given
  }
}

/** Answers that are kept. When there are more, all are forgotten, so that random texts never pile up. */
const mostAnswers = 1000

/** Longer texts are answered each time. */
const longestText = 512
