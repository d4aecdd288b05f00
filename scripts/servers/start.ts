/**
 * Starts one real server on loopback, waits until it answers, and stops it by its process id.
 *
 * A server gets an environment, a home and a temporary folder of its own: what the developer's shell knows of AWS
 * or Vault would change what it does, and none may look for the machine's identity.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, rmSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Installation } from './install.ts'
import { openListeners } from './listeners.ts'

/** The servers there are. `ministack-open` looks at no signature and at no policy. */
export const serverNames = ['ministack', 'ministack-open', 'moto', 'openbao'] as const
export type ServerName = (typeof serverNames)[number]

/** Where a server is reached. */
export interface ServerAddress {
  readonly name: ServerName
  /** An origin: `http://127.0.0.1:PORT`. */
  readonly url: string
  /** OpenBao only: the same server over TLS, and the authority that signed its certificate, in PEM form. */
  readonly tls?: { readonly url: string; readonly ca: string }
  readonly pid: number
  /** Path of what it prints; gone when it has stopped. */
  readonly log: string
}

/** A server that runs, and the way to end it. */
export interface StartedServer {
  readonly address: ServerAddress
  stop(): Promise<void>
}

/** The token of OpenBao's root. */
export const rootToken = 'root'

/** How long a server may take until it answers, in milliseconds; ten times what it needs on two idle cores. */
const readyWithin = 20_000

const host = '127.0.0.1'

/**
 * Starts a server on a free port.
 *
 * @throws {Error} when it ends, does not answer in time, or listens elsewhere than on loopback; with the last
 *   lines it printed
 */
export async function startServer(name: ServerName, programs: Installation): Promise<StartedServer> {
  // Between finding a port and listening on it, somebody else may take it.
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(name, programs)
    } catch (error) {
      if (attempt === 3 || !/address already in use|in use by another/i.test(String(error))) throw error
    }
  }
}

async function startOnce(name: ServerName, programs: Installation): Promise<StartedServer> {
  const { prepare, command, environment, ready } = recipes[name]
  const folder = await mkdtemp(join(tmpdir(), `sidecarless-${name}-`))
  const port = await freePort()
  await prepare?.(folder, port)
  const log = join(folder, 'log')
  const output = openSync(log, 'w')
  const [program = '', ...args] = command(programs, folder, port)
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...cleanEnvironment(folder), ...environment?.(port, folder) },
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const stop = stopper(child, folder)
  try {
    const url = `http://${host}:${port}`
    await answering(child, `${url}${ready}`)
    const pid = child.pid ?? 0
    const open = openListeners(pid)
    if (open.length > 0) throw new Error(`it listens beyond loopback: ${open.join(', ')}`)
    const address = { name, url, pid, log }
    if (name !== 'openbao') return { address, stop }
    const ca = await readFile(join(folder, 'vault-ca.pem'), 'utf8')
    return { address: { ...address, tls: { url: `https://${host}:${port + tlsOffset}`, ca } }, stop }
  } catch (error) {
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-20)
    await stop()
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error([`${name} did not start: ${reason}`, ...lines].join('\n'))
  }
}

/** How a server is started on a port; the three ports after it are its own too. */
interface Recipe {
  prepare?(folder: string, port: number): Promise<void>
  command(programs: Installation, folder: string, port: number): readonly string[]
  environment?(port: number, folder: string): Readonly<Record<string, string>>
  /** A path that answers 200 once it is ready. */
  readonly ready: string
}

/** With root's keys (`test`, any 12 digits) even the one that checks does not; tests make keys by its IAM. */
const ministack = (isChecking: boolean): Recipe => ({
  command: ({ python }) => [python, '-m', 'ministack'],
  environment: (port, folder) => ({
    AUTH: `${isChecking}`,
    SERVICES: 'secretsmanager,ssm,sts,iam',
    BIND_HOST: host,
    GATEWAY_PORT: `${port}`,
    STATE_DIR: join(folder, 'state'),
    S3_DATA_DIR: join(folder, 's3'),
    // It listens for these on every address there is.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    // It would ask a real one to clean up containers of an earlier run.
    DOCKER_HOST: `unix://${join(folder, 'no-docker.sock')}`,
  }),
  ready: '/_ministack/ready',
})

/** OpenBao takes the port after each of its listeners for its cluster. */
const tlsOffset = 2

const recipes: Readonly<Record<ServerName, Recipe>> = {
  ministack: ministack(true),
  'ministack-open': ministack(false),
  moto: {
    command: ({ python }, _, port) => [python, '-m', 'moto.server', '-H', host, '-p', `${port}`],
    // Each test takes a region that is nobody else's.
    environment: () => ({ MOTO_ALLOW_NONEXISTENT_REGION: 'true' }),
    ready: '/moto-api/data.json',
  },
  openbao: {
    prepare: (folder, port) =>
      writeFile(
        join(folder, 'plain.hcl'),
        `listener "tcp" {\n  address = "${host}:${port}"\n  tls_disable = true\n}\n`,
      ),
    command: ({ bao }, folder, port) => [
      bao,
      ...['server', '-dev', `-dev-root-token-id=${rootToken}`, '-dev-no-store-token'],
      `-config=${join(folder, 'plain.hcl')}`,
      ...['-dev-tls', `-dev-tls-cert-dir=${folder}`, `-dev-listen-address=${host}:${port + tlsOffset}`],
    ],
    ready: '/v1/sys/health',
  },
}

function cleanEnvironment(folder: string): Readonly<Record<string, string>> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TMPDIR: folder,
    LANG: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = await bind(0)
    if (port === undefined) continue
    const next = await Promise.all([1, 2, 3].map((offset) => bind(port + offset)))
    if (!next.includes(undefined)) return port
  }
  throw new Error('no four free ports in a row')
}

/** The port, when it could be bound. */
function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, host, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined))
    })
  })
}

async function answering(child: ChildProcess, url: string): Promise<void> {
  let failure: string | undefined
  child.once('error', (error) => {
    failure = error.message
  })
  child.once('exit', (code, signal) => {
    failure = `it ended with ${code ?? signal}`
  })
  const deadline = Date.now() + readyWithin
  while (Date.now() < deadline) {
    if (failure !== undefined) throw new Error(failure)
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
      await answer.text()
      if (answer.ok) return
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`it did not answer within ${readyWithin / 1000} s`)
}

/** Ends the process, at the latest when this one ends, and takes its folder away. */
function stopper(child: ChildProcess, folder: string): () => Promise<void> {
  const kill = () => void child.kill('SIGKILL')
  const leave = () => {
    kill()
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', leave)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  return async () => {
    child.kill('SIGTERM')
    const late = setTimeout(kill, 3_000)
    await ended
    clearTimeout(late)
    process.off('exit', leave)
    await rm(folder, { recursive: true, force: true })
  }
}
