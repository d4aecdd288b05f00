/**
 * Look-up in a raw header list.
 *
 * @module
 */

/**
 * The value of the first header of that name, or `undefined`. `headers` holds names and values in turn;
 * `lowerCaseName` is in lower case, the names in the list may be in any.
 *
 * @example
 * ```ts
 * headerValue(['Host', 'localhost', 'Dapr-Api-Token', 't'], 'dapr-api-token') // 't'
 * ```
 */
export function headerValue(headers: readonly string[], lowerCaseName: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (isHeaderNamed(headers[index], lowerCaseName)) return headers[index + 1]
  }
  return undefined
}

/** Every value of that header, in order. */
export function headerValues(headers: readonly string[], lowerCaseName: string): readonly string[] {
  const values: string[] = []
  for (let index = 0; index < headers.length; index += 2) {
    const value = headers[index + 1]
    if (value !== undefined && isHeaderNamed(headers[index], lowerCaseName)) values.push(value)
  }
  return values
}

// Most names differ in length; only the rest is worth a lower-case copy.
function isHeaderNamed(name: string | undefined, lowerCaseName: string): boolean {
  if (name === undefined || name.length !== lowerCaseName.length) return false
  return name === lowerCaseName || name.toLowerCase() === lowerCaseName
}
