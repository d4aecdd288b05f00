import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { mismatches } from './expectation.ts'
import { fetchFace, lostInFetch } from './faces.ts'
import { RawClient, requestBytes } from './raw-http.ts'
import { replay } from './replay.ts'
import { type Program, startServer } from './server-process.ts'
import type { Expectation, RecordedCase, RecordedSetup } from './vectors.ts'

describe('the raw HTTP client', () => {
  it('writes the target, the method and the body as they stand', () => {
    const bytes = requestBytes(
      { method: 'get', target: '/v1.0/secrets/s/é`|\\..', headers: [['X', ' a']], body: Buffer.from('{}') },
      'h:1',
    )
    expect(bytes.toString('utf8')).toBe(
      'get /v1.0/secrets/s/é`|\\.. HTTP/1.1\r\nHost: h:1\r\nX:  a\r\nContent-Length: 2\r\n\r\n{}',
    )
  })

  it('reads a body by its length, in pieces and on one connection', async () => {
    const server = await scripted((socket, nth) => {
      socket.write(`HTTP/1.1 200 OK\r\nX-Nth: ${nth}\r\nContent-Le`)
      setTimeout(() => socket.write('ngth: 5\r\n\r\nab'), 5)
      setTimeout(() => socket.write('cde'), 10)
    })
    const client = new RawClient(server.port)
    for (const nth of ['0', '1']) {
      const answer = await client.exchange(get)
      expect(text(answer.body)).toBe('abcde')
      expect(answer.headers).toContainEqual(['x-nth', nth])
    }
    client.close()
    expect(server.connections()).toBe(1)
  })

  it('reads chunks, extensions and trailers, and skips 100 Continue', async () => {
    const server = await scripted((socket) => {
      socket.write(
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n',
      )
      socket.write('A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n')
    })
    const client = new RawClient(server.port)
    expect(text((await client.exchange(get)).body)).toBe('abc0123456789')
    expect(text((await client.exchange(get)).body)).toBe('abc0123456789')
    client.close()
  })

  it('expects no body after HEAD or 204, and reports one that comes all the same', async () => {
    const withLength = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'
    const answers = ['HTTP/1.1 204 No Content\r\n\r\n', withLength, `${withLength}ab`]
    const server = await scripted((socket, nth) => socket.write(answers[nth] ?? ''))
    const client = new RawClient(server.port)
    expect((await client.exchange(get)).status).toBe(204)
    expect((await client.exchange({ ...get, method: 'HEAD' })).body).toHaveLength(0)
    await expect(client.exchange({ ...get, method: 'HEAD' })).rejects.toThrow('2 bytes follow')
    client.close()
  })

  it('reads an answer that ends with the connection, then opens another one', async () => {
    const server = await scripted((socket) =>
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nno'),
    )
    const client = new RawClient(server.port)
    expect(text((await client.exchange(get)).body)).toBe('no')
    expect((await client.exchange(get)).status).toBe(400)
    client.close()
    expect(server.connections()).toBe(2)
  })

  it('sends a request again when a kept connection turns out to be closed', async () => {
    const server = await scripted((socket, nth) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      if (nth === 0) setImmediate(() => socket.destroy())
    })
    const client = new RawClient(server.port)
    expect((await client.exchange(get)).status).toBe(200)
    expect((await client.exchange(get)).status).toBe(200)
    client.close()
    expect(server.connections()).toBe(2)
  })

  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab', 'the server closed after'],
    ['', 'without an answer'],
    ['hello\r\n\r\n', 'does not begin with an HTTP/1.1 status line'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n', 'does not end where its size says'],
  ])('says what is wrong with %j', async (sent, message) => {
    const server = await scripted((socket) => socket.end(sent))
    await expect(new RawClient(server.port).exchange(get)).rejects.toThrow(message)
  })
})

describe('the comparison', () => {
  const answered = {
    status: 200,
    headers: [
      ['content-type', 'application/json'],
      ['vary', 'A'],
      ['vary', 'B'],
    ] as const,
    body: bytes('{"a":{"b":[{"x":1,"y":2},{"x":3}]},"errorCode":"E","message":"no é","__proto__":"p"}\n'),
  }

  it.each<Expectation>([
    { status: 200, headers: { 'content-type': 'application/json', vary: 'A, B' }, headersAbsent: ['allow'] },
    { headersMatch: { 'content-type': '^application/' } },
    { bodyText: text(answered.body), bodyRegex: '^\\{.*\\}\\n$' },
    { bodyJson: JSON.parse(text(answered.body)) },
    { bodyJsonSubset: { a: { b: [{ x: 3 }, { y: 2 }] } } },
    { bodyJsonSubset: JSON.parse('{"__proto__":"p"}') },
    { bodyKeysAbsent: ['b'], pathsAbsent: ['a.c', 'constructor'] },
    { errorCode: 'E', messageRegex: '^no' },
  ])('accepts %j', (expected) => {
    expect(mismatches(answered, expected)).toEqual([])
  })

  it.each<Expectation>([
    { status: 404 },
    { headers: { 'content-type': 'text/plain' } },
    { headers: { vary: 'A' } },
    { headers: { allow: 'GET' } },
    { headersAbsent: ['vary'] },
    { headersMatch: { 'content-type': '^text/' } },
    { bodyText: text(answered.body).trimEnd() },
    { bodyRegex: '^x' },
    { bodyAbsent: true },
    { bodyJson: { a: 1 } },
    { bodyJson: undefined },
    { bodyJsonSubset: { a: { b: [{ x: 3 }, { x: 3 }] } } },
    { bodyJsonSubset: { toString: {} } },
    { bodyKeysAbsent: ['a'] },
    { pathsAbsent: ['a.b'] },
    { errorCode: 'F' },
    { messageRegex: '^yes' },
  ])('reports %j', (expected) => {
    expect(mismatches(answered, expected)).toHaveLength(1)
  })

  it('reports a body that is no JSON, or no UTF-8, once', () => {
    expect(mismatches({ ...answered, body: bytes('x') }, { bodyJson: {}, errorCode: 'E' })).toHaveLength(1)
    expect(mismatches({ ...answered, body: Uint8Array.of(0xff) }, { bodyText: '\ufffd' })).toHaveLength(1)
  })
})

describe('a server process', () => {
  it('is asked, sees its environment and its files only, and is stopped', async () => {
    const program: Program = ['-e', standIn('answer()'), '--']
    const setup: RecordedSetup = {
      ...blank,
      components: ['file: /data/a.json'],
      configuration: 'also: /data/a.json',
      env: { ONLY: 'this' },
      files: { '/data/a.json': '{}' },
      args: { ...blank.args, allowedOrigins: '*' },
      cases: [
        recordedCase('env', { bodyJsonSubset: { env: ['ONLY'], text: 'file: /data/a.json', data: '{}' } }),
      ],
    }
    const { cases, stopping } = await replay(setup, (given) => startServer(given, program))
    expect(cases.get('env')).toEqual([])
    expect(stopping).toEqual([])
  })

  it('that differs is reported case by case', async () => {
    const setup = {
      ...blank,
      cases: [recordedCase('a', { status: 200 }), recordedCase('b', { status: 404 })],
    }
    const { cases } = await replay(setup, (given) => startServer(given, ['-e', standIn('answer()'), '--']))
    expect(cases.get('a')).toEqual([])
    expect(cases.get('b')).toEqual(['status is 200, expected 404'])
  })

  it('that should not have started is reported', async () => {
    const setup = { ...blank, cases: [recordedCase('a', { startup: 'fatal' }, 'no request')] }
    const { cases } = await replay(setup, (given) => startServer(given, ['-e', standIn('answer()'), '--']))
    expect(cases.get('a')).toEqual(['started, expected the start to fail'])
  })

  it('that fails to start is looked at: its log, and an exit code of exactly 1', async () => {
    const fatal = (exitCode: number): Program => [
      '-e',
      `console.error('bad news'); process.exit(${exitCode})`,
      '--',
    ]
    const wanted = {
      ...blank,
      cases: [recordedCase('a', { startup: 'fatal', logContains: 'bad news' }, 'no request')],
    }
    const other = {
      ...blank,
      cases: [recordedCase('a', { startup: 'fatal', logContains: 'good news' }, 'no request')],
    }
    const mismatchesOf = async (setup: RecordedSetup, exitCode: number) =>
      (await replay(setup, (given) => startServer(given, fatal(exitCode)))).cases.get('a')
    expect(await mismatchesOf(wanted, 1)).toEqual([])
    expect(await mismatchesOf(other, 1)).toEqual(['the log lacks "good news": bad news'])
    expect(await mismatchesOf(wanted, 2)).toEqual(['ended with exit code 2, expected exit code 1'])
    expect(await mismatchesOf({ ...blank, cases: [recordedCase('a', { status: 200 })] }, 1)).toEqual([
      'did not start: bad news',
    ])
  })

  it('that hangs, crashes while it serves or ignores SIGTERM is reported', async () => {
    const patience = { start: 2000, stop: 500 }
    const setup = { ...blank, cases: [recordedCase('a', { status: 200 })] }
    const run = (code: string) => replay(setup, (given) => startServer(given, ['-e', code, '--'], patience))
    const [hanging, crashing, deaf] = await Promise.all([
      run('setInterval(() => {}, 1000)'),
      run(standIn('process.exit(3)')),
      run(standIn("process.on('SIGTERM', () => {}); answer()")),
    ])
    expect(hanging.cases.get('a')).toEqual(['did not start: neither served nor ended within 2000 ms: '])
    expect(crashing.cases.get('a')).toEqual([
      'RawHttpError: the server closed the connection without an answer',
    ])
    expect(crashing.stopping).toEqual([expect.stringContaining('exit code 3')])
    expect(deaf.cases.get('a')).toEqual([])
    expect(deaf.stopping).toEqual(['blank: still ran 500 ms after SIGTERM'])
  })
})

describe('a face over fetch', () => {
  it('says which requests it cannot carry', () => {
    const request = { method: 'GET', target: '/v1.0/secrets/s/a%2Fb?x=1', headers: [], body: undefined }
    expect(lostInFetch(request)).toBe(undefined)
    expect(lostInFetch({ ...request, body: '{}' })).toBe('the body of a GET or HEAD')
    expect(lostInFetch({ ...request, method: 'get' })).toBe('the letter case of a method')
    expect(lostInFetch({ ...request, target: '/a/../b' })).toBe('a target that a URL rewrites')
    expect(lostInFetch({ ...request, target: '/é' })).toBe('a target that a URL rewrites')
  })

  it('hands over everything else', async () => {
    const face = fetchFace(async (request) =>
      Response.json([request.method, request.url, request.headers.get('x'), await request.text()]),
    )
    const answer = await face({ method: 'PUT', target: '/a%2Fb?c', headers: [['X', '1']], body: 'v' })
    expect(
      mismatches(answer, { status: 200, bodyJson: ['PUT', 'http://127.0.0.1:3500/a%2Fb?c', '1', 'v'] }),
    ).toEqual([])
  })
})

const get = { method: 'GET', target: '/', headers: [] }

const blank: RecordedSetup = {
  name: 'blank',
  components: [],
  resources: [],
  configuration: undefined,
  env: {},
  args: { appId: 'myapp', allowedOrigins: undefined, maxBodySize: undefined },
  files: {},
  startup: 'started',
  cases: [],
}

function recordedCase(name: string, expected: Expectation, request?: 'no request'): RecordedCase {
  const sent = { method: 'GET', target: '/', headers: [], body: undefined }
  return {
    name,
    before: [],
    request: request === undefined ? sent : undefined,
    expect: expected,
    difference: undefined,
  }
}

/** A program that takes daprd's flags and does `whenAsked` for each request. */
function standIn(whenAsked: string): string {
  return `
    const flags = process.argv
    const after = (flag) => flags[flags.indexOf(flag) + 1]
    const fs = require('node:fs')
    const text = fs.readFileSync(after('--resources-path') + '/000.yaml', { encoding: 'utf8', flag: 'a+' })
    const file = text.split(' ')[1]
    require('node:http').createServer((request, response) => {
      const answer = () => response.end(JSON.stringify({
        env: Object.keys(process.env), text, data: file && fs.readFileSync(file, 'utf8'), flags,
      }))
      ${whenAsked}
    }).listen(Number(after('--dapr-http-port')), '127.0.0.1', () => console.log('dapr initialized. Status: Running.'))
    process.on('SIGTERM', () => { if (process.listenerCount('SIGTERM') === 1) process.exit(0) })
  `
}

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A server that answers the nth request, over all connections, with whatever `onRequest` writes. */
async function scripted(onRequest: (socket: Socket, nth: number) => void) {
  let connections = 0
  let requests = 0
  const server = createServer((socket) => {
    connections += 1
    socket.on('error', () => {})
    socket.on('data', () => {
      onRequest(socket, requests)
      requests += 1
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, connections: () => connections }
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value)
}
