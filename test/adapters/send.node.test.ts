import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nodeSend } from '../../adapters/node/send.ts'
import { sendWithFetch } from '../../adapters/send-with-fetch.ts'
import type { HttpRequest, HttpResponse, Send, TlsOptions } from '../../src/http/exchange.ts'
import { SendError } from '../../src/http/exchange.ts'
import { authority, certificateFor } from './certificate.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()

afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  for (const socket of sockets) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

/** The port of a server on loopback, and how many connections it has had. */
async function listen(server: Server) {
  const state = { port: 0, connections: 0 }
  servers.push(server)
  server.on('connection', (socket: Socket) => {
    state.connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // Listening on a port makes it an AddressInfo.
  state.port = (server.address() as AddressInfo).port
  return state
}

function http(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  return listen(createHttpServer({ keepAliveTimeout: 60_000 }, answer))
}

/** A server that says what it likes to the first bytes of each request. */
function raw(answer: (socket: Socket, request: string) => void) {
  return listen(
    createServer((socket) => {
      socket.on('data', (bytes) => answer(socket, bytes.toString('latin1')))
    }),
  )
}

function get(port: number, init: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'GET',
    url: `http://127.0.0.1:${port}/`,
    headers: {},
    maxBytes: 1_000_000,
    signal: new AbortController().signal,
    ...init,
  }
}

async function failure(answer: Promise<HttpResponse>): Promise<string> {
  const error = await answer.then(
    () => 'there was an answer',
    (reason: unknown) => reason,
  )
  if (!(error instanceof SendError)) return String(error)
  expect(error.message).toBe(error.failure)
  expect(error.cause).toBeUndefined()
  return error.failure
}

const text = ({ body }: HttpResponse) => new TextDecoder().decode(body)

const halfOfGzip = gzipSync('a secret '.repeat(10_000)).subarray(0, 60).toString('latin1')

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/** Both, over the same servers. */
const senders: readonly { name: string; create: () => Send }[] = [
  { name: 'over node:http', create: nodeSend },
  { name: 'over fetch', create: sendWithFetch },
]

describe.each(senders)('sending $name', ({ create }) => {
  it('sends method, path, headers and body as they are', async () => {
    const { port } = await http(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const { method, url, headers } = request
      const body = Buffer.concat(chunks).toString()
      response.end(
        JSON.stringify([method, url, headers.host, headers['x-token'], headers['content-length'], body]),
      )
    })
    const request = get(port, {
      method: 'POST',
      url: `http://127.0.0.1:${port}/a%2fb//c;d?e=%2B+&f`,
      headers: { 'x-token': 't' },
      body: '{"ü":1}',
    })
    const response = await create()(request)
    expect(JSON.parse(text(response))).toEqual([
      'POST',
      '/a%2fb//c;d?e=%2B+&f',
      `127.0.0.1:${port}`,
      't',
      '8',
      '{"ü":1}',
    ])
  })

  it('knows the method LIST', async () => {
    let line = ''
    const { port } = await raw((socket, request) => {
      line = request.split('\r\n', 1)[0] ?? ''
      socket.end(ok)
    })
    await create()(get(port, { method: 'LIST' }))
    expect(line).toBe('LIST / HTTP/1.1')
  })

  it('gives status and headers by lower-case name, repeated ones joined', async () => {
    const { port } = await raw((socket) =>
      socket.end('HTTP/1.1 404 Not Here\r\nX-A: 1\r\nx-a: 2\r\n__proto__: p\r\nContent-Length: 0\r\n\r\n'),
    )
    const { status, headers, body } = await create()(get(port))
    expect([status, headers.get('x-a'), headers.get('__proto__'), body.length]).toEqual([404, '1, 2', 'p', 0])
  })

  it('does not follow a redirect', async () => {
    const { port } = await http((_, response) => void response.writeHead(307, { location: '/next' }).end())
    const { status, headers } = await create()(get(port))
    expect([status, headers.get('location')]).toEqual([307, '/next'])
  })

  it('reads a body that ends with the connection', async () => {
    const { port } = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'))
    expect(text(await create()(get(port)))).toBe('all of it')
  })

  it('skips an answer that is only informational', async () => {
    const { port } = await raw((socket) => socket.end(`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${ok}`))
    expect(text(await create()(get(port)))).toBe('ok')
  })

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
  ])('takes a body out of %s', async (coding, compress) => {
    const plain = 'a secret '.repeat(10_000)
    const { port } = await http((_, response) => {
      response.setHeader('content-encoding', coding)
      response.end(compress(plain))
    })
    expect(text(await create()(get(port)))).toBe(plain)
  })

  it.each([
    ['body of a known length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'],
    ['chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\nhalf'],
    ['list of chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ])('says that the answer is broken after half a %s', async (_, answer) => {
    const { port } = await raw((socket) => socket.end(answer))
    expect(await failure(create()(get(port)))).toBe('broken')
  })

  it('says so of a connection that is reset inside the body', async () => {
    const { port } = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', () =>
        setImmediate(() => socket.resetAndDestroy()),
      )
    })
    expect(await failure(create()(get(port)))).toBe('broken')
  })

  it('says that nobody is there when the connection is refused', async () => {
    const { port } = await http(() => {})
    await new Promise((resolve) => servers.pop()?.close(resolve))
    expect(await failure(create()(get(port)))).toBe('unreachable')
  })

  it('gives up an answer of 1 GiB at the limit, having read little of it', async () => {
    let written = 0
    const block = Buffer.alloc(64 * 1024, 'x')
    const { port } = await http((_, response) => {
      const write = (): void => {
        while (!response.destroyed && written < 2 ** 30) {
          written += block.length
          if (!response.write(block)) return
        }
        response.end()
      }
      response.on('drain', write)
      write()
    })
    expect(await failure(create()(get(port)))).toBe('too-large')
    expect(written).toBeGreaterThan(1_000_000)
    expect(written).toBeLessThan(64 * 2 ** 20)
  })

  it('gives up 1 GiB that comes compressed, without holding it', async () => {
    const member = gzipSync(Buffer.alloc(16 * 2 ** 20))
    const bomb = Buffer.concat(Array.from({ length: 64 }, () => member))
    const { port } = await http((_, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end(bomb)
    })
    const before = process.memoryUsage().rss
    expect(await failure(create()(get(port)))).toBe('too-large')
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 2 ** 20)
  })

  it('takes a body of just the limit, compressed or not', async () => {
    const { port } = await http((request, response) => {
      const isCompressed = request.url === '/gzip'
      if (isCompressed) response.setHeader('content-encoding', 'gzip')
      response.end(isCompressed ? gzipSync('x'.repeat(1000)) : 'x'.repeat(1000))
    })
    const send = create()
    for (const path of ['/plain', '/gzip']) {
      const url = `http://127.0.0.1:${port}${path}`
      expect((await send(get(port, { url, maxBytes: 1000 }))).body.length).toBe(1000)
      expect(await failure(send(get(port, { url, maxBytes: 999 })))).toBe('too-large')
    }
  })

  it('sends nothing when the signal has aborted already', async () => {
    const server = await http((_, response) => void response.end())
    expect(await failure(create()(get(server.port, { signal: AbortSignal.abort() })))).toBe('aborted')
    expect(server.connections).toBe(0)
  })

  it.each([
    ['a head that does not come', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nx: '],
    ['a body that does not end', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'],
  ])('stops waiting for %s when the signal aborts, and hangs up', async (_, answer) => {
    const controller = new AbortController()
    let hungUp: Promise<unknown> = Promise.resolve()
    const { port } = await raw((socket) => {
      hungUp = once(socket, 'close')
      socket.write(answer)
      setTimeout(() => controller.abort(new Error('a secret reason')), 20)
    })
    expect(await failure(create()(get(port, { signal: controller.signal })))).toBe('aborted')
    await hungUp
  })

  it('sends 100 requests at once, and mixes up none of the answers', async () => {
    const { port } = await http((request, response) => {
      setTimeout(() => response.end(request.url), 50 * Math.random())
    })
    const send = create()
    const paths = Array.from({ length: 100 }, (_, index) => `/${index}`)
    const signal = new AbortController().signal
    const answers = await Promise.all(
      paths.map((path) => send(get(port, { url: `http://127.0.0.1:${port}${path}`, signal }))),
    )
    expect(answers.map(text)).toEqual(paths)
  })
})

describe('whom fetch trusts', () => {
  it('cannot be said', async () => {
    const server = await http((_, response) => void response.end())
    for (const tls of [{ ca: '' }, { serverName: 'x' }, { skipVerify: true }]) {
      expect(await failure(sendWithFetch()(get(server.port, { tls })))).toBe('untrusted')
    }
    expect(server.connections).toBe(0)
  })
})

describe('what node:http says of a connection', () => {
  it('is nothing of one that stays open: it is used again', async () => {
    const server = await http((request, response) => void response.end(request.headers['accept-encoding']))
    const send = nodeSend()
    for (let count = 0; count < 5; count += 1) {
      expect(text(await send(get(server.port)))).toBe('gzip, deflate, br')
    }
    expect(server.connections).toBe(1)
  })

  it.each([
    ['half a head', 'HTTP/1.1 200 O'],
    ['a head without its end', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n'],
    ['what is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok'],
    ['a head without an end', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(1_000_000)}`],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
    ['a coding nobody asked for', 'HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\ncontent-length: 2\r\n\r\nok'],
    ['gzip that is none', 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nok'],
    ['half of gzip', `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n${halfOfGzip}`],
  ])('is that the answer is broken, for %s', async (_, answer) => {
    const { port } = await raw((socket) => socket.end(answer, 'latin1'))
    expect(await failure(nodeSend()(get(port)))).toBe('broken')
  })

  it.each([
    ['ends', (socket: Socket) => void socket.end()],
    ['is reset', (socket: Socket) => void socket.resetAndDestroy()],
  ])('is that it was reset when it %s before the answer begins', async (_, end) => {
    const { port } = await raw(end)
    expect(await failure(nodeSend()(get(port)))).toBe('reset')
  })

  it('is the same of a kept one; those kept beside it are given up, so that sending again helps', async () => {
    let isDead = false
    const server = await raw((socket, request) => {
      if (!isDead || request.includes('/again')) socket.write(ok)
      else socket.resetAndDestroy()
    })
    const send = nodeSend()
    await Promise.all([1, 2, 3].map(() => send(get(server.port))))
    expect(server.connections).toBe(3)
    isDead = true
    expect(await failure(send(get(server.port)))).toBe('reset')
    const again = get(server.port, { url: `http://127.0.0.1:${server.port}/again` })
    expect(text(await send(again))).toBe('ok')
    expect(server.connections).toBe(4)
  })

  it('is nothing that keeps a process alive', async () => {
    const server = await http((_, response) => void response.end('ok'))
    const module = new URL('../../adapters/node/send.ts', import.meta.url).href
    const script = `
      import { nodeSend } from ${JSON.stringify(module)}
      const request = ${JSON.stringify(get(server.port))}
      await nodeSend()({ ...request, signal: new AbortController().signal })
    `
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' })
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(server.connections).toBe(1)
  })

  it('is nothing of one that was idle for 20 seconds: it is not used', async () => {
    const server = await http((_, response) => void response.end('ok'))
    const send = nodeSend()
    await send(get(server.port))
    const now = Date.now()
    vi.spyOn(Date, 'now').mockReturnValue(now + 19_000)
    await send(get(server.port))
    expect(server.connections).toBe(1)
    vi.spyOn(Date, 'now').mockReturnValue(now + 40_000)
    await send(get(server.port))
    expect(server.connections).toBe(2)
  })

  it('is that the answer is too long when nothing comes compressed for ever', async () => {
    const nothing = gzipSync('')
    const { port } = await http((_, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end(Buffer.concat(Array.from({ length: 10_000 }, () => nothing)))
    })
    expect(await failure(nodeSend()(get(port, { maxBytes: 1000 })))).toBe('too-large')
  })

  it('leaves nothing behind on the signal and on kept connections', async () => {
    const { port } = await http((_, response) => void response.end('ok'))
    const send = nodeSend()
    const { signal } = new AbortController()
    const added = vi.spyOn(signal, 'addEventListener')
    const removed = vi.spyOn(signal, 'removeEventListener')
    for (let count = 0; count < 20; count += 1) await send(get(port, { signal }))
    expect(added).toHaveBeenCalledTimes(20)
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    )
  })
})

describe('whom node:https trusts', () => {
  const own = authority('own authority')
  const other = authority('own authority')
  const third = authority('a third authority')
  const server = certificateFor(['vault.test', '127.0.0.1', '10.0.0.1'], own)
  const named = certificateFor(['vault.test'], own)

  function https({ cert, key }: { cert: string; key: string } = server) {
    return listen(createHttpsServer({ cert, key }, (_, response) => void response.end('ok')))
  }

  function ask(send: Send, port: number, tls?: TlsOptions): Promise<string> {
    const request = get(port, { url: `https://127.0.0.1:${port}/` })
    return send(tls === undefined ? request : { ...request, tls }).then(text, (error: unknown) =>
      error instanceof SendError ? error.failure : String(error),
    )
  }

  it.each<[string, TlsOptions | undefined, string]>([
    ['our own authority', { ca: own.cert }, 'ok'],
    ['several authorities', { ca: `${third.cert}${own.cert}` }, 'ok'],
    ['the platform’s authorities', undefined, 'untrusted'],
    ['another authority of the same name', { ca: other.cert }, 'untrusted'],
    ['no authority', { ca: '' }, 'untrusted'],
    ['an authority that is no certificate', { ca: 'nothing' }, 'untrusted'],
    ['a name the certificate has', { ca: own.cert, serverName: 'vault.test' }, 'ok'],
    ['an address the certificate has', { ca: own.cert, serverName: '10.0.0.1' }, 'ok'],
    ['a name the certificate does not have', { ca: own.cert, serverName: 'other.test' }, 'untrusted'],
    ['an address the certificate does not have', { ca: own.cert, serverName: '10.0.0.2' }, 'untrusted'],
    ['everyone', { skipVerify: true }, 'ok'],
    ['everyone, whatever else is said', { skipVerify: true, ca: other.cert, serverName: 'other.test' }, 'ok'],
  ])('is %s', async (_, tls, expected) => {
    const { port } = await https()
    expect(await ask(nodeSend(), port, tls)).toBe(expected)
  })

  it('is not a server with a certificate for another host', async () => {
    const { port } = await https(named)
    const send = nodeSend()
    expect(await ask(send, port, { ca: own.cert })).toBe('untrusted')
    expect(await ask(send, port, { ca: own.cert, serverName: 'vault.test' })).toBe('ok')
  })

  it('is not everyone for a request beside one that trusts everyone, before or after', async () => {
    const { port } = await https()
    const send = nodeSend()
    expect(await ask(send, port, { ca: own.cert })).toBe('ok')
    for (const tls of [{ skipVerify: true }, { ca: own.cert }]) expect(await ask(send, port, tls)).toBe('ok')
    for (const tls of [undefined, { ca: other.cert }, { ca: own.cert, serverName: 'other.test' }]) {
      expect(await ask(send, port, tls)).toBe('untrusted')
    }
  })

  it('is one of the platform’s authorities only when no other is named', async () => {
    const platform = getCACertificates('default')
    try {
      setDefaultCACertificates([own.cert])
      const { port } = await https()
      expect(await ask(nodeSend(), port)).toBe('ok')
      expect(await ask(nodeSend(), port, { ca: other.cert })).toBe('untrusted')
      expect(await ask(nodeSend(), port, { ca: '' })).toBe('untrusted')
    } finally {
      setDefaultCACertificates(platform)
    }
  })

  it('is announced to the server by name, and not by address', async () => {
    const warned = vi.spyOn(process, 'emitWarning')
    const announced: unknown[] = []
    const tlsServer = createHttpsServer(server, (_, response) => void response.end('ok'))
    tlsServer.on('secureConnection', ({ servername }) => void announced.push(servername))
    const { port } = await listen(tlsServer)
    for (const serverName of ['vault.test', '10.0.0.1']) {
      expect(await ask(nodeSend(), port, { ca: own.cert, serverName })).toBe('ok')
    }
    expect(announced).toEqual(['vault.test', false])
    expect(warned).not.toHaveBeenCalled()
  })

  it('is not changed by NODE_TLS_REJECT_UNAUTHORIZED', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    vi.spyOn(process, 'emitWarning').mockReturnValue(undefined)
    const { port } = await https()
    expect(await ask(nodeSend(), port)).toBe('untrusted')
  })

  it('keeps a connection for the next request', async () => {
    const state = await https()
    const send = nodeSend()
    for (let count = 0; count < 5; count += 1)
      expect(await ask(send, state.port, { ca: own.cert })).toBe('ok')
    expect(state.connections).toBe(1)
  })

  it('is nobody who speaks no TLS', async () => {
    const { port } = await raw((socket) => socket.end(ok))
    expect(await ask(nodeSend(), port)).toBe('broken')
  })
})
