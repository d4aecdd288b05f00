/**
 * What a target lends to the code in `src/`: its environment, disk, clock and log.
 *
 * `src/` never asks a platform for anything by itself; whatever it needs arrives through a {@link Runtime},
 * so that one core runs in Node, in workerd, in Lambda and in Azure Functions, and a test can move time.
 *
 * @module
 */

import type { AwsSdk } from './auth/aws-transport.ts'
import type { Send } from './http/exchange.ts'

/** Time as a function sees it. `now` is wall-clock time in milliseconds since the Unix epoch. */
export interface Clock {
  now(): number
  /**
   * Resolves after `milliseconds`, or rejects with the signal's reason as soon as `signal` aborts.
   * The only way in which `src/` waits.
   */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

/** The environment variables a process, isolate or function was given. Names are case-sensitive. */
export interface Environment {
  get(name: string): string | undefined
  /** Every variable, in no particular order. */
  entries(): Iterable<readonly [name: string, value: string]>
}

/** Severity of a log line, in the words of daprd's `--log-level`. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** Where a message goes. Messages never hold a secret's value or a vendor's text. */
export type Log = (level: LogLevel, message: string) => void

/** What a target lends. Members that a target may not have are optional; a driver that needs one says so. */
export interface Runtime {
  readonly env: Environment
  readonly clock: Clock
  /** A number in [0, 1), as `Math.random` gives. Used for jitter, never for anything secret. */
  random(): number
  /** A random UUID in its 36-character text form. */
  uuid(): string
  readonly log: Log
  /**
   * The bytes of a file; relative paths start at the process's working directory.
   * Absent where the target has no disk. Rejects with a {@link FileError}.
   */
  readFile?(path: string, signal?: AbortSignal): Promise<Uint8Array>
  /**
   * The paths of all files in a folder and below it; of a path that is a file, that path alone.
   * Absent where the target has no disk. Rejects with a {@link FileError}.
   */
  listFiles?(folder: string, signal?: AbortSignal): Promise<readonly string[]>
  /**
   * Set where a promise of one request must not be awaited by another (Workers): values are shared between
   * requests there, calls in flight are not.
   */
  readonly isolatesRequests?: true
  /** One HTTP exchange with a vendor. Absent where a test or a target lends no network. */
  readonly send?: Send
  /** AWS's own SDK, for components that ask for it. Absent where a target does not hold it. */
  readonly awsSdk?: AwsSdk
}

/** Why a file could not be read, in words that are safe to show: the operating system's, never the content's. */
export class FileError extends Error {
  override readonly name = 'FileError'
  readonly path: string
  readonly reason: string

  /** @param reason e.g. `no such file or directory` */
  constructor(path: string, reason: string) {
    super(`open ${path}: ${reason}`)
    this.path = path
    this.reason = reason
  }
}

/**
 * An {@link Environment} over plain variables, read without the prototype chain.
 *
 * @example
 * ```ts
 * const env = environment({ DATABASE_URL: 'postgres://db' })
 * env.get('DATABASE_URL') // 'postgres://db'
 * env.get('constructor')  // undefined
 * ```
 */
export function environment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const map = new Map<string, string>()
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) map.set(name, value)
  }
  return { get: (name) => map.get(name), entries: () => map.entries() }
}
