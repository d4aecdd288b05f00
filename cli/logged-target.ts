/**
 * What the API log shows of a request target.
 *
 * @module
 */
import { pathOfAbsoluteForm } from '../src/contract/target.ts'

/**
 * The path of a target, or the host and port that CONNECT names. Left out are the query, and the user names and
 * passwords that a target can hold in front of its host; of a target that is none, everything.
 *
 * @example
 * ```ts
 * loggedTarget('GET', '/v1.0/secrets/vault/db?metadata.version_id=3') // '/v1.0/secrets/vault/db'
 * loggedTarget('GET', 'http://user:password@localhost/v1.0/metadata') // '/v1.0/metadata'
 * loggedTarget('CONNECT', 'user:password@localhost:80') // 'localhost:80'
 * ```
 */
export function loggedTarget(method: string, target: string): string {
  if (target.startsWith('/')) return withoutQuery(target)
  // Before the query is taken off: a password can hold a question mark.
  if (method === 'CONNECT') return withoutQuery(target.slice(target.lastIndexOf('@') + 1))
  return target === '*' ? target : (pathOfAbsoluteForm(withoutQuery(target)) ?? '')
}

function withoutQuery(target: string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}
