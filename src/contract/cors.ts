/**
 * Cross-origin headers, as go-chi/cors v1.2.1 gives them under daprd's `--allowed-origins`
 * (dapr/dapr `pkg/api/http/server.go`): HEAD, GET, POST, PUT, PATCH and DELETE, any request header, no
 * credentials.
 *
 * @module
 */

import { headerValue } from './header.ts'

/** The headers a set of allowed origins gives. Header lists hold names and values in turn. */
export interface CorsPolicy {
  /**
   * The headers of the empty `200` that answers an `OPTIONS` request (the caller has looked at the method), or
   * `undefined` when it is no preflight. A preflight that is refused gets its `200` without the
   * `Access-Control-*` headers.
   */
  preflight(headers: readonly string[]): readonly string[] | undefined
  /** The headers to add to the answer of any other request. `method` is the request's. */
  headersFor(headers: readonly string[], method?: string): readonly string[]
}

/**
 * The policy for a value of `--allowed-origins`, or `undefined` for the empty one, which turns all of this off.
 *
 * The value is split at `,` and not trimmed. An entry is compared in lower case and may hold one `*`; an entry that
 * is `*` allows every origin.
 */
export function corsPolicy(allowedOrigins: string): CorsPolicy | undefined {
  if (allowedOrigins === '') return undefined
  const entries = allowedOrigins.toLowerCase().split(',')
  const any = entries.includes('*')

  /** What `Access-Control-Allow-Origin` says to this request, if anything. */
  function grantedOrigin(headers: readonly string[]): string | undefined {
    const origin = headerValue(headers, 'origin') ?? ''
    if (origin === '') return undefined
    if (any) return '*'
    const compared = origin.toLowerCase()
    return entries.some((entry) => matches(entry, compared)) ? origin : undefined
  }

  return {
    preflight(headers) {
      const method = headerValue(headers, 'access-control-request-method') ?? ''
      if (method === '') return undefined
      const origin = grantedOrigin(headers)
      if (origin === undefined || !isMethodAllowed(method)) return PREFLIGHT_VARY
      const names = headerNames(headerValue(headers, 'access-control-request-headers') ?? '')
      return [
        ...PREFLIGHT_VARY,
        'Access-Control-Allow-Origin',
        origin,
        'Access-Control-Allow-Methods',
        method.toUpperCase(),
        ...(names.length === 0 ? [] : ['Access-Control-Allow-Headers', names.join(', ')]),
      ]
    },
    headersFor(headers, method = 'GET') {
      const origin = grantedOrigin(headers)
      if (origin === undefined || !isMethodAllowed(method)) return VARY
      return [...VARY, 'Access-Control-Allow-Origin', origin]
    },
  }
}

const VARY: readonly string[] = ['Vary', 'Origin']
const PREFLIGHT_VARY: readonly string[] = [
  ...VARY,
  'Vary',
  'Access-Control-Request-Method',
  'Vary',
  'Access-Control-Request-Headers',
]

/** `OPTIONS` is on the list because the library lets it through in every set-up. */
const METHODS: ReadonlySet<string> = new Set(['HEAD', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

function isMethodAllowed(method: string): boolean {
  return METHODS.has(method) || METHODS.has(method.toUpperCase())
}

function matches(entry: string, origin: string): boolean {
  const star = entry.indexOf('*')
  if (star === -1) return entry === origin
  const prefix = entry.slice(0, star)
  const suffix = entry.slice(star + 1)
  return (
    origin.length >= prefix.length + suffix.length && origin.startsWith(prefix) && origin.endsWith(suffix)
  )
}

/**
 * The names in a list of headers, in canonical form (`Dapr-Api-Token`). Blanks and commas separate them; characters
 * that no such name holds are left out.
 */
function headerNames(list: string): readonly string[] {
  const names: string[] = []
  let name = ''
  let startsWord = true
  for (const character of list) {
    if (character === ' ' || character === ',') {
      if (name !== '') {
        names.push(name)
        name = ''
        startsWord = true
      }
      continue
    }
    if (/[A-Za-z0-9\-_.]/.test(character))
      name += startsWord ? character.toUpperCase() : character.toLowerCase()
    startsWord = character === '-'
  }
  if (name !== '') names.push(name)
  return names
}
