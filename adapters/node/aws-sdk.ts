/**
 * Calls of AWS Secrets Manager through AWS's own SDK, for its credential chain: profiles, SSO, `credential_process`.
 *
 * The SDK finds the credentials, signs, and tries again; its requests go out over the runtime's `send`, so that
 * deadlines, the longest answer, TLS and plain http are ruled as everywhere. It is loaded by the first call.
 * A message of the SDK is never shown; it may quote what it refused.
 *
 * @module
 */
import type { SecretsManagerClient, SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager'
import { awsOperation } from '../../src/auth/aws-client.ts'
import { inRole } from '../../src/auth/aws-credentials.ts'
import { awsRegion } from '../../src/auth/aws-endpoint.ts'
import type { AwsOperation } from '../../src/auth/aws-error.ts'
import { AwsError, awsProblemOf, plainCode } from '../../src/auth/aws-error.ts'
import { inOperation } from '../../src/auth/aws-exchange.ts'
import { encodeRfc3986 } from '../../src/auth/aws-signature.ts'
import type { AwsClient, AwsIdentity, AwsSdkOptions } from '../../src/auth/aws-transport.ts'
import { httpClient } from '../../src/http/client.ts'
import { fieldOf, textOf } from '../../src/http/json.ts'
import { withTimeout } from '../../src/resiliency/timeout.ts'
import type { Runtime } from '../../src/runtime.ts'
import { StoreError } from '../../src/secret-error.ts'

/** A client over the SDK. A failed load of the SDK is tried again by the next call. */
export function awsSdkClient(options: AwsSdkOptions, runtime: Runtime): AwsClient {
  let connecting: Promise<Connection> | undefined

  async function connection(): Promise<Connection> {
    connecting ??= connect(options, runtime)
    try {
      return await connecting
    } catch (error) {
      connecting = undefined
      throw error
    }
  }

  return {
    async call(target, body, signal) {
      const operation = awsOperation(options.service, target)
      try {
        const send = async (abortSignal: AbortSignal) =>
          (await connection()).send(operation.name, body, abortSignal)
        return await withTimeout(timeout, runtime.clock, send, signal)
      } catch (error) {
        throw failureOf(operation, error)
      }
    },
  }
}

/** Milliseconds for a call with all its attempts, as without the SDK. */
const timeout = 5000

type Sdk = typeof import('@aws-sdk/client-secrets-manager')

interface Connection {
  send(operation: string, body: unknown, abortSignal: AbortSignal): Promise<unknown>
}

async function connect(options: AwsSdkOptions, runtime: Runtime): Promise<Connection> {
  const sdk = await loadSdk()
  const client = await clientOf(sdk, options, runtime)
  return {
    send(operation, body, abortSignal) {
      // The store writes bodies as they go over the wire, which is the form that commands take.
      const input = body as never
      switch (operation) {
        case 'GetSecretValue':
          return client.send(new sdk.GetSecretValueCommand(input), { abortSignal })
        case 'BatchGetSecretValue':
          return client.send(new sdk.BatchGetSecretValueCommand(input), { abortSignal })
        case 'ListSecrets':
          return client.send(new sdk.ListSecretsCommand(input), { abortSignal })
        default:
          throw new StoreError('invalid', 'the SDK is not asked for this operation')
      }
    },
  }
}

async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@aws-sdk/client-secrets-manager')
  } catch {
    throw new StoreError(
      'invalid',
      "sidecarless.transport 'sdk' needs a package that cannot be loaded: npm install @aws-sdk/client-secrets-manager",
    )
  }
}

async function clientOf(
  { SecretsManagerClient }: Sdk,
  { identity, endpoint }: AwsSdkOptions,
  runtime: Runtime,
): Promise<SecretsManagerClient> {
  const { accessKey: accessKeyId, secretKey: secretAccessKey, sessionToken, allowPlainHttp } = identity
  const session = sessionToken === '' ? {} : { sessionToken }
  const hasKeys = accessKeyId !== '' && secretAccessKey !== ''
  // What is not said here, the SDK looks for in the environment and in the profile.
  const config: SecretsManagerClientConfig = {
    maxAttempts: 3,
    requestHandler: requestHandler(runtime, allowPlainHttp),
    ...regionOf(identity, runtime),
    ...(endpoint === '' ? {} : { endpoint }),
    ...(hasKeys ? { credentials: { accessKeyId, secretAccessKey, ...session } } : {}),
  }
  const client = new SecretsManagerClient(config)
  const region = await client.config.region().catch(() => awsRegion(identity.region, runtime.env))
  if (identity.assumeRoleArn === '') return client
  const own = { get: () => client.config.credentials(), refuse() {} }
  const role = inRole({ ...identity, region }, own, runtime)
  // To the SDK these have always expired, so that it asks each time; `role` keeps them.
  const credentials = async () => ({ ...(await role.get()), expiration: new Date(0) })
  return new SecretsManagerClient({ ...config, credentials })
}

/** The region where it is said outside of a profile. The SDK for JavaScript knows no AWS_DEFAULT_REGION. */
function regionOf({ region }: AwsIdentity, { env }: Runtime): { readonly region?: string } {
  const isSaid = [region, env.get('AWS_REGION'), env.get('AWS_DEFAULT_REGION')].some(
    (text = '') => text !== '',
  )
  return isSaid ? { region: awsRegion(region, env) } : {}
}

/** A request as the SDK hands it over, as far as it matters here. */
interface SdkRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number | undefined
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** The SDK's requests over our client. */
function requestHandler(runtime: Runtime, allowPlainHttp: boolean) {
  return {
    async handle(request: SdkRequest, { abortSignal }: { readonly abortSignal?: unknown } = {}) {
      const { protocol, hostname, port, path, query, method, headers, body } = request
      const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`
      const client = httpClient({ origin, runtime, timeout, allowPlainHttp })
      const answer = await client.request({
        method,
        path: path + queryText(query),
        headers: sendableHeaders(headers),
        ...(body === undefined ? {} : { body: textOfBody(body) }),
        // The SDK knows an older kind of signal too; ours comes back as it was given.
        signal: abortSignal instanceof AbortSignal ? abortSignal : undefined,
      })
      const { status: statusCode, headers: received, body: bytes } = answer
      return { response: { statusCode, headers: Object.fromEntries(received), body: bytes } }
    },
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  }
}

function textOfBody(body: string | Uint8Array): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}

/** By lower-case name, without those that `send` adds itself. */
function sendableHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  return Object.fromEntries(entries.filter(([name]) => name !== 'host' && name !== 'content-length'))
}

function queryText(query: SdkRequest['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values ?? ''].flat().map((value) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`),
  )
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

/** What went wrong, by what the SDK found out and never by what it says. */
function failureOf(operation: AwsOperation, error: unknown): unknown {
  if (error instanceof StoreError) return inOperation(operation, error)
  const metadata = fieldOf(error, '$metadata')
  const status = fieldOf(metadata, 'httpStatusCode')
  const name = error instanceof Error ? error.name : ''
  if (typeof status !== 'number') return inOperation(operation, failureBeforeAnswer(name))
  if (status >= 200 && status < 300)
    return inOperation(operation, new StoreError('unavailable', 'the answer is no JSON'))
  const message = error instanceof Error ? error.message : ''
  const requestId = textOf(fieldOf(metadata, 'requestId'))
  const code = unnamed.has(name) ? undefined : plainCode(name)
  return new AwsError(operation, awsProblemOf({ status, requestId, code, message }))
}

/** What the SDK calls an error without a code. */
const unnamed: ReadonlySet<string> = new Set([
  '',
  'Error',
  'SyntaxError',
  'TypeError',
  'Unknown',
  'UnknownError',
])

function failureBeforeAnswer(name: string): StoreError {
  return credentialErrors.has(name)
    ? new StoreError(
        'unauthenticated',
        "get identity: get credentials: AWS's SDK found none that can be used",
      )
    : new StoreError('unavailable', "AWS's SDK could not make the call")
}

const credentialErrors: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'ProviderError',
  'TokenProviderError',
])
