/**
 * What `GET /v1.0/metadata` says of this runtime, in the shape SDKs poll, and what `PUT` adds to it.
 *
 * Mirrors dapr/dapr `pkg/api/http/metadata.go`: fields in this order, each left out when empty.
 *
 * @module
 */
import { writeObject, writeString } from './json.ts'

/** One loaded component. Empty fields are left out. */
export interface ListedComponent {
  readonly name: string
  readonly type: string
  readonly version: string
  readonly capabilities: readonly string[]
}

/** What the runtime says of itself. */
export interface RuntimeMetadataOptions {
  readonly appId: string
  /** The Dapr version whose contract is served, e.g. `1.18.3`. */
  readonly runtimeVersion: string
  readonly components: readonly ListedComponent[]
}

/** The runtime's metadata: fixed facts and what applications put beside them, in memory only. */
export interface RuntimeMetadata {
  /** Sets one entry of `extended`; `daprRuntimeVersion` is overwritten on output. */
  set(key: string, value: string): void
  /** The JSON text, final newline included. */
  write(): string
}

/** Makes it. */
export function runtimeMetadata({
  appId,
  runtimeVersion,
  components,
}: RuntimeMetadataOptions): RuntimeMetadata {
  const extended = new Map<string, string>()
  const beforeExtended = [
    ...field('id', appId),
    ...field('runtimeVersion', runtimeVersion),
    ...(components.length === 0 ? [] : [`"components":[${components.map(writeComponent).join(',')}]`]),
  ]
  // daprd with no app port and no placement service.
  const afterExtended = [
    '"appConnectionProperties":{"protocol":"http","channelAddress":"127.0.0.1"}',
    '"actorRuntime":{"runtimeStatus":"DISABLED","hostReady":false,"placement":"placement: disconnected"}',
  ]

  return {
    set: (key, value) => void extended.set(key, value),
    write() {
      const entries = writeObject(new Map([...extended, ['daprRuntimeVersion', runtimeVersion]]))
      return `{${[...beforeExtended, `"extended":${entries}`, ...afterExtended].join(',')}}\n`
    },
  }
}

function writeComponent({ name, type, version, capabilities }: ListedComponent): string {
  const fields = [...field('name', name), ...field('type', type), ...field('version', version)]
  if (capabilities.length > 0) fields.push(`"capabilities":[${capabilities.map(writeString).join(',')}]`)
  return `{${fields.join(',')}}`
}

/** A field, or nothing when it is empty. */
function field(name: string, value: string): readonly string[] {
  return value === '' ? [] : [`${writeString(name)}:${writeString(value)}`]
}
