/**
 * Whose keys a request to AWS is signed with, and in which order that is decided.
 *
 * The order is daprd's (dapr/components-contrib `common/aws/auth`) and the AWS SDK's default chain behind it:
 * keys of the component, keys of the environment, a web identity token, the container's endpoint, the machine's
 * metadata service. Profiles of shared config files are not read: that is what the SDK transport is for. A role
 * to assume with those keys (`assumeRoleArn`) is an addition of ours; daprd's stores ignore it.
 *
 * Keys are never part of a message, nor is anything that an endpoint answered.
 *
 * @module
 */
import { httpClient } from '../http/client.ts'
import type { HttpResponse } from '../http/exchange.ts'
import { fieldOf, jsonOf, textOf } from '../http/json.ts'
import { kindOfStatus } from '../http/status.ts'
import { isLoopback, splitUrl } from '../http/url.ts'
import type { Environment, Runtime } from '../runtime.ts'
import { FileError } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'
import { awsRegion } from './aws-endpoint.ts'
import type { AwsCredentialSource } from './aws-exchange.ts'
import { awsExchange } from './aws-exchange.ts'
import type { AwsCredentials } from './aws-signature.ts'
import { assumeRole, assumeRoleWithWebIdentity, expiryOf } from './aws-sts.ts'
import type { AwsIdentity } from './aws-transport.ts'
import type { Loaded } from './refreshing.ts'
import { refreshing } from './refreshing.ts'

/** The credentials of a component. Nothing is asked for before the first `get`. */
export function awsCredentials(identity: AwsIdentity, runtime: Runtime): AwsCredentialSource {
  return inRole(identity, ownCredentials(identity, runtime), runtime)
}

/** The credentials of the role that a component names, taken with its own ones; these where it names none. */
export function inRole(
  { assumeRoleArn: arn, sessionName, region, allowPlainHttp }: AwsIdentity,
  own: AwsCredentialSource,
  runtime: Runtime,
): AwsCredentialSource {
  if (arn === '') return own
  const exchange = awsExchange({ service: 'sts', region, allowPlainHttp, credentials: own, runtime })
  return refreshing((signal) => assumeRole(exchange, { arn, sessionName }, signal), runtime)
}

function ownCredentials(identity: AwsIdentity, runtime: Runtime): AwsCredentialSource {
  const { accessKey, secretKey, sessionToken } = identity
  // One of the two alone counts for nothing, and is no error, in daprd.
  if (accessKey !== '' && secretKey !== '') {
    const fixed = keys(accessKey, secretKey, sessionToken)
    return { get: async () => fixed, refuse() {} }
  }
  const fetched = refreshing((signal) => fetchCredentials(identity, runtime, signal), runtime)
  return {
    // A variable is read each time: a platform may change it between two invocations.
    get: async (signal) => environmentKeys(runtime.env) ?? fetched.get(signal),
    refuse: fetched.refuse,
  }
}

function environmentKeys(env: Environment): AwsCredentials | undefined {
  const accessKey = env.get('AWS_ACCESS_KEY_ID') || env.get('AWS_ACCESS_KEY') || ''
  const secretKey = env.get('AWS_SECRET_ACCESS_KEY') || env.get('AWS_SECRET_KEY') || ''
  if (accessKey === '' || secretKey === '') return undefined
  return keys(accessKey, secretKey, env.get('AWS_SESSION_TOKEN') ?? '')
}

async function fetchCredentials(
  identity: AwsIdentity,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Loaded<AwsCredentials>> {
  const { env } = runtime
  const tokenFile = env.get('AWS_WEB_IDENTITY_TOKEN_FILE') ?? ''
  const arn = env.get('AWS_ROLE_ARN') ?? ''
  if (tokenFile !== '' && arn !== '') {
    // Read anew each time: the platform replaces the file while the process runs.
    const token = await tokenOf('AWS_WEB_IDENTITY_TOKEN_FILE', tokenFile, runtime, signal)
    const role = { arn, sessionName: env.get('AWS_ROLE_SESSION_NAME') || 'sidecarless' }
    const region = awsRegion(identity.region, env)
    const { allowPlainHttp } = identity
    return assumeRoleWithWebIdentity(role, token, { region, allowPlainHttp, runtime, signal })
  }
  const container = containerEndpoint(env)
  if (container !== undefined) return containerCredentials(container, runtime, signal)
  if (env.get('AWS_EC2_METADATA_DISABLED')?.toLowerCase() !== 'true')
    return machineCredentials(runtime, signal)
  throw refused(`no AWS credentials were found${profileHint(env)}`)
}

function profileHint(env: Environment): string {
  const hasProfile = (env.get('AWS_PROFILE') ?? '') !== ''
  return hasProfile ? '; AWS_PROFILE is set, but profiles are read by the SDK transport only' : ''
}

// The container's endpoint: ECS, EKS Pod Identity, Lambda with SnapStart, Greengrass.

interface ContainerEndpoint {
  readonly origin: string
  readonly path: string
}

function containerEndpoint(env: Environment): ContainerEndpoint | undefined {
  const full = env.get('AWS_CONTAINER_CREDENTIALS_FULL_URI') ?? ''
  if (full !== '') {
    const url = splitUrl(full)
    if (url === undefined) throw refused('AWS_CONTAINER_CREDENTIALS_FULL_URI must be an http or https URL')
    if (!mayHoldCredentials(url.origin)) {
      throw refused(
        'AWS_CONTAINER_CREDENTIALS_FULL_URI must begin with https, or name this machine or the container agent',
      )
    }
    return url
  }
  const relative = env.get('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI') ?? ''
  return relative === '' ? undefined : { origin: 'http://169.254.170.2', path: relative }
}

/** The hosts that the AWS SDKs speak to in the clear: ECS and EKS answer on fixed link-local addresses. */
function mayHoldCredentials(origin: string): boolean {
  const isAgent = /^http:\/\/(?:169\.254\.170\.(?:2|23)|\[fd00:ec2::23\])(?::\d+)?$/.test(origin)
  return origin.startsWith('https:') || isLoopback(origin) || isAgent
}

async function containerCredentials(
  { origin, path }: ContainerEndpoint,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<Loaded<AwsCredentials>> {
  const { env } = runtime
  const tokenFile = env.get('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE') ?? ''
  const authorization =
    tokenFile === ''
      ? (env.get('AWS_CONTAINER_AUTHORIZATION_TOKEN') ?? '')
      : await tokenOf('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', tokenFile, runtime, signal)
  const headers = authorization === '' ? {} : { authorization }
  const client = httpClient({ origin, runtime, timeout: localTimeout, allowPlainHttp: true })
  try {
    return credentialsOf(success(await client.request({ method: 'GET', path, headers, signal })))
  } catch (error) {
    throw from('the container credentials endpoint', error)
  }
}

// The machine's metadata service, version 2 only: a token first, then what it opens.

async function machineCredentials(runtime: Runtime, signal: AbortSignal): Promise<Loaded<AwsCredentials>> {
  const { env } = runtime
  const isIpv6 = env.get('AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE')?.toLowerCase() === 'ipv6'
  const origin =
    env.get('AWS_EC2_METADATA_SERVICE_ENDPOINT') || `http://${isIpv6 ? '[fd00:ec2::254]' : '169.254.169.254'}`
  try {
    const client = httpClient({ origin, runtime, timeout: localTimeout, allowPlainHttp: true })
    const lifetime = { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' }
    const token = success(
      await client.request({ method: 'PUT', path: '/latest/api/token', headers: lifetime, signal }),
    )
    const headers = { 'x-aws-ec2-metadata-token': plainText(token) }
    const ask = async (path: string) =>
      success(await client.request({ method: 'GET', path, headers, signal }))
    const [role = ''] = plainText(await ask(rolesPath)).split('\n')
    if (!/^[\w+=,.@-]{1,64}$/.test(role)) throw refused('it names no role')
    return credentialsOf(await ask(rolesPath + encodeURIComponent(role)))
  } catch (error) {
    throw from('no AWS credentials were found; the EC2 metadata service', error, profileHint(env))
  }
}

const rolesPath = '/latest/meta-data/iam/security-credentials/'

/** Milliseconds. Such an endpoint is on the machine or nowhere. */
const localTimeout = 1000

// What the endpoints have in common.

function success(response: HttpResponse): HttpResponse {
  const { status } = response
  if (status >= 200 && status < 300) return response
  // What is missing here is an identity, not a secret.
  const kind = kindOfStatus(status)
  throw new StoreError(
    kind === 'unavailable' || kind === 'throttled' ? kind : 'unauthenticated',
    `it answers with status ${status}`,
  )
}

function credentialsOf(response: HttpResponse): Loaded<AwsCredentials> {
  const json = jsonOf(response)
  const accessKey = textOf(fieldOf(json, 'AccessKeyId')) ?? ''
  const secretKey = textOf(fieldOf(json, 'SecretAccessKey')) ?? ''
  if (accessKey === '' || secretKey === '') throw refused('it answers without keys')
  return {
    value: keys(accessKey, secretKey, textOf(fieldOf(json, 'Token')) ?? ''),
    expiresAt: expiryOf(textOf(fieldOf(json, 'Expiration'))),
  }
}

function keys(accessKeyId: string, secretAccessKey: string, sessionToken: string): AwsCredentials {
  return { accessKeyId, secretAccessKey, ...(sessionToken === '' ? {} : { sessionToken }) }
}

function plainText({ body }: HttpResponse): string {
  return new TextDecoder().decode(body).trim()
}

async function tokenOf(
  variable: string,
  path: string,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<string> {
  if (runtime.readFile === undefined)
    throw refused(`this target has no disk to read the file of ${variable} from`)
  try {
    const token = new TextDecoder().decode(await runtime.readFile(path, signal)).trim()
    if (token === '') throw refused(`the file of ${variable} is empty`)
    return token
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    throw refused(`the file of ${variable} cannot be read: ${error.reason}`)
  }
}

/** A failure of a place that credentials come from; the client knows it as a store. */
function from(source: string, error: unknown, hint = ''): unknown {
  if (!(error instanceof StoreError)) return error
  return new StoreError(error.kind, `${source}: ${error.message.replace(/^the store\b/, 'it')}${hint}`)
}

function refused(message: string): StoreError {
  return new StoreError('unauthenticated', message)
}
