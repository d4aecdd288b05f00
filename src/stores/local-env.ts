/**
 * `secretstores.local.env`: secrets from the process's environment.
 *
 * Mirrors dapr/components-contrib `secretstores/local/env/envstore.go`.
 *
 * ```yaml
 * apiVersion: dapr.io/v1alpha1
 * kind: Component
 * metadata:
 *   name: env-secrets
 * spec:
 *   type: secretstores.local.env
 *   version: v1
 *   metadata:
 *   - name: prefix
 *     value: MYAPP_
 * ```
 *
 * @module
 */
import type { Secret, SecretValues } from './store.ts'
import { defineStore } from './store.ts'

/** The driver of `secretstores.local.env`. */
export const localEnv = defineStore({
  type: 'secretstores.local.env',
  description: "Variables of the process's environment.",
  metadata: {
    prefix: {
      type: 'string',
      description:
        'Only variables that start with it are secrets; names are asked for and listed without it.',
    },
  },
  requestMetadata: [],
  targets: ['node', 'aws-lambda', 'cloudflare-workers', 'azure-functions'],
  reads: 'locally',
  canonical: (name) => name,
  create: ({ prefix }, { runtime }) => ({
    features: [],

    getSecret({ name }): Secret {
      const variable = prefix + name
      if (isForbidden(variable)) {
        runtime.log('warn', `Access to env var ${name} is forbidden`)
        return { values: new Map([[name, '']]), missing: true }
      }
      const value = runtime.env.get(variable)
      // daprd answers an unset variable with an empty string.
      if (value === undefined) return { values: new Map([[name, '']]), missing: true }
      return { values: new Map([[name, value]]) }
    },

    getBulkSecret() {
      const secrets = new Map<string, SecretValues>()
      for (const [variable, value] of runtime.env.entries()) {
        if (isForbidden(variable) || !variable.startsWith(prefix)) continue
        const name = variable.slice(prefix.length)
        if (prefix !== '' && name === '') continue
        secrets.set(name, new Map([[name, value]]))
      }
      return secrets
    },
  }),
})

/** Variables that hold the runtime's own credentials are never secrets of the application. */
function isForbidden(variable: string): boolean {
  const name = variable.toUpperCase()
  return name === 'APP_API_TOKEN' || name.startsWith('DAPR_')
}
