/**
 * Log lines where the platform collects what is written to the console, and adds the rest itself.
 *
 * @module
 */

import { oneLine } from '../src/one-line.ts'
import type { Log } from '../src/runtime.ts'

/** A log whose messages always stay on one line, whatever they hold. */
export const consoleLog: Log = (level, message) => {
  console[level === 'fatal' ? 'error' : level](oneLine(message))
}
