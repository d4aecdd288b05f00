/**
 * Many calls, a few at a time.
 *
 * @module
 */

/**
 * The result of `run` for each item, in the order of the items, with at most `limit` runs going on.
 *
 * Rejects with the first failure as soon as it happens. No run is started after it; those that go on are
 * not waited for.
 *
 * @param limit one or more; anything less counts as one
 *
 * @example
 * ```ts
 * const values = await mapBounded(names, 10, (name) => read(name))
 * ```
 */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  limit: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const waiting = items.entries()
  let failed = false

  /** One of the runs that go on: takes what is next until nothing is left. The iterator is shared by all. */
  async function work(): Promise<void> {
    for (const [index, item] of waiting) {
      try {
        results[index] = await run(item)
      } catch (error) {
        failed = true
        throw error
      }
      if (failed) return
    }
  }

  await Promise.all(Array.from({ length: Math.min(Math.max(1, limit), items.length) }, work))
  return results
}
