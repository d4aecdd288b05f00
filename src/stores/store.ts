/**
 * What a secret store is: the driver a file in `stores/` declares, and the store its `create` returns.
 *
 * One declaration per driver. Decoding of component metadata, option types, diagnostics, documentation
 * tables and the marks for sensitive fields all come from its field table.
 *
 * @module
 */
import type { Runtime } from '../runtime.ts'

/** The values of one secret by key. A map, so that `__proto__` and `constructor` are names like any other. */
export type SecretValues = ReadonlyMap<string, string>

/** The `metadata.*` parameters of one call, compared exactly by each driver. */
export type RequestMetadata = ReadonlyMap<string, string>

/** What is asked of a store for one secret. */
export interface SecretRequest {
  /** The secret's name as the caller spelt it, decoded once. */
  readonly name: string
  readonly metadata: RequestMetadata
  /** Aborts when the caller leaves or a deadline passes. */
  readonly signal?: AbortSignal | undefined
}

/** What is asked of a store for all its secrets. */
export interface BulkRequest extends Omit<SecretRequest, 'name'> {
  /**
   * Whether a scope lets the secret of this name out; absent where everything is. A store that reads one by one
   * leaves the others unread. Whatever it answers is filtered all the same.
   */
  readonly isAllowed?: (name: string) => boolean
}

/** One secret as a store answers it. */
export interface Secret {
  /** `undefined` where daprd's store returns a nil map, which HTTP answers with 204. */
  readonly values: SecretValues | undefined
  /** The vendor's version of what was read, where it has one. */
  readonly version?: string
  /** The vendor's name for a moving version (AWS `AWSCURRENT`), where it has one. */
  readonly stage?: string
  /** The secret does not exist and `values` is what daprd answers all the same (`local.env`). */
  readonly missing?: true
}

/** All secrets of a store by name. `undefined` inside is an entry daprd answers as `null`. */
export type BulkSecrets = ReadonlyMap<string, SecretValues | undefined>

/** A configured secret store. Everything but a result is a thrown `StoreError`. */
export interface SecretStore {
  readonly features: readonly Feature[]
  getSecret(request: SecretRequest): Secret | Promise<Secret>
  /** `undefined` where daprd's store returns a nil map, which HTTP answers with 204. */
  getBulkSecret(request: BulkRequest): BulkSecrets | undefined | Promise<BulkSecrets | undefined>
}

/** A declared ability, in Dapr's spelling: the store's secrets may hold several keys each. */
export type Feature = 'MULTIPLE_KEY_VALUES_PER_SECRET'

/** A place a driver can run in. */
export type TargetName = 'node' | 'aws-lambda' | 'cloudflare-workers' | 'azure-functions'

/** One component metadata field of a driver. */
export interface Field {
  /** `duration` is Go's (`90s`, `1h30m`), `integer` a whole number; neither is ever negative. */
  readonly type: 'string' | 'boolean' | 'duration' | 'integer'
  /** What daprd says when the field is missing or empty; absent when the field may be left out. */
  readonly required?: string
  /** Whether the value is itself a secret: it must come from a reference and is never shown. */
  readonly sensitive?: boolean
  /** Further spellings; used only when `name` itself is absent, first listed first (dapr/kit `metadata/utils.go`). */
  readonly aliases?: readonly string[]
  /** The whole value must match, after references are resolved. */
  readonly pattern?: RegExp
  /**
   * The value when the field is absent, as it would be written. Strings default to `''`, booleans to `false`,
   * numbers to 0.
   */
  readonly default?: string | boolean
  /** One line for the documentation table. */
  readonly description: string
}

/** A driver's component metadata, by the name daprd documents; matched without regard to letter case. */
export type FieldTable = Readonly<Record<string, Field>>

/** The decoded metadata of a component, a value for each field of the table. Durations are milliseconds. */
export type Options<Fields extends FieldTable> = {
  readonly [Name in keyof Fields]: OptionOf<Fields[Name]['type']>
}

type OptionOf<Type extends Field['type']> = [Type] extends ['boolean']
  ? boolean
  : [Type] extends ['duration' | 'integer']
    ? number
    : string

/** What `create` is lent besides the options. */
export interface CreateContext {
  readonly runtime: Runtime
  /** Aborts when the component's init timeout passes. */
  readonly signal: AbortSignal
}

/** What the vendor must allow for an operation, in the vendor's words. */
export interface Permission {
  readonly operation: 'get' | 'bulk'
  /** e.g. `secretsmanager:GetSecretValue` */
  readonly needs: string
  /** On what, or when it is not needed. */
  readonly note?: string
}

/** What a store file declares. */
export interface SecretStoreDriver<Fields extends FieldTable = FieldTable> {
  /** Dapr's registered type in lower case, e.g. `secretstores.local.env`. */
  readonly type: `secretstores.${string}`
  /** What it is, in a line for the documentation. */
  readonly description: string
  readonly metadata: Fields
  /** `metadata.*` names of a call that the store looks at. */
  readonly requestMetadata: readonly string[]
  readonly targets: readonly TargetName[]
  /** For the documentation and for generated policies. Default none. */
  readonly permissions?: readonly Permission[]
  /** Whether a read leaves the process; decides what `check` may read and what is cached by default. */
  readonly reads: 'locally' | 'remotely'
  /**
   * The one name that every spelling of a secret's name stands for; scopes are decided on it. `undefined` where
   * it cannot be decided which secret the vendor would take it for: such a name is refused before any call.
   */
  canonical(name: string): string | undefined
  /**
   * Whether request metadata names one version that the vendor never changes; its value is then kept for as
   * long as the cache keeps anything. Default: never.
   */
  isPinned?(metadata: RequestMetadata): boolean
  /**
   * Makes the store. No network here: a remote store opens its first connection on its first read.
   *
   * @throws {OptionError} when the options make no store
   */
  create(options: Options<Fields>, context: CreateContext): SecretStore | Promise<SecretStore>
}

/** A configured store under its component's name. */
export interface NamedStore {
  readonly name: string
  readonly driver: SecretStoreDriver
  readonly store: SecretStore
}

/** Options that make no store: which field is to blame, and why. Thrown by a driver's `create`. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
  readonly field: string | undefined

  /**
   * @param field the name of the metadata field concerned, `undefined` when it is none in particular
   * @param message what is wrong; never a value or a quotation of a file's content
   */
  constructor(field: string | undefined, message: string) {
    super(message)
    this.field = field
  }
}

/**
 * Declares a driver. Returns its argument; it exists so that `create`'s options are typed by the field table.
 *
 * @example
 * ```ts
 * const greeting = defineStore({
 *   type: 'secretstores.example.greeting',
 *   description: 'Answers every name with a greeting.',
 *   metadata: { word: { type: 'string', default: 'hello', description: 'The greeting.' } },
 *   requestMetadata: [],
 *   targets: ['node'],
 *   reads: 'locally',
 *   canonical: (name) => name,
 *   create: ({ word }) => ({
 *     features: [],
 *     getSecret: ({ name }) => ({ values: new Map([[name, word]]) }),
 *     getBulkSecret: () => new Map(),
 *   }),
 * })
 * ```
 */
export function defineStore<const Fields extends FieldTable>(
  driver: SecretStoreDriver<Fields>,
): SecretStoreDriver<Fields> {
  return driver
}
