/**
 * The real AWS servers through AWS's own SDK: how tests fill them, and the second opinion on what they answer.
 *
 * @module
 */
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { mapBounded } from '../../src/http/concurrency.ts'
import type { StoreOnGround } from './start-store.ts'

/** A key pair, and the token that belongs to it where it is a session's. */
export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** One statement of an IAM policy that allows. */
export interface Allowed {
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
}

/** Keys whose signature nobody checks; the servers' own root. */
export const rootKeys: Keys = { accessKeyId: 'test', secretAccessKey: 'test' }

/** The SDK's clients for one server, region and key pair. None tries again. */
export interface AwsClients {
  readonly url: string
  readonly region: string
  readonly secrets: SecretsManagerClient
  readonly parameters: SSMClient
  readonly identities: IAMClient
  readonly tokens: STSClient
}

/** @param region another than anybody else's, unless given */
export function awsClients(url: string, keys = rootKeys, region = unusedRegion()): AwsClients {
  const options = { endpoint: url, region, credentials: keys, maxAttempts: 1 }
  return {
    url,
    region,
    secrets: new SecretsManagerClient(options),
    parameters: new SSMClient(options),
    identities: new IAMClient(options),
    tokens: new STSClient(options),
  }
}

/** A user of its own that may do what the statements allow, and nothing else. */
export async function userWho({ identities }: AwsClients, ...allowed: readonly Allowed[]): Promise<Keys> {
  const UserName = `user-${crypto.randomUUID()}`
  await identities.send(new CreateUserCommand({ UserName }))
  await identities.send(
    new PutUserPolicyCommand({ UserName, PolicyName: 'allowed', PolicyDocument: policy(allowed) }),
  )
  const { AccessKey } = await identities.send(new CreateAccessKeyCommand({ UserName }))
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {}
  return { accessKeyId, secretAccessKey }
}

/**
 * The ARN of a role of its own that may do what the statements allow.
 *
 * @param trusted who may take it, as an IAM trust statement without its effect
 */
export async function roleWho(
  { identities }: AwsClients,
  trusted: Readonly<Record<string, unknown>>,
  ...allowed: readonly Allowed[]
): Promise<string> {
  const RoleName = `role-${crypto.randomUUID()}`
  const AssumeRolePolicyDocument = policy([trusted])
  const { Role } = await identities.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  await identities.send(
    new PutRolePolicyCommand({ RoleName, PolicyName: 'allowed', PolicyDocument: policy(allowed) }),
  )
  return Role?.Arn ?? ''
}

function policy(statements: readonly object[]): string {
  const Statement = statements.map((statement) => ({ Effect: 'Allow', ...statement }))
  return JSON.stringify({ Version: '2012-10-17', Statement })
}

/** Keys of a role's session, as STS gives them. */
export async function sessionOf({ tokens }: AwsClients, RoleArn: string): Promise<Required<Keys>> {
  const { Credentials } = await tokens.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }))
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {}
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
}

/** Makes secrets of Secrets Manager that hold these texts. */
export async function makeSecrets(
  { secrets }: AwsClients,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  await mapBounded(Object.entries(texts), 8, ([Name, SecretString]) =>
    secrets.send(new CreateSecretCommand({ Name, SecretString })),
  )
}

/** Makes encrypted parameters of Parameter Store that hold these texts. */
export async function makeParameters(
  { parameters }: AwsClients,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  await mapBounded(Object.entries(texts), 8, ([Name, Value]) =>
    parameters.send(new PutParameterCommand({ Name, Value, Type: 'SecureString' })),
  )
}

/** How often a store has called each operation: `{ GetSecretValue: 3 }`. */
export function callsOf({ sent }: StoreOnGround): Readonly<Record<string, number>> {
  const calls: Record<string, number> = {}
  for (const { headers } of sent) {
    const operation = headers['x-amz-target']?.split('.')[1] ?? 'none'
    calls[operation] = (calls[operation] ?? 0) + 1
  }
  return calls
}

/** What a failure of the SDK means: its code's kind, in the words of `SecretErrorKind`. */
export function kindOfFailure(error: unknown): string {
  const code = error instanceof Error ? error.name : ''
  const kind = kinds[code]
  if (kind === undefined) throw error
  return kind
}

/** Written down apart from the stores' own table, which it is here to check. */
const kinds: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'not-found',
  ParameterNotFound: 'not-found',
  ParameterVersionNotFound: 'not-found',
  AccessDeniedException: 'denied',
  InvalidSignatureException: 'unauthenticated',
  UnrecognizedClientException: 'unauthenticated',
  AccessDenied: 'denied',
  // Marked for deletion.
  InvalidRequestException: 'not-found',
}

/** Secrets and parameters of one region are not seen from another, which keeps tests apart on a shared server. */
function unusedRegion(): string {
  const letters = Array.from({ length: 8 }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26)))
  return `us-${letters.join('')}-1`
}
