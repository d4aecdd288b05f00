/**
 * Parts of a JSON text as they are written, for what must not go through JavaScript's values: a number beyond
 * 2^53, the order of keys, the way a character was escaped.
 *
 * @module
 */

/**
 * The members of an object by name, each value as the text it stands in; of several with one name the last one.
 * `undefined` when the text is no object.
 *
 * @param json a text that `JSON.parse` takes; of any other the result means nothing
 *
 * @example
 * ```ts
 * rawMembers('{"id": 12345678901234567890, "tags": ["a"]}')
 * // Map { 'id' => '12345678901234567890', 'tags' => '["a"]' }
 * ```
 */
export function rawMembers(json: string): ReadonlyMap<string, string> | undefined {
  let index = afterBlanks(json, 0)
  if (json[index] !== '{') return undefined
  const members = new Map<string, string>()
  index = afterBlanks(json, index + 1)
  while (json[index] === '"') {
    const afterName = afterString(json, index)
    const value = afterBlanks(json, afterBlanks(json, afterName) + 1)
    const end = afterValue(json, value)
    members.set(rawString(json.slice(index, afterName)) ?? '', json.slice(value, end).trimEnd())
    index = afterBlanks(json, end + 1)
  }
  return members
}

/** The text that a JSON string stands for; `undefined` when `json` is another value. */
export function rawString(json: string): string | undefined {
  if (!json.startsWith('"')) return undefined
  const value: unknown = JSON.parse(json)
  return typeof value === 'string' ? value : undefined
}

function afterBlanks(json: string, start: number): number {
  let index = start
  while (' \t\r\n'.includes(json[index] ?? '-')) index += 1
  return index
}

/** The index behind a string that begins at `start`. */
function afterString(json: string, start: number): number {
  let index = start + 1
  while (index < json.length && json[index] !== '"') index += json[index] === '\\' ? 2 : 1
  return index + 1
}

/** The index of the comma or the bracket that ends a member's value. */
function afterValue(json: string, start: number): number {
  let depth = 0
  let index = start
  while (index < json.length) {
    const character = json[index]
    if (character === '"') {
      index = afterString(json, index)
      continue
    }
    if (depth === 0 && (character === ',' || character === '}')) return index
    if (character === '{' || character === '[') depth += 1
    if (character === '}' || character === ']') depth -= 1
    index += 1
  }
  return index
}
