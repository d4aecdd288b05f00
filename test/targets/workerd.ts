/**
 * Real workerd with one Worker in it, without wrangler in between: requests arrive as they were sent.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'

/** How a Worker is run. */
export interface WorkerOptions {
  /** The Worker's module on disk; the configuration is written beside it. */
  readonly file: string
  readonly compatibilityDate: string
  readonly compatibilityFlags: readonly string[]
  /** Text bindings by name. */
  readonly variables: Readonly<Record<string, string>>
  /** Bindings that are no text: JSON by name. */
  readonly objects?: Readonly<Record<string, unknown>>
  /** Whether its `fetch` reaches servers on this machine. Default false: public addresses only. */
  readonly reachesLoopback?: boolean
}

/** A running Worker. */
export interface RunningWorker {
  readonly port: number
  /** Everything workerd has printed. */
  output(): string
  close(): Promise<void>
}

/** Starts workerd and waits until it listens. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const configuration = join(dirname(options.file), `workerd-${started++}.capnp`)
  await writeFile(configuration, capnp(options))
  const child = spawn(workerdBinary(), ['serve', configuration, '--control-fd=3'], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // Of a child with such a stdio, the fourth is what this end reads.
  const control = child.stdio[3] as Readable
  const port = await Promise.race([
    listeningPort(control),
    ended.then(() => {
      throw new Error(`workerd ended: ${output.slice(-2000)}`)
    }),
  ])
  return {
    port,
    output: () => output,
    close: async () => {
      child.kill()
      await ended
    },
  }
}

let started = 0

/** The binary itself: what npm puts under `.bin` is a script that would outlive a kill. */
function workerdBinary(): string {
  const require = createRequire(createRequire(import.meta.url).resolve('wrangler/package.json'))
  const { default: binary }: { readonly default: string } = require('workerd')
  return binary
}

function listeningPort(control: Readable): Promise<number> {
  return new Promise((resolve) => {
    let lines = ''
    control.setEncoding('utf8').on('data', (text: string) => {
      lines += text
      const port = /"event":"listen"[^\n]*"port":(\d+)/.exec(lines)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
  })
}

function capnp({
  file,
  compatibilityDate,
  compatibilityFlags,
  variables,
  objects = {},
  reachesLoopback = false,
}: WorkerOptions): string {
  const bindings = [
    ...Object.entries(variables).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...Object.entries(objects).map(
      ([name, value]) => `(name = ${text(name)}, json = ${text(JSON.stringify(value))})`,
    ),
  ]
  const reached = reachesLoopback ? ['public', 'private'] : ['public']
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = [${reached.map(text).join(', ')}], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed ${text(basename(file))})],
  compatibilityDate = ${text(compatibilityDate)},
  compatibilityFlags = [${compatibilityFlags.map(text).join(', ')}],
  bindings = [${bindings.join(', ')}],
);
`
}

/** Cap'n Proto's text literals are C's; for what the tests write JSON's are the same. */
function text(value: string): string {
  return JSON.stringify(value)
}
