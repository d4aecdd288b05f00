/**
 * Components as a user writes them, for tests of the command line.
 */

/** A component of a secret store; `rest` follows its version, indented as it shall stand. */
export function component(name: string, type: string, rest = ''): string {
  return `apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: ${name}
spec:
  type: secretstores.${type}
  version: v1
${rest}`
}

/** `spec.metadata`, an item a text. */
export function metadata(...items: readonly string[]): string {
  return `  metadata:\n${items.map((item) => `  - ${item}\n`).join('')}`
}
