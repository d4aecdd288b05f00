import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { RawClient } from '../conformance/raw-http.ts'
import { builtProgram, freePort } from '../conformance/server-process.ts'
import type { RunningTarget } from '../conformance/target-contract.ts'
import { describeTarget } from '../conformance/target-contract.ts'
import { askOver } from './raw-ask.ts'

describeTarget('the Node server', {
  start,
  // It listens on loopback.
  withoutToken: 'serves',
  dotSegments: 'as sent',
  bodyOfGet: 'read',
  repeatedToken: 'first counts',
})

const components = fileURLToPath(new URL('../fixtures/targets/components', import.meta.url))

/** Starts the bundle of dist/ and waits for the line that says it serves. */
async function start(variables: Readonly<Record<string, string>>): Promise<RunningTarget> {
  const port = await freePort()
  const flags = ['--app-id', 'orders', '--resources-path', components, '--dapr-http-port', String(port)]
  const child = spawn(process.execPath, [...builtProgram, ...flags], {
    env: { ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (output.includes('dapr initialized')) resolve()
      })
    }
    void ended.then(() => reject(new Error(`the server ended: ${output.slice(-2000)}`)))
  })
  const client = new RawClient(port)
  return {
    ask: askOver(client),
    log: () => output,
    async close() {
      client.close()
      child.kill()
      await ended
    },
  }
}
