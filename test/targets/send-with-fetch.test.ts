import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { authority, certificateFor } from '../adapters/certificate.ts'
import type { RunningWorker } from './workerd.ts'
import { startWorker } from './workerd.ts'

/** A Worker that sends the request it is given as JSON, and says what came of it. */
const worker = `
  import { sendWithFetch } from './adapters/send-with-fetch.ts'
  const send = sendWithFetch()
  export default {
    async fetch(incoming) {
      const { abortAfter, ...request } = await incoming.json()
      const controller = new AbortController()
      if (abortAfter !== undefined) setTimeout(() => controller.abort(), abortAfter)
      try {
        const { status, headers, body } = await send({ ...request, signal: controller.signal })
        return Response.json({ status, headers: [...headers], body: new TextDecoder().decode(body) })
      } catch (error) {
        return Response.json({ failure: error.name === 'SendError' ? error.failure : String(error) })
      }
    },
  }
`

let folder = ''
let running: RunningWorker
const servers: Server[] = []
const sockets = new Set<Socket>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sidecarless-send-'))
  const file = join(folder, 'index.js')
  const root = fileURLToPath(new URL('../../', import.meta.url))
  await build({
    stdin: { contents: worker, resolveDir: root, loader: 'ts' },
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  })
  running = await startWorker({
    file,
    compatibilityDate: '2026-10-23',
    compatibilityFlags: [],
    variables: {},
    reachesLoopback: true,
  })
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

afterAll(async () => {
  await running?.close()
  await rm(folder, { recursive: true, force: true })
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // Listening on a port makes it an AddressInfo.
  return (server.address() as AddressInfo).port
}

/** A server that answers each request with the same bytes and hangs up, and the requests it got. */
async function server(answer: (socket: Socket) => void) {
  const requests: string[] = []
  const port = await listen(
    createServer((socket) => {
      socket.on('data', (bytes) => {
        requests.push(bytes.toString('latin1'))
        answer(socket)
      })
    }),
  )
  return { url: `http://127.0.0.1:${port}/a%2Fb?c=%2B+d`, requests }
}

async function send(url: string, more: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  const request = { method: 'GET', url, headers: {}, maxBytes: 1000, ...more }
  const body = JSON.stringify(request)
  return (await fetch(`http://127.0.0.1:${running.port}/`, { method: 'POST', body })).json()
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-a: 1\r\nx-a: 2\r\n\r\nok'

describe('sending over the fetch of workerd', () => {
  it('sends method, path, headers and body as they are', async () => {
    const { url, requests } = await server((socket) => socket.end(ok))
    expect(await send(url, { method: 'POST', headers: { 'x-token': 't' }, body: '{}' })).toMatchObject({
      status: 200,
      body: 'ok',
      headers: expect.arrayContaining([['x-a', '1, 2']]),
    })
    expect(requests[0]).toMatch(/^POST \/a%2Fb\?c=%2B\+d HTTP\/1\.1\r\n/)
    expect(requests[0]).toMatch(/\r\nx-token: t\r\n/i)
    expect(requests[0]).toMatch(/\r\ncontent-length: 2\r\n/i)
  })

  it('asks caches to keep nothing', async () => {
    const { url, requests } = await server((socket) => socket.end(ok))
    await send(url)
    expect(requests[0]).toMatch(/\r\ncache-control: no-cache\r\n/i)
  })

  it('cannot send the method LIST', async () => {
    const { url, requests } = await server((socket) => socket.end(ok))
    expect(await send(url, { method: 'LIST' })).toEqual({ failure: 'unreachable' })
    expect(requests).toEqual([])
  })

  it('does not follow a redirect', async () => {
    const { url, requests } = await server((socket) =>
      socket.end('HTTP/1.1 307 To\r\nlocation: /next\r\ncontent-length: 0\r\n\r\n'),
    )
    expect(await send(url)).toMatchObject({
      status: 307,
      headers: expect.arrayContaining([['location', '/next']]),
    })
    expect(requests.length).toBe(1)
  })

  it('takes a body out of gzip, and counts what comes out', async () => {
    const packed = gzipSync('x'.repeat(1000))
    const { url } = await server((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`)
      socket.end(packed)
    })
    expect(await send(url)).toMatchObject({ status: 200, body: 'x'.repeat(1000) })
    expect(await send(url, { maxBytes: 999 })).toEqual({ failure: 'too-large' })
  })

  it.each([
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', 'broken'],
    ['half a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\nhalf', 'broken'],
    ['an end before the answer', '', 'reset'],
    ['what is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 'reset'],
    ['a body that is too long', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1001)}`, 'too-large'],
  ])('says of %s what it is', async (_, answer, failure) => {
    const { url } = await server((socket) => socket.end(answer))
    expect(await send(url)).toEqual({ failure })
  })

  it('says of a refused connection what it says of one that ended', async () => {
    const { url } = await server(() => {})
    await new Promise((resolve) => servers.pop()?.close(resolve))
    expect(await send(url)).toEqual({ failure: 'reset' })
  })

  it('gives up a server whose certificate is not trusted', async () => {
    const { cert, key } = certificateFor(['127.0.0.1'], authority('unknown'))
    const port = await listen(createHttpsServer({ cert, key }, (_, response) => void response.end('ok')))
    expect(await send(`https://127.0.0.1:${port}/`)).toEqual({ failure: 'unreachable' })
  })

  it.each([
    ['a head', ''],
    ['a body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'],
  ])('stops waiting for %s when the signal aborts', async (_, answer) => {
    const { url } = await server((socket) => void socket.write(answer))
    expect(await send(url, { abortAfter: 50 })).toEqual({ failure: 'aborted' })
  })
})
