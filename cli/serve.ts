/**
 * `sidecarless serve`: the HTTP contract on daprd's port.
 *
 * @module
 */
import type { Server } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createHttpServer, stopHttpServer } from '../adapters/node/http-server.ts'
import type { ListenAddress } from '../adapters/node/listen.ts'
import { isLoopback, ListenError, listen } from '../adapters/node/listen.ts'
import { loadFromDisk } from '../adapters/node/load.ts'
import type { FieldLog } from '../adapters/node/log.ts'
import { createLog } from '../adapters/node/log.ts'
import { nodeRuntime } from '../adapters/node/runtime.ts'
import { drivers } from '../adapters/node/stores.ts'
import { describeComponent } from '../src/component/component.ts'
import type { ContractAnswer, ContractRequest } from '../src/contract/exchange.ts'
import { headerValue } from '../src/contract/header.ts'
import type { Diagnostic } from '../src/diagnostic.ts'
import { formatForLog, renderDiagnostic } from '../src/diagnostic.ts'
import type { Log } from '../src/runtime.ts'
import type { Secrets } from '../src/secrets.ts'
import { createSecrets } from '../src/secrets.ts'
import { commandHelp } from './help.ts'
import { loggedTarget } from './logged-target.ts'
import type { ServeOptions } from './serve-options.ts'
import { parseServeOptions, serveFlags } from './serve-options.ts'
import { version, versionLine } from './version.ts'

/**
 * Runs the command. Resolves with the exit code: 0 after a stop that was asked for, 1 when the start failed.
 *
 * @param args without the command's own name
 */
export async function serve(args: readonly string[]): Promise<number> {
  const token = process.env['DAPR_API_TOKEN']
  const commandLine = parseServeOptions(args, (token ?? '') !== '')
  if ('problems' in commandLine) {
    for (const problem of commandLine.problems) process.stderr.write(`sidecarless serve: ${problem}\n`)
    process.stderr.write('Run sidecarless serve --help for the flags.\n')
    return 1
  }
  if (commandLine.wants !== 'serve') {
    process.stdout.write(commandLine.wants === 'help' ? help() : `${versionLine}\n`)
    return 0
  }
  return run(commandLine.options, token)
}

async function run(options: ServeOptions, token: string | undefined): Promise<number> {
  // In seconds. The first touch of `performance` would load it for this alone.
  const started = process.uptime()
  const log = createLog({
    appId: options.appId,
    instance: hostname(),
    version,
    level: options.logLevel,
    asJson: options.logAsJson,
    now: Date.now,
    write: (line) => process.stdout.write(line),
  })
  for (const name of options.ignoredFlags) log('debug', `flag --${name} has no effect here and is ignored`)
  log('info', `Starting sidecarless ${version} -- standalone mode`)

  const runtime = nodeRuntime(process.env, log)
  const loaded = loadFromDisk(options, runtime.env)
  const secrets = await createSecrets({
    components: loaded.components,
    configuration: loaded.configuration,
    resiliency: loaded.resiliency,
    drivers,
    runtime,
    appId: options.appId,
    token,
    allowedOrigins: options.allowedOrigins,
    maxBodySize: options.maxBodySize,
    withoutToken:
      options.socketFolder === undefined && options.listenAddresses.every(isLoopback)
        ? 'refuse foreign hosts'
        : 'serve',
    publicWithoutToken: isLoopback(options.publicListenAddress) ? 'refuse foreign hosts' : 'serve',
  })
  const problems = report([...loaded.diagnostics, ...secrets.diagnostics], log)
  if (problems > 0) {
    log(
      'fatal',
      `Fatal error from runtime: ${problems === 1 ? 'one error' : `${problems} errors`} in the configuration, see above`,
    )
    return 1
  }
  for (const { component } of secrets.stores) {
    log('info', `Component loaded: ${describeComponent(component)}`)
  }

  let servers: readonly Server[]
  try {
    servers = await listenEverywhere(options, secrets, log)
  } catch (error) {
    if (!(error instanceof ListenError)) throw error
    log('fatal', `Fatal error from runtime: ${error.message}`)
    return 1
  }
  const stopped = stopOnSignal(servers, options.gracefulShutdownSeconds, log)
  log(
    'info',
    `dapr initialized. Status: Running. Init Elapsed ${Math.round((process.uptime() - started) * 1000)}ms`,
  )
  const suggestion = firstCall(options, secrets)
  if (suggestion !== undefined) log('info', `Try it: ${suggestion}`)
  return stopped
}

/** A command that shows the first store working. */
function firstCall(
  { socketFolder, listenAddresses, httpPort }: ServeOptions,
  { stores }: Secrets,
): string | undefined {
  const [store] = stores
  const [host] = listenAddresses
  if (store === undefined || host === undefined || socketFolder !== undefined) return undefined
  // All secrets of a remote store at once may cost a call each.
  const name = store.driver.reads === 'locally' ? 'bulk' : 'NAME'
  return `curl http://${host}:${httpPort}/v1.0/secrets/${encodeURIComponent(store.name)}/${name}`
}

/** Logs every diagnostic, and shows errors with their source to a person; gives the number of errors. */
function report(diagnostics: readonly Diagnostic[], log: Log): number {
  for (const diagnostic of diagnostics) {
    log(diagnostic.severity === 'error' ? 'error' : 'warn', formatForLog(diagnostic))
  }
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  // Not looked at without need: the first touch opens it.
  if (errors.length > 0 && process.stderr.isTTY) {
    for (const error of errors) process.stderr.write(`${renderDiagnostic(error)}\n`)
  }
  return errors.length
}

async function listenEverywhere(
  options: ServeOptions,
  secrets: Secrets,
  log: FieldLog,
): Promise<readonly Server[]> {
  const servers: Server[] = []
  const open = async (server: Server, address: ListenAddress, what: string): Promise<void> => {
    servers.push(server)
    log('info', `${what} is listening on ${await listen(server, address)}`)
  }
  try {
    const { readBufferSize } = options
    const onExchange = options.apiLogging ? { onExchange: apiLog(log) } : {}
    for (const address of mainAddresses(options)) {
      await open(createHttpServer(secrets.answer, { readBufferSize, ...onExchange }), address, 'HTTP server')
    }
    if (options.publicPort !== undefined) {
      const address = {
        host: options.publicListenAddress,
        hostFlag: 'dapr-public-listen-address',
        port: options.publicPort,
        portFlag: 'dapr-public-port',
      }
      await open(createHttpServer(secrets.publicAnswer, { readBufferSize }), address, 'Public HTTP server')
    }
  } catch (error) {
    for (const server of servers) server.close()
    throw error
  }
  return servers
}

function mainAddresses(options: ServeOptions): readonly ListenAddress[] {
  const { socketFolder, appId, listenAddresses, httpPort } = options
  if (socketFolder !== undefined) {
    return [{ socket: join(socketFolder, `dapr-${appId}-http.socket`), folderFlag: 'unix-domain-socket' }]
  }
  const flags = { hostFlag: 'dapr-listen-addresses', portFlag: 'dapr-http-port' }
  return listenAddresses.map((host) => ({ host, port: httpPort, ...flags }))
}

/** One line for each call: what was asked, never what was answered (dapr/dapr `pkg/api/http/server.go`). */
function apiLog(
  log: FieldLog,
): (request: ContractRequest, answer: ContractAnswer, milliseconds: number) => void {
  return ({ method, target, headers }, { status, body }, milliseconds) => {
    const agent = headerValue(headers, 'user-agent')
    log('info', 'HTTP API Called', {
      scope: 'dapr.runtime.http-info',
      code: status,
      duration: Math.round(milliseconds),
      method: `${method} ${loggedTarget(method, target)}`,
      size: Buffer.byteLength(body),
      ...(agent === undefined ? {} : { useragent: agent }),
    })
  }
}

/** Resolves with the exit code once a signal came and open requests are answered, or the wait for them is over. */
function stopOnSignal(servers: readonly Server[], graceSeconds: number, log: Log): Promise<number> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      // A second signal ends the program at once, as the system does it.
      process.off('SIGTERM', stop).off('SIGINT', stop)
      log('info', `Received signal '${signal}'; stopping`)
      const stops = servers.map((server) => stopHttpServer(server, graceSeconds * 1000))
      void Promise.all(stops).then(() => resolve(0))
    }
    process.on('SIGTERM', stop).on('SIGINT', stop)
  })
}

function help(): string {
  const usage = 'Usage: sidecarless serve --resources-path DIR [--config FILE] [flags]'
  const after = `Every other flag of daprd is accepted and ignored, so that a command line written for it starts.
The environment variable DAPR_API_TOKEN sets the token that requests must carry in dapr-api-token.`
  return commandHelp(usage, serveFlags, after)
}
