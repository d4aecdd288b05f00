/**
 * From Configuration files to one Configuration.
 *
 * @module
 */
import type { SecretScope } from '../access/scope.ts'
import type { Diagnostic, Severity } from '../diagnostic.ts'
import type { Environment } from '../runtime.ts'
import type { Configuration } from './configuration.ts'
import type { ConfigurationParts, ScopeEntry } from './configuration-decode.ts'
import { configurationRules, decodeConfiguration } from './configuration-decode.ts'
import type { ExpandedText } from './expand.ts'
import { expandVariables } from './expand.ts'
import { FieldReader } from './fields.ts'
import { inReadingOrder, LineMap, placesOf } from './place.ts'
import type { SourceFile } from './source.ts'
import type { YamlNode } from './yaml.ts'
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
  const unsetVariables: Diagnostic[] = []
  let parts: ConfigurationParts = nothingSaid
  for (const file of files) {
    const { reader, unset = [], said } = readFile(file, env)
    readers.push(reader)
    unsetVariables.push(...unset)
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
  const diagnostics = [...unsetVariables, ...readers.flatMap((reader) => reader.diagnostics)]
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
  /** What is said of variables that are not set. */
  readonly unset?: readonly Diagnostic[]
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
  let unset: readonly Diagnostic[] = []
  try {
    const { root, next, nextMapping } = parseYaml(expanded.text, configurationDialect)
    if (next !== undefined) {
      const severity = nextMapping === undefined ? 'warning' : 'error'
      reader.report(severity, nextMapping ?? next, 'only the first document of a Configuration file is read')
    }
    unset = unsetProblems(root, expanded, next, lines)
    if (root === undefined) return { reader }
    if (root.kind === 'mapping') return { reader, unset, said: decodeConfiguration(root, reader) }
    reader.report('error', root.start, 'a Configuration must be a mapping')
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error
    reader.report('error', error.offset, error.message)
  }
  return { reader, unset }
}

/**
 * Says which variables are not set. daprd puts nothing in their place (golang/go `os/env.go`), which in a
 * restriction can allow everything; so there it is an error. A comment may name what it likes. So many of
 * each severity are listed that a file full of them is not repeated.
 */
function unsetProblems(
  root: YamlNode | undefined,
  { text, unset }: ExpandedText,
  end: number | undefined,
  lines: LineMap,
): readonly Diagnostic[] {
  if (unset.length === 0 || root === undefined) return []
  const scalars = scalarsIn(root)
  const restricted = restrictedParts(root, end ?? text.length)
  const severityAt = (offset: number): Severity =>
    restricted.some((part) => part.start <= offset && offset <= part.end) ? 'error' : 'warning'
  const listed: Record<Severity, number> = { error: 0, warning: 0 }
  const problems: Diagnostic[] = []
  for (const { name, offset, sourceOffset } of unset) {
    if (end !== undefined && offset >= end) break
    const severity = severityAt(offset)
    if (listed[severity] === mostOfEach || isInComment(offset, text, scalars)) continue
    listed[severity] += 1
    const message = `the environment variable '${name}' is not set, so nothing is put in its place`
    problems.push({ severity, at: lines.locate(sourceOffset), message })
  }
  return problems
}

const mostOfEach = 100

type Range = Pick<YamlNode, 'start' | 'end'>

/** From the keys of what restricts something up to the key behind it, so that an empty value counts. */
function restrictedParts(root: YamlNode, end: number): readonly Range[] {
  const top = root.kind === 'mapping' ? root.entries : []
  const below = top.flatMap(({ key, value }) =>
    key.text === 'spec' && value.kind === 'mapping' ? value.entries : [],
  )
  const starts = [...top, ...below].map(({ key }) => key.start)
  return below
    .filter(({ key }) => restricting.has(key.text))
    .map(({ key: { start } }) => ({
      start,
      end: starts.reduce((nearest, next) => (next > start && next <= nearest ? next - 1 : nearest), end),
    }))
}

const restricting: ReadonlySet<string> = new Set(['secrets', 'api', 'components'])

/** Where the scalars of a document stand, in order; what aliases repeat is there once. */
function scalarsIn(root: YamlNode): readonly Range[] {
  const found = new Map<number, Range>()
  const seen = new Set<unknown>()
  const waiting: YamlNode[] = [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.kind === 'scalar') {
      if (node.end > node.start) found.set(node.start, node)
      continue
    }
    const inner = node.kind === 'sequence' ? node.items : node.entries
    if (seen.has(inner)) continue
    seen.add(inner)
    if (node.kind === 'sequence') for (const item of node.items) waiting.push(item)
    else for (const { key, value } of node.entries) waiting.push(key, value)
  }
  return [...found.values()].toSorted((one, other) => one.start - other.start)
}

/** Whether a mark of a comment stands before it on its line, one that is no part of a scalar. */
function isInComment(offset: number, text: string, scalars: readonly Range[]): boolean {
  const lineStart = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1
  const isText = (at: number) => scalars.some(({ start, end }) => start <= at && at < end)
  for (const { index } of text.slice(lineStart, offset).matchAll(/(?<![^ \t])#/g)) {
    if (!isText(lineStart + index)) return true
  }
  return false
}

/** Scopes in order; in each of them the store's name is looked at first, as in daprd. */
function checkScopes(entries: readonly ScopeEntry[]): readonly SecretScope[] {
  const seen = new Set<string>()
  return entries.map(({ storeName, defaultAccess, allowedSecrets, deniedSecrets, at, isWritten, refuse }) => {
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
      ...(isWritten ? {} : { isFromVariable: true }),
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
