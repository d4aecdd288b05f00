/**
 * Log lines in daprd's two shapes: logrus text and JSON, one line each (dapr/kit `logger/dapr_logger.go`).
 *
 * @module
 */
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

/** A log whose messages always stay on one line, whatever they hold. */
export function createLog(options: LogOptions): Log {
  const { level: threshold, asJson, appId, instance, version, now, write } = options
  const least = logLevels.indexOf(threshold)
  return (level, message) => {
    if (logLevels.indexOf(level) < least) return
    const fields = {
      app_id: appId,
      instance,
      level: level === 'warn' ? 'warning' : level,
      msg: message,
      scope: 'dapr.runtime',
      time: new Date(now()).toISOString(),
      type: 'log',
      ver: version,
    }
    write(`${asJson ? JSON.stringify(fields) : textLine(fields)}\n`)
  }
}

/** logrus: time, level and msg first, then the rest by name; quotes where a value needs them. */
function textLine({ time, level, msg, ...rest }: Readonly<Record<'time' | 'level' | 'msg', string>>): string {
  const first = `time="${time}" level=${level} msg=${quoted(msg)}`
  return Object.entries<string>(rest).reduce((line, [name, value]) => `${line} ${name}=${bare(value)}`, first)
}

function bare(value: string): string {
  return /^[\w\-./@^+]+$/.test(value) ? value : quoted(value)
}

function quoted(value: string): string {
  return JSON.stringify(value)
}
