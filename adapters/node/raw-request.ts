/**
 * A request read from the bytes of a packet that node:http refused.
 *
 * llhttp refuses targets with raw UTF-8 and methods it does not know (`FOO`, `get`) before any handler runs;
 * Go's server, and so daprd, serves them. Only a request whose head is whole in the packet can be read.
 *
 * @module
 */
import type { ContractRequest } from '../../src/contract/exchange.ts'
import { decodeUtf8 } from '../../src/go/bytes.ts'

/** RFC 9110, 5.6.2: a method and a field name are both one. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** What no field value may hold (golang/net `http/httpguts/httplex.go`). */
const controlCharacter = /[\x00-\x08\x0a-\x1f\x7f]/
const version = /^HTTP\/1\.[01]$/

/**
 * The request at the start of the packet, or `undefined` when Go's server would refuse it too.
 *
 * @param packet `rawPacket` of a node:http `clientError`
 */
export function parseRawRequest(packet: Uint8Array): ContractRequest | undefined {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength)
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [requestLine = '', ...fields] = decodeUtf8(bytes.subarray(0, headEnd)).split('\r\n')
  const firstSpace = requestLine.indexOf(' ')
  const secondSpace = requestLine.indexOf(' ', firstSpace + 1)
  if (firstSpace < 0 || secondSpace < 0) return undefined
  const method = requestLine.slice(0, firstSpace)
  const target = requestLine.slice(firstSpace + 1, secondSpace)
  if (!token.test(method) || !version.test(requestLine.slice(secondSpace + 1))) return undefined

  const headers: string[] = []
  for (const field of fields) {
    const colon = field.indexOf(':')
    const name = field.slice(0, Math.max(colon, 0))
    const value = field.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
    if (!token.test(name) || controlCharacter.test(value)) return undefined
    headers.push(name, value)
  }
  return { method, target, headers, body: bytes.subarray(headEnd + 4) }
}
