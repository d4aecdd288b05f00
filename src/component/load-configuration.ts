/**
 * From Configuration files to one Configuration.
 *
 * @module
 */
import type { SecretScope } from '../access/scope.ts'
import type { Diagnostic } from '../diagnostic.ts'
import type { Environment } from '../runtime.ts'
import type { Configuration } from './configuration.ts'
import type { ConfigurationParts, ScopeEntry } from './configuration-decode.ts'
import { configurationRules, decodeConfiguration } from './configuration-decode.ts'
import { expandVariables } from './expand.ts'
import { FieldReader } from './fields.ts'
import { inReadingOrder, LineMap, placesOf } from './place.ts'
import type { SourceFile } from './source.ts'
import { configurationDialect, longestText, parseYaml, YamlSyntaxError } from './yaml.ts'

/** A Configuration, and everything that is wrong with the files it came from. */
export interface LoadedConfiguration {
  readonly configuration: Configuration
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Reads Configuration files on top of each other: a list of a later file replaces that of an earlier one,
 * and what a later file does not mention (or leaves empty) stays.
 *
 * `$NAME` and `${NAME}` are replaced in the whole text first; places refer to the file as written. Only a
 * file's first document counts. Mirrors dapr/dapr `pkg/config/configuration.go`, with one difference on
 * purpose: an unknown field where access is restricted is an error, because daprd would allow everything.
 *
 * Never throws; a file may hold anything.
 *
 * @example
 * ```ts
 * const text = 'spec: { secrets: { scopes: [{ storeName: $STORE, defaultAccess: deny }] } }'
 * const { configuration } = loadConfiguration([{ path: 'config.yaml', text }], environment({ STORE: 'vault' }))
 * configuration.secretScopes[0]?.storeName // 'vault'
 * ```
 */
export function loadConfiguration(files: readonly SourceFile[], env: Environment): LoadedConfiguration {
  const readers: FieldReader[] = []
  let parts: ConfigurationParts = nothingSaid
  for (const file of files) {
    const { reader, said } = readFile(file, env)
    readers.push(reader)
    if (said !== undefined) parts = onTopOf(parts, said)
  }
  const { samplingRate, zipkin = '', otel = '', stdout = false } = parts
  const configuration: Configuration = {
    secretScopes: checkScopes(parts.scopes ?? []),
    api: { allowed: parts.allowed ?? [], denied: parts.denied ?? [] },
    deniedComponents: parts.deniedComponents ?? [],
    tracing: {
      samplingRate: samplingRate === undefined ? undefined : numberIn(samplingRate),
      exporter: zipkin !== '' || otel !== '' || stdout,
    },
  }
  const diagnostics = readers.flatMap((reader) => reader.diagnostics)
  return { configuration, diagnostics: inReadingOrder(diagnostics, files) }
}

const nothingSaid: ConfigurationParts = {
  scopes: undefined,
  allowed: undefined,
  denied: undefined,
  deniedComponents: undefined,
  samplingRate: undefined,
  zipkin: undefined,
  otel: undefined,
  stdout: undefined,
}

function onTopOf(earlier: ConfigurationParts, later: ConfigurationParts): ConfigurationParts {
  return {
    scopes: later.scopes ?? earlier.scopes,
    allowed: later.allowed ?? earlier.allowed,
    denied: later.denied ?? earlier.denied,
    deniedComponents: later.deniedComponents ?? earlier.deniedComponents,
    samplingRate: later.samplingRate ?? earlier.samplingRate,
    zipkin: later.zipkin ?? earlier.zipkin,
    otel: later.otel ?? earlier.otel,
    stdout: later.stdout ?? earlier.stdout,
  }
}

interface ReadFile {
  readonly reader: FieldReader
  readonly said?: ConfigurationParts
}

function readFile(file: SourceFile, env: Environment): ReadFile {
  const lines = new LineMap(file)
  const expanded = file.text.length > longestText ? undefined : expandVariables(file.text, env, longestText)
  if (expanded === undefined || expanded.text.length > longestText) {
    const reader = new FieldReader(
      placesOf('', lines, (offset) => offset),
      configurationRules,
    )
    const what = expanded === undefined ? 'the file' : 'the file with its variables put in'
    reader.report('error', 0, `${what} is larger than 1 MiB`)
    return { reader }
  }
  const reader = new FieldReader(
    placesOf(expanded.text, lines, expanded.toSource, expanded.isExpanded),
    configurationRules,
  )
  try {
    const { root, next } = parseYaml(expanded.text, configurationDialect)
    if (next !== undefined) {
      reader.report('warning', next, 'only the first document of a Configuration file is read')
    }
    if (root === undefined) return { reader }
    if (root.kind === 'mapping') return { reader, said: decodeConfiguration(root, reader) }
    reader.report('error', root.start, 'a Configuration must be a mapping')
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error
    reader.report('error', error.offset, error.message)
  }
  return { reader }
}

/** Scopes in order; in each of them the store's name is looked at first, as in daprd. */
function checkScopes(entries: readonly ScopeEntry[]): readonly SecretScope[] {
  const seen = new Set<string>()
  return entries.map(({ storeName, defaultAccess, allowedSecrets, deniedSecrets, at, refuse }) => {
    if (seen.has(storeName)) {
      refuse('storeName', (shown) => `${shown} storeName is repeated in secrets configuration`)
    }
    seen.add(storeName)
    const access = defaultAccess.toLowerCase()
    if (access !== '' && access !== 'allow' && access !== 'deny') {
      refuse('defaultAccess', (shown) => `defaultAccess ${shown} can be either allow or deny`)
    }
    return {
      storeName,
      defaultAccess: access === '' || access === 'allow' ? 'allow' : 'deny',
      allowedSecrets,
      deniedSecrets,
      at,
    }
  })
}

/** As strconv.ParseFloat reads; daprd goes on with its default when there is no number. */
function numberIn(text: string): number | undefined {
  const value = /^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/.test(text)
    ? Number(text)
    : Number.NaN
  return Number.isFinite(value) ? value : undefined
}
