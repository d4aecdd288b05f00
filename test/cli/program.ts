/**
 * The installed program as a process: started with an environment that holds only what a test says, and with
 * everything it prints kept.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inject } from 'vitest'
import { type Header, headerValue, RawClient } from '../conformance/raw-http.ts'
import { freePort, lastLines } from '../conformance/server-process.ts'

/** How a program is started. */
export interface Surroundings {
  /** Default: a folder that holds nothing. */
  readonly cwd?: string
  /** Every variable there is. Default none. */
  readonly env?: Readonly<Record<string, string>>
  /** What to run. Default: the installed package. */
  readonly bin?: string
  /** Arguments of node itself. */
  readonly node?: readonly string[]
}

/** How a program ended. */
export interface Outcome {
  /** The exit code, or the name of the signal that ended it. */
  readonly exit: number | string
  readonly stdout: string
  readonly stderr: string
}

/** An answer whose body is text. Header names are in lower case. */
export interface TextAnswer {
  readonly status: number
  readonly headers: readonly Header[]
  readonly body: string
}

/** How long a program may take to start or to end, in milliseconds. */
const patience = 10_000

/** A program that was started. */
export class Program {
  readonly #child: ChildProcess
  stdout = ''
  stderr = ''
  /** Resolves when it has ended and everything it printed was read. */
  readonly ended: Promise<Outcome>
  #onOutput: () => void = () => {}

  constructor(args: readonly string[], { cwd, env = {}, bin, node = [] }: Surroundings = {}) {
    const child = spawn(process.execPath, [...node, bin ?? inject('packed').bin, ...args], {
      cwd: cwd ?? folderWith({}),
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    running.add(child)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#onOutput()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        running.delete(child)
        const { stdout, stderr } = this
        resolve({ exit: code ?? signal ?? 'neither code nor signal', stdout, stderr })
      })
    })
  }

  /** The most memory it ever had, in bytes. Linux only. */
  peakMemory(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  }

  /** Closes the reading end of its stdout. */
  stopReading(): void {
    this.#child.stdout?.destroy()
  }

  /**
   * Resolves once stdout holds the pattern.
   *
   * @throws when the program ends without it, or is late
   */
  async printed(pattern: RegExp): Promise<void> {
    const found = new Promise<true>((resolve) => {
      this.#onOutput = () => {
        if (pattern.test(this.stdout)) resolve(true)
      }
      this.#onOutput()
    })
    const outcome = await within(patience, Promise.race([found, this.ended]))
    if (outcome === true) return
    const { exit } = outcome ?? { exit: 'still running' }
    throw new Error(`${pattern} was not printed (${exit}): ${lastLines(this.stdout + this.stderr)}`)
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Outcome> {
    this.#child.kill(signal)
    return this.end()
  }

  /** Waits for the end. @throws when it is late */
  async end(): Promise<Outcome> {
    const outcome = await within(patience, this.ended)
    if (outcome !== undefined) return outcome
    this.#child.kill('SIGKILL')
    throw new Error(`still running after ${patience} ms: ${lastLines(this.stdout + this.stderr)}`)
  }
}

/** Runs the program to its end. */
export async function run(args: readonly string[], surroundings?: Surroundings): Promise<Outcome> {
  return new Program(args, surroundings).end()
}

/** `serve` on a free port of this machine, ready to answer. */
export async function serve(
  args: readonly string[],
  surroundings?: Surroundings,
): Promise<{ readonly program: Program; readonly port: number }> {
  const port = await freePort()
  const program = new Program(['serve', '--dapr-http-port', String(port), ...args], surroundings)
  await program.printed(readyLine)
  return { program, port }
}

/** daprd's line (dapr/dapr `pkg/runtime/runtime.go`). */
export const readyLine = /dapr initialized\. Status: Running\. Init Elapsed \d+ms/

/** One request on a connection of its own. */
export async function ask(
  port: number,
  target: string,
  {
    method = 'GET',
    headers = [],
    body,
  }: { method?: string; headers?: readonly Header[]; body?: string } = {},
): Promise<TextAnswer> {
  const client = new RawClient(port)
  try {
    const answer = await client.exchange({
      method,
      target,
      headers,
      body: body === undefined ? undefined : Buffer.from(body),
    })
    return { ...answer, body: Buffer.from(answer.body).toString() }
  } finally {
    client.close()
  }
}

/** The value of an answer's header; `name` in lower case. */
export function header(answer: TextAnswer, name: string): string | undefined {
  return headerValue(answer.headers, name)
}

/** A new folder with these files; their paths are relative to it. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sidecarless-cli-'))
  folders.push(folder)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

/** Ends every program that still runs and removes every folder. To be called after each test. */
export async function cleanUp(): Promise<void> {
  const ends = [...running].map((child) => new Promise((resolve) => child.once('close', resolve)))
  for (const child of running) child.kill('SIGKILL')
  await Promise.all(ends)
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

const running = new Set<ChildProcess>()
const folders: string[] = []
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The value, or `undefined` when the time is over first. */
export async function within<Value>(
  milliseconds: number,
  promise: Promise<Value>,
): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
