/**
 * The recorded cases in one typed shape: set-ups, and the requests that were sent to each.
 *
 * What the files hold is `unknown` until it has been looked at; a key this reader does not know is an error,
 * so that no expectation goes unchecked.
 *
 * @module
 */
import { readFileSync } from 'node:fs'

/** One way to start a server, and what was asked of it. */
export interface RecordedSetup {
  /** The name of its first case, or its line in `corpus.jsonl`. */
  readonly name: string
  /** YAML texts of components, each a file of its own, in this order. */
  readonly components: readonly string[]
  /** YAML texts of other kinds for the same folder. */
  readonly resources: readonly string[]
  /** The text of the `--config` file. */
  readonly configuration: string | undefined
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>
  readonly args: SetupArguments
  /** Texts by absolute path; all of them stand under `/data/`. */
  readonly files: Readonly<Record<string, string>>
  readonly startup: Startup
  readonly cases: readonly RecordedCase[]
}

/** Flags that a few set-ups give. */
export interface SetupArguments {
  readonly appId: string
  readonly allowedOrigins: string | undefined
  readonly maxBodySize: string | undefined
}

/** Whether the server starts, or ends before it serves. */
export type Startup = 'started' | 'fatal'

/** One recorded exchange, or a start that is only looked at. */
export interface RecordedCase {
  /** Unique over all files. */
  readonly name: string
  /** Requests sent first, with the status each was answered with. */
  readonly before: readonly (RecordedRequest & { readonly expectStatus: number })[]
  /** `undefined` when only the start is looked at. */
  readonly request: RecordedRequest | undefined
  readonly expect: Expectation
  /** What daprd does, where the expectation is ours on purpose. */
  readonly difference: string | undefined
}

export interface RecordedRequest {
  readonly method: string
  /** The raw request target. */
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | undefined
}

/** What an answer, or a start, is compared with. Header names are in lower case; patterns are regular expressions. */
export interface Expectation {
  readonly startup?: Startup
  readonly logContains?: string
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly headersAbsent?: readonly string[]
  readonly headersMatch?: Readonly<Record<string, string>>
  readonly bodyText?: string
  readonly bodyJson?: unknown
  readonly bodyJsonSubset?: unknown
  readonly bodyAbsent?: boolean
  readonly bodyRegex?: string
  readonly bodyKeysAbsent?: readonly string[]
  /** Dotted paths into the body. */
  readonly pathsAbsent?: readonly string[]
  readonly errorCode?: string
  readonly messageRegex?: string
}

/** The named cases of `contract.json`; those that leave no trace on a server share one. */
export function contractSetups(): readonly RecordedSetup[] {
  const fixtures = record(parse('fixtures.json'), 'fixtures.json')
  const named = {
    components: record(fixtures['components'], 'fixtures.json components'),
    configurations: record(fixtures['configurations'], 'fixtures.json configurations'),
  }
  const files = texts(fixtures['files'], 'fixtures.json files')
  const shared = new Map<string, RecordedSetup>()
  for (const value of list(parse('contract.json'), 'contract.json')) {
    const setup = contractSetup(record(value, 'contract.json case'), named, files)
    const key = leavesNoTrace(setup) ? JSON.stringify({ ...setup, name: '', cases: [] }) : setup.name
    const same = shared.get(key)
    shared.set(key, same === undefined ? setup : { ...same, cases: [...same.cases, ...setup.cases] })
  }
  return [...shared.values()]
}

/** The generated cases of `corpus.jsonl`. A set-up that must not start has one case, named after its line. */
export function corpusSetups(): readonly RecordedSetup[] {
  const lines = read('corpus.jsonl').split('\n')
  return lines.flatMap((line, index) => {
    if (line === '') return []
    const where = `corpus.jsonl:${index + 1}`
    const value = record(JSON.parse(line), where)
    onlyKeys(value, ['setup', 'startup', 'cases', 'difference'], where)
    const setup = record(value['setup'], `${where} setup`)
    onlyKeys(setup, ['components', 'files', 'env', 'configuration'], `${where} setup`)
    const startup = oneStartup(value['startup'], where)
    const difference = optionalText(value['difference'], `${where} difference`)
    const cases = list(value['cases'], `${where} cases`).map((item) => {
      const recorded = record(item, `${where} case`)
      onlyKeys(recorded, ['name', 'request', 'expect'], `${where} case`)
      return recordedCase(recorded, difference)
    })
    if (cases.length === 0) cases.push(startCase(`start-${index + 1}`, startup, difference))
    return [
      {
        name: where,
        components: list(setup['components'], where).map((item) => text(item, `${where} component`)),
        resources: [],
        configuration: optionalText(setup['configuration'], `${where} configuration`),
        env: texts(setup['env'] ?? {}, `${where} env`),
        args: { appId: defaultAppId, allowedOrigins: undefined, maxBodySize: undefined },
        files: texts(setup['files'] ?? {}, `${where} files`),
        startup,
        cases,
      },
    ]
  })
}

/** Everything that was recorded. */
export function recordedSetups(): readonly RecordedSetup[] {
  return [...contractSetups(), ...corpusSetups()]
}

const defaultAppId = 'myapp'

interface Fixtures {
  readonly components: Readonly<Record<string, unknown>>
  readonly configurations: Readonly<Record<string, unknown>>
}

function contractSetup(
  value: Readonly<Record<string, unknown>>,
  fixtures: Fixtures,
  files: Readonly<Record<string, string>>,
): RecordedSetup {
  const name = text(value['name'], 'contract.json name')
  const known = ['name', 'components', 'configuration', 'env', 'request', 'expect']
  onlyKeys(value, [...known, 'note', 'difference', 'args', 'setup', 'resources'], name)
  const args = record(value['args'] ?? {}, `${name} args`)
  onlyKeys(args, ['appId', 'allowedOrigins', 'maxBodySize'], `${name} args`)
  const configuration = optionalText(value['configuration'], `${name} configuration`)
  const recorded = recordedCase(value, optionalText(value['difference'], `${name} difference`))
  return {
    name,
    components: list(value['components'], name).map((item) => resolve(text(item, name), fixtures.components)),
    resources: list(value['resources'] ?? [], name).map((item) => text(item, `${name} resource`)),
    configuration: configuration === undefined ? undefined : resolve(configuration, fixtures.configurations),
    env: texts(value['env'], `${name} env`),
    args: {
      appId: optionalText(args['appId'], `${name} appId`) ?? defaultAppId,
      allowedOrigins: optionalText(args['allowedOrigins'], `${name} allowedOrigins`),
      maxBodySize: optionalText(args['maxBodySize'], `${name} maxBodySize`),
    },
    files,
    startup: recorded.expect.startup ?? 'started',
    cases: [recorded],
  }
}

/** Whether other cases may use the same server: nothing is written, no breaker trips, the start succeeds. */
function leavesNoTrace(setup: RecordedSetup): boolean {
  return (
    setup.startup === 'started' &&
    setup.resources.length === 0 &&
    setup.cases.every(({ before, request }) => before.length === 0 && request?.method !== 'PUT')
  )
}

function resolve(value: string, fixtures: Readonly<Record<string, unknown>>): string {
  if (!value.startsWith('ref:')) return value
  const name = value.slice('ref:'.length)
  return text(fixtures[name], `fixtures.json ${name}`)
}

function recordedCase(
  value: Readonly<Record<string, unknown>>,
  difference: string | undefined,
): RecordedCase {
  const name = text(value['name'], 'name of a case')
  const request = value['request']
  return {
    name,
    before: list(value['setup'] ?? [], name).map((item) => {
      const sent = record(item, `${name} setup`)
      return { ...recordedRequest(sent, name), expectStatus: number(sent['expectStatus'], `${name} setup`) }
    }),
    request: request === null ? undefined : recordedRequest(record(request, `${name} request`), name),
    expect: expectation(record(value['expect'], `${name} expect`), name),
    difference,
  }
}

function startCase(name: string, startup: Startup, difference: string | undefined): RecordedCase {
  return { name, before: [], request: undefined, expect: { startup }, difference }
}

function recordedRequest(value: Readonly<Record<string, unknown>>, name: string): RecordedRequest {
  onlyKeys(value, ['method', 'path', 'headers', 'body', 'expectStatus'], `${name} request`)
  return {
    method: text(value['method'], `${name} method`),
    target: text(value['path'], `${name} path`),
    headers: Object.entries(texts(value['headers'] ?? {}, `${name} headers`)),
    body: optionalText(value['body'], `${name} body`),
  }
}

function expectation(value: Readonly<Record<string, unknown>>, name: string): Expectation {
  const expected: Mutable<Expectation> = {}
  for (const [key, part] of Object.entries(value)) {
    const where = `${name} ${key}`
    switch (key) {
      case 'startup':
        expected.startup = oneStartup(part, where)
        break
      case 'status':
        expected.status = number(part, where)
        break
      case 'headers':
      case 'headersMatch':
        expected[key] = texts(part, where)
        break
      case 'headersAbsent':
      case 'bodyKeysAbsent':
      case 'pathsAbsent':
        expected[key] = list(part, where).map((item) => text(item, where))
        break
      case 'bodyJson':
      case 'bodyJsonSubset':
        expected[key] = part
        break
      case 'bodyAbsent':
        if (part !== true) throw new Error(`${where}: expected true`)
        expected.bodyAbsent = true
        break
      case 'bodyText':
      case 'bodyRegex':
      case 'errorCode':
      case 'messageRegex':
      case 'logContains':
        expected[key] = text(part, where)
        break
      default:
        throw new Error(`${where}: this reader does not know how to expect that`)
    }
  }
  return expected
}

type Mutable<Shape> = { -readonly [Key in keyof Shape]: Shape[Key] }

function read(file: string): string {
  return readFileSync(new URL(`vectors/${file}`, import.meta.url), 'utf8')
}

function parse(file: string): unknown {
  return JSON.parse(read(file))
}

function record(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${where}: no object`)
  // An object that is no array has string keys; their values stay unknown.
  return value as Record<string, unknown>
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${where}: no list`)
  return value
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new Error(`${where}: no text`)
  return value
}

function optionalText(value: unknown, where: string): string | undefined {
  return value === undefined || value === null ? undefined : text(value, where)
}

function number(value: unknown, where: string): number {
  if (typeof value !== 'number') throw new Error(`${where}: no number`)
  return value
}

function texts(value: unknown, where: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(record(value, where)).map(([name, item]) => [name, text(item, where)]),
  )
}

function oneStartup(value: unknown, where: string): Startup {
  if (value !== 'started' && value !== 'fatal') throw new Error(`${where}: neither started nor fatal`)
  return value
}

function onlyKeys(value: Readonly<Record<string, unknown>>, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key))
  if (unknown.length > 0) throw new Error(`${where}: unknown ${unknown.join(', ')}`)
}
