/**
 * A component's metadata with its references resolved and its placeholders filled: what a driver decodes.
 *
 * Mirrors dapr/dapr `pkg/runtime/processor/secret/secret.go` and `pkg/runtime/meta/meta.go`, with one
 * deliberate difference: a reference that cannot be resolved is an error with a position, where daprd logs it
 * and starts the component without the value.
 *
 * @module
 */
import type { Component, MetadataItem, SecretKeyRef } from '../component/component.ts'
import type { Diagnostic, Location } from '../diagnostic.ts'
import { unquote } from '../go/unquote.ts'
import type { Environment } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'
import type { Property } from '../stores/options.ts'
import type { Secret, SecretStore } from '../stores/store.ts'
import { mayReference } from './environment-reference.ts'
import type { TemplateValues } from './template.ts'
import { fillTemplate } from './template.ts'

/** What resolving needs besides the component. */
export interface ResolveContext {
  readonly env: Environment
  readonly templates: TemplateValues
  /**
   * The started store that the component's `auth.secretStore` names. `undefined` when it may not be read
   * now (a check that stays off the network): its references then stay unresolved and their items are left out.
   */
  readonly store: SecretStore | undefined
  readonly signal: AbortSignal
}

/** What {@link resolveProperties} gives. */
export interface ResolvedProperties {
  readonly properties: readonly Property[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Resolves each item of the component's metadata, in order, reading each secret once. A value written in the
 * document was unquoted by the loader; one that comes from a reference meets the same rule here.
 */
export async function resolveProperties(
  component: Component,
  context: ResolveContext,
): Promise<ResolvedProperties> {
  const properties: Property[] = []
  const diagnostics: Diagnostic[] = []
  const report = (severity: Diagnostic['severity'], at: Location, message: string): void => {
    diagnostics.push({ severity, at, component: component.name, message })
  }
  const secrets = new Map<string, Promise<Secret>>()

  for (const item of component.metadata) {
    const value = await itemValue(item)
    if (value === undefined) continue
    const filled = fillTemplate(value, context.templates)
    if (filled === undefined) {
      const message = `failed to parse metadata: property ${item.name} refers to {podName} but podName is not set`
      report('error', item.at, `${message} (set the environment variable POD_NAME)`)
      continue
    }
    properties.push({ name: item.name, value: filled, nameAt: item.nameAt, at: item.at })
  }
  return { properties, diagnostics }

  async function itemValue(item: MetadataItem): Promise<string | undefined> {
    if (item.value === undefined && item.envRef !== undefined) return environmentValue(item.envRef, item.at)
    if (item.secretKeyRef === undefined) return item.value ?? ''
    if (context.store === undefined) return item.value
    return (await referencedValue(item.secretKeyRef, context.store)) ?? item.value ?? ''
  }

  function environmentValue(variable: string, at: Location): string {
    if (!mayReference(variable, context.env)) {
      report(
        'warning',
        at,
        `envRef '${variable}' is a variable that components may not read; the value stays empty`,
      )
      return ''
    }
    const value = context.env.get(variable)
    if (value === undefined) {
      report('warning', at, `envRef '${variable}' is not set in the environment; the value stays empty`)
    }
    return unquote(value ?? '')
  }

  async function referencedValue(reference: SecretKeyRef, store: SecretStore): Promise<string | undefined> {
    const secret = await readReference(reference, store)
    if (secret === undefined) return undefined
    const value = secret.values?.get(reference.key)
    if (secret.missing === true) {
      report(
        'error',
        reference.at,
        `secretKeyRef: secret '${reference.name}' does not exist in secret store '${component.secretStore}'`,
      )
    } else if (value === undefined) {
      report('error', reference.at, missingKey(reference, secret))
    } else if (value === '') {
      report(
        'warning',
        reference.at,
        `secretKeyRef: key '${reference.key}' of secret '${reference.name}' is empty`,
      )
    }
    // daprd keeps what the item already had when the referenced value is absent or empty.
    return value === undefined || value === '' ? undefined : unquote(value)
  }

  async function readReference(reference: SecretKeyRef, store: SecretStore): Promise<Secret | undefined> {
    let secret = secrets.get(reference.name)
    if (secret === undefined) {
      const metadata = new Map([['namespace', component.namespace]])
      secret = (async () => store.getSecret({ name: reference.name, metadata, signal: context.signal }))()
      secrets.set(reference.name, secret)
    }
    try {
      return await secret
    } catch (error) {
      // A StoreError's text is written to be shown; anything else may quote what it refused.
      const reason = error instanceof StoreError ? error.message : 'the store failed'
      report(
        'error',
        reference.at,
        `secretKeyRef: cannot read secret '${reference.name}' from secret store '${component.secretStore}': ${reason}`,
      )
      return undefined
    }
  }
}

function missingKey(reference: SecretKeyRef, secret: Secret): string {
  const keys = [...(secret.values?.keys() ?? [])].sort()
  const has = keys.length === 0 ? 'it has none' : `it has ${keys.map((key) => `'${key}'`).join(', ')}`
  return `secretKeyRef: secret '${reference.name}' has no key '${reference.key}'; ${has}`
}
