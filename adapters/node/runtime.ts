/**
 * What Node lends to `src/`: process environment, disk, clock.
 *
 * @module
 */
import { readFile } from 'node:fs'
import type { Log, Runtime } from '../../src/runtime.ts'
import { environment, FileError } from '../../src/runtime.ts'
import { systemClock } from '../system-clock.ts'

/**
 * Node's runtime.
 *
 * @param variables the environment; a copy is not taken, so a later change is seen
 */
export function nodeRuntime(variables: NodeJS.ProcessEnv, log: Log): Runtime {
  return {
    env: {
      get: (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
      entries: () => environment(variables).entries(),
    },
    clock: systemClock,
    random: Math.random,
    // The global is loaded when it is first used; an import of node:crypto would cost every start 3 ms.
    uuid: () => crypto.randomUUID(),
    log,
    readFile: readWholeFile,
  }
}

function readWholeFile(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    readFile(path, { ...(signal === undefined ? {} : { signal }) }, (error, bytes) => {
      if (error === null) resolve(bytes)
      else reject(new FileError(path, fileErrorReason(error)))
    })
  })
}

/** The operating system's words for why a file could not be opened, as Go prints them. */
export function fileErrorReason(error: NodeJS.ErrnoException): string {
  return reasons[error.code ?? ''] ?? error.code ?? 'cannot be read'
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'file name too long',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
  EPERM: 'operation not permitted',
}
