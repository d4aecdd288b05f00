import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { HttpServerOptions } from '../../adapters/node/http-server.ts'
import { createHttpServer, stopHttpServer } from '../../adapters/node/http-server.ts'
import type { Answer } from '../../src/contract/answer.ts'
import type { ContractRequest } from '../../src/contract/exchange.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

/** Starts a server over the answer, which by default repeats what it was asked. */
async function start(
  answer: Answer = repeat,
  options: HttpServerOptions = { readBufferSize: 1024 },
): Promise<number> {
  const server = createHttpServer(answer, options)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return (address satisfies AddressInfo).port
}

/** What was asked, with bodies read up to the limit. */
const seen: (ContractRequest & { readonly body?: Uint8Array | undefined })[] = []
const limit = 100
const repeat: Answer = async (request) => {
  const { method, target, body } = request
  const bytes = typeof body === 'function' ? await body(limit) : body
  seen.push({ ...request, body: bytes })
  return {
    status: 200,
    headers: ['Content-Type', 'text/plain'],
    body: `${method} ${target} ${Buffer.from(bytes ?? []).toString()}`,
  }
}

/** Writes bytes, reads until the server closes or falls silent after an answer. */
async function exchange(
  port: number,
  text: string | Buffer,
  until: 'close' | RegExp = 'close',
): Promise<string> {
  return (await exchangeBytes(port, text, until)).toString('utf8')
}

function exchangeBytes(
  port: number,
  text: string | Buffer,
  until: 'close' | RegExp = 'close',
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let received = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (until !== 'close' && until.test(received.toString('utf8'))) socket.destroy()
    })
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
  })
}

const head = (line: string, ...fields: string[]): string =>
  [line, 'Host: localhost', ...fields, '', ''].join('\r\n')

describe('the Node HTTP server', () => {
  it('hands over the method, the raw target, the raw headers and the body of a GET', async () => {
    const port = await start()
    const received = await exchange(
      port,
      `${head('GET /a/../%2e%2e/b\\c?x=1 HTTP/1.1', 'X-A: 1', 'x-a: 2', 'Content-Length: 2', 'Connection: close')}{}`,
    )
    expect(received).toContain('GET /a/../%2e%2e/b\\c?x=1 {}')
    expect(seen.at(-1)?.headers).toEqual([
      'Host',
      'localhost',
      'X-A',
      '1',
      'x-a',
      '2',
      'Content-Length',
      '2',
      'Connection',
      'close',
    ])
  })

  it('sends what Go sends around an answer: a date and a length, no Connection, no Keep-Alive', async () => {
    const received = await exchange(await start(), head('GET / HTTP/1.1'), /GET \/ $/)
    const names = received
      .split('\r\n\r\n')[0]
      ?.split('\r\n')
      .slice(1)
      .map((line) => line.split(':')[0])
    expect(names).toEqual(['Content-Type', 'Content-Length', 'Date'])
  })

  it('never closes a connection for being idle, and waits 10 s for a head', () => {
    const { timeout, keepAliveTimeout, requestTimeout, headersTimeout } = createHttpServer(repeat, {
      readBufferSize: 4096,
    })
    expect({ timeout, keepAliveTimeout, requestTimeout, headersTimeout }).toEqual({
      timeout: 0,
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 10_000,
    })
  })

  it('keeps the connection for the next request, and closes it when asked to', async () => {
    const received = await exchange(
      await start(),
      head('GET /1 HTTP/1.1') + head('GET /2 HTTP/1.1', 'Connection: close'),
    )
    expect(received.match(/HTTP\/1.1 200 OK/g)).toHaveLength(2)
    expect(received).toContain('GET /2')
  })

  it('answers HEAD with the length of the body it leaves out', async () => {
    const received = await exchange(await start(), head('HEAD /x HTTP/1.1', 'Connection: close'))
    expect(received).toMatch(/Content-Length: 8\r\n/i)
    expect(received.endsWith('\r\n\r\n')).toBe(true)
  })

  it('sends no length with 204', async () => {
    const port = await start(async () => ({ status: 204, headers: [], body: '' }))
    expect(await exchange(port, head('GET / HTTP/1.1', 'Connection: close'))).not.toMatch(
      /Content-Length|Transfer-Encoding/i,
    )
  })

  it.each([
    ['GET /é HTTP/1.1', 'GET /é'],
    ['FOO /x HTTP/1.1', 'FOO /x'],
    ['get /x HTTP/1.1', 'get /x'],
    ['CONNECT /x HTTP/1.1', 'CONNECT /x'],
    ['GET /" HTTP/1.0', 'GET /"'],
  ])('answers %s, which node:http refuses, through the contract', async (line, asked) => {
    const received = await exchange(await start(), head(line, 'Dapr-Api-Token: t'))
    expect(received).toContain('HTTP/1.1 200 OK')
    expect(received).toContain(asked)
    expect(seen.at(-1)?.headers).toContain('Dapr-Api-Token')
  })

  it('hands over header values beyond ASCII as the text they are', async () => {
    await exchange(await start(), head('GET / HTTP/1.1', 'dapr-api-token: tökén', 'Connection: close'))
    expect(seen.at(-1)?.headers).toContain('tökén')
  })

  it.each(['GET', 'FOO'])('sends header values of %s as the bytes they came as', async (method) => {
    const port = await start(async ({ headers }) => {
      const value = headers[headers.indexOf('X-A') + 1] ?? ''
      return { status: 200, headers: ['X-Echo', value], body: 'é' }
    })
    const value = Buffer.concat([Buffer.from('ö€😀'), Buffer.from([0xff])])
    const [before, after] = head(`${method} / HTTP/1.1`, 'X-A: ?', 'Connection: close').split('?')
    const request = Buffer.concat([Buffer.from(before ?? ''), value, Buffer.from(after ?? '')])
    const received = await exchangeBytes(port, request)
    expect(received.includes(Buffer.concat([Buffer.from('X-Echo: '), value, Buffer.from('\r\n')]))).toBe(true)
    expect(received.toString()).toMatch(/\r\nContent-Length: 2\r\n[\s\S]*\r\n\r\né$/)
  })

  it.each(['\n', '\0', '\x1b', '\x7f'])('refuses a field value that holds %j', async (control) => {
    const text = head('FOO / HTTP/1.1', `X-A: a${control}X-B: b`)
    expect(await exchange(await start(), text)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  it('hands over bytes that are not UTF-8 as lone surrogates', async () => {
    await exchange(
      await start(),
      Buffer.concat([Buffer.from('GET /'), Buffer.from([0xff]), Buffer.from(head(' HTTP/1.1'))]),
    )
    expect(seen.at(-1)?.target).toBe('/\udcff')
  })

  it.each(['nonsense', 'GET', 'GET /x HTTP/3.0', 'GET /x y HTTP/1.1', 'G(T /x HTTP/1.1'])(
    'refuses %j as Go does',
    async (line) => {
      const received = await exchange(
        await start(async () => ({ status: 200, headers: [], body: 'reached' })),
        head(line),
      )
      expect(received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
      expect(received).toMatch(/\r\n\r\n400 Bad Request$/)
      expect(received).toContain('Connection: close')
    },
  )

  it('refuses a head beyond the read buffer and its allowance with 431', async () => {
    const port = await start()
    expect(
      await exchange(port, head('GET / HTTP/1.1', `X-A: ${'a'.repeat(4000)}`, 'Connection: close')),
    ).toContain('200 OK')
    expect(await exchange(port, head('GET / HTTP/1.1', `X-A: ${'a'.repeat(6000)}`))).toMatch(
      /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n[\s\S]*\r\n\r\n431 Request Header Fields Too Large$/,
    )
  })

  it('stops reading a body past the limit and still answers', async () => {
    const text = `${head('POST / HTTP/1.1', 'Content-Length: 1000000')}${'a'.repeat(200)}`
    await exchange(await start(), text, /200 OK/)
    expect(seen.at(-1)?.body?.length).toBeGreaterThan(100)
  })

  it('reads a chunked body', async () => {
    const text = `${head('PUT / HTTP/1.1', 'Transfer-Encoding: chunked', 'Connection: close')}3\r\nabc\r\n0\r\n\r\n`
    expect(await exchange(await start(), text)).toContain('PUT / abc')
  })

  it('aborts the signal of a request whose client left', async () => {
    let aborted: (() => void) | undefined
    const left = new Promise<void>((resolve) => {
      aborted = resolve
    })
    const port = await start(({ signal }) => {
      signal?.addEventListener('abort', () => aborted?.())
      return new Promise(() => {})
    })
    const socket = connect(port, '127.0.0.1', () => socket.write(head('GET / HTTP/1.1')))
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
    await left
  })

  it.each(['GET / HTTP/1.1', 'FOO / HTTP/1.1'])(
    'drops the connection and lives on when answering %s fails',
    async (line) => {
      let calls = 0
      const port = await start(async () => {
        calls += 1
        if (calls === 1) throw new Error('a defect')
        return { status: 200, headers: [], body: 'alive' }
      })
      expect(await exchange(port, head(line))).toBe('')
      expect(await exchange(port, head(line, 'Connection: close'))).toContain('alive')
    },
  )

  it('tells of each exchange, also of one that node:http refused', async () => {
    const told: string[] = []
    const server = createHttpServer(repeat, {
      readBufferSize: 4096,
      onExchange: ({ method }, { status }, milliseconds) =>
        told.push(`${method} ${status} ${milliseconds >= 0}`),
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await exchange(port, head('GET / HTTP/1.1', 'Connection: close'))
    await exchange(port, head('FOO / HTTP/1.1'))
    expect(told).toEqual(['GET 200 true', 'FOO 200 true'])
  })
})

describe('a stop of the Node HTTP server', () => {
  /** A server that answers when it is told to, and a connection with a request to it. */
  async function busy() {
    let respond: () => void = () => {}
    const server = createHttpServer(
      () =>
        new Promise((resolve) => {
          respond = () => resolve({ status: 200, headers: [], body: 'done' })
        }),
      { readBufferSize: 4096 },
    )
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const received = exchange(port, head('GET / HTTP/1.1'))
    await new Promise((resolve) => server.once('request', resolve))
    return { server, port, received, respond: () => respond() }
  }

  it('answers what was asked, says that the connection ends, and ends it', async () => {
    const { server, received, respond } = await busy()
    const stopped = stopHttpServer(server, 5000)
    respond()
    expect(await received).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: close\r\n[\s\S]*done$/)
    await stopped
  })

  it('does not wait for a connection on which nothing was asked', async () => {
    const { server, port, received, respond } = await busy()
    const closed = exchange(port, '')
    await new Promise((resolve) => server.once('connection', resolve))
    const stopped = stopHttpServer(server, 5000)
    expect(await closed).toBe('')
    respond()
    await Promise.all([stopped, received])
  })

  it('cuts what lasts longer than it may', async () => {
    const { server, received } = await busy()
    await stopHttpServer(server, 10)
    expect(await received).toBe('')
  })
})

describe('a connection on which node:http refused something', () => {
  const line = 'GET /é HTTP/1.1'

  it.each([
    ['two lengths', [line, 'Content-Length: 0', 'Content-Length: 2'], '{}'],
    ['a negative length', [line, 'Content-Length: -2'], '{}'],
    ['a length that is no number', [line, 'Content-Length: 2x'], '{}'],
    ['a body that is not there yet', [line, 'Content-Length: 5'], '{}'],
    ['a chunked body', [line, 'Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\n\r\n'],
    ['two hosts', [line, 'Host: other'], ''],
  ])('is refused with %s', async (_what, [first = '', ...fields], body) => {
    const received = await exchange(await start(), head(first, ...fields) + body)
    expect(received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  })

  it('reads as much body as the length says, and nothing behind it', async () => {
    const text = `${head('FOO / HTTP/1.1', 'Content-Length: 2')}{}${head('GET /second HTTP/1.1')}`
    const received = await exchange(await start(), text)
    expect(received).toContain('FOO / {}')
    expect(received).not.toContain('second')
  })

  it('sends the answers before it first, then refuses what follows them', async () => {
    const received = await exchange(await start(), head('GET /good HTTP/1.1') + head('FOO /é HTTP/1.1'))
    expect(received).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*GET \/good [\s\S]*HTTP\/1\.1 400 Bad Request/)
  })

  it('answers one request and hears no more, however many packets follow', async () => {
    let release: (() => void) | undefined
    const asked: string[] = []
    const port = await start(async ({ target }) => {
      asked.push(target)
      await new Promise<void>((resolve) => {
        release = resolve
      })
      return { status: 200, headers: [], body: `answer to ${target}` }
    })
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString()
    })
    socket.write(head('GET /é/first HTTP/1.1'))
    while (release === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
    socket.write(head('GET /é/second HTTP/1.1'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    release()
    await new Promise((resolve) => socket.once('close', resolve))
    expect(received).toContain('answer to /é/first')
    expect(asked).toEqual(['/é/first'])
  })

  it('never takes the rest of a body for a request', async () => {
    const asked: string[] = []
    // Answers at once, as the contract does where nothing reads the body.
    const port = await start(async ({ method, target }) => {
      asked.push(`${method} ${target}`)
      return { status: 200, headers: [], body: 'ok' }
    })
    const smuggled = head('FOO /smuggled/é HTTP/1.1')
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.setNoDelay(true)
    socket.write(`${head('POST /upload HTTP/1.1', `Content-Length: ${10 + smuggled.length}`)}0123456789`)
    await new Promise((resolve) => socket.once('data', resolve))
    socket.write(`${smuggled}\x00\x01nonsense\r\n\r\n`)
    await new Promise((resolve) => socket.once('close', resolve))
    expect(asked).toEqual(['POST /upload'])
  })

  it('cancels the request when the client leaves', async () => {
    let aborted: (() => void) | undefined
    const left = new Promise<void>((resolve) => {
      aborted = resolve
    })
    let reached: (() => void) | undefined
    const begun = new Promise<void>((resolve) => {
      reached = resolve
    })
    const port = await start(({ signal }) => {
      reached?.()
      signal?.addEventListener('abort', () => aborted?.())
      return new Promise(() => {})
    })
    const socket = connect(port, '127.0.0.1', () => socket.write(head(line)))
    await begun
    socket.destroy()
    await left
  })

  it.each(['CONNECT h:80 HTTP/1.1', 'FOO / HTTP/1.1', 'GET / HTTP/1.1'])(
    'outlives a client that resets it while %s is answered',
    async (first) => {
      let reset: (() => void) | undefined
      const port = await start(async () => {
        await new Promise<void>((resolve) => {
          reset = resolve
        })
        return { status: 200, headers: [], body: 'x'.repeat(1 << 20) }
      })
      for (let round = 0; round < 20; round += 1) {
        reset = undefined
        const socket = connect(port, '127.0.0.1', () => socket.write(head(first)))
        socket.on('error', () => {})
        while (reset === undefined) await new Promise((resolve) => setTimeout(resolve, 1))
        const release: () => void = reset
        socket.resetAndDestroy()
        release()
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      // An error that nobody listened to would have ended this very process.
      expect(servers.at(-1)?.listening).toBe(true)
    },
  )
})

describe('the connection of an answer', () => {
  it('is named when HTTP/1.0 keeps it, and when HTTP/1.1 does not', async () => {
    const port = await start()
    expect(await exchange(port, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', /GET \/ $/)).toMatch(
      /\r\nConnection: keep-alive\r\n/i,
    )
    expect(await exchange(port, head('GET / HTTP/1.1', 'Connection: close'))).toMatch(
      /\r\nConnection: close\r\n/i,
    )
  })

  it.each([
    ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 'missing required Host header'],
    [head('GET / HTTP/1.1', 'Host: other', 'Connection: close'), 'too many Host headers'],
  ])('ends when the request has not one Host: %j', async (text, reason) => {
    const received = await exchange(await start(), text)
    expect(received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(received.endsWith(`400 Bad Request: ${reason}`)).toBe(true)
  })

  it('needs no Host in HTTP/1.0', async () => {
    expect(await exchange(await start(), 'GET / HTTP/1.0\r\n\r\n')).toContain('200 OK')
  })
})
