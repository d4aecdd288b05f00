/**
 * What a document is: a component, a Resiliency, or something that is not read.
 *
 * daprd passes over every other document without a word (dapr/dapr `pkg/internal/loader/disk/manifest.go`);
 * here one that was probably meant to be read gets a warning.
 *
 * @module
 */
import { nearest } from '../did-you-mean.ts'
import type { Field, FieldReader } from './fields.ts'
import { resolveScalar } from './scalar.ts'
import type { YamlMapping, YamlNode } from './yaml.ts'
import { isNull } from './yaml.ts'

/** `undefined` is a document that is not read. */
export type DocumentKind = 'Component' | 'Resiliency' | undefined

/** The one version of Dapr's resources. */
export const apiVersion = 'dapr.io/v1alpha1'

/**
 * The kind of a document, of which only the exact spelling counts; for a Resiliency the version does not.
 *
 * daprd cannot read a kind or version that is no text; here that is an error if the other one is Dapr's.
 */
export function documentKind(root: YamlMapping, reader: FieldReader): DocumentKind {
  const fields = reader.only(root, ['apiVersion', 'kind'])
  const kind = fields.get('kind')
  const version = fields.get('apiVersion')
  const kindText = properText(kind)
  const versionText = properText(version)
  if (kindText === 'Resiliency') return 'Resiliency'
  if (kindText === 'Component') {
    if (versionText === apiVersion) return 'Component'
    if (isNearVersion(versionText)) refuse('apiVersion', apiVersion, version ?? kind, version, reader)
  } else if (versionText === apiVersion && !otherKinds.has(kindText)) {
    const near = nearest(kindText, ['Component', 'Resiliency'])
    if (near !== undefined || kindText === '') {
      refuse('kind', near ?? 'Component', kind ?? version, kind, reader)
    }
  }
  return undefined
}

/** A text proper; empty for anything else, as for nothing at all. */
function properText(field: Field | undefined): string {
  const node = field?.entry.value
  const value = node?.kind === 'scalar' ? resolveScalar(node) : undefined
  return value?.type === 'text' ? value.text : ''
}

/** A null, or a text of no length. */
function isEmpty(node: YamlNode): boolean {
  return isNull(node) || (node.kind === 'scalar' && node.text === '')
}

/** Other makers have components too, `backstage.io/v1alpha1` for one. */
function isNearVersion(version: string): boolean {
  return version === '' || version.startsWith('dapr.io/') || nearest(version, [apiVersion]) !== undefined
}

/** @param at where it is said: the field itself, or its neighbour when it is missing */
function refuse(
  name: string,
  expected: string,
  at: Field | undefined,
  field: Field | undefined,
  reader: FieldReader,
): void {
  if (at === undefined) return
  if (field === undefined || isEmpty(field.entry.value)) {
    const message = `${name} is missing, so this document is ignored; expected ${name}: ${expected}`
    reader.reportValue('warning', at, message, true)
  } else if (properText(field) === '') {
    reader.reportValue('error', at, `${name} must be a text; expected ${expected}`)
  } else {
    const message = `${name} must be exactly '${expected}', so this document is ignored`
    reader.reportValue('warning', at, message, true)
  }
}

/** Dapr's other resources, which may stand in the same folder (dapr/dapr `pkg/apis`). */
const otherKinds: ReadonlySet<string> = new Set([
  'Configuration',
  'HTTPEndpoint',
  'MCPServer',
  'Subscription',
  'WorkflowAccessPolicy',
])
