/**
 * One signed request to an AWS service, with what has to be done around it: a busy service is asked again, a
 * wrong clock is corrected, keys that expired are replaced.
 *
 * @module
 */
import type { HttpClient } from '../http/client.ts'
import { httpClient } from '../http/client.ts'
import type { HttpResponse } from '../http/exchange.ts'
import { retrying } from '../http/retry.ts'
import type { Runtime } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'
import type { AwsService } from './aws-endpoint.ts'
import { awsEndpoint, awsRegion, hostOf } from './aws-endpoint.ts'
import type { AwsOperation, AwsProblem } from './aws-error.ts'
import { AwsError, awsProblem, isSignatureProblem, operationText } from './aws-error.ts'
import type { AwsCredentials, AwsSigner } from './aws-signature.ts'
import { awsSigner } from './aws-signature.ts'

/** Where credentials come from. */
export interface AwsCredentialSource {
  /** @throws {StoreError} when there are none */
  get(signal?: AbortSignal): Promise<AwsCredentials>
  /** Says that AWS no longer takes these. */
  refuse(credentials: AwsCredentials): void
}

/** What an exchange is made of. */
export interface AwsExchangeOptions {
  readonly service: AwsService
  /** The component's region. Default: the environment's. */
  readonly region: string
  /** The component's endpoint. Default: the environment's, else AWS's own. */
  readonly endpoint?: string
  readonly allowPlainHttp?: boolean
  readonly credentials: AwsCredentialSource
  readonly runtime: Runtime
}

/** A request of AWS's JSON or query protocol: always `POST /`. */
export interface AwsRequest {
  readonly operation: AwsOperation
  /** By lower-case name; `content-type` at least. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal?: AbortSignal | undefined
}

/** Signed requests to one service in one region. */
export interface AwsExchange {
  /**
   * The answer, always a success.
   *
   * @throws {AwsError} when the service refuses
   * @throws {StoreError} when there is no answer, no region or no credentials
   */
  post(request: AwsRequest): Promise<HttpResponse>
}

/** An exchange. The clock's distance from AWS's, once seen, is remembered. */
export function awsExchange(options: AwsExchangeOptions): AwsExchange {
  const { service, credentials: source, runtime } = options
  let connection: Connection | undefined
  /** Milliseconds by which the server's clock is ahead of ours. */
  let ahead = 0

  function connect(): Connection {
    const { env } = runtime
    const region = awsRegion(options.region, env)
    const origin = awsEndpoint(service, region, {
      env,
      ...(options.endpoint === undefined ? {} : { configured: options.endpoint }),
      ...(options.allowPlainHttp === undefined ? {} : { allowPlainHttp: options.allowPlainHttp }),
    })
    if (connection?.origin === origin && connection.region === region) return connection
    connection = {
      region,
      origin,
      signer: awsSigner({ service, region }),
      client: awsHttpClient(origin, runtime, options.allowPlainHttp),
    }
    return connection
  }

  async function send(
    { headers, body, signal }: AwsRequest,
    credentials: AwsCredentials,
    { origin, signer, client }: Connection,
  ): Promise<HttpResponse> {
    const unsigned = { method: 'POST', host: hostOf(origin), headers, body }
    const signed = await signer.sign(unsigned, credentials, runtime.clock.now() + ahead)
    return client.request({ method: 'POST', path: '/', headers: signed, body, signal })
  }

  /** Whether signing again can help, after the clock was corrected by what the answer says. */
  function correctClock(problem: AwsProblem, response: HttpResponse): boolean {
    if (!isSignatureProblem(problem)) return false
    const theirs = serverTime(response)
    const drift = theirs === undefined ? ahead : theirs - runtime.clock.now()
    const isWrong = Math.abs(drift - ahead) >= toleratedDrift
    if (isWrong) ahead = drift
    // A request that was frozen on its way was signed in time and arrived too late: the clock is right.
    return isWrong || problem.isUntimely
  }

  return {
    async post(request) {
      const { operation, signal } = request
      try {
        const target = connect()
        let credentials = await identity(source, signal)
        let mayResign = true
        let mayRenew = true
        for (;;) {
          const response = await send(request, credentials, target)
          const problem = awsProblem(response)
          if (problem === undefined) return response
          if (mayResign && correctClock(problem, response)) {
            mayResign = false
            continue
          }
          if (mayRenew && problem.isStale) {
            mayRenew = false
            source.refuse(credentials)
            const fresh = await identity(source, signal)
            if (!isSame(fresh, credentials)) {
              credentials = fresh
              continue
            }
          }
          throw new AwsError(operation, problem)
        }
      } catch (error) {
        throw inOperation(operation, error)
      }
    },
  }
}

/**
 * A client for AWS: repeats what a busy service refused, whatever status it says that with.
 *
 * @throws {StoreError} `invalid` when the origin cannot be used
 */
export function awsHttpClient(origin: string, runtime: Runtime, allowPlainHttp = false): HttpClient {
  const client = httpClient({ origin, runtime, allowPlainHttp })
  return retrying(client, { runtime, isBusy: (response) => awsProblem(response)?.isBusy === true })
}

/** A failure as a failure of the operation; one of AWS says so itself. */
export function inOperation(operation: AwsOperation, error: unknown): unknown {
  if (!(error instanceof StoreError) || error instanceof AwsError) return error
  return new StoreError(error.kind, `${operationText(operation)}, ${error.message}`)
}

/** Milliseconds; AWS itself takes five minutes, and `date` has whole seconds. */
const toleratedDrift = 4 * 60_000

/** Milliseconds since the epoch of a `date` header; `undefined` when it is none (`Date.parse` takes anything). */
function serverTime({ headers }: HttpResponse): number | undefined {
  const text = headers.get('date') ?? ''
  if (!/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

interface Connection {
  readonly region: string
  readonly origin: string
  readonly signer: AwsSigner
  readonly client: HttpClient
}

async function identity(
  source: AwsCredentialSource,
  signal: AbortSignal | undefined,
): Promise<AwsCredentials> {
  try {
    return await source.get(signal)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new StoreError(error.kind, `get identity: get credentials: ${error.message}`)
  }
}

function isSame(a: AwsCredentials, b: AwsCredentials): boolean {
  return (
    a.accessKeyId === b.accessKeyId &&
    a.secretAccessKey === b.secretAccessKey &&
    a.sessionToken === b.sessionToken
  )
}
