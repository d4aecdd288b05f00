/**
 * What `sidecarless serve` is told: daprd's flags, and one of our own.
 *
 * The table holds every flag of daprd 1.18 (dapr/dapr `cmd/daprd/options/options.go`), so that a command line
 * written for daprd starts; those without a help line concern building blocks that are not here.
 *
 * @module
 */
import { isLoopback } from '../adapters/node/listen.ts'
import type { LoadOptions } from '../adapters/node/load.ts'
import { logLevels } from '../adapters/node/log.ts'
import { defaultMaxBodySize } from '../src/contract/answer.ts'
import type { LogLevel } from '../src/runtime.ts'
import type { Flag, ParsedFlags } from './flags.ts'
import { isSet, parseFlags } from './flags.ts'
import { parseQuantity } from './quantity.ts'

/** Flags that say what is loaded; `check` takes them too. */
export const loadFlags: readonly Flag[] = [
  {
    name: 'app-id',
    type: 'string',
    value: 'ID',
    help: "The application's id, compared with component scopes (default app)",
  },
  {
    name: 'resources-path',
    type: 'string',
    value: 'DIR',
    help: 'Folder of component YAML; repeat it or separate by commas',
  },
  { name: 'components-path', type: 'string', value: 'DIR', help: 'The old name of --resources-path' },
  {
    name: 'config',
    type: 'string',
    value: 'FILE',
    help: 'Configuration YAML; repeat it or separate by commas',
  },
]

/** Every flag of `serve`. */
export const serveFlags: readonly Flag[] = [
  ...loadFlags,
  { name: 'dapr-http-port', type: 'string', value: 'PORT', help: 'Port of the HTTP API (default 3500)' },
  {
    name: 'dapr-listen-addresses',
    type: 'string',
    value: 'LIST',
    help: 'Addresses to listen on, separated by commas (default 127.0.0.1)',
  },
  {
    name: 'dapr-public-port',
    type: 'string',
    value: 'PORT',
    help: 'Port for health and metadata only, without token (default none)',
  },
  {
    name: 'dapr-public-listen-address',
    type: 'string',
    value: 'ADDRESS',
    help: 'Address of the public port (default 127.0.0.1)',
  },
  {
    name: 'unix-domain-socket',
    type: 'string',
    value: 'DIR',
    help: 'Serve on a Unix socket in this folder instead of a port',
  },
  {
    name: 'allowed-origins',
    type: 'string',
    value: 'LIST',
    help: 'Origins allowed by CORS, or * (default none)',
  },
  {
    name: 'max-body-size',
    type: 'string',
    value: 'SIZE',
    help: 'Longest request body, e.g. 4Mi (default 4Mi)',
  },
  {
    name: 'dapr-http-max-request-size',
    type: 'string',
    value: 'MB',
    help: 'The old form of --max-body-size, in MB',
  },
  {
    name: 'read-buffer-size',
    type: 'string',
    value: 'SIZE',
    help: 'Longest request head, e.g. 4Ki (default 4Ki)',
  },
  {
    name: 'dapr-http-read-buffer-size',
    type: 'string',
    value: 'KB',
    help: 'The old form of --read-buffer-size, in KB',
  },
  {
    name: 'dapr-graceful-shutdown-seconds',
    type: 'string',
    value: 'N',
    help: 'How long a stop waits for open requests (default 5)',
  },
  { name: 'enable-api-logging', type: 'boolean', help: 'Log each API call: names, never values' },
  {
    name: 'log-level',
    type: 'string',
    value: 'LEVEL',
    help: 'debug, info, warn, error or fatal (default info)',
  },
  { name: 'log-as-json', type: 'boolean', help: 'Write log lines as JSON' },
  { name: 'mode', type: 'string', value: 'MODE', help: 'standalone, the only mode there is' },
  {
    name: 'allow-unauthenticated',
    type: 'boolean',
    help: 'Serve beyond this machine although DAPR_API_TOKEN is not set',
  },
  ...ignored('string', [
    'actors-service',
    'app-channel-address',
    'app-health-check-path',
    'app-health-probe-interval',
    'app-health-probe-timeout',
    'app-health-threshold',
    'app-max-concurrency',
    'app-port',
    'app-protocol',
    'control-plane-address',
    'control-plane-namespace',
    'control-plane-trust-domain',
    'dapr-block-shutdown-duration',
    'dapr-grpc-port',
    'dapr-internal-grpc-listen-address',
    'dapr-internal-grpc-port',
    'disable-init-endpoints',
    'hot-reload-reconcile-interval',
    'metrics-listen-address',
    'metrics-port',
    'placement-host-address',
    'profile-port',
    'profiling-listen-address',
    'reminders-service',
    'scheduler-host-address',
    'scheduler-job-streams',
    'sentry-address',
    'sentry-request-jwt-audiences',
  ]),
  ...ignored('boolean', [
    'app-ssl',
    'disable-builtin-k8s-secret-store',
    'enable-app-health-check',
    'enable-metrics',
    'enable-mtls',
    'enable-profiling',
    'wait',
  ]),
  { name: 'build-info', type: 'boolean', help: 'Print the version and stop' },
  { name: 'version', type: 'boolean', help: 'Print the version and stop' },
  { name: 'help', type: 'boolean', help: 'Print this and stop' },
]

/** Everything `serve` is told. */
export interface ServeOptions extends LoadOptions {
  readonly httpPort: number
  readonly listenAddresses: readonly string[]
  readonly publicPort: number | undefined
  readonly publicListenAddress: string
  readonly socketFolder: string | undefined
  readonly allowedOrigins: string
  /** Bytes; zero or less is no limit. */
  readonly maxBodySize: number
  /** Bytes. */
  readonly readBufferSize: number
  readonly gracefulShutdownSeconds: number
  readonly apiLogging: boolean
  readonly logLevel: LogLevel
  readonly logAsJson: boolean
  /** Flags of daprd that were given and have no effect here. */
  readonly ignoredFlags: readonly string[]
}

/** Options, or everything that is wrong with the command line. */
export type ServeCommandLine =
  | { readonly options: ServeOptions; readonly wants: 'serve' | 'help' | 'version' }
  | { readonly problems: readonly string[] }

/**
 * Reads the command line of `serve`.
 *
 * @param hasToken whether the environment holds a token; without one only loopback is served unless it is
 * declared that nobody needs one
 */
export function parseServeOptions(args: readonly string[], hasToken: boolean): ServeCommandLine {
  const { values, positional, problems } = parseFlags(args, serveFlags)
  const found = [...problems, ...positional.map((argument) => `unexpected argument '${argument}'`)]
  const last = (name: string): string | undefined => values.get(name)?.at(-1)

  const number = (name: string, fallback: number, least: number, most: number): number => {
    const text = last(name)
    if (text === undefined || text === '') return fallback
    const value = Number(text)
    if (/^-?\d+$/.test(text) && value >= least && value <= most) return value
    found.push(`flag --${name} must be a whole number from ${least} to ${most}`)
    return fallback
  }
  const size = (name: string, olderName: string, olderUnit: number, fallback: number): number => {
    const text = last(name)
    if (text !== undefined) {
      const bytes = parseQuantity(text)
      if (bytes === undefined) found.push(`flag --${name} must be a size such as 4Mi, 512Ki or 4096`)
      return bytes === -1 ? fallback : (bytes ?? fallback)
    }
    const older = number(olderName, Number.NaN, -1, 1 << 20)
    if (Number.isNaN(older) || older === -1) return fallback
    return older > 0 ? older * olderUnit : older
  }

  const level = last('log-level')?.toLowerCase() ?? 'info'
  const logLevel = logLevels.find((known) => known === level || (known === 'warn' && level === 'warning'))
  if (logLevel === undefined) found.push(`flag --log-level must be one of ${logLevels.join(', ')}`)
  const mode = last('mode') ?? 'standalone'
  if (mode !== 'standalone')
    found.push('flag --mode must be standalone: components are read from --resources-path')

  const publicPort = number('dapr-public-port', 0, 0, 65535)
  const options: ServeOptions = {
    ...loadOptions(values),
    httpPort: number('dapr-http-port', 3500, 0, 65535),
    listenAddresses: listOf(values, 'dapr-listen-addresses', ['127.0.0.1']),
    publicPort: publicPort === 0 ? undefined : publicPort,
    publicListenAddress: last('dapr-public-listen-address') || '127.0.0.1',
    socketFolder: last('unix-domain-socket') || undefined,
    allowedOrigins: last('allowed-origins') ?? '',
    maxBodySize: size('max-body-size', 'dapr-http-max-request-size', 1 << 20, defaultMaxBodySize),
    readBufferSize: Math.max(size('read-buffer-size', 'dapr-http-read-buffer-size', 1 << 10, 4 << 10), 0),
    gracefulShutdownSeconds: number('dapr-graceful-shutdown-seconds', 5, 0, 86_400),
    apiLogging: isSet(values, 'enable-api-logging'),
    logLevel: logLevel ?? 'info',
    logAsJson: isSet(values, 'log-as-json'),
    ignoredFlags: serveFlags
      .filter(({ name, help }) => help === undefined && values.has(name))
      .map(({ name }) => name),
  }
  if (!hasToken && !isSet(values, 'allow-unauthenticated')) found.push(...openDoors(options))
  if (options.socketFolder !== undefined && options.appId.includes('/')) {
    found.push('flag --app-id must hold no slash with --unix-domain-socket: the socket is named after it')
  }

  if (isSet(values, 'help')) return { options, wants: 'help' }
  if (found.length > 0) return { problems: found }
  const version = isSet(values, 'version') || isSet(values, 'build-info')
  return { options, wants: version ? 'version' : 'serve' }
}

/** A problem for each address at which other machines could reach what is served. */
function openDoors(options: ServeOptions): readonly string[] {
  const { socketFolder, listenAddresses, publicPort, publicListenAddress } = options
  const doors = [
    ...(socketFolder === undefined ? listenAddresses : []).map((address) => ({
      flag: 'dapr-listen-addresses',
      address,
      what: 'secrets',
    })),
    ...(publicPort === undefined
      ? []
      : [{ flag: 'dapr-public-listen-address', address: publicListenAddress, what: 'metadata' }]),
  ]
  return doors
    .filter(({ address }) => !isLoopback(address))
    .map(
      ({ flag, address, what }) =>
        `--${flag} ${address} can be reached from other machines and there is no token: ` +
        `set DAPR_API_TOKEN, or pass --allow-unauthenticated to serve ${what} to anyone`,
    )
}

/** The part of the command line that says what is loaded. */
export function loadOptions(values: ParsedFlags['values']): LoadOptions {
  // The old name is no list and does not add to the new one (dapr/dapr `pkg/runtime/config.go`).
  const oldFolder = values.get('components-path')?.at(-1) || undefined
  return {
    appId: values.get('app-id')?.at(-1) || 'app',
    resourceFolders: listOf(values, 'resources-path', oldFolder === undefined ? [] : [oldFolder]),
    configurationFiles: listOf(values, 'config', []),
  }
}

/** Values of a repeatable flag, each a list separated by commas. */
function listOf(values: ParsedFlags['values'], name: string, fallback: readonly string[]): readonly string[] {
  const given = values.get(name) ?? []
  const items = given.flatMap((value) => value.split(',')).filter((item) => item !== '')
  return items.length > 0 ? items : fallback
}

function ignored(type: Flag['type'], names: readonly string[]): readonly Flag[] {
  return names.map((name) => ({ name, type }))
}
