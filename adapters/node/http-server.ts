/**
 * The contract on node:http: the method as sent, the raw target, the raw header list, the body also of a GET.
 *
 * `answer()` is called without a `Request` or a `Response` in between: the first touch of either loads undici.
 *
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Answer } from '../../src/contract/answer.ts'
import { refusedRequest } from '../../src/contract/error-answer.ts'
import type { ContractAnswer, ContractRequest } from '../../src/contract/exchange.ts'
import { headerValue, headerValues } from '../../src/contract/header.ts'
import { decodeUtf8, encodeUtf8 } from '../../src/go/bytes.ts'
import { parseRawRequest } from './raw-request.ts'

/** How the server reads requests. */
export interface HttpServerOptions {
  /** daprd's read buffer in bytes; a request's head may be 4096 bytes longer, as in Go's server. */
  readonly readBufferSize: number
  /** Told of each exchange once it is answered, with how long it took in milliseconds. */
  readonly onExchange?: (request: ContractRequest, answer: ContractAnswer, milliseconds: number) => void
}

/** Go's server lets a client take this long for a request's head (dapr/dapr `pkg/api/http/server.go`). */
const headTimeout = 10_000

/** The allowance Go's server adds to its limit for heads (golang/go `net/http/server.go`). */
const headAllowance = 4096

/** What is known of a connection. */
interface Connection {
  /** Aborts when the client leaves. */
  readonly client: AbortController
  /** The request that came last, until its body is there whole. */
  message?: IncomingMessage | undefined
  /** The answer to it, which goes out after all earlier ones, until it is handed to the socket. */
  response?: ServerResponse | undefined
  /** Nothing more is read from it: it sent what node:http refused. */
  isOver?: true
}

/** A server that answers every request through the contract. The caller listens and stops it. */
export function createHttpServer(answer: Answer, { readBufferSize, onExchange }: HttpServerOptions): Server {
  const connections = new WeakMap<Duplex, Connection>()
  const open = new Set<Socket>()

  const server = createServer(
    {
      // No idle timeout, and so no Keep-Alive header.
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: headTimeout,
      connectionsCheckingInterval: headTimeout / 4,
      maxHeaderSize: readBufferSize + headAllowance,
      // A missing Host is answered here, in Go's words.
      requireHostHeader: false,
    },
    (message, response) => {
      const connection = connectionOf(message.socket)
      connection.message = message
      connection.response = response
      const refused = hostProblem(message)
      if (refused !== undefined) {
        send(message, response, refused)
        return
      }
      const body = hasBody(message) ? (limit: number) => readBody(message, limit) : undefined
      const request = requestOf(message, body, connection)
      respond(request, (answered) => {
        // The last answer on a connection when the server stops.
        send(message, response, server.listening ? answered : { ...answered, close: true })
        forget(connection, message, response)
      }).catch(() => response.destroy())
    },
  )

  server.on('connection', (socket: Socket) => {
    open.add(socket)
    const { client } = connectionOf(socket)
    socket.once('close', () => {
      open.delete(socket)
      client.abort()
    })
  })
  openSockets.set(server, open)
  // CONNECT never reaches a handler; neither does what llhttp refuses.
  server.on('connect', (message: IncomingMessage, socket: Duplex) => {
    const connection = connectionOf(socket)
    connection.isOver = true
    answerRaw(requestOf(message, undefined, connection), socket)
  })
  server.on('clientError', (error: ClientError, socket: Duplex) => {
    const connection = connectionOf(socket)
    if (connection.isOver) return
    connection.isOver = true
    if (!socket.writable || error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return void socket.destroy()
    const { response } = connection
    if (response === undefined || response.writableFinished) answerRefused(error, socket, connection)
    else response.once('finish', () => answerRefused(error, socket, connection))
  })
  return server

  function connectionOf(socket: Duplex): Connection {
    let connection = connections.get(socket)
    if (connection === undefined) {
      connection = { client: new AbortController() }
      connections.set(socket, connection)
    }
    return connection
  }

  /** What llhttp refused and Go's server may serve. */
  function answerRefused(error: ClientError, socket: Duplex, connection: Connection): void {
    if (error.code === 'HPE_HEADER_OVERFLOW') {
      sendRaw(socket, refusedRequest(431))
      return
    }
    const { rawPacket, bytesParsed = 0 } = error
    // Inside a body, the packet does not begin with a request.
    const isBetweenRequests = connection.message?.complete ?? true
    const request =
      rawPacket === undefined || !isBetweenRequests ? undefined : parseRawRequest(rawPacket, bytesParsed)
    if (request === undefined) sendRaw(socket, refusedRequest(400))
    else answerRaw({ ...request, signal: connection.client.signal }, socket)
  }

  function answerRaw(request: ContractRequest, socket: Duplex): void {
    // Whoever leaves while the answer is written must not end the process: node:http listens no more.
    socket.on('error', () => socket.destroy())
    respond(request, (answered) => sendRaw(socket, answered, request.method)).catch(() => socket.destroy())
  }

  /** A defect of ours costs the connection, as a panic does in Go's server, and not the process. */
  async function respond(request: ContractRequest, write: (answered: ContractAnswer) => void): Promise<void> {
    const started = onExchange === undefined ? 0 : performance.now()
    const answered = await answer(request)
    write(answered)
    onExchange?.(request, answered, performance.now() - started)
  }
}

/**
 * Lets go of what is over: held by a connection that lives on, each of a hundred thousand exchanges would outlive
 * the young generation.
 */
function forget(connection: Connection, message: IncomingMessage, response: ServerResponse): void {
  if (connection.message === message && message.complete) connection.message = undefined
  // Without a socket it still waits for an earlier answer to go out.
  if (connection.response === response && response.socket !== null) connection.response = undefined
}

function requestOf(
  message: IncomingMessage,
  body: ContractRequest['body'],
  { client }: Connection,
): ContractRequest {
  return {
    method: message.method ?? '',
    target: message.url ?? '',
    headers: asUtf8(message.rawHeaders),
    body,
    signal: client.signal,
  }
}

/** An HTTP/1.1 request has one Host (golang/go `net/http/server.go`). */
function hostProblem({ rawHeaders, httpVersionMinor }: IncomingMessage): ContractAnswer | undefined {
  const hosts = headerValues(rawHeaders, 'host').length
  if (hosts === 1 || (hosts === 0 && httpVersionMinor === 0)) return undefined
  return refusedRequest(400, hosts === 0 ? 'missing required Host header' : 'too many Host headers')
}

/**
 * Stops a server: nobody can connect any more, connections without a request are closed, requests that came
 * are answered. Resolves when no connection is left; those that last longer than `graceMilliseconds` are cut.
 *
 * @param server of {@link createHttpServer}
 */
export function stopHttpServer(server: Server, graceMilliseconds: number): Promise<void> {
  const open = openSockets.get(server) ?? new Set()
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      for (const socket of open) socket.destroy()
    }, graceMilliseconds)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    // To node:http, a connection on which nothing was ever sent is not an idle one.
    server.closeIdleConnections()
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
  })
}

const openSockets = new WeakMap<Server, ReadonlySet<Socket>>()

/** node:http reads header bytes as Latin-1; the contract knows them as UTF-8, so that a token beyond ASCII is one. */
function asUtf8(headers: readonly string[]): readonly string[] {
  if (!headers.some((text) => beyondAscii.test(text))) return headers
  return headers.map((text) => (beyondAscii.test(text) ? decodeUtf8(Buffer.from(text, 'latin1')) : text))
}

/** The way back: what a request brought can be part of an answer. */
function asLatin1(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(encodeUtf8(text)).toString('latin1') : text
}

const beyondAscii = /[^\x00-\x7f]/

/** What node:http adds to a parse error. */
interface ClientError extends Error {
  readonly code?: string
  readonly rawPacket?: Uint8Array
  readonly bytesParsed?: number
}

function hasBody({ rawHeaders }: IncomingMessage): boolean {
  const length = headerValue(rawHeaders, 'content-length')
  return length === undefined ? headerValue(rawHeaders, 'transfer-encoding') !== undefined : length !== '0'
}

/** Reads a body up to one byte past the limit; `undefined` when the client left before its end. */
function readBody(message: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const finish = (body: Uint8Array | undefined): void => {
      message.off('data', take).off('end', end).off('close', leave)
      resolve(body)
    }
    const end = (): void => finish(Buffer.concat(chunks))
    const leave = (): void => finish(undefined)
    const take = (chunk: Uint8Array): void => {
      chunks.push(chunk)
      size += chunk.length
      if (limit > 0 && size > limit) end()
    }
    message.on('data', take).on('end', end).on('close', leave)
  })
}

function send(
  { method, httpVersionMinor }: IncomingMessage,
  response: ServerResponse,
  { status, headers, body, close }: ContractAnswer,
): void {
  // Go's server says nothing of a connection that HTTP/1.1 keeps anyway; removing it keeps node:http from it too.
  if (close !== true && httpVersionMinor === 1 && response.shouldKeepAlive)
    response.removeHeader('connection')
  const fields = wireHeaders(status, headers, body, close)
  response.writeHead(status, fields)
  // A head goes out in the encoding of the text behind it, and only bytes leave its Latin-1 alone.
  const isAscii = !fields.some((text) => beyondAscii.test(text))
  response.end(method === 'HEAD' ? undefined : isAscii ? body : Buffer.from(body))
}

/** Writes an answer where there is no `ServerResponse`, and ends the connection. */
function sendRaw(socket: Duplex, { status, headers, body }: ContractAnswer, method = 'GET'): void {
  const lines = [`HTTP/1.1 ${status} ${statusText[status] ?? ''}`, `Date: ${new Date().toUTCString()}`]
  const all = wireHeaders(status, headers, body, true)
  for (let index = 0; index < all.length; index += 2) lines.push(`${all[index]}: ${all[index + 1]}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  socket.end(method === 'HEAD' ? head : Buffer.concat([head, Buffer.from(body)]))
}

function wireHeaders(
  status: number,
  headers: readonly string[],
  body: string,
  close: true | undefined,
): string[] {
  const all = headers.map(asLatin1)
  if (status !== 204) all.push('Content-Length', String(Buffer.byteLength(body)))
  if (close === true) all.push('Connection', 'close')
  return all
}

/** Reason phrases of the statuses the contract knows. */
const statusText: Readonly<Record<number, string>> = {
  200: 'OK',
  204: 'No Content',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
}
