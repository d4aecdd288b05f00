/**
 * `secretstores.local.file`: secrets from a JSON file, read once when the store starts.
 *
 * Mirrors dapr/components-contrib `secretstores/local/file/filestore.go`.
 *
 * ```yaml
 * apiVersion: dapr.io/v1alpha1
 * kind: Component
 * metadata:
 *   name: file-secrets
 * spec:
 *   type: secretstores.local.file
 *   version: v1
 *   metadata:
 *   - name: secretsFile
 *     value: secrets.json
 * ```
 *
 * @module
 */
import { decodeUtf8, withReplacement } from '../go/bytes.ts'
import { wrongVerb } from '../go/verb.ts'
import { jsonMistake } from '../json/mistake.ts'
import { FileError } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'
import type { SecretValues } from './store.ts'
import { defineStore, OptionError } from './store.ts'

/** The driver of `secretstores.local.file`. */
export const localFile = defineStore({
  type: 'secretstores.local.file',
  description: 'A JSON file on disk, read once at start.',
  metadata: {
    secretsFile: {
      type: 'string',
      required: 'missing local secrets file in metadata',
      description: "Path of the JSON file; a relative one starts at the process's working directory.",
    },
    nestedSeparator: {
      type: 'string',
      default: ':',
      description: 'Joins the names of nested objects and the indexes of arrays into one name.',
    },
    multiValued: {
      type: 'boolean',
      description: 'Whether each top-level object is one secret of several keys instead of several secrets.',
    },
  },
  requestMetadata: [],
  targets: ['node'],
  reads: 'locally',
  canonical: (name) => name,

  async create({ secretsFile, nestedSeparator, multiValued }, { runtime, signal }) {
    if (runtime.readFile === undefined) {
      throw new OptionError('secretsFile', 'this target has no disk to read a secrets file from')
    }
    const file = parseSecretsFile(await readSecretsFile(secretsFile, runtime.readFile, signal))
    // An empty separator is daprd's default too.
    const separator = nestedSeparator === '' ? ':' : nestedSeparator
    const secrets = multiValued ? severalKeysEach(file, separator) : oneKeyEach(file, separator)
    return {
      features: multiValued ? (['MULTIPLE_KEY_VALUES_PER_SECRET'] as const) : [],

      getSecret({ name }) {
        const values = secrets.get(name)
        if (values === undefined) throw new StoreError('not-found', `secret ${name} not found`)
        return { values }
      },

      getBulkSecret: () => secrets,
    }
  },
})

type JsonLeaf = string | number | boolean | null
type JsonObject = { readonly [name: string]: Json }
type Json = JsonLeaf | readonly Json[] | JsonObject

async function readSecretsFile(
  path: string,
  readFile: (path: string, signal?: AbortSignal) => Promise<Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await readFile(path, signal)
  } catch (error) {
    // The path itself may be a secret's value; where it stands is the diagnostic's to say.
    if (error instanceof FileError)
      throw new OptionError('secretsFile', `the file cannot be read: ${error.reason}`)
    throw error
  }
}

/** Go's decoder in JavaScript's: an object, or null for an empty store; every bad byte becomes U+FFFD. */
function parseSecretsFile(bytes: Uint8Array): JsonObject {
  const text = withReplacement(decodeUtf8(bytes))
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch {
    // JSON.parse quotes what it refuses, so its error ends here.
    const { line, column } = jsonMistake(text)
    throw new OptionError(
      'secretsFile',
      `the secrets file is not valid JSON, see its line ${line}, column ${column}`,
    )
  }
  if (file === null) return {}
  if (typeof file !== 'object' || Array.isArray(file)) {
    throw new OptionError('secretsFile', `cannot unmarshal ${jsonKind(file)} into an object of secrets`)
  }
  // JSON.parse gives nothing but Json, and the two checks above leave an object.
  const secrets = file as JsonObject
  for (const [, leaf] of leavesOf(secrets, '')) {
    if (leaf === Number.POSITIVE_INFINITY || leaf === Number.NEGATIVE_INFINITY) {
      throw new OptionError('secretsFile', 'the secrets file holds a number beyond the range of a float64')
    }
  }
  return secrets
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Every leaf is a secret of its own, named by its path. */
function oneKeyEach(file: JsonObject, separator: string): ReadonlyMap<string, SecretValues> {
  const secrets = new Map<string, SecretValues>()
  for (const [name, value] of flatten(file, separator)) secrets.set(name, new Map([[name, value]]))
  return secrets
}

/** Top-level strings and objects are secrets; an object's leaves are its keys. Anything else is dropped. */
function severalKeysEach(file: JsonObject, separator: string): ReadonlyMap<string, SecretValues> {
  const secrets = new Map<string, SecretValues>()
  for (const [key, value] of Object.entries(file)) {
    const name = withReplacement(key)
    if (typeof value === 'string') secrets.set(name, new Map([[name, withReplacement(value)]]))
    else if (isObject(value)) secrets.set(name, flatten(value, separator))
  }
  return secrets
}

/**
 * The leaves below an object by path, as text. daprd stops its walk at the second leaf with one path, in
 * random order; here the first one stays and the walk goes on. First in JavaScript's order of an object's keys:
 * whole numbers in ascending order, then the others as they were written.
 */
function flatten(object: JsonObject, separator: string): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>()
  for (const [path, leaf] of leavesOf(object, separator)) {
    if (!leaves.has(path))
      leaves.set(path, typeof leaf === 'string' ? withReplacement(leaf) : wrongVerb(leaf))
  }
  return leaves
}

/** The leaves in the order that JavaScript gives an object's keys. Keeps its own stack: the file's depth is the user's choice. */
function* leavesOf(
  object: JsonObject,
  separator: string,
): Generator<readonly [path: string, leaf: JsonLeaf]> {
  const waiting: (readonly [path: string | undefined, value: Json])[] = [[undefined, object]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [path, value] = next
    if (isLeaf(value)) {
      yield [path ?? '', value]
      continue
    }
    for (const [key, inner] of Object.entries(value).reverse()) {
      const name = withReplacement(key)
      waiting.push([path === undefined ? name : path + separator + name, inner])
    }
  }
}

function isLeaf(value: Json): value is JsonLeaf {
  return typeof value !== 'object' || value === null
}

function isObject(value: Json): value is JsonObject {
  return !isLeaf(value) && !Array.isArray(value)
}
