/**
 * A Node process that runs a bundle in the way a platform's own process does, and is asked over IPC.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'

/** What a host sends back for a message. */
type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: string }

/** A running host. */
export class Host {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  #nextId = 1
  /** Everything the process has printed. */
  output = ''

  /**
   * Starts a host script with a bundle.
   *
   * @param env all that is in the process's environment
   */
  constructor(script: URL, bundle: string, env: Readonly<Record<string, string>>) {
    const child = fork(script, [bundle], {
      env: { ...env },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    }
    child.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      if ('failure' in reply) waiting?.reject(new Error(reply.failure))
      else waiting?.resolve(reply.result)
    })
    child.once('exit', (code) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`the host ended with ${code}: ${this.output.slice(-2000)}`))
      }
    })
  }

  /** Sends a message and gives what the host makes of it; rejects with the failure's text. */
  ask(message: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ id, message })
    })
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill()
    await ended
  }
}
