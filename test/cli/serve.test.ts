import { type ChildProcess, spawn } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer, type Server, type Socket, connect as socketTo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { freePort } from '../conformance/server-process.ts'
import { npmStart } from './npm-start.ts'
import { ask, cleanUp, folderWith, header, Program, readyLine, run, serve, within } from './program.ts'

const sockets: Socket[] = []
const listeners: Server[] = []
const children: ChildProcess[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const listener of listeners.splice(0)) listener.close()
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await cleanUp()
})

/** The component that the seed program was started with. */
const seed = `apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: env-secrets
spec:
  type: secretstores.local.env
  version: v1
`
const envStore = (name: string) => seed.replace('env-secrets', name)
const secretsFile = (
  name: string,
) => `${seed.replace('env-secrets', name).replace('local.env', 'local.file')}  metadata:
  - name: secretsFile
    value: secrets.json
`

describe('serve', () => {
  it('answers the secrets of the seed’s component, one and all', async () => {
    const { port } = await serve(['--resources-path', folderWith({ 'secrets.yaml': seed })], {
      env: { DATABASE_URL: 'postgres://localhost' },
    })
    const one = await ask(port, '/v1.0/secrets/env-secrets/DATABASE_URL')
    expect(one).toMatchObject({ status: 200, body: '{"DATABASE_URL":"postgres://localhost"}\n' })
    const all = await ask(port, '/v1.0/secrets/env-secrets/bulk')
    expect(JSON.parse(all.body)).toEqual({ DATABASE_URL: { DATABASE_URL: 'postgres://localhost' } })
  })

  it('starts and answers where the environment holds nothing', async () => {
    const { port } = await serve(['--resources-path', folderWith({ 'secrets.yaml': seed })], { env: {} })
    expect(await ask(port, '/v1.0/secrets/env-secrets/bulk')).toMatchObject({ status: 200, body: '{}\n' })
    expect(await ask(port, '/v1.0/healthz')).toMatchObject({ status: 204 })
  })

  it('serves nothing but its own API without --resources-path', async () => {
    const { port } = await serve([])
    expect((await ask(port, '/v1.0/metadata')).status).toBe(200)
    expect(await ask(port, '/v1.0/secrets/a/b')).toMatchObject({
      status: 500,
      body: expect.stringContaining('ERR_SECRET_STORES_NOT_CONFIGURED'),
    })
  })

  it('keeps an idle connection and announces no time-out for it', async () => {
    const { port } = await serve([])
    const answer = await ask(port, '/v1.0/metadata')
    expect(header(answer, 'keep-alive')).toBeUndefined()
    expect(header(answer, 'connection')).toBeUndefined()
    const old = await ask(port, '/v1.0/metadata', { headers: [['Connection', 'keep-alive']] })
    expect(header(old, 'keep-alive')).toBeUndefined()
  })

  it('is not ended by an origin that no header can carry', async () => {
    const { port } = await serve(['--allowed-origins', 'http://*.example'])
    await ask(port, '/v1.0/metadata', { headers: [['Origin', 'http://é\u{1f600}.example']] })
    expect((await ask(port, '/v1.0/metadata')).status).toBe(200)
  })
})

describe('what serve loads', () => {
  it('is every folder that is named, repeated or separated by commas', async () => {
    const cwd = folderWith({
      'a/1.yaml': envStore('a'),
      'b/2.YML': envStore('b'),
      'c/3.yaml': envStore('c'),
      'c/below/4.yaml': envStore('not-read'),
    })
    const { port } = await serve(['--resources-path', 'a,b', '--resources-path=c'], { cwd })
    expect(await storesAt(port)).toEqual(['a', 'b', 'c'])
  })

  it('is the folder of --components-path', async () => {
    const cwd = folderWith({ 'a/1.yaml': envStore('a') })
    expect(await storesAt((await serve(['-components-path', 'a'], { cwd })).port)).toEqual(['a'])
  })

  it('is every Configuration, the lists of a later one instead of an earlier one’s', async () => {
    const scopes = (...names: string[]) => `
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata: { name: config }
spec:
  secrets:
    scopes:
${names.map((name) => `    - { storeName: ${name}, defaultAccess: deny }\n`).join('')}`
    const cwd = folderWith({
      'resources/1.yaml': `${envStore('a')}---\n${envStore('b')}`,
      'first.yaml': scopes('a'),
      'second.yaml': scopes('b'),
      'third.yaml': 'spec: { tracing: { samplingRate: "0" } }',
    })
    const status = async (args: string[]) => {
      const { port } = await serve(['--resources-path=resources', ...args], { cwd })
      const answers = ['a', 'b'].map(async (name) => (await ask(port, `/v1.0/secrets/${name}/X`)).status)
      return Promise.all(answers)
    }
    expect(await status(['--config=first.yaml'])).toEqual([403, 200])
    expect(await status(['--config=first.yaml,second.yaml'])).toEqual([200, 403])
    expect(
      await status(['--config', 'second.yaml', '--config', 'first.yaml', '--config=third.yaml']),
    ).toEqual([403, 200])
  })

  it('reads a secrets file from the folder it is started in', async () => {
    const cwd = folderWith({ 'r/1.yaml': secretsFile('file'), 'secrets.json': '{"a":{"b":"x"}}' })
    const { port } = await serve(['--resources-path=r'], { cwd })
    expect((await ask(port, '/v1.0/secrets/file/a:b')).body).toBe('{"a:b":"x"}\n')
  })
})

describe('the log of serve', () => {
  /** daprd's text: time, level and message first, the rest by name (dapr/kit `logger/dapr_logger.go`). */
  const textLine =
    /^time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z" level=(debug|info|warning|error|fatal) msg="([^"\\]|\\.)*" app_id=orders instance=\S+ scope=dapr\.runtime type=log ver=\d+\.\d+\.\d+$/

  it('is on stdout, one line each, in daprd’s text', async () => {
    const resources = folderWith({ 'a.yaml': envStore('"a\\nb\\u2028c\\e[31m"'), 'note.txt': '' })
    const { program } = await serve([
      '--app-id=orders',
      '--log-level=debug',
      '--app-port=1',
      '--resources-path',
      resources,
    ])
    const { stdout, stderr } = await program.stop()
    const lines = linesOf(stdout)
    expect(lines.filter((line) => !textLine.test(line))).toEqual([])
    expect(lines.map((line) => /level=(\w+)/.exec(line)?.[1])).toEqual(
      expect.arrayContaining(['debug', 'info', 'warning']),
    )
    expect(stdout).toContain('msg="flag --app-port has no effect here and is ignored"')
    expect(stdout).toContain('Component loaded: a\\nb\\u2028c\\u001b[31m (secretstores.local.env/v1)')
    expect(stderr).toBe('')
  })

  it('is JSON with --log-as-json', async () => {
    const resources = folderWith({ 'a.yaml': envStore('"a\\nb"') })
    const { program } = await serve(['--app-id=orders', '--log-as-json', '--resources-path', resources])
    const { stdout } = await program.stop()
    for (const line of linesOf(stdout)) {
      expect(Object.keys(JSON.parse(line))).toEqual([
        'app_id',
        'instance',
        'level',
        'msg',
        'scope',
        'time',
        'type',
        'ver',
      ])
      expect(JSON.parse(line)).toMatchObject({
        app_id: 'orders',
        level: 'info',
        scope: 'dapr.runtime',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        type: 'log',
        ver: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      })
    }
    expect(stdout).toContain('"msg":"Component loaded: a\\nb (secretstores.local.env/v1)"')
  })

  it.each(['text', 'JSON'])(
    'stays on one line for a diagnostic with a name over several, as %s',
    async (shape) => {
      const resources = folderWith({ 'a.yaml': envStore('"a\\nb"').replace('local.env', 'local.envv') })
      const args = shape === 'JSON' ? ['--log-as-json'] : []
      const { exit, stdout } = await run(['serve', '--app-id=orders', '--resources-path', resources, ...args])
      expect(exit).toBe(1)
      for (const line of linesOf(stdout)) {
        expect(shape === 'JSON' ? JSON.parse(line).type : textLine.exec(line)).toBeTruthy()
      }
    },
  )

  it('leaves out what is below --log-level', async () => {
    const { stdout } = await run(['serve', '--log-level=ERROR', '--resources-path=/nowhere'])
    expect(linesOf(stdout).map((line) => /level=(\w+)/.exec(line)?.[1])).toEqual(['error', 'fatal'])
  })

  it('says what was called with --enable-api-logging, in daprd’s fields', async () => {
    const resources = folderWith({ 'a.yaml': seed })
    const args = ['--enable-api-logging', '--log-as-json', '--resources-path', resources]
    const { program, port } = await serve(args, { env: { NAME: 'canary' } })
    const answer = await ask(port, '/v1.0/secrets/env-secrets/NAME?metadata.x=canary', {
      headers: [['User-Agent', 'agent "one"']],
    })
    await ask(port, 'http://user:canary@localhost/v1.0/secrets/env-secrets/bulk')
    await ask(port, 'ht+tp://user:canary@localhost/v1.0/secrets/env-secrets/bulk')
    await ask(port, 'user:canary@localhost:80', { method: 'CONNECT' })
    const { stdout } = await program.stop()
    const calls = linesOf(stdout).filter((line) => line.includes('HTTP API Called'))
    expect(JSON.parse(calls[0] ?? '')).toEqual({
      app_id: 'app',
      code: 200,
      duration: expect.any(Number),
      instance: expect.any(String),
      level: 'info',
      method: 'GET /v1.0/secrets/env-secrets/NAME',
      msg: 'HTTP API Called',
      scope: 'dapr.runtime.http-info',
      size: answer.body.length,
      time: expect.any(String),
      type: 'log',
      useragent: 'agent "one"',
      ver: expect.any(String),
    })
    expect(JSON.parse(calls[1] ?? '')).toMatchObject({
      code: 200,
      method: 'GET /v1.0/secrets/env-secrets/bulk',
    })
    expect(calls.slice(2).map((line) => JSON.parse(line).method)).toEqual([
      'GET /v1.0/secrets/env-secrets/bulk',
      'CONNECT localhost:80',
    ])
    expect(stdout).not.toContain('canary')
  })

  it('says nothing of calls without it', async () => {
    const { program, port } = await serve([])
    await ask(port, '/v1.0/secrets/store/a')
    expect((await program.stop()).stdout).not.toContain('/v1.0/secrets')
  })

  it('prints a call to try, which works', async () => {
    const resources = folderWith({ 'a.yaml': envStore('"my env"') })
    const { program, port } = await serve(['--resources-path', resources], { env: { A: '1' } })
    await program.printed(/Try it/)
    const target = new RegExp(`curl http://127\\.0\\.0\\.1:${port}(/\\S+)"`).exec(program.stdout)?.[1]
    expect((await ask(port, target ?? '')).body).toBe('{"A":{"A":"1"}}\n')
  })

  it('ends the program without a word when nobody reads it any more', async () => {
    const program = new Program([
      'serve',
      '--dapr-http-port',
      String(await freePort()),
      '--enable-api-logging',
    ])
    program.stopReading()
    expect(await program.end()).toMatchObject({ exit: 1, stderr: '' })
  })
})

describe('a stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s ends with 0, with idle connections open', async (signal) => {
    const { program, port } = await serve([])
    const untouched = await connectTo(port)
    const idle = await connectTo(port)
    idle.write('GET /v1.0/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(idle, 'data')
    const started = performance.now()
    expect(await program.stop(signal)).toMatchObject({ exit: 0, stderr: '' })
    expect(performance.now() - started).toBeLessThan(4000)
    expect(untouched.destroyed || (await once(untouched, 'close'))).toBeTruthy()
  })

  it('answers a request in flight first, and is over with it', async () => {
    const resources = folderWith({ 'a.yaml': seed })
    const { program, port } = await serve(['--resources-path', resources], { env: { NAME: 'value' } })
    const client = await connectTo(port)
    client.write(
      'GET /v1.0/secrets/env-secrets/NAME HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{',
    )
    await pause(50)
    const ended = program.stop()
    await program.printed(/Received signal/)
    await expect.poll(() => refuses(port)).toBe(true)
    client.write('}')
    const answered = performance.now()
    const [answer] = await once(client, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\{"NAME":"value"\}\n$/)
    expect((await ended).exit).toBe(0)
    expect(performance.now() - answered).toBeLessThan(4000)
  })

  it('waits for a request that does not end only as long as --dapr-graceful-shutdown-seconds', async () => {
    const { program, port } = await serve(['--dapr-graceful-shutdown-seconds=1'])
    const client = await connectTo(port)
    client.write('GET /v1.0/metadata HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{')
    await pause(50)
    const started = performance.now()
    expect((await program.stop()).exit).toBe(0)
    const took = performance.now() - started
    expect(took).toBeGreaterThan(900)
    expect(took).toBeLessThan(2500)
  })
})

describe('a start that fails', () => {
  it('ends with 1 and leaves nothing listening when a component is wrong', async () => {
    const port = await freePort()
    const resources = folderWith({ 'a.yaml': seed.replace('local.env', 'local.envv') })
    const args = ['serve', '--dapr-http-port', String(port), '--resources-path', resources]
    const { exit, stdout } = await run(args)
    expect(exit).toBe(1)
    expect(stdout).toContain(`a.yaml:6:9: component 'env-secrets': couldn't find secret store`)
    expect(stdout).toContain('Fatal error from runtime: one error in the configuration, see above')
    expect(await refuses(port)).toBe(true)
  })

  it('counts the errors', async () => {
    const { exit, stdout } = await run([
      'serve',
      '--resources-path=/nowhere/a,/nowhere/b',
      '--config=/nowhere/c',
    ])
    expect(exit).toBe(1)
    expect(stdout).toContain('/nowhere/c:1:1: open /nowhere/c: no such file or directory')
    expect(stdout).toContain('Fatal error from runtime: 3 errors in the configuration, see above')
  })

  it('names the port that is taken and its flag', async () => {
    const port = await occupy()
    const { exit, stdout, stderr } = await run(['serve', '--dapr-http-port', String(port)])
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: '' })
    expect(stdout).toContain(
      `Fatal error from runtime: cannot listen on 127.0.0.1:${port}: address already in use (--dapr-http-port ${port})`,
    )
  })

  it('names the public port that is taken and its flag, and gives up the first one', async () => {
    const port = await freePort()
    const taken = await occupy()
    const args = ['serve', '--dapr-http-port', String(port), '--dapr-public-port', String(taken)]
    const { exit, stdout } = await run(args)
    expect(exit).toBe(1)
    expect(stdout).toContain(`address already in use (--dapr-public-port ${taken})`)
    expect(await refuses(port)).toBe(true)
  })

  it('names an address that is not this machine’s', async () => {
    const port = String(await freePort())
    const args = [
      'serve',
      '--dapr-listen-addresses=192.0.2.1',
      '--allow-unauthenticated',
      '--dapr-http-port',
      port,
    ]
    const { exit, stdout } = await run(args)
    expect(exit).toBe(1)
    expect(stdout).toContain(
      `cannot listen on 192.0.2.1:${port}: the address does not belong to this machine`,
    )
    expect(stdout).toContain('--dapr-listen-addresses')
  })

  it('names the folder of a socket that cannot be made', async () => {
    const { stdout, stderr } = await run([
      'serve',
      '--unix-domain-socket',
      folderWith({ file: '' }).concat('/file'),
    ])
    expect(stdout + stderr).not.toContain('    at ')
    expect(stdout).toContain('--unix-domain-socket')
  })
})

describe('an address beyond this machine', () => {
  it('is refused without a token', async () => {
    const port = await freePort()
    const { exit, stderr } = await run([
      'serve',
      '--dapr-listen-addresses=0.0.0.0',
      '--dapr-http-port',
      String(port),
    ])
    expect(exit).toBe(1)
    expect(stderr).toContain('set DAPR_API_TOKEN, or pass --allow-unauthenticated')
    expect(await refuses(port)).toBe(true)
  })

  it('is not opened by an empty token', async () => {
    const env = { DAPR_API_TOKEN: '' }
    expect((await run(['serve', '--dapr-listen-addresses=0.0.0.0'], { env })).exit).toBe(1)
  })

  it('is served with a token, which requests must carry', async () => {
    const { port } = await serve(['--dapr-listen-addresses=0.0.0.0'], { env: { DAPR_API_TOKEN: 'token' } })
    expect((await ask(port, '/v1.0/metadata')).status).toBe(401)
    const headers = [['dapr-api-token', 'token'] as const]
    expect((await ask(port, '/v1.0/metadata', { headers })).status).toBe(200)
    expect((await ask(port, '/v1.0/healthz')).status).toBe(204)
  })

  it('is served without a token with --allow-unauthenticated, to every host', async () => {
    const { port } = await serve(['--dapr-listen-addresses=0.0.0.0', '--allow-unauthenticated'])
    const headers = [['Host', 'sidecar.internal'] as const]
    expect((await ask(port, '/v1.0/metadata', { headers })).status).toBe(200)
  })

  it('is not assumed: a page whose name was rebound to this machine gets nothing', async () => {
    const { port } = await serve([])
    const headers = [['Host', 'page.example'] as const]
    expect((await ask(port, '/v1.0/metadata', { headers })).status).toBe(403)
  })
})

describe('the public port', () => {
  it('serves health and metadata without a token, and no secrets', async () => {
    const publicPort = await freePort()
    const resources = folderWith({ 'a.yaml': seed })
    await serve(['--dapr-public-port', String(publicPort), '--resources-path', resources], {
      env: { DAPR_API_TOKEN: 'token', NAME: 'value' },
    })
    expect((await ask(publicPort, '/v1.0/healthz')).status).toBe(204)
    expect((await ask(publicPort, '/v1.0/metadata')).body).toContain('"env-secrets"')
    expect((await ask(publicPort, '/v1.0/secrets/env-secrets/NAME')).status).toBe(404)
    const headers = [['dapr-api-token', 'token'] as const]
    expect((await ask(publicPort, '/v1.0/secrets/env-secrets/bulk', { headers })).status).toBe(404)
  })

  it('is refused beyond this machine without a token', async () => {
    const args = ['--dapr-public-port', String(await freePort()), '--dapr-public-listen-address=0.0.0.0']
    const { exit, stderr } = await run(['serve', ...args])
    expect(exit).toBe(1)
    expect(stderr).toContain('--dapr-public-listen-address 0.0.0.0 can be reached from other machines')
  })

  it.each([
    [[], {}, 403],
    [[], { DAPR_API_TOKEN: 'token' }, 200],
    [['--dapr-public-listen-address=0.0.0.0', '--allow-unauthenticated'], {}, 200],
  ])('with %j and %j answers a foreign Host with %i', async (args, env: Record<string, string>, status) => {
    const publicPort = await freePort()
    await serve(['--dapr-public-port', String(publicPort), ...args], { env })
    const headers = [['Host', 'page.example'] as const]
    expect((await ask(publicPort, '/v1.0/metadata', { headers })).status).toBe(status)
    expect((await ask(publicPort, '/v1.0/healthz', { headers })).status).toBe(204)
  })

  it('keeps nothing of a body that is too long', async () => {
    const publicPort = await freePort()
    await serve(['--dapr-public-port', String(publicPort), '--max-body-size=10'])
    const put = async (body: string) =>
      (await ask(publicPort, '/v1.0/metadata/k', { method: 'PUT', body })).status
    expect([await put('0123456789'), await put('0123456789abc')]).toEqual([204, 400])
    expect((await ask(publicPort, '/v1.0/metadata')).body).toContain('"k":"0123456789"')
  })

  it.skipIf(process.platform !== 'linux')('does not keep a body of any length in memory', async () => {
    const publicPort = await freePort()
    const { program } = await serve(['--dapr-public-port', String(publicPort)])
    const client = await connectTo(publicPort)
    const size = 200 << 20
    client.write(`GET /v1.0/metadata HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${size}\r\n\r\n`)
    const chunk = Buffer.alloc(1 << 20, ' ')
    for (let sent = 0; sent < size && !client.destroyed; sent += chunk.length) {
      await new Promise((resolve) => client.write(chunk, resolve))
    }
    await pause(100)
    expect(program.peakMemory()).toBeLessThan(150 << 20)
    expect((await ask(publicPort, '/v1.0/healthz')).status).toBe(204)
  })
})

describe('limits', () => {
  it.each([
    ['--max-body-size=10', 10],
    ['--max-body-size=1Ki', 1024],
    ['--dapr-http-max-request-size=1', 1 << 20],
  ])('%s is the longest body', async (flag, size) => {
    const { port } = await serve([flag, '--resources-path', folderWith({ 'a.yaml': seed })])
    const target = '/v1.0/secrets/env-secrets/NAME'
    const text = '{}'.padEnd(size)
    expect((await ask(port, target, { body: text })).status).toBe(200)
    expect(await ask(port, target, { body: `${text} ` })).toMatchObject({
      status: 400,
      body: expect.stringContaining('ERR_BODY_READ'),
    })
  })

  it.each([
    [[], 4096 + 4096],
    [['--read-buffer-size=1Ki'], 1024 + 4096],
    [['--dapr-http-read-buffer-size=16'], 16_384 + 4096],
  ])('with %j a request’s head may be as long as daprd lets it be', async (args, size) => {
    const { port } = await serve(args)
    const ofLength = (length: number) => [['X-Long', 'x'.repeat(length)] as const]
    expect((await ask(port, '/v1.0/healthz', { headers: ofLength(size - 200) })).status).toBe(204)
    expect((await ask(port, '/v1.0/healthz', { headers: ofLength(size + 10) })).status).toBe(431)
  })
})

describe('a Unix socket', () => {
  const socketIn = (folder: string) => join(folder, 'dapr-orders-http.socket')
  const args = (folder: string) => ['serve', '--app-id=orders', '--unix-domain-socket', folder]

  async function start(folder: string): Promise<Program> {
    const program = new Program([...args(folder), '--resources-path', folderWith({ 'a.yaml': seed })], {
      env: { NAME: 'value' },
    })
    await program.printed(readyLine)
    return program
  }

  it('is served to its owner alone, in a folder that is made for it, and goes with the program', async () => {
    const folder = join(folderWith({}), 'new', 'folder')
    const program = await start(folder)
    expect(statSync(socketIn(folder)).mode & 0o777).toBe(0o600)
    expect(await askSocket(socketIn(folder), '/v1.0/secrets/env-secrets/NAME')).toBe('{"NAME":"value"}\n')
    expect((await program.stop()).exit).toBe(0)
    expect(statSync(socketIn(folder), { throwIfNoEntry: false })).toBeUndefined()
  })

  it('is served under any Host: no page can reach it', async () => {
    const folder = folderWith({})
    await start(folder)
    const answer = await askSocket(socketIn(folder), '/v1.0/secrets/env-secrets/NAME', 'page.example')
    expect(answer).toBe('{"NAME":"value"}\n')
  })

  it('that a killed program left behind is replaced', async () => {
    const folder = folderWith({})
    await (await start(folder)).stop('SIGKILL')
    expect(statSync(socketIn(folder)).isSocket()).toBe(true)
    await start(folder)
    expect(await askSocket(socketIn(folder), '/v1.0/secrets/env-secrets/NAME')).toBe('{"NAME":"value"}\n')
  })

  it('that another program serves is left alone', async () => {
    const folder = folderWith({})
    const first = await start(folder)
    const { exit, stdout } = await run(args(folder))
    expect(exit).toBe(1)
    expect(stdout).toContain(`cannot listen on ${socketIn(folder)}: another process does`)
    expect(stdout).toContain(`(--unix-domain-socket ${folder})`)
    expect(await askSocket(socketIn(folder), '/v1.0/secrets/env-secrets/NAME')).toBe('{"NAME":"value"}\n')
    expect((await first.stop()).exit).toBe(0)
  })

  it('that another program is too busy to accept at is left alone', async () => {
    const folder = folderWith({})
    const path = socketIn(folder)
    const script = `require('node:net').createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => process.stdout.write('up'))`
    const busy = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(busy)
    await once(busy.stdout, 'data')
    busy.kill('SIGSTOP')
    while ((await connectError(path)) === undefined);
    expect((await run(args(folder))).exit).toBe(1)
    expect(statSync(path).isSocket()).toBe(true)
  })

  it('does not replace a file that is none', async () => {
    const folder = folderWith({})
    writeFileSync(socketIn(folder), 'kept')
    const { exit, stdout } = await run(args(folder))
    expect(exit).toBe(1)
    expect(stdout).toContain(`cannot listen on ${socketIn(folder)}: it is no socket`)
    expect(statSync(socketIn(folder)).size).toBe('kept'.length)
  })

  it('whose path is too long is an error that names it', async () => {
    const folder = join(folderWith({}), 'x'.repeat(120))
    const { exit, stdout, stderr } = await run(args(folder))
    expect({ exit, stderr }).toEqual({ exit: 1, stderr: '' })
    expect(stdout).toContain('cannot listen on')
    expect(stdout).toContain(`--unix-domain-socket ${folder}`)
  })
})

describe('npm start in a clone', () => {
  it('serves the examples, and the call it prints works, as does the README’s', async () => {
    const port = await freePort()
    const env = { DEMO_DATABASE_URL: 'postgres://localhost' }
    const started = await npmStart(inject('packed').repository, port, env)
    try {
      expect(started.output()).not.toContain('\u001b')
      const target = new RegExp(`curl http://127\\.0\\.0\\.1:${port}(/\\S+)"`).exec(started.output())?.[1]
      const all = '{"DATABASE_URL":{"DATABASE_URL":"postgres://localhost"}}\n'
      expect((await ask(port, target ?? '')).body).toBe(all)
      const readme = await ask(port, '/v1.0/secrets/file-secrets/redis:password')
      expect(readme.body).toBe('{"redis:password":"example"}\n')
    } finally {
      await started.interrupt()
    }
    expect(started.output()).toContain("Received signal 'SIGINT'; stopping")
    expect(started.output()).not.toContain('npm error')
    expect(await refuses(port)).toBe(true)
  })
})

/** Names of the components that are loaded. */
async function storesAt(port: number): Promise<readonly string[]> {
  const { components } = JSON.parse((await ask(port, '/v1.0/metadata')).body)
  return components.map(({ name }: { name: string }) => name)
}

function linesOf(text: string): readonly string[] {
  expect(text.endsWith('\n')).toBe(true)
  return text.slice(0, -1).split('\n')
}

async function connectTo(port: number): Promise<Socket> {
  const socket = socketTo(port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Whether nobody listens at the port. */
function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = socketTo(port, '127.0.0.1')
    sockets.push(probe)
    probe.once('connect', () => resolve(false)).once('error', () => resolve(true))
  })
}

/** Why a socket cannot be connected to; `undefined` when it was, and stays so. */
function connectError(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = socketTo(path)
    sockets.push(socket)
    socket
      .once('connect', () => resolve(undefined))
      .once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
}

/** A port that this process listens at. */
async function occupy(): Promise<number> {
  const port = await freePort()
  const listener = createServer().listen(port, '127.0.0.1')
  listeners.push(listener)
  await once(listener, 'listening')
  return port
}

function askSocket(socketPath: string, path: string, host = 'localhost'): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, headers: { Host: host }, agent: false }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      answer.on('end', () => resolve(body))
    })
    sent.on('error', reject).end()
  })
}

async function once(emitter: NodeJS.EventEmitter, event: string): Promise<readonly unknown[]> {
  const happened = new Promise<readonly unknown[]>((resolve) => {
    emitter.once(event, (...values: unknown[]) => resolve(values))
  })
  const values = await within(5000, happened)
  if (values === undefined) throw new Error(`no ${event} within 5 s`)
  return values
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
