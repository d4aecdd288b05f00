/**
 * The fields of a `kind: Configuration` that concern secrets (dapr/dapr `pkg/config/configuration.go`).
 *
 * @module
 */
import type { ApiRule } from '../access/api-rule.ts'
import type { SecretScope } from '../access/scope.ts'
import type { Location } from '../diagnostic.ts'
import type { Field, FieldReader, FieldRules } from './fields.ts'
import { resolveScalar } from './scalar.ts'
import type { YamlMapping, YamlNode, YamlScalar } from './yaml.ts'
import { isNull, tags } from './yaml.ts'

/** What one file says; a member that it does not mention is `undefined`. */
export interface ConfigurationParts {
  readonly scopes: readonly ScopeEntry[] | undefined
  readonly allowed: readonly ApiRule[] | undefined
  readonly denied: readonly ApiRule[] | undefined
  readonly deniedComponents: readonly string[] | undefined
  readonly samplingRate: string | undefined
  readonly zipkin: string | undefined
  readonly otel: string | undefined
  readonly stdout: boolean | undefined
}

/** A scope as written, and how to say that it cannot be. */
export interface ScopeEntry {
  readonly storeName: string
  readonly defaultAccess: string
  readonly allowedSecrets: SecretScope['allowedSecrets']
  readonly deniedSecrets: SecretScope['deniedSecrets']
  /** Where the store's name stands, or the scope when it has none. */
  readonly at: Location
  /** Whether the store's name was written as it is, so that it may be shown. */
  readonly isWritten: boolean
  /**
   * Says an error at one of the two fields, or at the scope when it has none. `message` is given what may be
   * shown of the field's value.
   */
  readonly refuse: (field: 'storeName' | 'defaultAccess', message: (shown: string) => string) => void
}

/** How a Configuration is decoded: every scalar is its text as written (yaml/go-yaml v3 `decode.go`). */
export const configurationRules: FieldRules = { names: 'exact', text: writtenText }

/** What one Configuration document says. */
export function decodeConfiguration(root: YamlMapping, reader: FieldReader): ConfigurationParts {
  const document = reader.fields(root, '', ['apiVersion', 'kind', 'metadata', 'spec'], 'error')
  warnOfOtherKind(document.get('kind'), reader)
  const spec = reader.fields(document.get('spec')?.entry.value, 'spec', specFields, 'error')
  const secrets = reader.fields(spec.get('secrets')?.entry.value, 'spec.secrets', ['scopes'], 'error')
  const api = reader.fields(spec.get('api')?.entry.value, 'spec.api', ['allowed', 'denied'], 'error')
  const components = reader.fields(spec.get('components')?.entry.value, 'spec.components', ['deny'], 'error')
  return {
    scopes: listOf(secrets.get('scopes'), reader, (item, path) => decodeScope(item, path, reader)),
    allowed: listOf(api.get('allowed'), reader, (item, path) => decodeRule(item, path, reader)),
    denied: listOf(api.get('denied'), reader, (item, path) => decodeRule(item, path, reader)),
    deniedComponents: decodeDeny(components.get('deny'), reader),
    ...decodeTracing(spec.get('tracing')?.entry.value, reader),
  }
}

/** Everything that daprd has, so that only the rest is unknown. */
const specFields = [
  ...['secrets', 'api', 'components', 'tracing'],
  ...['httpPipeline', 'appHttpPipeline', 'mtls', 'metric', 'metrics', 'accessControl', 'nameResolution'],
  ...['features', 'logging', 'wasm', 'workflow'],
]

/** An unknown field may be a restriction that lost its place: without it more is allowed than was meant. */
function warnOfOtherKind(field: Field | undefined, reader: FieldReader): void {
  if (field === undefined || reader.text(field) === 'Configuration') return
  reader.reportValue(
    'warning',
    field,
    'kind is not Configuration; the file is read as one all the same',
    true,
  )
}

function listOf<Item>(
  field: Field | undefined,
  reader: FieldReader,
  decode: (item: YamlNode, path: string) => Item,
): readonly Item[] | undefined {
  if (field === undefined || isNull(field.entry.value)) return undefined
  return reader.items(field).map((item, index) => decode(item, `${field.path}[${index}]`))
}

function decodeScope(item: YamlNode, path: string, reader: FieldReader): ScopeEntry {
  const fields = reader.fields(
    item,
    path,
    ['storeName', 'defaultAccess', 'allowedSecrets', 'deniedSecrets'],
    'error',
  )
  const nameField = fields.get('storeName')
  const storeName = reader.text(nameField) ?? ''
  const isWritten = nameField === undefined || reader.isWritten(nameField)
  // What a variable should have brought is said at the variable.
  const isMissing =
    nameField === undefined ? item.kind === 'mapping' : nameField.entry.value.kind === 'scalar'
  if (storeName === '' && isWritten && isMissing) {
    reader.report('error', nameField?.entry.value.start ?? item.start, `${path} needs a storeName`)
  }
  return {
    storeName,
    isWritten,
    defaultAccess: reader.text(fields.get('defaultAccess')) ?? '',
    allowedSecrets: decodeTexts(fields.get('allowedSecrets'), reader),
    deniedSecrets: decodeTexts(fields.get('deniedSecrets'), reader),
    at: reader.locate(nameField?.entry.value.start ?? item.start),
    refuse(name, message) {
      const field = fields.get(name)
      if (field === undefined) {
        reader.report('error', item.start, message(''))
      } else {
        const shown = reader.isWritten(field) ? (reader.text(field) ?? '') : '(from a variable)'
        reader.reportValue('error', field, message(shown), true)
      }
    },
  }
}

function decodeRule(item: YamlNode, path: string, reader: FieldReader): ApiRule {
  const fields = reader.fields(item, path, ['name', 'version', 'protocol'], 'error')
  const protocol = reader.text(fields.get('protocol')) ?? ''
  const protocolField = fields.get('protocol')
  const message = `${path} has no effect: its protocol must be http or grpc`
  if (protocolField === undefined) {
    // daprd starts with it, and recorded cases have it.
    reader.report('warning', item.start, message)
  } else if (!['http', 'grpc'].includes(protocol.toLowerCase())) {
    reader.reportValue('error', protocolField, message, true)
  }
  return {
    name: reader.text(fields.get('name')) ?? '',
    version: reader.text(fields.get('version')) ?? '',
    protocol,
  }
}

function decodeDeny(field: Field | undefined, reader: FieldReader): readonly string[] | undefined {
  if (field === undefined || isNull(field.entry.value)) return undefined
  const entries = decodeTexts(field, reader)
  const items = reader.items(field)
  entries.forEach((entry, index) => {
    if (entry !== '' && entry.split('/').length <= 2) return
    const message = `${field.path}[${index}] has no effect: expected type or type/version`
    reader.report('error', items[index]?.start ?? field.entry.value.start, message)
  })
  return entries
}

/**
 * A list of texts. go-yaml drops a null from it, which can leave an allow list empty and so allow everything;
 * here a null is an error.
 */
function decodeTexts(field: Field | undefined, reader: FieldReader): readonly string[] {
  return reader.items(field).map((item, index) => {
    const text = item.kind === 'scalar' ? writtenText(item) : undefined
    if (text === undefined)
      reader.report('error', item.start, `${field?.path ?? ''}[${index}] must be a text`)
    return text ?? ''
  })
}

type TracingParts = Pick<ConfigurationParts, 'samplingRate' | 'zipkin' | 'otel' | 'stdout'>

/** Without a word about what is unknown or of the wrong type: nothing of it concerns secrets. */
function decodeTracing(node: YamlNode | undefined, reader: FieldReader): TracingParts {
  const tracing = fieldsIn(node, ['samplingRate', 'zipkin', 'otel', 'stdout'], reader)
  const endpoint = (name: string) =>
    textIn(fieldsIn(tracing.get(name)?.entry.value, ['endpointAddress'], reader).get('endpointAddress'))
  const stdout = tracing.get('stdout')?.entry.value
  const isOn = stdout?.kind === 'scalar' ? resolveScalar(stdout) : undefined
  return {
    samplingRate: textIn(tracing.get('samplingRate')),
    zipkin: endpoint('zipkin'),
    otel: endpoint('otel'),
    stdout: isOn?.type === 'boolean' ? isOn.value : undefined,
  }
}

function fieldsIn(node: YamlNode | undefined, names: readonly string[], reader: FieldReader) {
  return node?.kind === 'mapping' ? reader.only(node, names) : new Map<string, Field>()
}

function textIn(field: Field | undefined): string | undefined {
  const node = field?.entry.value
  return node?.kind === 'scalar' ? writtenText(node) : undefined
}

function writtenText(scalar: YamlScalar): string | undefined {
  if (isNull(scalar)) return undefined
  if (scalar.tag !== tags.binary) return scalar.text
  const value = resolveScalar(scalar)
  return value?.type === 'text' ? value.text : undefined
}
