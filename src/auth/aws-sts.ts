/**
 * Keys of a role from AWS's Security Token Service: for a token of another issuer (IRSA, GitHub), or for keys
 * of another role.
 *
 * STS speaks the query protocol: a form goes out, XML comes back.
 *
 * @module
 */
import type { HttpResponse } from '../http/exchange.ts'
import type { Runtime } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'
import { awsEndpoint } from './aws-endpoint.ts'
import type { AwsOperation } from './aws-error.ts'
import { AwsError, awsProblem, elementText } from './aws-error.ts'
import type { AwsExchange } from './aws-exchange.ts'
import { awsHttpClient, inOperation } from './aws-exchange.ts'
import type { AwsCredentials } from './aws-signature.ts'
import { encodeRfc3986 } from './aws-signature.ts'
import type { Loaded } from './refreshing.ts'

/** A role, and the name its session will have in AWS's logs. */
export interface Role {
  readonly arn: string
  readonly sessionName: string
}

/** What a call needs that nobody signs. */
export interface UnsignedCall {
  readonly region: string
  readonly allowPlainHttp: boolean
  readonly runtime: Runtime
  readonly signal: AbortSignal
}

/**
 * Keys of a role for a web identity token. The call is not signed: the token is the identity.
 *
 * @throws {StoreError} when STS refuses or cannot be asked
 */
export async function assumeRoleWithWebIdentity(
  { arn, sessionName }: Role,
  token: string,
  { region, allowPlainHttp, runtime, signal }: UnsignedCall,
): Promise<Loaded<AwsCredentials>> {
  const operation = stsOperation('AssumeRoleWithWebIdentity')
  try {
    const origin = awsEndpoint('sts', region, { env: runtime.env, allowPlainHttp })
    const client = awsHttpClient(origin, runtime, allowPlainHttp)
    const body = form(operation, { RoleArn: arn, RoleSessionName: sessionName, WebIdentityToken: token })
    const response = await client.request({ method: 'POST', path: '/', headers: formHeaders, body, signal })
    const problem = awsProblem(response)
    if (problem !== undefined) throw new AwsError(operation, problem)
    return sessionOf(response)
  } catch (error) {
    throw inOperation(operation, error)
  }
}

/**
 * Keys of a role for the keys that the exchange signs with.
 *
 * @param exchange with the service `sts`
 * @throws {StoreError} when STS refuses or cannot be asked
 */
export async function assumeRole(
  exchange: AwsExchange,
  { arn, sessionName }: Role,
  signal: AbortSignal,
): Promise<Loaded<AwsCredentials>> {
  const operation = stsOperation('AssumeRole')
  const body = form(operation, { RoleArn: arn, RoleSessionName: sessionName })
  const response = await exchange.post({ operation, headers: formHeaders, body, signal })
  try {
    return sessionOf(response)
  } catch (error) {
    throw inOperation(operation, error)
  }
}

const formHeaders = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' } as const

function stsOperation(name: string): AwsOperation {
  return { service: 'STS', name, action: `sts:${name}` }
}

function form({ name }: AwsOperation, parameters: Readonly<Record<string, string>>): string {
  return Object.entries({ Action: name, Version: '2011-06-15', ...parameters })
    .map(([key, value]) => `${key}=${encodeRfc3986(value)}`)
    .join('&')
}

function sessionOf({ body }: HttpResponse): Loaded<AwsCredentials> {
  const xml = new TextDecoder().decode(body)
  const accessKeyId = elementText(xml, 'AccessKeyId')
  const secretAccessKey = elementText(xml, 'SecretAccessKey')
  const sessionToken = elementText(xml, 'SessionToken')
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) {
    throw new StoreError('unavailable', 'the answer holds no credentials')
  }
  return {
    value: { accessKeyId, secretAccessKey, sessionToken },
    expiresAt: expiryOf(elementText(xml, 'Expiration')),
  }
}

/** An ISO date as AWS writes expiry times, in milliseconds since the epoch; `undefined` when it is none. */
export function expiryOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text))
    return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}
