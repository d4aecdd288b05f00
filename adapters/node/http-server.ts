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
import { headerValue } from '../../src/contract/header.ts'
import { decodeUtf8, encodeUtf8 } from '../../src/go/bytes.ts'
import { parseRawRequest } from './raw-request.ts'

/** How the server reads requests. */
export interface HttpServerOptions {
  /** Bytes after which a body is no longer read; zero or less is no limit. */
  readonly maxBodySize: number
  /** daprd's read buffer in bytes; a request's head may be 4096 bytes longer, as in Go's server. */
  readonly readBufferSize: number
  /** Told of each exchange once it is answered, with how long it took in milliseconds. */
  readonly onExchange?: (request: ContractRequest, answer: ContractAnswer, milliseconds: number) => void
}

/** Go's server lets a client take this long for a request's head (dapr/dapr `pkg/api/http/server.go`). */
const headTimeout = 10_000

/** The allowance Go's server adds to its limit for heads (golang/go `net/http/server.go`). */
const headAllowance = 4096

/** A server that answers every request through the contract. The caller listens and stops it. */
export function createHttpServer(answer: Answer, options: HttpServerOptions): Server {
  const { maxBodySize, readBufferSize, onExchange } = options
  const clients = new WeakMap<Duplex, AbortController>()
  const open = new Set<Socket>()

  const server = createServer(
    {
      // No idle timeout, and so no Keep-Alive header.
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: headTimeout,
      connectionsCheckingInterval: headTimeout / 4,
      maxHeaderSize: readBufferSize + headAllowance,
    },
    (message, response) => {
      if (hasBody(message)) collectBody(message, maxBodySize, (body) => exchange(message, response, body))
      else exchange(message, response, undefined)
    },
  )

  server.on('connection', (socket: Socket) => {
    const client = new AbortController()
    clients.set(socket, client)
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      client.abort()
    })
  })
  openSockets.set(server, open)
  // CONNECT never reaches a handler; neither does what llhttp refuses.
  server.on('connect', (message: IncomingMessage, socket: Duplex) => {
    answerRaw(requestOf(message, undefined), socket)
  })
  server.on('clientError', (error: ClientError, socket: Duplex) => {
    if (!socket.writable || hasResponseInFlight(socket)) return void socket.destroy()
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return void socket.destroy()
    if (error.code === 'HPE_HEADER_OVERFLOW') return void sendRaw(socket, refusedRequest(431))
    const request = error.rawPacket === undefined ? undefined : parseRawRequest(error.rawPacket)
    if (request === undefined) return void sendRaw(socket, refusedRequest(400))
    answerRaw(request, socket)
  })
  return server

  function exchange(message: IncomingMessage, response: ServerResponse, body: Uint8Array | undefined): void {
    const started = onExchange === undefined ? 0 : performance.now()
    const request = requestOf(message, body)
    answer(request)
      .then((answered) => {
        // The last answer on a connection when the server stops.
        send(request.method, response, server.listening ? answered : { ...answered, close: true })
        onExchange?.(request, answered, performance.now() - started)
      })
      // A defect of ours costs the connection, as a panic does in Go's server, and not the process.
      .catch(() => response.destroy())
  }

  function requestOf(message: IncomingMessage, body: Uint8Array | undefined): ContractRequest {
    return {
      method: message.method ?? '',
      target: message.url ?? '',
      headers: asUtf8(message.rawHeaders),
      body,
      signal: clients.get(message.socket)?.signal,
    }
  }

  function answerRaw(request: ContractRequest, socket: Duplex): void {
    const started = performance.now()
    answer(request)
      .then((answered) => {
        sendRaw(socket, answered, request.method)
        onExchange?.(request, answered, performance.now() - started)
      })
      .catch(() => socket.destroy())
  }
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
}

function hasBody({ rawHeaders }: IncomingMessage): boolean {
  const length = headerValue(rawHeaders, 'content-length')
  return length === undefined ? headerValue(rawHeaders, 'transfer-encoding') !== undefined : length !== '0'
}

/** Reads a body up to one byte past the limit: the contract then sees that it is too long. */
function collectBody(message: IncomingMessage, limit: number, done: (body: Uint8Array) => void): void {
  const chunks: Uint8Array[] = []
  let size = 0
  const finish = (): void => {
    message.off('data', take).off('end', finish)
    done(Buffer.concat(chunks))
  }
  const take = (chunk: Uint8Array): void => {
    chunks.push(chunk)
    size += chunk.length
    if (limit > 0 && size > limit) finish()
  }
  message.on('data', take).on('end', finish)
}

function send(
  method: string,
  response: ServerResponse,
  { status, headers, body, close }: ContractAnswer,
): void {
  // Go's server sends no Connection header on a connection it keeps; removing it keeps node:http from adding one.
  if (close !== true) response.removeHeader('connection')
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

/** Whether an earlier request on the connection is still being answered; node:http keeps it under this name. */
function hasResponseInFlight(socket: Duplex): boolean {
  return '_httpMessage' in socket && socket._httpMessage !== null && socket._httpMessage !== undefined
}
