/**
 * What is kept when not everything can be: the least recently used goes first.
 *
 * @module
 */

/** Anything that says how much of the bound it takes. */
export interface Sized {
  /** Bytes, about. */
  readonly size: number
}

/** How much a pool keeps. */
export interface PoolBounds {
  readonly entries: number
  readonly bytes: number
}

/** Items by key, bounded by their number and their sizes. */
export interface Pool<Item extends Sized> {
  /** The item, which counts as used. */
  get(key: string): Item | undefined
  /** Keeps the item in place of an earlier one. One that is larger than the bound is not kept. */
  set(key: string, item: Item): void
  delete(key: string): void
  clear(): void
}

/** Bytes that a text and what holds it take in memory, about: two for each UTF-16 unit at most. */
export function bytesOf(text: string): number {
  return 2 * text.length + 64
}

/** An empty pool. */
export function createPool<Item extends Sized>({ entries, bytes }: PoolBounds): Pool<Item> {
  // In order of use, the newest last: a Map keeps its keys in the order in which they came.
  const items = new Map<string, Item>()
  let newest: string | undefined
  let total = 0

  function remove(key: string): void {
    total -= items.get(key)?.size ?? 0
    items.delete(key)
  }

  return {
    get(key) {
      const item = items.get(key)
      if (item === undefined || key === newest) return item
      items.delete(key)
      items.set(key, item)
      newest = key
      return item
    },
    set(key, item) {
      remove(key)
      if (item.size > bytes || entries < 1) return
      items.set(key, item)
      newest = key
      total += item.size
      for (const oldest of items.keys()) {
        if (items.size <= entries && total <= bytes) break
        remove(oldest)
      }
    },
    delete: remove,
    clear() {
      items.clear()
      total = 0
    },
  }
}
