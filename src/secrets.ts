/**
 * Everything a target needs, from validated components to answers: stores are started, the read path is put
 * over them, and the contract over that.
 *
 * @module
 */
import { scopesWithoutStore } from './access/scope.ts'
import type { ActiveStore } from './activation/activate.ts'
import { activate } from './activation/activate.ts'
import type { Component } from './component/component.ts'
import type { Configuration, Tracing } from './component/configuration.ts'
import { defaultConfiguration } from './component/configuration.ts'
import type { Answer, WithoutToken } from './contract/answer.ts'
import { createAnswer, createPublicAnswer } from './contract/answer.ts'
import { runtimeMetadata } from './contract/runtime-metadata.ts'
import type { TraceMode } from './contract/trace.ts'
import type { Diagnostic } from './diagnostic.ts'
import type { Reader } from './read/read.ts'
import { createReader } from './read/read.ts'
import { createPolicies } from './resiliency/policies.ts'
import type { Resiliency } from './resiliency/policy.ts'
import type { Runtime } from './runtime.ts'
import type { SecretStoreDriver } from './stores/store.ts'

/** The Dapr release whose contract is served. */
export const daprVersion = '1.18.3'

/** What {@link createSecrets} is made from. */
export interface SecretsOptions {
  /** Validated components; see `loadResources`. */
  readonly components: readonly Component[]
  /** The drivers compiled in. */
  readonly drivers: readonly SecretStoreDriver[]
  readonly runtime: Runtime
  readonly appId: string
  /** Default: no scopes, every API allowed. */
  readonly configuration?: Configuration
  /** Default: no policies. */
  readonly resiliency?: readonly Resiliency[]
  /** The token every HTTP request must carry; none when empty or absent. */
  readonly token?: string | undefined
  /** daprd's `--allowed-origins`; CORS is off when empty. Default off. */
  readonly allowedOrigins?: string
  /** Longest request body in bytes; zero or less is no limit. Default 4 MiB. */
  readonly maxBodySize?: number
  /** What HTTP requests meet where there is no token. Default `serve`. */
  readonly withoutToken?: WithoutToken
  /** The same for the public listener, which may be at another address. Default `serve`. */
  readonly publicWithoutToken?: WithoutToken
}

/** Running secret stores and the faces over them. */
export interface Secrets {
  readonly stores: readonly ActiveStore[]
  readonly reader: Reader
  /** The HTTP contract of the main listener. */
  readonly answer: Answer
  /** The HTTP contract of the public listener: health and metadata only. */
  readonly publicAnswer: Answer
  /** What is wrong with the components; with an error among them the stores must not be served. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Starts the secret stores and puts the contract over them.
 *
 * @example
 * ```ts
 * const secrets = await createSecrets({ components, drivers: [localEnv], runtime, appId: 'orders' })
 * if (hasErrors(secrets.diagnostics)) throw new Error(secrets.diagnostics.map(formatDiagnostic).join('\n'))
 * const { body } = await secrets.answer({ method: 'GET', target: '/v1.0/secrets/env/DATABASE_URL', headers: [] })
 * ```
 */
export async function createSecrets(options: SecretsOptions): Promise<Secrets> {
  const {
    components,
    drivers,
    runtime,
    appId,
    configuration = defaultConfiguration,
    resiliency = [],
  } = options
  const { stores, diagnostics } = await activate(components, drivers, { appId, runtime })
  const reader = createReader({
    stores,
    scopes: configuration.secretScopes,
    policies: createPolicies(resiliency, runtime),
    runtime,
  })
  const metadata = runtimeMetadata({
    appId,
    runtimeVersion: daprVersion,
    components: stores.map(({ component, store }) => ({
      name: component.name,
      type: component.type,
      version: component.version,
      capabilities: store.features,
    })),
  })
  const common = {
    appId,
    metadata,
    api: configuration.api,
    token: options.token,
    ...(options.maxBodySize === undefined ? {} : { maxBodySize: options.maxBodySize }),
  }
  return {
    stores,
    reader,
    diagnostics: [
      ...diagnostics,
      ...scopesWithoutStore(
        configuration.secretScopes,
        stores.map(({ name }) => name),
      ),
    ],
    answer: createAnswer({
      ...common,
      reader,
      trace: traceMode(configuration.tracing),
      random: () => runtime.random(),
      ...(options.allowedOrigins === undefined ? {} : { allowedOrigins: options.allowedOrigins }),
      ...(options.withoutToken === undefined ? {} : { withoutToken: options.withoutToken }),
    }),
    publicAnswer: createPublicAnswer({
      ...common,
      ...(options.publicWithoutToken === undefined ? {} : { withoutToken: options.publicWithoutToken }),
    }),
  }
}

/** dapr/dapr `pkg/api/http/server.go` and `pkg/diagnostics/utils/trace_utils.go`. */
function traceMode({ samplingRate, exporter }: Tracing): TraceMode {
  if (samplingRate === 0) return { kind: 'off' }
  if (samplingRate === undefined && !exporter) return { kind: 'echo' }
  return { kind: 'spans', rate: samplingRate ?? 0.0001 }
}
