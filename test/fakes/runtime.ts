/**
 * A runtime for tests: an environment, files and a log of its own, and a clock that the test moves.
 */
import type { Clock, LogLevel, Runtime } from '../../src/runtime.ts'
import { environment, FileError } from '../../src/runtime.ts'
import { fakeClock } from './clock.ts'

/** What the test gives it. */
export interface FakeRuntimeOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Texts or bytes by path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly clock?: Clock
}

/** The runtime, and the lines that were logged. */
export interface FakeRuntime extends Runtime {
  readonly lines: readonly (readonly [level: LogLevel, message: string])[]
}

export function fakeRuntime({
  env = {},
  files = {},
  clock = fakeClock(),
}: FakeRuntimeOptions = {}): FakeRuntime {
  const lines: (readonly [LogLevel, string])[] = []
  let uuids = 0
  return {
    lines,
    env: environment(env),
    clock,
    random: () => 0.5,
    uuid: () => `00000000-0000-4000-8000-${String(++uuids).padStart(12, '0')}`,
    log: (level, message) => void lines.push([level, message]),
    async readFile(path) {
      const file = Object.hasOwn(files, path) ? files[path] : undefined
      if (file === undefined) throw new FileError(path, 'no such file or directory')
      return typeof file === 'string' ? new TextEncoder().encode(file) : file
    },
  }
}
