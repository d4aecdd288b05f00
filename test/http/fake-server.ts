/**
 * A server that is only a function: what `send` is for the client's tests.
 *
 * @module
 */
import type { HttpRequest, HttpResponse, Send } from '../../src/http/exchange.ts'
import { SendError } from '../../src/http/exchange.ts'

/** An answer, with an empty body unless it says otherwise. */
export function response(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): HttpResponse {
  return { status, headers: new Map(Object.entries(headers)), body: new TextEncoder().encode(body) }
}

/** A `send` that keeps what it was given. A thrown error is a failure of the network. */
export function fakeServer(
  answer: (request: HttpRequest, count: number) => HttpResponse | Promise<HttpResponse>,
): { readonly send: Send; readonly requests: readonly HttpRequest[] } {
  const requests: HttpRequest[] = []
  return {
    requests,
    async send(request) {
      requests.push(request)
      return answer(request, requests.length)
    },
  }
}

/** The answer of a server that never gives one: the exchange ends when the signal aborts, as a target's does. */
export function silence({ signal }: HttpRequest): Promise<HttpResponse> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(new SendError('aborted'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
  })
}
