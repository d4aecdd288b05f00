/**
 * Requests to vendors over node:http and node:https, on Node and on the targets that run it.
 *
 * Not `fetch`: it cannot be told whom to trust, and takes long to load. Neither module is loaded
 * before the first request, and not by an import, which would load `fetch` with it.
 *
 * @module
 */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import type { AgentOptions } from 'node:https'
import type { Socket } from 'node:net'
import type { Transform } from 'node:stream'
import type { HttpRequest, HttpResponse, Send, SendFailure, TlsOptions } from '../../src/http/exchange.ts'
import { SendError } from '../../src/http/exchange.ts'

/**
 * A {@link Send} with connections of its own, which are kept for further requests and keep no process alive.
 *
 * @example
 * ```ts
 * const send = nodeSend()
 * const response = await send({ method: 'GET', url, headers: {}, maxBytes: 1_000_000, signal })
 * ```
 */
export function nodeSend(): Send {
  const pools = new Map<string, Pool>()

  function poolFor(isTls: boolean, tls: TlsOptions): Pool {
    const key = isTls ? JSON.stringify([tls.ca, tls.serverName, tls.skipVerify]) : 'plain'
    const pool = pools.get(key) ?? createPool(isTls ? tlsAgent(tls) : plainAgent())
    pools.set(key, pool)
    return pool
  }

  return async (request) => {
    const url = /^(https?):\/\/([^/?#]+?)(?::(\d+))?(\/.*)$/.exec(request.url)
    if (url === null) throw new SendError('unreachable')
    const [, scheme, host = '', port, path = ''] = url
    const { agent, dropIdle } = poolFor(scheme === 'https', request.tls ?? {})
    dropIdle(longestIdle)
    const start = process.getBuiltinModule(scheme === 'https' ? 'node:https' : 'node:http').request
    return exchange(request, dropIdle, () =>
      start({
        agent,
        host: host.replace(/^\[|\]$/g, ''),
        path,
        method: request.method,
        headers: { 'accept-encoding': 'gzip, deflate, br', ...request.headers },
        ...(port === undefined ? {} : { port }),
      }),
    )
  }
}

/** Load balancers forget a connection without a word, and a thawed process finds only such ones. */
const longestIdle = 20_000

/** Kept connections. */
interface Pool {
  readonly agent: Agent
  /** Closes the connections that nobody has used for `milliseconds`. */
  dropIdle(milliseconds: number): void
}

function createPool(agent: Agent): Pool {
  const idleSince = new WeakMap<object, number>()
  agent.on('free', (socket: Socket) => idleSince.set(socket, Date.now()))
  return {
    agent,
    dropIdle(milliseconds) {
      const limit = Date.now() - milliseconds
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets ?? []) {
          if ((idleSince.get(socket) ?? 0) <= limit) socket.destroy()
        }
      }
    },
  }
}

function plainAgent(): Agent {
  const { Agent } = process.getBuiltinModule('node:http')
  return new Agent({ keepAlive: true })
}

/** What is not verified is only what the component says: NODE_TLS_REJECT_UNAUTHORIZED changes nothing. */
function tlsAgent({ ca, serverName = '', skipVerify = false }: TlsOptions): Agent {
  const { Agent } = process.getBuiltinModule('node:https')
  const options: AgentOptions = { keepAlive: true, rejectUnauthorized: !skipVerify }
  // A list, because an empty text alone would mean the platform's certificates.
  if (ca !== undefined) options.ca = [ca]
  if (serverName !== '' && !skipVerify) {
    const { checkServerIdentity } = process.getBuiltinModule('node:tls')
    // An address is verified but not announced (RFC 6066, section 3).
    options.servername = process.getBuiltinModule('node:net').isIP(serverName) === 0 ? serverName : ''
    options.checkServerIdentity = (_host, certificate) => checkServerIdentity(serverName, certificate)
  }
  return new Agent(options)
}

function exchange(
  { body, maxBytes, signal }: HttpRequest,
  dropIdle: Pool['dropIdle'],
  start: () => ClientRequest,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new SendError('aborted'))
      return
    }
    let request: ClientRequest
    try {
      request = start()
    } catch {
      // A header or a path that Node refuses to send, and quotes.
      reject(new SendError('unreachable'))
      return
    }
    let connection: Socket | undefined
    let hasBegun = false
    let hasEnded = false
    const begin = (): void => {
      hasBegun = true
    }
    const abort = (): void => fail('aborted')
    const leave = (): void => {
      hasEnded = true
      signal.removeEventListener('abort', abort)
      connection?.removeListener('data', begin)
    }
    /** The first reason counts; after an answer the connection may be another request's already. */
    const fail = (failure: SendFailure): void => {
      if (hasEnded) return
      leave()
      reject(new SendError(failure))
      request.destroy()
    }

    signal.addEventListener('abort', abort)
    request.on('socket', (socket) => {
      connection = socket
      // Node says of an answer that ends inside its head what it says when nothing came.
      socket.prependListener('data', begin)
    })
    request.on('error', (error) => {
      const failure = failureOf(error, connection, hasBegun)
      // Those that were kept beside it died at the same moment; the next request shall find a new one.
      if (failure === 'reset') dropIdle(0)
      fail(failure)
    })
    // The only event of an upgrade that nobody asked for.
    const end = (): void => fail('broken')
    request.on('close', end)
    request.on('response', (response) => {
      request.removeListener('close', end)
      readBody(response, maxBytes).then(
        (bytes) => {
          leave()
          resolve({ status: response.statusCode ?? 0, headers: headersOf(response), body: bytes })
        },
        (error: unknown) => fail(error instanceof SendError ? error.failure : 'broken'),
      )
    })
    request.end(body)
  })
}

function failureOf(
  { code = '' }: NodeJS.ErrnoException,
  connection: Socket | undefined,
  hasBegun: boolean,
): SendFailure {
  if (hasBegun || code.startsWith('HPE_')) return 'broken'
  // Set by node:tls as soon as it has looked at the certificate.
  if (connection !== undefined && 'authorizationError' in connection && connection.authorizationError) {
    return 'untrusted'
  }
  if (unreachable.has(code)) return 'unreachable'
  return code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : 'broken'
}

const unreachable: ReadonlySet<string> = new Set([
  'EACCES',
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EINVAL',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPERM',
  'ETIMEDOUT',
])

function headersOf({ rawHeaders }: IncomingMessage): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return headers
}

/** The body to its end, decompressed. What comes in is bounded too: a compressed nothing can be endless. */
async function readBody(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const coding = (response.headers['content-encoding'] ?? '').trim().toLowerCase()
  if (coding === '' || coding === 'identity') return joined(bounded(response, maxBytes))
  return joined(bounded(decompressed(bounded(response, maxBytes + 65_536), coding), maxBytes))
}

async function* bounded(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > maxBytes) throw new SendError('too-large')
    yield chunk
  }
}

/** Nothing stays nothing, as the answer to a `HEAD` has it. */
async function* decompressed(
  chunks: AsyncGenerator<Uint8Array>,
  coding: string,
): AsyncGenerator<Uint8Array, void> {
  const first = await chunks.next()
  if (first.done === true) return
  async function* all(): AsyncGenerator<Uint8Array> {
    yield first.value
    yield* chunks
  }
  const decoder = decoderFor(coding, first.value)
  // What goes wrong on either side ends both, and the loop below throws it.
  process.getBuiltinModule('node:stream').pipeline(all(), decoder, () => {})
  yield* decoder
}

function decoderFor(coding: string, [first = 0, second = 0]: Uint8Array): Transform {
  const zlib = process.getBuiltinModule('node:zlib')
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip()
    case 'br':
      return zlib.createBrotliDecompress()
    case 'deflate':
      // RFC 9110 means zlib's format (RFC 1950, section 2.2), some servers send what is inside it.
      return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0
        ? zlib.createInflate()
        : zlib.createInflateRaw()
    default:
      throw new SendError('broken')
  }
}

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    length += chunk.length
  }
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
