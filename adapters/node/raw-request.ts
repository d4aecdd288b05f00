/**
 * A request read from the bytes of a packet that node:http refused.
 *
 * llhttp refuses targets with raw UTF-8 and methods it does not know (`FOO`, `get`) before any handler runs;
 * Go's server, and so daprd, serves them. Only a request that is whole in its packet can be read, and where
 * there is doubt about where it begins or ends it is refused: two readings of one stream are how requests are
 * smuggled.
 *
 * @module
 */
import type { ContractRequest } from '../../src/contract/exchange.ts'
import { headerValues } from '../../src/contract/header.ts'
import { decodeUtf8 } from '../../src/go/bytes.ts'

/** RFC 9110, 5.6.2: a method and a field name are both one. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** What no field value may hold (golang/net `http/httpguts/httplex.go`). */
const controlCharacter = /[\x00-\x08\x0a-\x1f\x7f]/
const version = /^HTTP\/1\.[01]$/

/**
 * The request at the start of the packet, or `undefined` when it is not certain what it is.
 *
 * @param packet `rawPacket` of a node:http `clientError`
 * @param errorOffset `bytesParsed` of it: where llhttp stopped. Beyond the first line, the packet began with
 * something that llhttp had understood otherwise
 */
export function parseRawRequest(packet: Uint8Array, errorOffset: number): ContractRequest | undefined {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength)
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0 || errorOffset > bytes.indexOf('\r\n')) return undefined
  const [requestLine = '', ...fields] = decodeUtf8(bytes.subarray(0, headEnd)).split('\r\n')
  const [method = '', target = '', protocol = '', ...more] = requestLine.split(' ')
  if (!token.test(method) || !version.test(protocol) || more.length > 0) return undefined

  const headers: string[] = []
  for (const field of fields) {
    const colon = field.indexOf(':')
    const name = field.slice(0, Math.max(colon, 0))
    const value = trimBlanks(field.slice(colon + 1))
    if (!token.test(name) || controlCharacter.test(value)) return undefined
    headers.push(name, value)
  }
  if (headerValues(headers, 'host').length > 1 || headerValues(headers, 'transfer-encoding').length > 0) {
    return undefined
  }
  const length = contentLength(headers)
  const body = bytes.subarray(headEnd + 4)
  if (length === undefined || body.length < length) return undefined
  return { method, target, headers, body: body.subarray(0, length) }
}

/** The one length that is given, 0 when none is; `undefined` when it is not certain. */
function contentLength(headers: readonly string[]): number | undefined {
  const [length = '0', ...more] = headerValues(headers, 'content-length')
  return more.length === 0 && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}

/** Blanks and tabs only: other white space is part of a value. */
function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text[start])) start += 1
  while (end > start && isBlank(text[end - 1])) end -= 1
  return text.slice(start, end)
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}
