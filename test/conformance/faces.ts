/**
 * The ways to ask the same contract: over a socket, through `answer()`, through a WHATWG `fetch`.
 *
 * @module
 */
import type { ContractAnswer, ContractRequest } from '../../src/contract/exchange.ts'
import type { Exchange } from './expectation.ts'
import { type Header, RawClient } from './raw-http.ts'
import type { RecordedRequest, RecordedSetup } from './vectors.ts'

/** Sends one recorded request and gives what came back. */
export type ReplayFace = (request: RecordedRequest) => Promise<Exchange>

/** Starts whatever answers for a set-up. */
export type OpenFace = (setup: RecordedSetup) => Promise<OpenedFace | RefusedFace>

/** A start that succeeded. */
export interface OpenedFace {
  readonly kind: 'opened'
  readonly ask: ReplayFace
  /** What `/data/` of the recorded texts is here, with its final slash. */
  readonly dataFolder: string
  /** Ends it, and says in a line each what went wrong in doing so. */
  close(): Promise<readonly string[]>
}

/** A start that failed. */
export interface RefusedFace {
  readonly kind: 'refused'
  readonly dataFolder: string
  /** Everything that was printed or reported. */
  readonly log: string
  /** What is wrong with the way it failed (an exit code that is not 1, no end at all), a line each. */
  readonly problems: readonly string[]
}

/** The face of a server on 127.0.0.1; one connection, for as long as the server keeps it. */
export function socketFace(port: number): { readonly ask: ReplayFace; close(): void } {
  const client = new RawClient(port)
  return {
    ask: ({ method, target, headers, body }) =>
      client.exchange({ method, target, headers, body: body === undefined ? undefined : encode(body) }),
    close: () => client.close(),
  }
}

/** The face of `answer()` itself, given the headers a Node server would have seen. */
export function answerFace(
  answer: (request: ContractRequest) => ContractAnswer | Promise<ContractAnswer>,
): ReplayFace {
  return async ({ method, target, headers, body }) => {
    const bytes = body === undefined ? undefined : encode(body)
    const sent = ['Host', host, ...headers.flat()]
    if (bytes !== undefined) sent.push('Content-Length', String(bytes.byteLength))
    const given = await answer({ method, target, headers: sent, body: bytes })
    return {
      status: given.status,
      headers: pairs(given.headers),
      body: method === 'HEAD' ? new Uint8Array() : encode(given.body),
    }
  }
}

/** The face of anything that takes a WHATWG `Request`. Ask {@link lostInFetch} first. */
export function fetchFace(fetch: (request: Request) => Response | Promise<Response>): ReplayFace {
  return async ({ method, target, headers, body }) => {
    const sent = new Headers([
      ['Host', host],
      ...headers.map(([name, value]): [string, string] => [name, value]),
    ])
    const init: RequestInit = body === undefined ? { method, headers: sent } : { method, headers: sent, body }
    const given = await fetch(new Request(`http://${host}${target}`, init))
    return {
      status: given.status,
      headers: [...given.headers],
      body: new Uint8Array(await given.arrayBuffer()),
    }
  }
}

/** Why a WHATWG `Request` cannot carry this request as it was recorded, or `undefined` when it can. */
export function lostInFetch({ method, target, body }: RecordedRequest): LostInFetch | undefined {
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) return 'the body of a GET or HEAD'
  if (new Request(`http://${host}/`, { method }).method !== method) return 'the letter case of a method'
  const url = new URL(`http://${host}${target}`)
  if (url.pathname + url.search !== target) return 'a target that a URL rewrites'
  return undefined
}

/** What {@link lostInFetch} can answer. */
export type LostInFetch =
  | 'the body of a GET or HEAD'
  | 'the letter case of a method'
  | 'a target that a URL rewrites'

const host = '127.0.0.1:3500'

function pairs(headers: readonly string[]): readonly Header[] {
  return headers.flatMap((name, index): Header[] => {
    const value = headers[index + 1]
    return index % 2 === 0 && value !== undefined ? [[name.toLowerCase(), value]] : []
  })
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
