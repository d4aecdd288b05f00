/**
 * The check of a request body: daprd reads the body of a GET as protobuf-JSON into the request message and refuses
 * what does not fit, though the URL then overrides everything in it (dapr/dapr `pkg/api/http/universal.go`).
 *
 * Only the check is needed here, so nothing is decoded but names. The texts are those of
 * protocolbuffers/protobuf-go `encoding/protojson` (v1.36.11) with unknown fields discarded. They quote the body:
 * they are for the answer to the one who sent it and belong in no log.
 *
 * @module
 */

import { type Token, TokenReader } from './json-token.ts'

/** A field of a message. It may be called by either name; `map` is a map of strings to strings. */
export interface FieldShape {
  readonly jsonName: string
  readonly textName: string
  readonly type: 'string' | 'map'
}

/** A protobuf message, as far as reading its JSON form needs it. */
export type MessageShape = readonly FieldShape[]

const STORE_NAME: FieldShape = { jsonName: 'storeName', textName: 'store_name', type: 'string' }
const KEY: FieldShape = { jsonName: 'key', textName: 'key', type: 'string' }
const METADATA: FieldShape = { jsonName: 'metadata', textName: 'metadata', type: 'map' }

/** `dapr.proto.runtime.v1.GetSecretRequest`. */
export const getSecretRequest: MessageShape = [STORE_NAME, KEY, METADATA]
/** `dapr.proto.runtime.v1.GetBulkSecretRequest`. */
export const getBulkSecretRequest: MessageShape = [STORE_NAME, METADATA]
/** `dapr.proto.runtime.v1.GetMetadataRequest`, which has no fields. */
export const getMetadataRequest: MessageShape = []

/**
 * What is wrong with a body: the text that follows `failed deserializing HTTP body: `, or `undefined` for an
 * empty body and for one that fits.
 *
 * protobuf-go puts a plain or a no-break space after `proto:`, one of the two for the life of a binary; here it is
 * the plain one.
 *
 * @example
 * ```ts
 * bodyProblem(new TextEncoder().encode('hello'), getSecretRequest)
 * // 'proto: syntax error (line 1:1): invalid value hello'
 * ```
 */
export function bodyProblem(body: Uint8Array, message: MessageShape): string | undefined {
  if (body.length === 0) return undefined
  const problem = documentProblem(new TokenReader(body), message)
  return problem === undefined ? undefined : `proto: ${problem}`
}

/** protobuf-go allows 10,000 levels, the message itself being the first. */
const MAX_DEPTH = 9_999

function documentProblem(reader: TokenReader, message: MessageShape): string | undefined {
  const problem = messageProblem(reader, message)
  if (problem !== undefined) return problem
  const end = reader.read()
  if (typeof end === 'string') return end
  return end.kind === 'end' ? undefined : reader.unexpected(end)
}

function messageProblem(reader: TokenReader, message: MessageShape): string | undefined {
  const seen = new Set<FieldShape>()
  return entriesProblem(reader, (name) => {
    const text = reader.text(name)
    const field = message.find(({ jsonName, textName }) => text === jsonName || text === textName)
    if (field === undefined) return skippedValueProblem(reader)
    if (seen.has(field)) return problemAt(reader, name, `duplicate field ${reader.raw(name)}`)
    seen.add(field)
    const first = reader.read()
    if (typeof first === 'string') return first
    if (first.kind === 'null') return undefined
    return field.type === 'map' ? mapProblem(reader, first) : stringProblem(reader, first, field.jsonName)
  })
}

function mapProblem(reader: TokenReader, open: Token): string | undefined {
  const seen = new Set<string>()
  return membersProblem(reader, open, (name) => {
    const key = reader.text(name)
    if (seen.has(key)) return problemAt(reader, name, `duplicate map key ${reader.raw(name)}`)
    seen.add(key)
    const value = reader.read()
    return typeof value === 'string' ? value : stringProblem(reader, value, 'value')
  })
}

function entriesProblem(
  reader: TokenReader,
  memberProblem: (name: Token) => string | undefined,
): string | undefined {
  const open = reader.read()
  return typeof open === 'string' ? open : membersProblem(reader, open, memberProblem)
}

/** Goes through the members of the object that `open` must begin. */
function membersProblem(
  reader: TokenReader,
  open: Token,
  memberProblem: (name: Token) => string | undefined,
): string | undefined {
  if (open.kind !== '{') return reader.unexpected(open)
  for (;;) {
    const name = reader.read()
    if (typeof name === 'string') return name
    if (name.kind === '}') return undefined
    if (name.kind !== 'name') return reader.unexpected(name)
    const problem = memberProblem(name)
    if (problem !== undefined) return problem
  }
}

function stringProblem(reader: TokenReader, value: Token, field: string): string | undefined {
  if (value.kind === 'string') return undefined
  return problemAt(reader, value, `invalid value for string field ${field}: ${reader.raw(value)}`)
}

/** Reads the value of an unknown field, of any depth up to the limit, for its syntax alone. */
function skippedValueProblem(reader: TokenReader): string | undefined {
  let depth = 0
  do {
    const token = reader.read()
    if (typeof token === 'string') return token
    if (token.kind === '}' || token.kind === ']') depth -= 1
    if (token.kind === '{' || token.kind === '[') depth += 1
    if (depth > MAX_DEPTH) return 'exceeded max recursion depth'
  } while (depth > 0)
  return undefined
}

function problemAt(reader: TokenReader, token: Token, message: string): string {
  return `(line ${reader.position(token.start)}): ${message}`
}
