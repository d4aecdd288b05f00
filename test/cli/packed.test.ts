import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, dirname, join, relative, sep } from 'node:path'
import { transform } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { root, userEnvironment } from './packed.ts'
import { cleanUp, folderWith, run } from './program.ts'

const { tarball, project, installed, bin } = inject('packed')
afterEach(cleanUp)

describe('the packed package', () => {
  const files = filesBelow(installed)

  it('holds the program, the library with its types, and three documents', () => {
    const library = /^dist\/lib\/(src|adapters)\/[\w./-]+\.(js|d\.ts)$/
    expect(files.filter((path) => !library.test(path))).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist/bin/main.cjs',
      'dist/bin/sidecarless.cjs',
      'package.json',
    ])
  })

  it('holds types for each module and a module for each types file', () => {
    const library = files.filter((path) => path.startsWith('dist/lib/'))
    const modules = library.filter((path) => path.endsWith('.js')).map((path) => path.slice(0, -'.js'.length))
    const types = library
      .filter((path) => path.endsWith('.d.ts'))
      .map((path) => path.slice(0, -'.d.ts'.length))
    expect(modules.length).toBeGreaterThan(50)
    expect(types).toEqual(modules)
  })

  it('holds no module that nothing exported leads to', () => {
    const reached = new Set<string>()
    const waiting = Object.values(record(readJson(join(installed, 'package.json'))['exports']))
      .flatMap((target) => (typeof target === 'string' ? [] : Object.values(record(target))))
      .map((path) => join('.', String(path)))
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (reached.has(path)) continue
      reached.add(path)
      const text = readFileSync(join(installed, path), 'utf8')
      for (const [, specifier = ''] of text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g)) {
        const target = join(dirname(path), specifier)
        waiting.push(path.endsWith('.d.ts') ? target.replace(/\.[jt]s$/, '.d.ts') : target)
      }
    }
    const library = files.filter((path) => path.startsWith('dist/lib/'))
    const modules = new Set([...reached].map((path) => path.replace(/\.d\.ts$/, '.js')))
    expect(library.filter((path) => path.endsWith('.js') && !modules.has(path))).toEqual([])
  })

  it('names no path of the machine that built it', () => {
    const naming = files.filter((path) => {
      const text = readFileSync(join(installed, path), 'utf8')
      return text.includes(root) || text.includes('sidecarless-packed-')
    })
    expect(naming).toEqual([])
  })

  it('passes publint without a word', async () => {
    const bytes = new Uint8Array(readFileSync(tarball))
    const { messages, pkg } = await publint({ strict: true, pack: { tarball: bytes.buffer } })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  it('runs nothing when it is installed, and neither do its dependencies', () => {
    const lock = readJson(join(project, 'node_modules', '.package-lock.json'))
    expect(Object.keys(record(lock['packages'])).sort()).toEqual([
      'node_modules/hono',
      'node_modules/sidecarless',
      'node_modules/yaml',
    ])
    expect(JSON.stringify(lock)).not.toContain('hasInstallScript')
  })

  it('brings a program that npm can run', () => {
    expect(statSync(join(installed, 'dist/bin/sidecarless.cjs')).mode & 0o111).toBe(0o111)
    expect(readFileSync(bin, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node')
  })
})

describe('the library', () => {
  const subpaths = Object.keys(record(readJson(join(installed, 'package.json'))['exports'])).filter(
    (subpath) => subpath !== './package.json',
  )
  const specifiers = subpaths.map((subpath) => `sidecarless${subpath.slice(1)}`)

  beforeAll(() => {
    mkdirSync(join(project, 'node_modules', '@types'), { recursive: true })
    symlinkSync(join(root, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'))
    writeFileSync(join(project, 'readme.ts'), readmeExample())
    const names = specifiers.map((specifier, index) => [`module${index}`, specifier] as const)
    const imports = names.map(([name, specifier]) => `import * as ${name} from '${specifier}'`)
    const uses = `export const modules = [${names.map(([name]) => name).join(', ')}]`
    writeFileSync(join(project, 'all.ts'), `${[...imports, uses].join('\n')}\n`)
  })

  it.each(specifiers)('gives %s to plain Node', (specifier) => {
    const script = `import('${specifier}').then((module) => console.log(Object.keys(module).length))`
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
      cwd: project,
      env: {},
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(Number(stdout)).toBeGreaterThan(0)
  })

  it('gives its package.json, and no module that is not exported', () => {
    const script = `
      console.log(require('sidecarless/package.json').name)
      try { require('sidecarless/dist/bin/main.cjs') } catch (error) { console.log(error.code) }`
    const { stdout } = spawnSync(process.execPath, ['-e', script], {
      cwd: project,
      env: {},
      encoding: 'utf8',
    })
    expect(stdout).toBe('sidecarless\nERR_PACKAGE_PATH_NOT_EXPORTED\n')
  })

  it.each([
    ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext', lib: ['ES2023'] }],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler', lib: ['ES2023', 'DOM'] }],
  ])('type-checks in a strict project with moduleResolution %s, the README example too', (name, options) => {
    const compilerOptions = {
      ...{ target: 'ES2023', strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
      ...{ skipLibCheck: false, noEmit: true, types: ['node'] },
      ...options,
    }
    const config = join(project, `tsconfig.${name}.json`)
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ['all.ts', 'readme.ts'] }))
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' })
    expect(stdout).toBe('')
  })

  it('runs the example of the README', () => {
    const component = readFileSync(join(root, 'examples/components/env-secrets.yaml'), 'utf8')
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, 'readme.ts')], {
      cwd: folderWith({ 'components/env-secrets.yaml': component }),
      env: { DEMO_DATABASE_URL: 'postgres://localhost' },
      encoding: 'utf8',
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toBe("{ DATABASE_URL: 'postgres://localhost' }\n")
  })
})

describe('the program on a Node that is too old', () => {
  it.each(['10.24.1', '20.20.2', '22.11.0'])('says so in one line on Node %s', async (version) => {
    const outcome = await run(['--version'], { node: ['--require', pretending(version)] })
    const stderr = `sidecarless needs Node.js 22.12 or later; this is v${version}\n`
    expect(outcome).toEqual({ exit: 1, stdout: '', stderr })
  })

  it.each(['22.12.0', '23.0.0', '100.0.0'])('starts on Node %s', async (version) => {
    const { exit, stdout } = await run(['--version'], { node: ['--require', pretending(version)] })
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringMatching(/^sidecarless \d/) })
  })

  it('can be parsed by one', async () => {
    const text = readFileSync(bin, 'utf8')
    const forOld = await transform(text, { target: 'es2018' })
    expect(forOld.code).toBe((await transform(text, { target: 'esnext' })).code)
  })

  const old = olderNode()
  it.skipIf(old === undefined)('is refused by the one that this machine has', () => {
    const { status, stdout, stderr } = spawnSync(old ?? '', [bin, 'serve'], { env: {}, encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(/^sidecarless needs Node\.js 22\.12 or later; this is v\d+\.\d+\.\d+\n$/)
  })
})

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort()
}

/** The first TypeScript block of the packed README. */
function readmeExample(): string {
  const example = /^```ts\n(.*?)^```$/ms.exec(readFileSync(join(installed, 'README.md'), 'utf8'))?.[1]
  if (example === undefined) throw new Error('the README has no TypeScript example')
  return example
}

/** A script that makes Node claim another version. */
function pretending(version: string): string {
  const versions = `{ ...process.versions, node: '${version}' }`
  const text = `
    Object.defineProperty(process, 'versions', { value: ${versions} })
    Object.defineProperty(process, 'version', { value: 'v${version}' })`
  return join(folderWith({ 'pretend.cjs': text }), 'pretend.cjs')
}

/** The first Node of the user's PATH, when it is too old for the program. */
function olderNode(): string | undefined {
  const path = userEnvironment()['PATH'] ?? ''
  const node = path
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find(existsSync)
  if (node === undefined) return undefined
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  return Number(/^v(\d+)\./.exec(stdout)?.[1]) < 22 ? node : undefined
}

function readJson(path: string): Record<string, unknown> {
  return record(JSON.parse(readFileSync(path, 'utf8')))
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error('no object')
  return { ...value }
}
