/**
 * Log lines where the platform collects what is written to the console, and adds the rest itself.
 *
 * @module
 */
import type { Log } from '../src/runtime.ts'

/** A log whose messages always stay on one line, whatever they hold. */
export const consoleLog: Log = (level, message) => {
  console[level === 'fatal' ? 'error' : level](message.replace(lineBreaking, escaped))
}

/** Control characters, and the two line separators that Unicode adds to them. */
const lineBreaking = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
