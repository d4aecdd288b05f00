/**
 * Which reads of one store may be answered with one another's value.
 *
 * @module
 */
import type { RequestMetadata } from '../stores/store.ts'

/**
 * The text that stands for a read: two reads have one key exactly when they ask for one spelling with one set of
 * request metadata.
 *
 * The spelling, not the canonical name: a store answers under the name as it was asked for, and the canonical
 * name follows from it. All request metadata, not only what the driver declares, in any order. The store is not
 * part of it, since each has a cache of its own.
 *
 * @param name the secret's name as the caller spelt it; `''` for a bulk read, whose cache holds nothing else
 */
export function readKey(name: string, metadata: RequestMetadata): string {
  // The usual read costs no new text. JSON of a list begins with a bracket, so no other name can be mistaken for it.
  if (metadata.size === 0 && name.charCodeAt(0) !== bracket) return name
  return JSON.stringify([name, ...[...metadata].sort(byName)])
}

const bracket = '['.charCodeAt(0)

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1
}
