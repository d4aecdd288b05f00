/**
 * Components for tests, with positions that nobody looks at.
 */
import type { Component, MetadataItem } from '../../src/component/component.ts'
import type { Location } from '../../src/diagnostic.ts'

const at: Location = { file: 'components/test.yaml', line: 1, column: 1 }

/** A metadata item, as a test writes it. */
export type GivenItem = Omit<MetadataItem, 'at' | 'nameAt' | 'secretKeyRef'> & {
  readonly secretKeyRef?: { readonly name: string; readonly key?: string }
}

/** What a test says of a component; the rest is a plain `local.env`. */
export type GivenComponent = Partial<Omit<Component, 'metadata'>> & {
  readonly name: string
  readonly metadata?: readonly GivenItem[]
}

export function fakeComponent({ metadata = [], ...given }: GivenComponent): Component {
  return {
    type: 'secretstores.local.env',
    version: 'v1',
    namespace: '',
    scopes: [],
    secretStore: '',
    ignoreErrors: false,
    initTimeout: 5000,
    at,
    typeAt: at,
    ...given,
    metadata: metadata.map(({ secretKeyRef, ...item }) => ({
      ...item,
      nameAt: at,
      at,
      ...(secretKeyRef === undefined
        ? {}
        : { secretKeyRef: { name: secretKeyRef.name, key: secretKeyRef.key ?? secretKeyRef.name, at } }),
    })),
  }
}
