import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bodyProblem, getBulkSecretRequest, getSecretRequest } from '../../src/contract/body.ts'
import { writeObject, writeObjects } from '../../src/contract/json.ts'
import { decodeParameter, parseTarget } from '../../src/contract/target.ts'
import { encodeUtf8, withReplacement } from '../../src/go/bytes.ts'

/*
 * What a real daprd answered, replayed against single functions. The whole server is replayed in
 * test/conformance; a failure here says which function it is.
 */

interface Case {
  readonly name: string
  readonly request: { readonly method: string; readonly path: string; readonly body?: string | null } | null
  readonly expect: {
    readonly status?: number
    readonly bodyText?: string
    readonly bodyJson?: Readonly<Record<string, unknown>>
    readonly messageRegex?: string
    readonly errorCode?: string
  }
}

const folder = new URL('../conformance/vectors/', import.meta.url)
const corpus = readFileSync(new URL('corpus.jsonl', folder), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  // The file is the project's own and its format is checked where it is replayed whole.
  .flatMap((line) => (JSON.parse(line) as { cases: Case[] }).cases)
const contract = JSON.parse(readFileSync(new URL('contract.json', folder), 'utf8')) as Case[]
const cases = [...contract, ...corpus]

/** Store and key of a secrets route, with a raw `/` inside a key accepted. */
function route(target: string): { store: string; key: string | undefined } | 'malformed' | 'unmatched' {
  const parsed = parseTarget(target)
  if (parsed === 'malformed') return parsed
  const [version, resource, store, ...rest] = parsed.segments
  if (version !== 'v1.0' || resource !== 'secrets' || store === undefined || rest.length === 0)
    return 'unmatched'
  if (rest[0] === 'bulk')
    return rest.length === 1 ? { store: decodeParameter(store), key: undefined } : 'unmatched'
  return { store: decodeParameter(store), key: decodeParameter(rest.join('/')) }
}

/** Cases of those families that are a GET, so that only the path decides. */
function getsOf(...families: readonly string[]) {
  return cases.flatMap(({ name, request, expect: answer }) =>
    request?.method === 'GET' && families.some((family) => name.startsWith(family))
      ? [{ name, request, answer }]
      : [],
  )
}

describe('recorded paths', () => {
  const paths = getsOf('path-')

  it('are all there', () => {
    expect(paths.length).toBe(338)
  })

  it.each(paths.map((one) => [one.request.path, one] as const))(
    'are read as daprd read %j',
    (path, { answer }) => {
      const found = route(path)
      if (answer.status === 400) return expect(found).toBe('malformed')
      if (answer.status === 404) return expect(found).toBe('unmatched')
      if (typeof found === 'string') return expect.unreachable(`${found}, but daprd found a route`)
      const store = withReplacement(found.store)
      const key = withReplacement(found.key ?? '')
      const json: unknown = answer.bodyJson ?? JSON.parse(answer.bodyText ?? '')
      if (answer.status === 401) {
        return expect(json).toMatchObject({ message: `failed finding secret store with key ${store}` })
      }
      if (answer.status === 500) {
        const message = `failed getting secret with key ${key} from secret store ${store}: secret ${key} not found`
        return expect(json).toMatchObject({
          message: message.replace('filestore: secret', 'filestore: secret'),
        })
      }
      expect(answer.status).toBe(200)
      if (found.key !== undefined) expect(Object.keys(json as object)).toEqual([key])
    },
  )
})

describe('recorded bodies of answers', () => {
  const texts = cases.flatMap(({ expect: { status, bodyText } }) =>
    status === 200 && bodyText?.startsWith('{') && !bodyText.includes('\\ufffd') ? [bodyText] : [],
  )

  it('are written byte for byte', () => {
    let written = 0
    for (const text of texts) {
      const entries = Object.entries(JSON.parse(text) as Record<string, unknown>)
      if (entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) {
        expect(`${writeObject(new Map(entries))}\n`).toBe(text)
        written += 1
      } else if (entries.every(([, value]) => isStrings(value))) {
        const bulk = entries.map(
          ([key, value]) => [key, new Map(Object.entries(value as Record<string, string>))] as const,
        )
        expect(`${writeObjects(new Map(bulk))}\n`).toBe(text)
        written += 1
      }
    }
    expect(written).toBeGreaterThan(800)
  })

  function isStrings(value: unknown): boolean {
    return (
      value !== null &&
      typeof value === 'object' &&
      Object.values(value).every((one) => typeof one === 'string')
    )
  }
})

describe('recorded bodies of requests', () => {
  // A JSON answer to a secrets route means that the body was looked at: 400 is its refusal, anything else is not.
  const bodies = getsOf('head-', 'get-body-').flatMap(({ request, answer }) => {
    const found = route(request.path)
    const isLookedAt = answer.errorCode !== undefined || answer.status === 200
    return typeof request.body === 'string' &&
      typeof found === 'object' &&
      isLookedAt &&
      answer.errorCode !== 'ERR_BODY_READ'
      ? [
          {
            body: request.body,
            message: found.key === undefined ? getBulkSecretRequest : getSecretRequest,
            answer,
          },
        ]
      : []
  })

  it('are all there', () => {
    expect(bodies.length).toBeGreaterThan(12)
  })

  it.each(bodies.map((one) => [one.body, one] as const))(
    'are judged as daprd judged %j',
    (body, { message, answer }) => {
      const problem = bodyProblem(encodeUtf8(body), message)
      expect(problem !== undefined).toBe(answer.status === 400)
      if (answer.messageRegex !== undefined) {
        expect(`failed deserializing HTTP body: ${problem}`).toMatch(new RegExp(answer.messageRegex))
      }
    },
  )
})
