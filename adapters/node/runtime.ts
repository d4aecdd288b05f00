/**
 * What Node lends to `src/`: process environment, disk, clock, network.
 *
 * @module
 */
import { readdirSync, readFile, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Log, Runtime } from '../../src/runtime.ts'
import { environment, FileError } from '../../src/runtime.ts'
import { systemClock } from '../system-clock.ts'
import { awsSdkClient } from './aws-sdk.ts'
import { nodeSend } from './send.ts'

/**
 * Node's runtime.
 *
 * @param variables the environment; a copy is not taken, so a later change is seen
 */
export function nodeRuntime(variables: NodeJS.ProcessEnv, log: Log): Runtime {
  const runtime: Runtime = {
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
    listFiles,
    send: nodeSend(),
    awsSdk: (options) => awsSdkClient(options, runtime),
  }
  return runtime
}

function readWholeFile(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    try {
      readFile(path, { ...(signal === undefined ? {} : { signal }) }, (error, bytes) => {
        if (error === null) resolve(bytes)
        else reject(new FileError(path, fileErrorReason(error)))
      })
    } catch (error) {
      // A path that no file can have, one with a NUL for instance, is refused before the system is asked.
      reject(new FileError(path, fileErrorReason(isSystemError(error) ? error : {})))
    }
  })
}

/** A link counts when it leads to a file: Kubernetes mounts files so, beside a link to the folder they are in. */
async function listFiles(path: string): Promise<readonly string[]> {
  try {
    return statSync(path).isDirectory() ? filesBelow(path).sort() : [path]
  } catch (error) {
    throw new FileError(path, fileErrorReason(isSystemError(error) ? error : {}))
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesBelow(path)
    return statSync(path).isFile() ? [path] : []
  })
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error
}

/** The operating system's words for why a file could not be opened, as Go prints them. */
export function fileErrorReason(error: Pick<NodeJS.ErrnoException, 'code'>): string {
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
  ERR_INVALID_ARG_VALUE: 'invalid argument',
}
