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
  const places = new Map<string, Place<Item>>()
  const order = createOrder()
  let total = 0

  function remove(key: string): void {
    const place = places.get(key)
    if (place === undefined) return
    total -= place.item.size
    places.delete(key)
    unlink(place)
  }

  return {
    get(key) {
      const place = places.get(key)
      if (place === undefined) return undefined
      if (place !== order.older) {
        unlink(place)
        makeNewest(place, order)
      }
      return place.item
    },
    set(key, item) {
      remove(key)
      if (item.size > bytes || entries < 1) return
      const place = { key, item, older: order, newer: order }
      places.set(key, place)
      makeNewest(place, order)
      total += item.size
      while (places.size > entries || total > bytes) remove(order.newer.key)
    },
    delete: remove,
    clear() {
      places.clear()
      order.older = order.newer = order
      total = 0
    },
  }
}

/**
 * A link of the order of use, which is a ring: the order itself stands between the newest, which is the one older
 * than it, and the oldest. To put a key of a Map behind the others would take as long as the rest of a read.
 */
interface Link {
  readonly key: string
  older: Link
  newer: Link
}

/** An item and its place in that order. */
interface Place<Item> extends Link {
  readonly item: Item
}

function createOrder(): Link {
  // It can point to itself only once it is there.
  const order = { key: '' } as Link
  order.older = order.newer = order
  return order
}

function unlink({ older, newer }: Link): void {
  older.newer = newer
  newer.older = older
}

function makeNewest(link: Link, order: Link): void {
  link.older = order.older
  link.newer = order
  order.older.newer = link
  order.older = link
}
