/**
 * Text that is printed on one line and cannot steer a terminal, whatever name a user has put in it.
 *
 * @module
 */

/**
 * The text with each control character, and the two line separators of Unicode, as an escape.
 *
 * @example
 * ```ts
 * oneLine('a\nb') // 'a\\u000ab'
 * ```
 */
export function oneLine(text: string): string {
  return text.replace(lineBreaking, escaped)
}

const lineBreaking = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
