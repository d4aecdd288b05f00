/**
 * What is wrong with references before anything is read: no store, an unknown store, a cycle.
 *
 * daprd logs the first two and never loads the components of the third (dapr/dapr
 * `pkg/runtime/processor/secret/secret.go`); here each is an error (a warning where the component's errors
 * are to be ignored), also in a component of another building block, which would be left without its password.
 *
 * @module
 */
import type { Component } from '../component/component.ts'
import { isSecretStore } from '../component/component.ts'
import type { Diagnostic, Location } from '../diagnostic.ts'
import { nearest } from '../did-you-mean.ts'

/** Diagnostics, and the components that cannot start because of them. */
export interface ReferenceProblems {
  readonly diagnostics: readonly Diagnostic[]
  readonly unusable: ReadonlySet<string>
}

/**
 * Looks at every reference without following it.
 *
 * @param cycles as `startOrder` finds them
 */
export function referenceProblems(
  components: readonly Component[],
  cycles: readonly (readonly Component[])[],
): ReferenceProblems {
  const diagnostics: Diagnostic[] = []
  const unusable = new Set<string>()
  const names = components.filter(isSecretStore).map(({ name }) => name)
  const report = (component: Component, at: Location, message: string): void => {
    const severity = component.ignoreErrors ? 'warning' : 'error'
    diagnostics.push({ severity, at, component: component.name, message })
    unusable.add(component.name)
  }

  for (const component of components) {
    const reference = component.metadata.find((item) => item.secretKeyRef !== undefined)?.secretKeyRef
    if (reference === undefined || names.includes(component.secretStore)) continue
    if (component.secretStore === '') {
      const needed = "set 'auth.secretStore' to the name of a secret store"
      report(component, reference.at, `secretKeyRef needs a store to read from: ${needed}`)
      continue
    }
    const near = nearest(component.secretStore, names)
    const hint = near === undefined ? '' : `; did you mean '${near}'?`
    const message = `there is no secret store '${component.secretStore}' to resolve its secretKeyRefs${hint}`
    report(component, component.secretStoreAt ?? reference.at, message)
  }
  for (const cycle of cycles) {
    const [first] = cycle
    if (first === undefined) continue
    const path = [...cycle, first].map(({ name }) => `'${name}'`).join(' → ')
    report(first, first.secretStoreAt ?? first.at, `secret stores refer to each other in a cycle: ${path}`)
    for (const { name } of cycle) unusable.add(name)
  }
  return { diagnostics, unusable }
}
