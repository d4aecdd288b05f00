/**
 * Which environment variables an `envRef` may read.
 *
 * Mirrors dapr/dapr `pkg/runtime/processor/secret/secret.go`.
 *
 * @module
 */
import type { Environment } from '../runtime.ts'

/**
 * Whether a component may refer to the variable. `DAPR_ENV_KEYS`, when set, is a further allow list separated
 * by spaces; only the first place where the upper-cased name occurs in it is looked at, as in daprd.
 */
export function mayReference(variable: string, env: Environment): boolean {
  const name = variable.toUpperCase()
  if (name === '' || name === 'APP_API_TOKEN' || name.startsWith('DAPR_') || name.includes(' ')) return false
  const allowed = env.get('DAPR_ENV_KEYS') ?? ''
  if (allowed === '') return true
  const start = allowed.indexOf(name)
  if (start < 0) return false
  const end = start + name.length
  return (start === 0 || allowed[start - 1] === ' ') && (end === allowed.length || allowed[end] === ' ')
}
