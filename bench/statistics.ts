/**
 * Numbers from repeated measurements.
 *
 * @module
 */

/** The middle value; the mean of the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/**
 * The median of each subject's figures after so many rounds. Every round asks each subject once, and every other
 * round in the opposite order, so that what disturbs the machine disturbs all of them.
 */
export async function interleaved<Name extends string>(
  rounds: number,
  subjects: Readonly<Record<Name, () => number | Promise<number>>>,
): Promise<Record<Name, number>> {
  const result = await interleavedAll(
    rounds,
    mapValues(subjects, (one) => async () => ({ it: await one() })),
  )
  return mapValues(result, ({ it }) => it)
}

/** The same where a subject has several figures at once: the median of each. */
export async function interleavedAll<Name extends string, Figure extends string>(
  rounds: number,
  subjects: Readonly<Record<Name, () => Promise<Readonly<Record<Figure, number>>>>>,
): Promise<Record<Name, Record<Figure, number>>> {
  const names = Object.keys(subjects) as Name[]
  const taken = mapValues(subjects, (): Readonly<Record<Figure, number>>[] => [])
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) taken[name].push(await subjects[name]())
  }
  return mapValues(taken, ([first, ...more]) => {
    if (first === undefined) throw new Error('no round was measured')
    return mapValues(first, (_, figure) => median([first, ...more].map((figures) => figures[figure])))
  })
}

/** An object with the same keys. */
function mapValues<Key extends string, From, To>(
  object: Readonly<Record<Key, From>>,
  change: (value: From, key: Key) => To,
): Record<Key, To> {
  // Object.entries forgets the type of the keys.
  const entries = Object.entries(object) as [Key, From][]
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value, key)])) as Record<Key, To>
}
