/**
 * What a request gets that matches no endpoint.
 *
 * daprd registers service invocation as the router's "not found" and "method not allowed" handler
 * (dapr/dapr `pkg/api/http/server.go`, `pkg/api/http/directmessaging.go`); without the `invoke` API chi's own
 * handlers answer (go-chi/chi `mux.go`).
 *
 * @module
 */
import { errorAnswer, textAnswer } from './error-answer.ts'
import type { ContractAnswer, ContractRequest } from './exchange.ts'
import { headerValue } from './header.ts'

/** How unmatched requests are answered: `allow` holds the methods a known path has. */
export type AnswerUnmatched = (
  request: ContractRequest,
  segments: readonly string[],
  allow: readonly string[],
) => ContractAnswer

/** With the `invoke` API allowed: a request that names an app is an invocation, any other misses the app's id. */
export const answerAsInvocation: AnswerUnmatched = ({ headers }, segments) => {
  const namesApp =
    (headerValue(headers, 'dapr-app-id') ?? '') !== '' ||
    isInvocationPath(segments) ||
    basicAuthNamesApp(headers)
  if (namesApp) return errorAnswer(500, 'ERR_DIRECT_INVOKE', 'invoke API is not ready')
  const message = 'failed getting app id either from the URL path or the header dapr-app-id'
  return errorAnswer(404, 'ERR_DIRECT_INVOKE', message)
}

/** With the `invoke` API not allowed, and on the public port. */
export const answerAsRouter: AnswerUnmatched = ({ method }, _segments, allow) => {
  if (!knownMethods.has(method)) return { status: 405, headers: [], body: '' }
  if (allow.length === 0) return textAnswer(404, '404 page not found')
  return { status: 405, headers: allow.flatMap((name) => ['Allow', name]), body: '' }
}

/** The methods chi knows. */
const knownMethods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
])

/** `/v1.0/invoke/<id>/method/…` */
function isInvocationPath([version, api, id, method]: readonly string[]): boolean {
  return version === 'v1.0' && api === 'invoke' && (id ?? '') !== '' && method === 'method'
}

/** `Authorization: Basic` with the user name `dapr-app-id` and the app's id as the password. */
function basicAuthNamesApp(headers: readonly string[]): boolean {
  const encoded = /^Basic (.+)$/.exec(headerValue(headers, 'authorization') ?? '')?.[1]
  if (encoded === undefined) return false
  try {
    const [name = '', id = '', ...more] = atob(encoded).split(':')
    return name.toLowerCase() === 'dapr-app-id' && id !== '' && more.length === 0
  } catch {
    // Not base64: no app is named.
    return false
  }
}
