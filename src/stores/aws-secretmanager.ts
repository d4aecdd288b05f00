/**
 * `secretstores.aws.secretmanager`: AWS Secrets Manager.
 *
 * Mirrors dapr/components-contrib `secretstores/aws/secretmanager/secretmanager.go`.
 *
 * ```yaml
 * apiVersion: dapr.io/v1alpha1
 * kind: Component
 * metadata:
 *   name: aws-secrets
 * spec:
 *   type: secretstores.aws.secretmanager
 *   version: v1
 *   metadata:
 *   - name: region
 *     value: eu-west-1
 *   - name: multipleKeyValuesPerSecret
 *     value: "true"
 * ```
 *
 * @module
 */
import { awsClient, awsFields, awsOptionProblem } from '../auth/aws-client.ts'
import { AwsError } from '../auth/aws-error.ts'
import {
  awsPages,
  batchReader,
  getFailure,
  isSendableName,
  listFailure,
  nameProblem,
} from '../auth/aws-reading.ts'
import type { AwsClient, AwsIdentity } from '../auth/aws-transport.ts'
import { withReplacement } from '../go/bytes.ts'
import { marshal } from '../go/marshal.ts'
import { fieldOf, listOf, textOf } from '../http/json.ts'
import type { Runtime } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'
import type { RequestMetadata, Secret, SecretValues } from './store.ts'
import { defineStore, OptionError } from './store.ts'

/** The driver of `secretstores.aws.secretmanager`. */
export const awsSecretmanager = defineStore({
  type: 'secretstores.aws.secretmanager',
  description: 'AWS Secrets Manager.',
  metadata: {
    ...awsFields,
    endpoint: {
      type: 'string',
      description: "Address of an emulator or a VPC endpoint instead of AWS's own.",
    },
    multipleKeyValuesPerSecret: {
      type: 'boolean',
      description:
        'Whether a secret that is a JSON object is read as several keys, one for each of its fields.',
    },
    'sidecarless.transport': {
      type: 'string',
      pattern: /lean|sdk/,
      default: 'lean',
      description:
        'Who makes the calls: `lean`, or `sdk` for @aws-sdk/client-secrets-manager (on Node, installed beside us) with its profiles, SSO and credential_process.',
    },
    'sidecarless.batch': {
      type: 'boolean',
      default: true,
      description: 'Whether bulk reads try BatchGetSecretValue, which needs a permission of its own.',
    },
  },
  requestMetadata: ['version_id', 'version_stage'],
  targets: ['node', 'aws-lambda', 'cloudflare-workers', 'azure-functions'],
  permissions: [
    {
      operation: 'get',
      needs: 'secretsmanager:GetSecretValue',
      note: 'On the secret; with a customer managed key also kms:Decrypt on the key.',
    },
    {
      operation: 'bulk',
      needs: 'secretsmanager:ListSecrets',
      note: 'On `*`; AWS knows no narrower resource.',
    },
    { operation: 'bulk', needs: 'secretsmanager:GetSecretValue', note: 'On each secret.' },
    {
      operation: 'bulk',
      needs: 'secretsmanager:BatchGetSecretValue',
      note: 'On `*`; optional: without it secrets are read one by one.',
    },
  ],
  reads: 'remotely',
  canonical: canonicalName,
  isPinned: (metadata) => metadata.has('version_id') && !metadata.has('version_stage'),

  create(options, { runtime }) {
    const problem = awsOptionProblem(options)
    if (problem !== undefined) throw new OptionError(problem.field, problem.message)
    const { multipleKeyValuesPerSecret: isSplit } = options
    const client = clientOf(options, runtime)
    const readMany = batchReader({
      size: 20,
      // Far below the quota of 10,000 a second; more would only queue for connections.
      atOnce: 16,
      isEnabled: options['sidecarless.batch'],
      readBatch: (names, signal) => readBatch(client, names, signal),
      readOne: async (name, signal) => secretValueOf(await readOne(client, name, new Map(), signal)),
    })

    return {
      features: isSplit ? (['MULTIPLE_KEY_VALUES_PER_SECRET'] as const) : [],

      async getSecret({ name, metadata, signal }): Promise<Secret> {
        const canonical = canonicalName(name)
        if (canonical === undefined) throw nameProblem(name)
        const answer = await readOne(client, name, metadata, signal)
        const value = secretValueOf(answer)
        if (value.name !== canonical) throw otherSecret()
        const version = textOf(fieldOf(answer, 'VersionId'))
        const stage = stageOf(answer)
        return {
          values: keysOf(value, isSplit),
          ...(version === undefined ? {} : { version }),
          ...(stage === undefined ? {} : { stage }),
        }
      },

      async getBulkSecret({ signal, isAllowed = () => true }) {
        const names = (await listNames(client, signal)).filter(isAllowed)
        const secrets = new Map<string, SecretValues>()
        for (const [name, value] of await readMany(names, signal)) secrets.set(name, keysOf(value, isSplit))
        return secrets
      },
    }
  },
})

/** Who makes the calls. What is asked and how answers are read is the same over both. */
function clientOf(options: ClientOptions, runtime: Runtime): AwsClient {
  const service = 'secretsmanager'
  const { endpoint, 'sidecarless.allowPlainHttp': allowPlainHttp } = options
  if (options[transport] !== 'sdk') {
    return awsClient({ service, identity: options, endpoint, allowPlainHttp, runtime })
  }
  if (runtime.awsSdk === undefined) {
    throw new OptionError(transport, "this target does not hold AWS's SDK; only 'lean' works here")
  }
  return runtime.awsSdk({ service, identity: { ...options, allowPlainHttp }, endpoint })
}

const transport = 'sidecarless.transport'

type ClientOptions = Omit<AwsIdentity, 'allowPlainHttp'> & {
  readonly endpoint: string
  readonly 'sidecarless.allowPlainHttp': boolean
  readonly [transport]: string
}

/** A secret's value; without a text it is binary, which daprd answers as no keys at all. */
interface SecretValue {
  readonly name: string
  readonly text: string | undefined
}

async function readOne(
  client: AwsClient,
  name: string,
  metadata: RequestMetadata,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  // daprd sends what it is given, an empty text too, and leaves it to AWS to refuse that.
  const body = {
    SecretId: name,
    VersionId: metadata.get('version_id'),
    VersionStage: metadata.get('version_stage'),
  }
  try {
    return await client.call('secretsmanager.GetSecretValue', body, signal)
  } catch (error) {
    throw readFailure(error)
  }
}

/** Some secrets of the batch; who is missing has to be read alone to learn why. */
async function readBatch(
  client: AwsClient,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, SecretValue>> {
  const values = new Map<string, SecretValue>()
  const call = (token: object) =>
    client.call('secretsmanager.BatchGetSecretValue', { SecretIdList: names, ...token }, signal)
  for await (const page of awsPages(call)) {
    for (const answer of listOf(fieldOf(page, 'SecretValues')) ?? []) {
      const value = secretValueOf(answer)
      values.set(value.name, value)
    }
  }
  return values
}

async function listNames(client: AwsClient, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const names = new Set<string>()
  try {
    for await (const page of awsPages((token) => client.call('secretsmanager.ListSecrets', token, signal))) {
      for (const entry of listOf(fieldOf(page, 'SecretList')) ?? []) {
        const name = textOf(fieldOf(entry, 'Name'))
        if (name !== undefined) names.add(name)
      }
    }
  } catch (error) {
    throw listFailure(error)
  }
  return [...names]
}

function secretValueOf(answer: unknown): SecretValue {
  const name = textOf(fieldOf(answer, 'Name'))
  if (name === undefined)
    throw new StoreError('unavailable', "couldn't get secret: the answer names no secret")
  const text = textOf(fieldOf(answer, 'SecretString'))
  return { name, text: text === undefined ? undefined : withReplacement(text) }
}

/** Of several stages the one that everybody means: a secret's only version is AWSCURRENT and more. */
function stageOf(answer: unknown): string | undefined {
  const stages = (listOf(fieldOf(answer, 'VersionStages')) ?? []).map(textOf)
  return stages.includes('AWSCURRENT') ? 'AWSCURRENT' : stages[0]
}

function keysOf({ name, text }: SecretValue, isSplit: boolean): SecretValues {
  if (text === undefined) return new Map()
  return (isSplit ? fieldsOfObject(text) : undefined) ?? new Map([[name, text]])
}

/** The keys of a JSON object, or of `null`, which Go reads as an empty one; `undefined` for anything else. */
function fieldsOfObject(text: string): SecretValues | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (parsed === null) return new Map()
  if (typeof parsed !== 'object' || Array.isArray(parsed)) return undefined
  const keys = new Map<string, string>()
  for (const [name, value] of Object.entries(parsed)) {
    const written = typeof value === 'string' ? withReplacement(value) : marshal(value)
    if (written === undefined) return undefined
    keys.set(withReplacement(name), written)
  }
  return keys
}

/**
 * The friendly name behind a name or an ARN. The six characters that AWS adds to an ARN are cut off; where they
 * were part of the name (a partial ARN of a secret called `db-backup`), the answer is for another name than the
 * one decided on, and is withheld.
 */
function canonicalName(name: string): string | undefined {
  if (!isSendableName(name)) return undefined
  const arn = /^arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:(.+)$/s.exec(name)?.[1]
  if (arn === undefined) return name
  const friendly = arn.replace(/-[A-Za-z0-9]{6}$/, '')
  return isSendableName(friendly) ? friendly : undefined
}

function otherSecret(): StoreError {
  const advice = 'ask for it by its name, or by its whole ARN with the six characters at the end'
  return new StoreError(
    'invalid',
    `couldn't get secret: the answer is for a secret of another name; ${advice}`,
  )
}

function readFailure(error: unknown): unknown {
  // Scheduled for deletion, or a version and a stage that do not belong together.
  const isGone = error instanceof AwsError && error.code === 'InvalidRequestException'
  return getFailure(isGone ? new StoreError('not-found', error.message) : error)
}
