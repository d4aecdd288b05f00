/**
 * `secretstores.hashicorp.vault`: secrets of a key-value engine (version 2) of HashiCorp Vault or OpenBao.
 *
 * Mirrors dapr/components-contrib `secretstores/hashicorp/vault/vault.go`.
 *
 * ```yaml
 * apiVersion: dapr.io/v1alpha1
 * kind: Component
 * metadata:
 *   name: vault
 * spec:
 *   type: secretstores.hashicorp.vault
 *   version: v1
 *   metadata:
 *   - name: vaultAddr
 *     value: https://vault.example:8200
 *   - name: vaultTokenMountPath
 *     value: /var/run/vault/token
 * ```
 *
 * @module
 */
import type { VaultClient } from '../auth/vault-client.ts'
import { withReplacement } from '../go/bytes.ts'
import { mapBounded } from '../http/concurrency.ts'
import type { HttpResponse } from '../http/exchange.ts'
import { fieldOf, jsonOf, listOf, numberOf, textOf } from '../http/json.ts'
import { kindOfStatus } from '../http/status.ts'
import { rawMembers, rawString } from '../json/raw.ts'
import { StoreError } from '../secret-error.ts'
import {
  canonicalPath,
  connectionFields,
  encodePath,
  openVault,
  pathOption,
} from './hashicorp-vault-connection.ts'
import type { RequestMetadata, Secret, SecretStore, SecretValues } from './store.ts'
import { defineStore, OptionError } from './store.ts'

const fields = {
  ...connectionFields,
  vaultKVPrefix: {
    type: 'string',
    default: 'dapr',
    description: 'Path in front of every name.',
  },
  vaultKVUsePrefix: {
    type: 'boolean',
    default: true,
    description: 'Whether names are put behind the prefix.',
  },
  enginePath: {
    type: 'string',
    default: 'secret',
    description: 'Path of the key-value engine, behind that of its namespace if need be: `team/secret`.',
  },
  vaultValueType: {
    type: 'string',
    default: 'map',
    description: 'With `map` a secret has several keys; with `text` it is one JSON text.',
  },
} as const

/** The driver of `secretstores.hashicorp.vault`. */
export const hashicorpVault = defineStore({
  type: 'secretstores.hashicorp.vault',
  description: 'A key-value engine (version 2) of HashiCorp Vault or OpenBao.',
  metadata: fields,
  requestMetadata: ['version_id'],
  targets: ['node', 'aws-lambda', 'cloudflare-workers', 'azure-functions'],
  permissions: [
    { operation: 'get', needs: 'read', note: 'on `<enginePath>/data/<vaultKVPrefix>/*`' },
    { operation: 'bulk', needs: 'list', note: 'on `<enginePath>/metadata/<vaultKVPrefix>/*`' },
    { operation: 'bulk', needs: 'read', note: 'on `<enginePath>/data/<vaultKVPrefix>/*`' },
    {
      operation: 'get',
      needs: 'read',
      note: 'on `auth/token/lookup-self` (in the `default` policy), to tell a token that died from a policy',
    },
  ],
  reads: 'remotely',
  canonical: canonicalPath,
  isPinned: (metadata) => /^[1-9]\d*$/.test(metadata.get('version_id') ?? ''),

  async create(options, context) {
    const { enginePath, vaultKVPrefix, vaultKVUsePrefix, vaultValueType } = options
    const prefix = pathOption('vaultKVPrefix', vaultKVPrefix, fields.vaultKVPrefix.default)
    return keyValueStore({
      engine: pathOption('enginePath', enginePath, fields.enginePath.default),
      prefix: vaultKVUsePrefix ? `${prefix}/` : '',
      asText: isText(vaultValueType),
      client: await openVault(options, context),
    })
  },
})

interface KeyValueEngine {
  readonly client: VaultClient
  /** Where the engine is mounted. */
  readonly engine: string
  /** In front of each name; empty, or ends with `/`. */
  readonly prefix: string
  /** Whether a secret is one text instead of several keys. */
  readonly asText: boolean
}

function keyValueStore({ client, engine, prefix, asText }: KeyValueEngine): SecretStore {
  return {
    features: asText ? [] : ['MULTIPLE_KEY_VALUES_PER_SECRET'],

    async getSecret({ name, metadata, signal }) {
      const secret = await read(name, metadata, signal)
      if (secret === undefined) {
        throw new StoreError('not-found', `getSecret ${name} failed secret key or version not exist`)
      }
      return secret
    },

    async getBulkSecret({ metadata, signal, isAllowed = () => true }) {
      const names = (await listNames(signal)).filter(isAllowed)
      const secrets = await mapBounded(names, readsAtOnce, async (name) => ({
        name,
        secret: await read(name, metadata, signal),
      }))
      const found = new Map<string, SecretValues | undefined>()
      // One whose latest version is deleted is listed all the same.
      for (const { name, secret } of secrets) if (secret !== undefined) found.set(name, secret.values)
      return found
    },
  }

  /** `undefined` where there is no such secret, or no such version of it that can be read. */
  async function read(
    name: string,
    metadata: RequestMetadata,
    signal: AbortSignal | undefined,
  ): Promise<Secret | undefined> {
    const path = canonicalPath(name)
    if (path === undefined) throw new StoreError('invalid', 'vault can hold no secret of this name')
    const version = encodeURIComponent(withReplacement(metadata.get('version_id') ?? '0'))
    const response = await ask(`data/${prefix}${path}`, `version=${version}`, signal)
    if (response.status === 404) return undefined
    if (response.status !== 200) {
      throw refusal(response.status, `couldn't get successful response, status code ${response.status}`)
    }
    return secretOf(response, asText ? name : undefined)
  }

  /** The names of all secrets, folder by folder. */
  async function listNames(signal: AbortSignal | undefined): Promise<readonly string[]> {
    let names: readonly string[] = []
    let folders: readonly string[] = ['']
    while (folders.length > 0) {
      const keys = (await mapBounded(folders, readsAtOnce, (folder) => listKeys(folder, signal))).flat()
      names = names.concat(keys.filter((key) => !key.endsWith('/')))
      folders = keys.filter((key) => key.endsWith('/'))
    }
    return names
  }

  /** What is in a folder (empty, or ends with `/`): names, and folders that end with `/`. */
  async function listKeys(folder: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
    // The same to a vault as the method LIST, which Workers cannot send.
    const { status, ...response } = await ask(`metadata/${prefix}${folder}`, 'list=true', signal)
    // Emptied since it was listed itself.
    if (status === 404 && folder !== '') return []
    if (status !== 200) {
      throw refusal(status, `list keys couldn't get successful response, status code: ${status}`)
    }
    const keys = listOf(fieldOf(fieldOf(json(response), 'data'), 'keys')) ?? []
    return keys
      .map(textOf)
      .filter((key) => key !== undefined && canonicalPath(key) !== undefined)
      .map((key) => `${folder}${key}`)
  }

  async function ask(path: string, query: string, signal: AbortSignal | undefined): Promise<HttpResponse> {
    try {
      return await client.get(`/v1/${encodePath(`${engine}/${path}`)}?${query}`, signal)
    } catch (error) {
      // What is about the token has its text already.
      if (!(error instanceof StoreError) || error.kind === 'unauthenticated') throw error
      throw new StoreError(error.kind, `couldn't get secret: ${error.message}`)
    }
  }
}

/** Enough to hide the way to the vault, few enough not to be a load on it. */
const readsAtOnce = 16

/** `sys` answers 472 and 473 for a standby that cannot help; both count as 5xx. */
function refusal(status: number, message: string): StoreError {
  const isStandby = status === 412 || status === 472 || status === 473
  return new StoreError(isStandby ? 'unavailable' : kindOfStatus(status), message)
}

/**
 * The secret in an answer, every value as Vault wrote it: a number does not go through JavaScript's.
 *
 * @param textName the key of the one text, `undefined` for several keys
 */
function secretOf(response: HttpResponse, textName: string | undefined): Secret {
  const answer = json(response)
  const data = rawMembers(new TextDecoder().decode(response.body))?.get('data') ?? ''
  const values = rawMembers(data)?.get('data') ?? 'null'
  const version = numberOf(fieldOf(fieldOf(fieldOf(answer, 'data'), 'metadata'), 'version'))
  return {
    values:
      textName === undefined ? keyValues(values) : new Map([[textName, values === 'null' ? '' : values]]),
    ...(version === undefined ? {} : { version: String(version) }),
  }
}

/** `undefined` where an answer holds no data, as that of an engine of version 1: daprd's nil map. */
function keyValues(data: string): SecretValues | undefined {
  if (data === 'null') return undefined
  const members = rawMembers(data)
  if (members === undefined) {
    throw new StoreError('invalid', "couldn't decode response body: the secret's data is no object")
  }
  return new Map([...members].map(([key, value]) => [withReplacement(key), valueText(value)]))
}

function valueText(value: string): string {
  if (value === 'null') return ''
  const text = rawString(value)
  return text === undefined ? value : withReplacement(text)
}

function json(response: Pick<HttpResponse, 'body'>): unknown {
  try {
    return jsonOf(response)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new StoreError(error.kind, `couldn't decode response body: ${error.message}`)
  }
}

function isText(valueType: string): boolean {
  if (!['', 'map', 'text'].includes(valueType)) {
    throw new OptionError(
      'vaultValueType',
      'vault init error, invalid value type, accepted values are map or text',
    )
  }
  return valueType === 'text'
}
