/**
 * The fields of a `kind: Component` document (dapr/dapr `pkg/apis/components/v1alpha1/types.go`).
 *
 * @module
 */

import { parseDuration } from '../go/duration.ts'
import type { Component, MetadataItem, SecretKeyRef } from './component.ts'
import type { Field, FieldReader, Fields } from './fields.ts'
import type { YamlMapping, YamlNode } from './yaml.ts'

/** A component's name, and where it stands. */
export interface ResourceName {
  readonly name: string
  readonly namespace: string
  readonly field: Field | undefined
}

/**
 * The component a document holds; `undefined` when something is wrong that keeps it from being loaded, which
 * the reader then knows.
 */
export function decodeComponent(root: YamlMapping, reader: FieldReader): Component | undefined {
  const { start } = root
  const fields = reader.fields(root, '', ['apiVersion', 'kind', 'metadata', 'spec', 'auth', 'scopes'])
  const { name, namespace, field: nameField } = decodeName(fields, reader)
  if (name !== '') reader.component = name
  checkName(name, nameField, fields, start, reader)

  const specField = fields.get('spec')
  const spec = reader.fields(specField?.entry.value, 'spec', [
    'type',
    'version',
    'ignoreErrors',
    'initTimeout',
    'metadata',
  ])
  const auth = reader.fields(fields.get('auth')?.entry.value, 'auth', ['secretStore'])
  const type = reader.text(spec.get('type')) ?? ''
  const version = reader.text(spec.get('version')) ?? ''
  const ignoreErrors = reader.boolean(spec.get('ignoreErrors')) ?? false
  const initTimeout = decodeInitTimeout(spec.get('initTimeout'), reader)
  const metadata = decodeMetadata(spec.get('metadata'), reader)
  const secretStoreField = auth.get('secretStore')
  const secretStore = reader.text(secretStoreField) ?? ''
  const scopes = decodeScopes(fields, reader)
  if (!reader.isSound) return undefined

  const typeStart = spec.get('type')?.entry.value.start ?? specField?.entry.key.start ?? start
  return {
    name,
    type,
    version,
    namespace,
    scopes,
    secretStore,
    ignoreErrors,
    initTimeout,
    metadata,
    at: reader.locate(nameField?.entry.value.start ?? start),
    typeAt: reader.locate(typeStart),
    ...(secretStoreField === undefined
      ? {}
      : { secretStoreAt: reader.locate(secretStoreField.entry.value.start) }),
  }
}

/** The `metadata` of a resource (kubernetes/apimachinery `pkg/apis/meta/v1/types.go`, ObjectMeta). */
export function decodeName(fields: Fields, reader: FieldReader): ResourceName {
  const metadata = reader.fields(fields.get('metadata')?.entry.value, 'metadata', objectMeta)
  const field = metadata.get('name')
  const name = reader.text(field) ?? ''
  const namespace = reader.text(metadata.get('namespace')) ?? ''
  for (const textField of ['generateName', 'selfLink', 'uid', 'resourceVersion']) {
    reader.text(metadata.get(textField))
  }
  for (const mapField of ['labels', 'annotations']) {
    const path = `an entry of metadata.${mapField}`
    for (const [, { entry }] of reader.named(metadata.get(mapField))) reader.text({ path, entry })
  }
  return { name, namespace, field }
}

/** The app ids at the foot of a resource, each of them a text proper. */
export function decodeScopes(fields: Fields, reader: FieldReader): readonly string[] {
  return reader
    .items(fields.get('scopes'))
    .map((item, index) => reader.strictText(item, `scopes[${index}]`) ?? '')
}

const objectMeta = [
  ...['name', 'namespace', 'labels', 'annotations', 'generateName', 'selfLink', 'uid', 'resourceVersion'],
  ...['generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'],
  ...['ownerReferences', 'finalizers', 'managedFields', 'clusterName'],
]

/** kubernetes/apimachinery `pkg/api/validation/path/name.go`, IsValidPathSegmentName. */
function checkName(
  name: string,
  field: Field | undefined,
  fields: Fields,
  start: number,
  reader: FieldReader,
): void {
  if (field !== undefined && field.entry.value.kind !== 'scalar') return
  if (name === '') {
    const message = 'a component must have a name (set metadata.name)'
    if (field !== undefined) reader.reportValue('error', field, message, true)
    else reader.report('error', fields.get('metadata')?.entry.key.start ?? start, message)
    return
  }
  if (field === undefined) return
  const refuse = (reason: string) =>
    reader.reportValue('error', field, `invalid name "${name}" for "Component": ${reason}`, true)
  if (name === '.' || name === '..') refuse(`may not be '${name}'`)
  for (const character of ['/', '%']) if (name.includes(character)) refuse(`may not contain '${character}'`)
}

/** dapr/dapr `pkg/runtime/processor/components.go`. */
const defaultInitTimeout = 5000

function decodeInitTimeout(field: Field | undefined, reader: FieldReader): number {
  const text = reader.text(field) ?? ''
  if (field === undefined || text === '') return defaultInitTimeout
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds
  reader.reportValue('warning', field, `${field.path} must be a duration such as 10s; 5s is used`)
  return defaultInitTimeout
}

function decodeMetadata(field: Field | undefined, reader: FieldReader): readonly MetadataItem[] {
  return reader
    .items(field)
    .flatMap((item, index) => decodeItem(item, `spec.metadata[${index}]`, reader) ?? [])
}

function decodeItem(node: YamlNode, path: string, reader: FieldReader): MetadataItem | undefined {
  const fields = reader.fields(node, path, ['name', 'value', 'secretKeyRef', 'envRef'])
  const name = reader.text(fields.get('name')) ?? ''
  const value = reader.value(fields.get('value'))
  const envRef = reader.text(fields.get('envRef')) ?? ''
  const secretKeyRef = decodeSecretKeyRef(fields.get('secretKeyRef'), path, reader)
  if (name === '') {
    reader.report('warning', node.start, 'a metadata item without a name has no effect')
    return undefined
  }
  const unused = unusedSource({ value, envRef, secretKeyRef })
  if (unused !== undefined) {
    const start = fields.get(unused.field)?.entry.key.start ?? node.start
    reader.report('warning', start, `metadata '${name}' has more than one source: ${unused.because}`)
  }
  const source = value !== undefined ? 'value' : envRef !== '' ? 'envRef' : secretKeyRef && 'secretKeyRef'
  const field = fields.get(source ?? 'value') ?? fields.get('name')
  return {
    name,
    ...(value === undefined ? {} : { value }),
    ...(secretKeyRef === undefined ? {} : { secretKeyRef }),
    ...(envRef === '' ? {} : { envRef }),
    nameAt: reader.locate(fields.get('name')?.entry.value.start ?? node.start),
    at: reader.locate(field?.entry.value.start ?? node.start),
  }
}

/** dapr/dapr `pkg/runtime/processor/secret/secret.go`: a value keeps envRef out, envRef keeps secretKeyRef out. */
function unusedSource({
  value,
  envRef,
  secretKeyRef,
}: {
  readonly value: string | undefined
  readonly envRef: string
  readonly secretKeyRef: SecretKeyRef | undefined
}): { readonly field: string; readonly because: string } | undefined {
  if (value !== undefined && secretKeyRef !== undefined) {
    return { field: 'value', because: 'its secretKeyRef is used and not its value' }
  }
  if (envRef === '') return undefined
  if (value !== undefined) return { field: 'envRef', because: 'its value is used and not its envRef' }
  if (secretKeyRef === undefined) return undefined
  return { field: 'secretKeyRef', because: 'its envRef is used and not its secretKeyRef' }
}

function decodeSecretKeyRef(
  field: Field | undefined,
  path: string,
  reader: FieldReader,
): SecretKeyRef | undefined {
  if (field === undefined) return undefined
  const fields = reader.fields(field.entry.value, `${path}.secretKeyRef`, ['name', 'key'])
  const nameField = fields.get('name')
  const name = reader.text(nameField) ?? ''
  const key = reader.text(fields.get('key')) ?? ''
  if (nameField === undefined || name === '') {
    reader.report('warning', field.entry.key.start, 'a secretKeyRef without a name has no effect')
    return undefined
  }
  return { name, key: key === '' ? name : key, at: reader.locate(nameField.entry.value.start) }
}
