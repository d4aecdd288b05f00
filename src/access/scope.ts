/**
 * Secret scopes: which secrets of a store an application may read.
 *
 * Mirrors `IsSecretAllowed` of dapr/dapr `pkg/config/configuration.go`.
 *
 * @module
 */

import type { Diagnostic, Location } from '../diagnostic.ts'
import { nearest } from '../did-you-mean.ts'

/** One entry of a Configuration's `spec.secrets.scopes`. */
export interface SecretScope {
  readonly storeName: string
  /** What holds for a secret that no list decides. */
  readonly defaultAccess: 'allow' | 'deny'
  /** When not empty, only these are allowed and nothing else is looked at. */
  readonly allowedSecrets: readonly string[]
  readonly deniedSecrets: readonly string[]
  /** Where it stands, when it was read from a file. */
  readonly at?: Location
  /** Whether a variable brought the store's name, which then is not shown. Default false. */
  readonly isFromVariable?: boolean
}

/** Decides for one store. `name` is the secret's canonical name, `undefined` where it cannot be decided. */
export type ScopeDecision = (name: string | undefined) => boolean

/**
 * The decision for one store's secrets: an allow list wins over a deny list, which wins over the default. A
 * name whose identity cannot be decided is allowed only where there is no scope at all.
 *
 * @param scope the store's scope, `undefined` when the Configuration names none: everything is allowed
 * @param canonical the store's own notion of when two names are one secret; applied to the lists
 *
 * @example
 * ```ts
 * const allowed = scopeDecision({
 *   storeName: 'vault', defaultAccess: 'allow', allowedSecrets: [], deniedSecrets: ['root'],
 * }, (name) => name)
 * allowed('db')   // true
 * allowed('root') // false
 * ```
 */
export function scopeDecision(
  scope: SecretScope | undefined,
  canonical: (name: string) => string | undefined,
): ScopeDecision {
  if (scope === undefined) return () => true
  if (scope.allowedSecrets.length > 0) {
    const allowed = new Set(scope.allowedSecrets.map(canonical))
    return (name) => name !== undefined && allowed.has(name)
  }
  const denied = new Set(scope.deniedSecrets.map(canonical))
  if (scope.defaultAccess === 'deny') return () => false
  return (name) => name !== undefined && !denied.has(name)
}

/**
 * Scopes that name a store which is not there: nothing is protected by them. daprd logs a warning (dapr/dapr
 * `pkg/runtime/compstore/configuration.go`).
 */
export function scopesWithoutStore(
  scopes: readonly SecretScope[],
  storeNames: readonly string[],
): readonly Diagnostic[] {
  return scopes
    .filter(({ storeName }) => !storeNames.includes(storeName))
    .map(({ storeName, isFromVariable, at = { file: 'Configuration', line: 1, column: 1 } }) => {
      const near = nearest(storeName, storeNames)
      const hint = near === undefined ? '' : `; did you mean '${near}'?`
      const what = isFromVariable ? 'a secret store' : `the secret store '${storeName}'`
      const message = `this scope names ${what} that is not there, so it protects nothing`
      return { severity: 'warning', at, message: isFromVariable ? message : message + hint }
    })
}
