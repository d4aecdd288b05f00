/**
 * The validated form of a `kind: Component` document: plain data, ready to be written to a
 * `components.json` or to be activated. References stay symbolic here.
 *
 * @module
 */
import type { Location } from '../diagnostic.ts'

/** One entry of `spec.metadata`. Exactly one of the three sources is used; see `activation/`. */
export interface MetadataItem {
  readonly name: string
  /**
   * The value as the text a store receives; absent when the document gave none (`value:` or `value: null`).
   * An explicit empty string is a value.
   */
  readonly value?: string
  readonly secretKeyRef?: SecretKeyRef
  /** Name of an environment variable to read instead of a value. */
  readonly envRef?: string
  /** Where the item's name stands. */
  readonly nameAt: Location
  /** Where what it is set to stands. */
  readonly at: Location
}

/** A reference to one key of a secret in the component's `auth.secretStore`. */
export interface SecretKeyRef {
  readonly name: string
  /** Defaults to `name`, as daprd defaults it. */
  readonly key: string
  readonly at: Location
}

/** One Dapr component. */
export interface Component {
  readonly name: string
  /** As written, e.g. `secretstores.local.env`; compared without regard to letter case after the first dot. */
  readonly type: string
  /** As written; empty when the document has none. */
  readonly version: string
  readonly namespace: string
  /** App ids that may use the component; empty means all. */
  readonly scopes: readonly string[]
  /** `auth.secretStore`, empty when absent. */
  readonly secretStore: string
  readonly ignoreErrors: boolean
  /** Milliseconds the store may take to start. */
  readonly initTimeout: number
  readonly metadata: readonly MetadataItem[]
  /** Where the component's name stands. */
  readonly at: Location
  /** Where `spec.type` stands. */
  readonly typeAt: Location
  /** Where `auth.secretStore` stands, when it is there. */
  readonly secretStoreAt?: Location
}

/** The part of a component type before its first dot. */
export function categoryOf(type: string): string {
  const dot = type.indexOf('.')
  return dot < 0 ? type : type.slice(0, dot)
}

/** Whether the component is a secret store (category comparison is exact, as in daprd). */
export function isSecretStore(component: Pick<Component, 'type'>): boolean {
  return component.type.startsWith('secretstores.')
}

/** A component as daprd's log names it: `vault (secretstores.hashicorp.vault/v1)`. */
export function describeComponent({
  name,
  type,
  version,
}: Pick<Component, 'name' | 'type' | 'version'>): string {
  return `${name} (${type}${version === '' ? '' : `/${version}`})`
}
