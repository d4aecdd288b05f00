/**
 * The placeholders daprd replaces in metadata values after references are resolved.
 *
 * Mirrors dapr/dapr `pkg/runtime/meta/meta.go`: exact spelling, in this order, so that text an earlier one
 * produced is seen by a later one.
 *
 * @module
 */

/** What placeholders stand for. */
export interface TemplateValues {
  /** Called once for each `{uuid}`. */
  uuid(): string
  /** `POD_NAME`; a value that holds `{podName}` cannot be used without it. */
  readonly podName: string | undefined
  /** `NAMESPACE`, or `default`. */
  readonly namespace: string
  readonly appId: string
}

/**
 * The value with its placeholders replaced, or `undefined` when it needs a pod name and there is none.
 *
 * @example
 * ```ts
 * fillTemplate('{appID}-db', { uuid: () => '0', podName: undefined, namespace: 'default', appId: 'orders' })
 * // 'orders-db'
 * ```
 */
export function fillTemplate(value: string, values: TemplateValues): string | undefined {
  if (!value.includes('{')) return value
  const { podName } = values
  let filled = value.replaceAll('{uuid}', () => values.uuid())
  if (filled.includes('{podName}')) {
    if (podName === undefined || podName === '') return undefined
    filled = filled.replaceAll('{podName}', () => podName)
  }
  // The namespace placeholder carries the app id too.
  filled = filled.replaceAll('{namespace}', () => `${values.namespace}.${values.appId}`)
  return filled.replaceAll('{appID}', () => values.appId)
}
