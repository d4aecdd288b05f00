/**
 * How a request target becomes path segments.
 *
 * The steps are those of Go's `net/url` (`ParseRequestURI`, `EscapedPath`) followed by the path cleaning of
 * dapr/dapr `pkg/api/http/middlewares.go`, and one decoding of each parameter by query rules as in
 * dapr/dapr `pkg/api/http/server.go`. No WHATWG `URL`: it rewrites `..`, `%2e%2e` and `\`, and a secret's name
 * must not depend on that.
 *
 * @module
 */

import { encodeUtf8 } from '../go/bytes.ts'
import { isValidAuthority } from './authority.ts'
import { decodePercent, decodeQueryText } from './percent.ts'

/** A request target, taken apart. */
export interface Target {
  /**
   * The cleaned path, split at `/`, still escaped: routes match this text byte for byte. Empty for `/` and for
   * a target without a path (`http://host`).
   */
  readonly segments: readonly string[]
  /** The decoded path before any cleaning (Go's `URL.Path`). */
  readonly decodedPath: string
  /** What follows the first `?`, as it came; empty when there is none. */
  readonly query: string
}

/**
 * The parts of a request target, or `'malformed'` for one that Go's server answers with `400 Bad Request`
 * before any handler sees it: a bad escape in the path, a control character or blank anywhere, an empty target,
 * a path that does not begin with `/`.
 *
 * Takes origin form (`/path`), absolute form (`http://host/path`) and `*`. For `CONNECT host:port` Go puts
 * `http://` in front first. A `#` is an ordinary character here: requests have no fragment.
 *
 * @example
 * ```ts
 * parseTarget('/v1.0//secrets/./vault/a%2Fb?x=1')
 * // { segments: ['v1.0', 'secrets', 'vault', 'a%2Fb'], decodedPath: '/v1.0//secrets/./vault/a/b', query: 'x=1' }
 * ```
 */
export function parseTarget(target: string): Target | 'malformed' {
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark + 1)
  if (PLAIN_PATH.test(path) && (query === '' || !FORBIDDEN.test(query))) {
    return { segments: path.slice(1).split('/'), decodedPath: path, query }
  }
  return parseSlowly(target, path, query)
}

/**
 * The value of one path parameter: decoded once, by query rules, so `+` is a space and `a%252Fb` is `a%2Fb`.
 *
 * {@link parseTarget} has refused malformed escapes already; text that holds one all the same is returned as is.
 */
export function decodeParameter(escaped: string): string {
  return decodeQueryText(escaped) ?? escaped
}

/** Paths that mean what they say: no escape, nothing to re-escape, no empty segment, none that begins with a dot. */
const PLAIN_PATH = /^(?:\/(?!\.)[A-Za-z0-9\-_.~$&+,:;=@!'()*[\]]+)+$/
/** What may stand in a path as it is (Go's `validEncoded`); one character outside it and the path is re-escaped. */
const VALID_ENCODING = /^[A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]*$/
const FORBIDDEN = /[\u0000-\u0020\u007f]/
const SCHEME = /^([A-Za-z][A-Za-z0-9+\-.]*):/

function parseSlowly(target: string, path: string, query: string): Target | 'malformed' {
  if (FORBIDDEN.test(target)) return 'malformed'
  if (target === '*') return { segments: ['*'], decodedPath: '*', query: '' }
  const rooted = path.startsWith('/') ? path : pathOfAbsoluteForm(path)
  if (rooted === undefined) return 'malformed'
  const decodedPath = decodePercent(rooted)
  if (decodedPath === undefined) return 'malformed'
  const escaped = VALID_ENCODING.test(rooted) ? rooted : escapePath(decodedPath)
  return { segments: clean(escaped), decodedPath, query }
}

/**
 * The path of `scheme://authority/path` or `scheme:/path`, still escaped; empty for `scheme:opaque`, `undefined` for
 * what Go refuses.
 */
export function pathOfAbsoluteForm(text: string): string | undefined {
  const scheme = SCHEME.exec(text)?.[1]
  if (scheme === undefined) return undefined
  const rest = text.slice(scheme.length + 1)
  if (!rest.startsWith('/')) return ''
  if (!rest.startsWith('//')) return rest
  const slash = rest.indexOf('/', 2)
  const authority = slash === -1 ? rest.slice(2) : rest.slice(2, slash)
  if (!isValidAuthority(scheme.toLowerCase(), authority)) return undefined
  return slash === -1 ? '' : rest.slice(slash)
}

/**
 * A decoded path, escaped anew (Go's `escape` for paths). An encoded slash has become a separator by now and
 * `%2B` a plus: that is daprd's behaviour for a path which also holds a raw character such as `|`.
 */
function escapePath(decodedPath: string): string {
  let escaped = ''
  for (const byte of encodeUtf8(decodedPath)) {
    const character = String.fromCharCode(byte)
    escaped += UNESCAPED.test(character) ? character : `%${HEX[byte >> 4]}${HEX[byte & 15]}`
  }
  return escaped
}

const UNESCAPED = /[A-Za-z0-9\-_.~$&+,/:;=@]/
const HEX = '0123456789ABCDEF'

/** Go's `path.Clean` for a rooted path, as segments: no empty one, no `.`, and `..` takes its parent away. */
function clean(path: string): string[] {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') segments.pop()
    else segments.push(segment)
  }
  return segments
}
