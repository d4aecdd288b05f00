/**
 * `npm start` as a user runs it, with the machine's own npm.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { userEnvironment } from './packed.ts'
import { readyLine, within } from './program.ts'

/** A running `npm start`. */
export interface NpmStart {
  readonly output: () => string
  /** Ctrl-C: the signal goes to npm and to all it has started. Resolves when all have ended. */
  readonly interrupt: () => Promise<void>
}

/** Starts it in a folder and waits until it serves. @throws when it ends first, or is late */
export async function npmStart(
  cwd: string,
  port: number,
  env: Readonly<Record<string, string>>,
): Promise<NpmStart> {
  // A group of its own, as a shell gives to what it starts.
  const child = spawn('npm', ['start', '--', '--dapr-http-port', String(port)], {
    cwd,
    env: { ...userEnvironment(), ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = new Promise((resolve) => child.once('close', resolve))
  const ready = new Promise<true>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (readyLine.test(output) && output.includes('Try it')) resolve(true)
      })
    }
  })
  const signalAll = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  }
  if ((await within(60_000, Promise.race([ready, ended]))) !== true) {
    if (child.exitCode === null) signalAll('SIGKILL')
    throw new Error(`npm start does not serve:\n${output}`)
  }
  return {
    output: () => output,
    interrupt: async () => {
      signalAll('SIGINT')
      if (
        (await within(
          10_000,
          ended.then(() => true),
        )) === true
      )
        return
      signalAll('SIGKILL')
      throw new Error('still running 10 s after SIGINT')
    },
  }
}
