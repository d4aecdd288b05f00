/**
 * Processes that are measured: started, waited for, looked at, ended.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'

/** A server that answered its first request. */
export interface RunningServer {
  readonly port: number
  /** Milliseconds from the spawn to the first good answer. */
  readonly readyAfter: number
  /** Resident memory in MB. */
  memory(): number
  /** Ends it and waits for that. */
  stop(): Promise<void>
}

/** What to start. */
export interface Program {
  /** Arguments of `node`, given the port to listen on. */
  args(port: number): readonly string[]
  /** A path that is answered well once the server is ready. */
  readonly readyPath: string
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a server and asks it every millisecond until it answers. */
export async function startServer({ args, readyPath, env = {} }: Program): Promise<RunningServer> {
  const port = await freePort()
  const started = performance.now()
  const child = spawn(process.execPath, args(port), { env, stdio: ['ignore', 'ignore', 'inherit'] })
  running.add(child)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child)
      resolve()
    })
  })
  while (!(await answers(port, readyPath))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${args(port)[0]} ended at once`)
    if (performance.now() - started > 10_000) throw new Error(`${args(port)[0]} is not ready after 10 s`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const readyAfter = performance.now() - started
  return {
    port,
    readyAfter,
    memory: () => residentMemory(child),
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Milliseconds from the spawn of `node` with these arguments to its end. */
export async function timeToExit(args: readonly string[]): Promise<number> {
  const started = performance.now()
  const child = spawn(process.execPath, args, { env: {}, stdio: 'ignore' })
  await new Promise((resolve) => child.once('exit', resolve))
  return performance.now() - started
}

/** What a process prints on stdout; its errors go to ours. */
export async function outputOf(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  if (code !== 0) throw new Error(`${args[0]} ended with exit code ${code}`)
  return output
}

/** Processes that would outlive a run which ends early. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

function residentMemory({ pid }: ChildProcess): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1024
}

function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
    })
    socket.once('data', (bytes) => {
      socket.destroy()
      // A health check has no body.
      resolve(/^HTTP\/1\.1 20[04] /.test(bytes.toString('latin1')))
    })
  })
}

/** A free port below the range of outgoing connections: one of those, asked too early, connects to itself. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000)
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer()
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}
