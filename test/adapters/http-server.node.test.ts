import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpServer } from '../../adapters/node/http-server.ts'
import type { Answer } from '../../src/contract/answer.ts'
import type { ContractRequest } from '../../src/contract/exchange.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

/** Starts a server over the answer, which by default repeats what it was asked. */
async function start(
  answer: Answer = repeat,
  options = { maxBodySize: 100, readBufferSize: 1024 },
): Promise<number> {
  const server = createHttpServer(answer, options)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return (address satisfies AddressInfo).port
}

const seen: ContractRequest[] = []
const repeat: Answer = async (request) => {
  seen.push(request)
  const { method, target, body } = request
  return {
    status: 200,
    headers: ['Content-Type', 'text/plain'],
    body: `${method} ${target} ${Buffer.from(body ?? []).toString()}`,
  }
}

/** Writes bytes, reads until the server closes or falls silent after an answer. */
function exchange(port: number, text: string | Buffer, until: 'close' | RegExp = 'close'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('utf8')
      if (until !== 'close' && until.test(received)) socket.destroy()
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

  it('tells of each exchange, also of one that node:http refused', async () => {
    const told: string[] = []
    const server = createHttpServer(repeat, {
      maxBodySize: 0,
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
