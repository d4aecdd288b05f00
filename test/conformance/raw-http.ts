/**
 * HTTP/1.1 over a bare socket: what is written is what stands in the request, what is read is what came.
 *
 * HTTP clients rewrite targets, fold headers, refuse methods and drop the body of a GET; the recorded cases
 * are about exactly those.
 *
 * @module
 */
import { connect, type Socket } from 'node:net'

/** A request as it shall stand on the wire. */
export interface RawRequest {
  readonly method: string
  /** Written in UTF-8 as it stands. */
  readonly target: string
  /** Written in UTF-8 as they stand, in order. `Host` and `Content-Length` are added unless they are here. */
  readonly headers: readonly Header[]
  /** `undefined` sends no `Content-Length`; an empty body sends `Content-Length: 0`. */
  readonly body?: Uint8Array | undefined
}

/** One header field. Answers carry the name in lower case. */
export type Header = readonly [name: string, value: string]

/** An answer as it was read: the body without its framing. */
export interface RawAnswer {
  readonly status: number
  readonly headers: readonly Header[]
  readonly body: Uint8Array
}

/** What came back was no HTTP answer, or none came back. Holds no part of a body. */
export class RawHttpError extends Error {
  override readonly name = 'RawHttpError'
}

/** How long one exchange may take, in milliseconds. */
const exchangeTimeout = 10_000

/**
 * A client of one server that keeps its connection as long as the server does.
 *
 * A request on a connection which the server had closed meanwhile is sent once more on a new one; bytes that
 * arrive after an answer's end are an error, because they would be taken for the next answer.
 *
 * @example
 * ```ts
 * const client = new RawClient(3500)
 * const answer = await client.exchange({ method: 'GET', target: '/v1.0/healthz', headers: [] })
 * client.close()
 * ```
 */
export class RawClient {
  readonly #port: number
  #connection: Connection | undefined

  /** @param port a port on 127.0.0.1 */
  constructor(port: number) {
    this.#port = port
  }

  /**
   * Sends a request and reads its answer. One at a time.
   *
   * @throws {RawHttpError} when the server closes before the answer is complete, or sends no HTTP
   */
  async exchange(request: RawRequest): Promise<RawAnswer> {
    const kept = this.#connection
    if (kept !== undefined) {
      const answer = await this.#send(kept, request)
      if (answer !== undefined) return answer
    }
    const answer = await this.#send(await Connection.open(this.#port), request)
    if (answer === undefined) throw new RawHttpError('the server closed the connection without an answer')
    return answer
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
  }

  async #send(connection: Connection, request: RawRequest): Promise<RawAnswer | undefined> {
    this.#connection = undefined
    try {
      const answer = await connection.exchange(request, this.#port)
      if (connection.isOpen) this.#connection = connection
      else connection.close()
      return answer
    } catch (error) {
      connection.close()
      throw error
    }
  }
}

/** The bytes of a request, with `Host` and `Content-Length` added where they are missing. */
export function requestBytes(request: RawRequest, host: string): Buffer {
  const lines = [`${request.method} ${request.target} HTTP/1.1`]
  if (!hasHeader(request.headers, 'host')) lines.push(`Host: ${host}`)
  for (const [name, value] of request.headers) lines.push(`${name}: ${value}`)
  if (request.body !== undefined && !hasHeader(request.headers, 'content-length')) {
    lines.push(`Content-Length: ${request.body.byteLength}`)
  }
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8')
  return request.body === undefined ? head : Buffer.concat([head, request.body])
}

/**
 * The first complete answer in `bytes` and how many bytes it took, or `undefined` while more must come.
 *
 * @param method the request's method: an answer to HEAD has no body whatever its headers say
 * @param ended whether the server has closed; then an answer without a length is complete
 * @throws {RawHttpError} when the bytes are no HTTP/1.1 answer
 */
export function readAnswer(
  bytes: Buffer,
  method: string,
  ended: boolean,
): { readonly answer: RawAnswer; readonly length: number } | undefined {
  let start = 0
  for (;;) {
    const headEnd = bytes.indexOf('\r\n\r\n', start)
    if (headEnd < 0) return undefined
    const { status, headers } = readHead(bytes.toString('latin1', start, headEnd))
    const bodyStart = headEnd + 4
    // 100 Continue and the like only announce the answer.
    if (status >= 100 && status < 200 && status !== 101) {
      start = bodyStart
      continue
    }
    const read = readBody(bytes.subarray(bodyStart), { status, headers, method, ended })
    if (read === undefined) return undefined
    return { answer: { status, headers, body: read.body }, length: bodyStart + read.length }
  }
}

/** The values of a header joined by `, `, or `undefined` when it is absent. `name` is in lower case. */
export function headerValue(headers: readonly Header[], name: string): string | undefined {
  const values = headers.filter((header) => header[0] === name).map((header) => header[1])
  return values.length === 0 ? undefined : values.join(', ')
}

class Connection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #ended = false
  #wake: () => void = () => {}

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new Connection(socket))
      })
    })
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    const end = () => {
      this.#ended = true
      this.#wake()
    }
    socket.on('end', end)
    // A server may answer and close before it has read everything: what it sent still counts.
    socket.on('error', end)
    socket.on('close', end)
  }

  get isOpen(): boolean {
    return !this.#ended
  }

  close(): void {
    this.#socket.destroy()
  }

  /** `undefined` when the server closed without sending a byte. */
  async exchange(request: RawRequest, port: number): Promise<RawAnswer | undefined> {
    if (this.#received.length > 0) {
      throw new RawHttpError(`${this.#received.length} bytes followed the end of the answer before`)
    }
    if (this.#ended) return undefined
    this.#socket.write(requestBytes(request, `127.0.0.1:${port}`))
    const deadline = Date.now() + exchangeTimeout
    for (;;) {
      const read = readAnswer(this.#received, request.method, this.#ended)
      if (read !== undefined) {
        this.#received = this.#received.subarray(read.length)
        if (this.#received.length > 0) {
          throw new RawHttpError(`${this.#received.length} bytes follow the end of the answer`)
        }
        if (headerValue(read.answer.headers, 'connection')?.toLowerCase() === 'close') this.#ended = true
        return read.answer
      }
      if (this.#ended) {
        if (this.#received.length === 0) return undefined
        throw new RawHttpError(`the server closed after ${this.#received.length} bytes of an answer`)
      }
      await this.#more(deadline)
    }
  }

  async #more(deadline: number): Promise<void> {
    const left = deadline - Date.now()
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve
      timer = setTimeout(() => {
        reject(new RawHttpError(`no complete answer within ${exchangeTimeout} ms`))
      }, left)
    }).finally(() => clearTimeout(timer))
  }
}

function readHead(text: string): { status: number; headers: Header[] } {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1]
  if (status === undefined) throw new RawHttpError('the answer does not begin with an HTTP/1.1 status line')
  const headers = lines.map((line): Header => {
    const colon = line.indexOf(':')
    if (colon <= 0) throw new RawHttpError('a header line of the answer has no name')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return { status: Number(status), headers }
}

interface Framing {
  readonly status: number
  readonly headers: readonly Header[]
  readonly method: string
  readonly ended: boolean
}

function readBody(bytes: Buffer, framing: Framing): { body: Buffer; length: number } | undefined {
  const { status, headers, method, ended } = framing
  if (method === 'HEAD' || status === 204 || status === 304) return { body: Buffer.alloc(0), length: 0 }
  if (headerValue(headers, 'transfer-encoding')?.toLowerCase() === 'chunked') return readChunks(bytes)
  const declared = headerValue(headers, 'content-length')
  if (declared !== undefined) {
    if (!/^\d+$/.test(declared))
      throw new RawHttpError('the answer has more than one Content-Length, or an odd one')
    const length = Number(declared)
    return bytes.length < length ? undefined : { body: bytes.subarray(0, length), length }
  }
  return ended ? { body: bytes, length: bytes.length } : undefined
}

function readChunks(bytes: Buffer): { body: Buffer; length: number } | undefined {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = /^([0-9a-fA-F]+)(?:;.*)?$/.exec(bytes.toString('latin1', at, lineEnd))?.[1]
    if (size === undefined) throw new RawHttpError('a chunk of the answer has no size')
    const length = Number.parseInt(size, 16)
    const start = lineEnd + 2
    if (length === 0) {
      // Trailer lines up to an empty one.
      const end = bytes.subarray(start, start + 2).equals(crlf) ? start : bytes.indexOf('\r\n\r\n', start) + 2
      if (end < start || bytes.length < end + 2) return undefined
      return { body: Buffer.concat(chunks), length: end + 2 }
    }
    if (bytes.length < start + length + 2) return undefined
    if (!bytes.subarray(start + length, start + length + 2).equals(crlf)) {
      throw new RawHttpError('a chunk of the answer does not end where its size says')
    }
    chunks.push(bytes.subarray(start, start + length))
    at = start + length + 2
  }
}

const crlf = Buffer.from('\r\n')

function hasHeader(headers: readonly Header[], name: string): boolean {
  return headers.some((header) => header[0].toLowerCase() === name)
}
