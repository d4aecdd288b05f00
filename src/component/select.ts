/**
 * Which of the resources that were read are for this application, in daprd's order of filters.
 *
 * Mirrors dapr/dapr `pkg/internal/loader/disk/disk.go`, `pkg/runtime/authorizer/authorizer.go` and
 * `pkg/runtime/authorizer/component.go`.
 *
 * @module
 */
import type { Diagnostic } from '../diagnostic.ts'
import { nearest } from '../did-you-mean.ts'
import type { Resiliency } from '../resiliency/policy.ts'
import type { Component } from './component.ts'
import { describeComponent } from './component.ts'
import type { PolicyKind, PolicyReference, ResiliencyDocument } from './resiliency-decode.ts'

/** For whom resources are selected. */
export interface Selection {
  readonly appId: string
  /** The value of the environment variable `NAMESPACE`; empty is none. */
  readonly namespace?: string
  /** `spec.components.deny` of the Configuration. */
  readonly deniedComponents: readonly string[]
}

/** The components that are left, and what is to be said about the others. */
export interface SelectedComponents {
  readonly components: readonly Component[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Filters components by namespace, then by name, app scope and deny list.
 *
 * A name is compared only with names already kept: a component that is out of scope clashes with an earlier
 * one of its name, but not with a later one.
 */
export function selectComponents(components: readonly Component[], selection: Selection): SelectedComponents {
  const { appId, namespace = '', deniedComponents } = selection
  const diagnostics: Diagnostic[] = []
  const kept = new Map<string, Component>()
  const isDenied = denyList(deniedComponents)
  for (const component of components) {
    if (namespace !== '' && component.namespace !== '' && component.namespace !== namespace) continue
    const existing = kept.get(component.name)
    if (existing !== undefined) {
      diagnostics.push(duplicate(component, existing))
      continue
    }
    if (isInScope(component.scopes, appId)) kept.set(component.name, component)
  }
  const selected = [...kept.values()].filter((component) => {
    const reason = isDenied(component)
    if (reason === undefined) return true
    diagnostics.push({ severity: 'warning', at: component.typeAt, message: reason })
    return false
  })
  return { components: selected, diagnostics }
}

/** The Resiliency documents for the application; says at their readers which references lead nowhere. */
export function selectResiliency(
  documents: readonly ResiliencyDocument[],
  { appId }: Selection,
): readonly Resiliency[] {
  const selected = documents.filter(({ scopes }) => isInScope(scopes, appId))
  const resiliency = selected.map((document) => document.resiliency)
  const defined: Readonly<Record<PolicyKind, readonly string[]>> = {
    timeout: resiliency.flatMap(({ timeouts }) => timeouts.map(({ name }) => name)),
    retry: resiliency.flatMap(({ retries }) => retries.map(({ name }) => name)),
    circuitBreaker: resiliency.flatMap(({ circuitBreakers }) => circuitBreakers.map(({ name }) => name)),
  }
  for (const { references, reader } of selected) {
    for (const reference of references) {
      const names = defined[reference.policy]
      if (names.includes(reference.name)) continue
      // daprd runs without an undefined timeout or retry, and panics at an undefined circuit breaker.
      const severity = reference.policy === 'circuitBreaker' ? 'error' : 'warning'
      reader.reportValue(severity, reference.field, undefinedPolicy(reference, names))
    }
  }
  return resiliency
}

function isInScope(scopes: readonly string[], appId: string): boolean {
  return scopes.length === 0 || scopes.includes(appId)
}

function duplicate(component: Component, existing: Component): Diagnostic {
  const { file, line } = existing.at
  const message = `duplicate definition of Component name ${describeComponent(component)} with existing ${describeComponent(existing)}`
  return { severity: 'error', at: component.at, message: `${message}, which is at ${file}:${line}` }
}

/** Why a component is denied. Types and versions are compared with regard to letter case, as in daprd. */
function denyList(denied: readonly string[]): (component: Component) => string | undefined {
  const rules = new Set(denied.filter((rule) => rule !== '' && rule.split('/').length <= 2))
  return (component) => {
    const { name, type, version } = component
    if (rules.has(type) || rules.has(`${type}/${version}`)) {
      return `component '${name}' cannot be loaded because components of type '${describeComponent(component)}' are not allowed`
    }
    if (denied.length > 0 && (type === '' || version === '')) {
      const missing = type === '' ? 'type' : 'version'
      return `component '${name}' is not loaded: with a deny list in the Configuration it must have a ${missing}`
    }
    return undefined
  }
}

function undefinedPolicy({ policy, name, field }: PolicyReference, names: readonly string[]): string {
  const near = nearest(name, names)
  const hint = near === undefined ? '' : `; did you mean '${near}'?`
  const what = { timeout: 'timeout', retry: 'retry policy', circuitBreaker: 'circuit breaker' }[policy]
  return `${field.path} names a ${what} that is not defined${hint}`
}
