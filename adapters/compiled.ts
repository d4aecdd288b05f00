/**
 * What a build compiles in, and its start: on the first request, once.
 *
 * @module
 */
import type { Component } from '../src/component/component.ts'
import type { Configuration } from '../src/component/configuration.ts'
import type { Answer } from '../src/contract/answer.ts'
import { errorAnswer } from '../src/contract/error-answer.ts'
import { createApp } from '../src/contract/hono.ts'
import { formatDiagnostic, hasErrors } from '../src/diagnostic.ts'
import type { Send } from '../src/http/exchange.ts'
import type { Resiliency } from '../src/resiliency/policy.ts'
import type { Log, Runtime } from '../src/runtime.ts'
import { environment } from '../src/runtime.ts'
import type { Secrets } from '../src/secrets.ts'
import { createSecrets } from '../src/secrets.ts'
import type { SecretStoreDriver } from '../src/stores/store.ts'
import { consoleLog } from './console-log.ts'
import { systemClock } from './system-clock.ts'

/** Validated documents and the drivers they need. No value of a secret is among them. */
export interface CompiledSecrets {
  readonly appId: string
  readonly components: readonly Component[]
  /** Default: no scopes, every API allowed. */
  readonly configuration?: Configuration
  /** Default: no policies. */
  readonly resiliency?: readonly Resiliency[]
  readonly drivers: readonly SecretStoreDriver[]
}

/** How a target starts. */
export interface StartOptions {
  /** The path the platform puts in front of every request's. Default none. */
  readonly basePath?: string
  /**
   * Whether requests that come during the start wait for that one. Not where a request must not wait for
   * what another one does (Workers): there each starts for itself, and what is first to finish stays. Stores
   * are told the same of their calls.
   */
  readonly sharesStart: boolean
  /** How vendors are spoken to. Default: no network. */
  readonly send?: Send
  /** Default: the console. */
  readonly log?: Log
}

/** The Hono application of the contract. */
export type App = ReturnType<typeof createApp>

/**
 * Gives the application, started with the variables of the request that came first. Never rejects: while the
 * start fails, what it gives answers every request with a 500, and the next request starts anew.
 *
 * Only strings among the variables' own properties count: a Worker's bindings are variables too.
 */
export type StartedApp = (variables: Readonly<Record<string, unknown>>) => Promise<App>

/**
 * The application of what was compiled in, behind a `dapr-api-token` always: everyone can send a request to a
 * function, so without the variable `DAPR_API_TOKEN` none but health checks is served.
 */
export function startOnFirstRequest(compiled: CompiledSecrets, options: StartOptions): StartedApp {
  const { basePath = '', sharesStart } = options
  let running: App | undefined
  let starting: Promise<App | undefined> | undefined

  return async (variables) => {
    if (running !== undefined) return running
    if (!sharesStart) return (await start(variables)) ?? createApp(answerNotReady)
    starting ??= start(variables).finally(() => {
      starting = undefined
    })
    return (await starting) ?? createApp(answerNotReady)
  }

  async function start(variables: Readonly<Record<string, unknown>>): Promise<App | undefined> {
    const runtime = runtimeOver(variables, options)
    const secrets = await startSecrets(compiled, runtime)
    if (secrets === undefined) return undefined
    running ??= createApp(secrets.answer, { basePath })
    return running
  }
}

/** Starts the stores; `undefined` when they must not be served, and then the log says why. */
async function startSecrets(compiled: CompiledSecrets, runtime: Runtime): Promise<Secrets | undefined> {
  const { log } = runtime
  const token = runtime.env.get('DAPR_API_TOKEN') ?? ''
  try {
    const secrets = await createSecrets({ ...compiled, runtime, token, withoutToken: 'refuse' })
    for (const diagnostic of secrets.diagnostics) {
      log(diagnostic.severity === 'error' ? 'error' : 'warn', formatDiagnostic(diagnostic))
    }
    if (hasErrors(secrets.diagnostics)) {
      log('fatal', 'the secret stores did not start, see above; every request is answered with 500')
      return undefined
    }
    if (token === '') {
      log('warn', 'no API token is configured, so every request is refused; set DAPR_API_TOKEN')
    }
    return secrets
  } catch (error) {
    // Its message is not ours and may quote a value.
    const kind = error instanceof Error ? error.name : typeof error
    log('fatal', `the secret stores did not start (${kind}); every request is answered with 500`)
    return undefined
  }
}

/** What every JavaScript platform lends: variables, time, randomness, a console; no disk. And a network. */
function runtimeOver(
  variables: Readonly<Record<string, unknown>>,
  { sharesStart, send, log = consoleLog }: StartOptions,
): Runtime {
  const texts: [string, string][] = []
  for (const [name, value] of Object.entries(variables)) {
    if (typeof value === 'string') texts.push([name, value])
  }
  return {
    env: environment(Object.fromEntries(texts)),
    clock: systemClock,
    random: Math.random,
    uuid: () => crypto.randomUUID(),
    log,
    ...(sharesStart ? {} : { isolatesRequests: true }),
    ...(send === undefined ? {} : { send }),
  }
}

/** dapr/dapr `pkg/messages/predefined.go`, without the list of what is not ready. */
const answerNotReady: Answer = async () => errorAnswer(500, 'ERR_HEALTH_NOT_READY', 'dapr is not ready')
