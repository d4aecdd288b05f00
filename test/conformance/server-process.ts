/**
 * The real program as a process for one set-up: its files in a folder of its own, nothing in its environment
 * but what the set-up says, and an end that is looked at.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OpenedFace, RefusedFace } from './faces.ts'
import { socketFace } from './faces.ts'
import type { RecordedSetup } from './vectors.ts'

/** What to start: arguments of `node`, before daprd's flags. */
export type Program = readonly string[]

/** The bundle that users start. `node scripts/build.ts` makes it. */
export const builtProgram: Program = [
  fileURLToPath(new URL('../../dist/bin/sidecarless.cjs', import.meta.url)),
  'serve',
]

/** How long a process may take to do what it should, in milliseconds. */
export interface Patience {
  readonly start: number
  readonly stop: number
}

/**
 * Starts the program for a set-up and waits until it serves, or ends.
 *
 * @throws when the program is not there
 */
export async function startServer(
  setup: RecordedSetup,
  program: Program = builtProgram,
  patience: Patience = { start: 15_000, stop: 5_000 },
): Promise<OpenedFace | RefusedFace> {
  if (program === builtProgram && !existsSync(program[0] ?? '')) {
    throw new Error(`${program[0]} does not exist: run node scripts/build.ts`)
  }
  const folder = await mkdtemp(join(tmpdir(), 'sidecarless-'))
  const dataFolder = `${folder}/data/`
  const port = await freePort()
  await writeSetup(setup, folder)
  const process = new ServerProcess([...program, ...(await flags(setup, folder, port))], setup.env, folder)
  const started = await process.ready(patience.start)
  if (started === 'serving') {
    const socket = socketFace(port)
    return {
      kind: 'opened',
      ask: socket.ask,
      dataFolder,
      close: async () => {
        // The connection stays open meanwhile: a client that keeps one must not keep the server alive.
        const problems = await process.stop(patience.stop)
        socket.close()
        await rm(folder, { recursive: true, force: true })
        return problems
      },
    }
  }
  const problems = started === 'late' ? [`neither served nor ended within ${patience.start} ms`] : []
  if (started === 'late') await process.kill()
  else if (process.exit !== 'exit code 1') problems.push(`ended with ${process.exit}, expected exit code 1`)
  await rm(folder, { recursive: true, force: true })
  return { kind: 'refused', dataFolder, log: process.output, problems }
}

/** The line that says the server answers (dapr/dapr `pkg/runtime/runtime.go`). */
const readyLine = 'dapr initialized. Status: Running'

class ServerProcess {
  readonly #child: ChildProcess
  /** `exit code 1`, `signal SIGKILL`, or why it could not be started; `undefined` while it runs. */
  exit: string | undefined
  output = ''
  readonly #ended: Promise<void>
  #onOutput: () => void = () => {}

  constructor(args: readonly string[], env: Readonly<Record<string, string>>, cwd: string) {
    const child = spawn(process.execPath, args, { cwd, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    running.add(child)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => {
        this.output += text
        this.#onOutput()
      })
    }
    this.#ended = new Promise((resolve) => {
      const end = (reason: string) => {
        running.delete(child)
        this.exit = reason
        resolve()
      }
      child.once('error', (error) => end(`no start: ${error.message}`))
      // "close" and not "exit": only then has everything printed been read.
      child.once('close', (code, signal) => end(code === null ? `signal ${signal}` : `exit code ${code}`))
    })
  }

  async ready(within: number): Promise<'serving' | 'ended' | 'late'> {
    const serving = new Promise<'serving'>((resolve) => {
      this.#onOutput = () => {
        if (this.output.includes(readyLine)) resolve('serving')
      }
    })
    return bounded(Promise.race([serving, this.#ended.then(() => 'ended' as const)]), within, 'late')
  }

  async stop(within: number): Promise<string[]> {
    if (this.exit !== undefined) return [`ended by itself with ${this.exit}: ${lastLines(this.output)}`]
    this.#child.kill('SIGTERM')
    const stopped = await bounded(
      this.#ended.then(() => 'ended' as const),
      within,
      'late',
    )
    if (stopped === 'late') {
      await this.kill()
      return [`still ran ${within} ms after SIGTERM`]
    }
    return this.exit === 'exit code 0' ? [] : [`ended with ${this.exit} after SIGTERM, expected exit code 0`]
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/** Processes that would outlive a test run which ends early. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The end of what a process printed, for a message. */
export function lastLines(output: string): string {
  return output.trimEnd().split('\n').slice(-5).join(' | ')
}

async function writeSetup(setup: RecordedSetup, folder: string): Promise<void> {
  const here = (text: string) => text.replaceAll('/data/', `${folder}/data/`)
  await Promise.all([mkdir(`${folder}/data`), mkdir(`${folder}/resources`)])
  const resources = [...setup.components, ...setup.resources].map((text, index) =>
    writeFile(`${folder}/resources/${String(index).padStart(3, '0')}.yaml`, here(text)),
  )
  const files = Object.entries(setup.files).map(([path, text]) => {
    if (!/^\/data\/[^/]+$/.test(path)) throw new Error(`${setup.name}: a file outside /data/`)
    return writeFile(folder + path, text)
  })
  const configuration =
    setup.configuration === undefined ? [] : [writeFile(`${folder}/config.yaml`, here(setup.configuration))]
  await Promise.all([...resources, ...files, ...configuration])
}

async function flags(setup: RecordedSetup, folder: string, port: number): Promise<string[]> {
  const { appId, allowedOrigins, maxBodySize } = setup.args
  return [
    '--app-id',
    appId,
    '--resources-path',
    `${folder}/resources`,
    ...(setup.configuration === undefined ? [] : ['--config', `${folder}/config.yaml`]),
    ...['--dapr-http-port', String(port)],
    ...['--dapr-grpc-port', String(await freePort())],
    ...['--dapr-internal-grpc-port', String(await freePort())],
    ...['--metrics-port', String(await freePort())],
    '--dapr-listen-addresses=127.0.0.1',
    '--mode=standalone',
    '--log-level=info',
    '--placement-host-address=',
    '--enable-mtls=false',
    ...(allowedOrigins === undefined ? [] : [`--allowed-origins=${allowedOrigins}`]),
    ...(maxBodySize === undefined ? [] : [`--max-body-size=${maxBodySize}`]),
  ]
}

/**
 * A port nobody listens on, below the range from which the system takes ports for outgoing connections. Each
 * call gives another one, so that processes started side by side do not meet.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    nextPort = nextPort >= lastPort ? firstPort : nextPort + 1
    const port = nextPort
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer()
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}

const firstPort = 12_000
const lastPort = 32_000
let nextPort = firstPort + Math.floor(Math.random() * (lastPort - firstPort))

async function bounded<Value, Late>(
  promise: Promise<Value>,
  within: number,
  late: Late,
): Promise<Value | Late> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<Late>((resolve) => {
    timer = setTimeout(() => resolve(late), within)
  })
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer))
}
