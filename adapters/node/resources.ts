/**
 * Resource folders and configuration files on disk.
 *
 * Mirrors dapr/dapr `pkg/internal/loader/disk/manifest.go`: not recursive, names in byte order, `.yaml` and
 * `.yml` in any letter case, other files named in a warning. A folder or file that cannot be read is an error
 * here, since a store may be missing without it.
 *
 * @module
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { SourceFile } from '../../src/component/source.ts'
import { longestText } from '../../src/component/yaml.ts'
import type { Diagnostic } from '../../src/diagnostic.ts'
import { fileErrorReason } from './runtime.ts'

/** What was read and what could not be. */
export interface SourceFiles {
  readonly files: readonly SourceFile[]
  readonly diagnostics: readonly Diagnostic[]
}

/** The YAML files of the folders, in the order given. */
export function readResourceFolders(folders: readonly string[]): SourceFiles {
  const files: SourceFile[] = []
  const diagnostics: Diagnostic[] = []
  for (const folder of folders) {
    let names: readonly string[]
    try {
      names = fileNames(folder)
    } catch (error) {
      diagnostics.push(unreadable(folder, error, 'failed to load components: open '))
      continue
    }
    for (const name of names) {
      const path = join(folder, name)
      if (/\.ya?ml$/i.test(name)) readInto(files, diagnostics, path)
      else diagnostics.push(notYaml(path, name))
    }
  }
  return { files, diagnostics }
}

/** Single files, in the order given. */
export function readConfigurationFiles(paths: readonly string[]): SourceFiles {
  const files: SourceFile[] = []
  const diagnostics: Diagnostic[] = []
  for (const path of paths) readInto(files, diagnostics, path)
  return { files, diagnostics }
}

/** The files of a folder, and what a link in it leads to when that is a file: Kubernetes mounts files as links. */
function fileNames(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => entry.name)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

function readInto(files: SourceFile[], diagnostics: Diagnostic[], path: string): void {
  try {
    // Looked at before it is opened: opening a pipe waits for a writer.
    const status = statSync(path)
    // A link to a folder (`..data` in a Kubernetes mount) is no file.
    if (status.isDirectory()) return
    if (!status.isFile()) diagnostics.push(refused(path, `open ${path}: not a regular file`))
    else if (status.size > mostBytes) diagnostics.push(refused(path, 'the file is larger than 1 MiB'))
    else files.push({ path, text: readFileSync(path, 'utf8') })
  } catch (error) {
    diagnostics.push(unreadable(path, error, 'open '))
  }
}

function unreadable(path: string, error: unknown, what: string): Diagnostic {
  const reason = isErrno(error) ? fileErrorReason(error) : 'cannot be read'
  return refused(path, `${what}${path}: ${reason}`)
}

function refused(path: string, message: string): Diagnostic {
  return { severity: 'error', at: { file: path, line: 1, column: 1 }, message }
}

/** A UTF-16 unit takes at most three bytes: what is longer than that is longer than what is read. */
const mostBytes = 3 * longestText

function notYaml(path: string, name: string): Diagnostic {
  const message = `A non-YAML Component file ${name} was detected, it will not be loaded`
  return { severity: 'warning', at: { file: path, line: 1, column: 1 }, message }
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error
}
