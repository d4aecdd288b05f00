/**
 * Log lines in daprd's two shapes: logrus text and JSON, one line each (dapr/kit `logger/dapr_logger.go`).
 *
 * @module
 */
import { oneLine } from '../../src/one-line.ts'
import type { Log, LogLevel } from '../../src/runtime.ts'

/** How lines are written. */
export interface LogOptions {
  readonly appId: string
  /** The machine's name. */
  readonly instance: string
  /** This program's version. */
  readonly version: string
  /** Lines below it are not written. */
  readonly level: LogLevel
  readonly asJson: boolean
  /** Wall-clock time in milliseconds since the Unix epoch. */
  readonly now: () => number
  readonly write: (line: string) => void
}

/** Least severe first. */
export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'fatal']

/** What a line says besides its message, by name. `scope` stands in for `dapr.runtime`. */
export type LogFields = Readonly<Record<string, string | number>>

/** A {@link Log} whose lines can say more than a message. */
export type FieldLog = (...line: [...Parameters<Log>, fields?: LogFields]) => void

/** A log whose messages always stay on one line, whatever they hold. */
export function createLog(options: LogOptions): FieldLog {
  const { level: threshold, asJson, appId, instance, version, now, write } = options
  const least = logLevels.indexOf(threshold)
  return (level, message, fields = {}) => {
    if (logLevels.indexOf(level) < least) return
    const common = { app_id: appId, instance, scope: 'dapr.runtime', type: 'log', ver: version }
    const first = {
      time: new Date(now()).toISOString(),
      level: level === 'warn' ? 'warning' : level,
      msg: message,
    }
    const rest = byName({ ...common, ...fields })
    const line = asJson ? JSON.stringify(byName({ ...first, ...rest })) : textLine(first, rest)
    write(`${oneLine(line)}\n`)
  }
}

function byName(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** logrus: time, level and message first, then the rest by name; quotes where a value needs them. */
function textLine(
  { time, level, msg }: Readonly<Record<'time' | 'level' | 'msg', string>>,
  rest: LogFields,
): string {
  const first = `time="${time}" level=${level} msg=${quoted(msg)}`
  return Object.entries(rest).reduce((line, [name, value]) => `${line} ${name}=${bare(String(value))}`, first)
}

function bare(value: string): string {
  return /^[\w\-./@^+]+$/.test(value) ? value : quoted(value)
}

function quoted(value: string): string {
  return JSON.stringify(value)
}
