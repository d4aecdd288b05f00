/**
 * The package as a user gets it: built and packed from a copy of this repository, and installed with the
 * machine's own npm into an empty project. Made once for all tests of this folder; see vitest.config.ts.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

/** What was made. All paths are absolute. */
export interface Packed {
  /** A copy of the repository with its dependencies, which tests may build and start in. */
  readonly repository: string
  readonly tarball: string
  /** A project that depends on the package and on nothing else. */
  readonly project: string
  /** The package in that project, which holds the tarball's files and no others. */
  readonly installed: string
  /** The installed program, to be run with `process.execPath`. */
  readonly bin: string
}

declare module 'vitest' {
  interface ProvidedContext {
    packed: Packed
  }
}

/** This repository's folder. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url))

/** Runs once before the first test file; what it returns runs after the last. */
export default async function setUp(vitest: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sidecarless-packed-'))
  const repository = join(folder, 'repository')
  await copyRepository(repository)
  npm(repository, ['pack', '--pack-destination', folder])
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
  const project = join(folder, 'project')
  await mkdir(project)
  await writeFile(join(project, 'package.json'), '{"name":"project","private":true,"type":"module"}\n')
  npm(project, ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball)])
  vitest.provide('packed', {
    repository,
    tarball: join(folder, tarball),
    project,
    installed: join(project, 'node_modules', 'sidecarless'),
    bin: join(project, 'node_modules', '.bin', 'sidecarless'),
  })
  return () => rm(folder, { recursive: true, force: true })
}

/** Runs npm in a folder and gives what it printed on stdout. */
export function npm(cwd: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, env: userEnvironment(), encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm ${args[0]} ended with ${status}:\n${stdout}${stderr}`)
  return stdout
}

/** The environment without what `npm test` has put there: this project's programs and npm's own variables. */
export function userEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(npm_|INIT_CWD$|NODE|VITEST|TEST$)/.test(name),
  )
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !/[\\/]node_modules[\\/]/.test(`${folder}/`))
    .join(delimiter)
  return { ...Object.fromEntries(kept), PATH: path }
}

/** The shared `dist/` is left alone: other suites run what is in it. */
async function copyRepository(to: string): Promise<void> {
  const left = new Set(['.git', 'dist', 'node_modules'].map((name) => join(root, name)))
  await cp(root, to, { recursive: true, filter: (path) => !left.has(path) })
  await symlink(join(root, 'node_modules'), join(to, 'node_modules'))
}
