/**
 * The driver of a component's type and version.
 *
 * Mirrors dapr/dapr `pkg/components/secretstores/registry.go` and `pkg/components/versioning.go`.
 *
 * @module
 */
import type { Component } from '../component/component.ts'
import { nearest } from '../did-you-mean.ts'
import type { SecretStoreDriver } from '../stores/store.ts'

/** An empty version, v0 and v1 (in any letter case) select the base implementation, the only one there is. */
const baseVersions: ReadonlySet<string> = new Set(['', 'v0', 'v1'])

/** The driver, or why there is none. Letter case of the type does not count. */
export function findDriver(
  component: Component,
  drivers: readonly SecretStoreDriver[],
): SecretStoreDriver | { readonly problem: string } {
  const type = component.type.toLowerCase()
  const driver = drivers.find((candidate) => candidate.type === type)
  if (driver !== undefined && baseVersions.has(component.version.toLowerCase())) return driver

  const wanted = component.version === '' ? component.type : `${component.type}/${component.version}`
  const missing = `couldn't find secret store ${wanted}`
  if (driver !== undefined) return { problem: `${missing}; its version is v1` }
  const types = drivers.map((candidate) => candidate.type)
  const near = nearest(type, types)
  return {
    problem: `${missing}; ${near === undefined ? `known are ${types.join(', ')}` : `did you mean '${near}'?`}`,
  }
}
