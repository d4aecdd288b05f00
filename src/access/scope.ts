/**
 * Secret scopes: which secrets of a store an application may read.
 *
 * Mirrors `IsSecretAllowed` of dapr/dapr `pkg/config/configuration.go`.
 *
 * @module
 */

/** One entry of a Configuration's `spec.secrets.scopes`. */
export interface SecretScope {
  readonly storeName: string
  /** What holds for a secret that no list decides. */
  readonly defaultAccess: 'allow' | 'deny'
  /** When not empty, only these are allowed and nothing else is looked at. */
  readonly allowedSecrets: readonly string[]
  readonly deniedSecrets: readonly string[]
}

/** Decides for one store. `name` is the secret's canonical name. */
export type ScopeDecision = (name: string) => boolean

/**
 * The decision for one store's secrets: an allow list wins over a deny list, which wins over the default.
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
  canonical: (name: string) => string,
): ScopeDecision {
  if (scope === undefined) return () => true
  if (scope.allowedSecrets.length > 0) {
    const allowed = new Set(scope.allowedSecrets.map(canonical))
    return (name) => allowed.has(name)
  }
  const denied = new Set(scope.deniedSecrets.map(canonical))
  if (scope.defaultAccess === 'deny') return () => false
  return (name) => !denied.has(name)
}
