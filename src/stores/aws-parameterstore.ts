/**
 * `secretstores.aws.parameterstore`: AWS Systems Manager Parameter Store.
 *
 * Mirrors dapr/components-contrib `secretstores/aws/parameterstore/parameterstore.go`.
 *
 * ```yaml
 * apiVersion: dapr.io/v1alpha1
 * kind: Component
 * metadata:
 *   name: aws-parameters
 * spec:
 *   type: secretstores.aws.parameterstore
 *   version: v1
 *   metadata:
 *   - name: region
 *     value: eu-west-1
 *   - name: prefix
 *     value: /orders/
 * ```
 *
 * @module
 */
import { awsClient, awsFields, awsOptionProblem } from '../auth/aws-client.ts'
import {
  awsPages,
  batchReader,
  getFailure,
  isSendableName,
  listFailure,
  nameProblem,
} from '../auth/aws-reading.ts'
import type { AwsClient } from '../auth/aws-transport.ts'
import { withReplacement } from '../go/bytes.ts'
import { fieldOf, listOf, numberOf, textOf } from '../http/json.ts'
import { StoreError } from '../secret-error.ts'
import type { Secret, SecretValues } from './store.ts'
import { defineStore, OptionError } from './store.ts'

/** The driver of `secretstores.aws.parameterstore`. */
export const awsParameterstore = defineStore({
  type: 'secretstores.aws.parameterstore',
  description: 'AWS Systems Manager Parameter Store.',
  metadata: {
    ...awsFields,
    region: { ...awsFields.region, aliases: ['awsRegion'] },
    prefix: {
      type: 'string',
      description:
        'Put in front of every name as it is, without a separator; bulk lists what begins with it.',
    },
    'sidecarless.batch': {
      type: 'boolean',
      default: true,
      description: 'Whether bulk reads try GetParameters, which needs a permission of its own.',
    },
  },
  requestMetadata: ['version_id'],
  targets: ['node', 'aws-lambda', 'cloudflare-workers', 'azure-functions'],
  permissions: [
    {
      operation: 'get',
      needs: 'ssm:GetParameter',
      note: 'On the parameter; for a SecureString with a customer managed key also kms:Decrypt on the key.',
    },
    { operation: 'bulk', needs: 'ssm:DescribeParameters', note: 'On `*`; AWS knows no narrower resource.' },
    {
      operation: 'bulk',
      needs: 'ssm:GetParameter',
      note: 'On each parameter; not needed with ssm:GetParameters.',
    },
    {
      operation: 'bulk',
      needs: 'ssm:GetParameters',
      note: 'On each parameter; optional: without it parameters are read one by one.',
    },
  ],
  reads: 'remotely',
  canonical: canonicalName,
  // A label after the colon moves, a number does not.
  isPinned: (metadata) => /^\d+$/.test(metadata.get('version_id') ?? ''),

  create(options, { runtime }) {
    const problem = awsOptionProblem(options)
    if (problem !== undefined) throw new OptionError(problem.field, problem.message)
    const { prefix, 'sidecarless.allowPlainHttp': allowPlainHttp } = options
    const client = awsClient({ service: 'ssm', identity: options, allowPlainHttp, runtime })
    const readMany = batchReader({
      size: 10,
      // Parameters are read at 40 calls a second and account, unless more is paid for.
      atOnce: 4,
      isEnabled: options['sidecarless.batch'],
      readBatch: (names, signal) => readBatch(client, names, signal),
      readOne: (name, signal) => readOne(client, name, signal),
    })

    return {
      features: [],

      async getSecret({ name, metadata, signal }): Promise<Secret> {
        const canonical = canonicalName(name)
        if (canonical === undefined) throw nameProblem(name)
        const version = metadata.get('version_id')
        const parameter = await readOne(
          client,
          `${prefix}${name}${version === undefined ? '' : `:${version}`}`,
          signal,
        )
        const values = keysOf(parameter, prefix)
        for (const found of values.keys()) {
          if (canonicalName(found) !== canonical) throw otherParameter()
        }
        return { values, ...(parameter.version === undefined ? {} : { version: parameter.version }) }
      },

      async getBulkSecret({ signal, isAllowed = () => true }) {
        const listed = await listNames(client, prefix, signal)
        const names = listed.filter((name) => isAllowed(name.slice(prefix.length)))
        const secrets = new Map<string, SecretValues>()
        for (const [name, parameter] of await readMany(names, signal)) {
          secrets.set(name.slice(prefix.length), keysOf(parameter, prefix))
        }
        return secrets
      },
    }
  },
})

interface Parameter {
  readonly name: string | undefined
  readonly value: string | undefined
  readonly version: string | undefined
}

async function readOne(client: AwsClient, name: string, signal: AbortSignal | undefined): Promise<Parameter> {
  try {
    const answer = await client.call('AmazonSSM.GetParameter', { Name: name, WithDecryption: true }, signal)
    return parameterOf(fieldOf(answer, 'Parameter'))
  } catch (error) {
    throw getFailure(error)
  }
}

/** Some parameters of the batch; who is missing has to be read alone to learn why. */
async function readBatch(
  client: AwsClient,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Parameter>> {
  const answer = await client.call('AmazonSSM.GetParameters', { Names: names, WithDecryption: true }, signal)
  const parameters = new Map<string, Parameter>()
  for (const item of listOf(fieldOf(answer, 'Parameters')) ?? []) {
    const parameter = parameterOf(item)
    if (parameter.name !== undefined) parameters.set(parameter.name, parameter)
  }
  return parameters
}

async function listNames(
  client: AwsClient,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const filters =
    prefix === '' ? {} : { ParameterFilters: [{ Key: 'Name', Option: 'BeginsWith', Values: [prefix] }] }
  // 50 is the most that AWS takes; without it, it gives ten a page, and the call has a low rate limit.
  const call = (token: object) =>
    client.call('AmazonSSM.DescribeParameters', { MaxResults: 50, ...filters, ...token }, signal)
  const names = new Set<string>()
  try {
    for await (const page of awsPages(call)) {
      for (const entry of listOf(fieldOf(page, 'Parameters')) ?? []) {
        const name = textOf(fieldOf(entry, 'Name'))
        // Some servers find `/app/x` for `app`: cut by length, that would be a name nobody gave.
        if (name?.startsWith(prefix) === true) names.add(name)
      }
    }
  } catch (error) {
    throw listFailure(error)
  }
  return [...names]
}

function parameterOf(value: unknown): Parameter {
  const text = textOf(fieldOf(value, 'Value'))
  const version = numberOf(fieldOf(value, 'Version'))
  return {
    name: textOf(fieldOf(value, 'Name')),
    value: text === undefined ? undefined : withReplacement(text),
    version: version === undefined ? undefined : String(version),
  }
}

/** Under the name without the prefix; nothing when the answer has no name or no value, as in daprd. */
function keysOf({ name, value }: Parameter, prefix: string): SecretValues {
  if (name === undefined || value === undefined) return new Map()
  if (!name.startsWith(prefix)) throw otherParameter()
  return new Map([[name.slice(prefix.length), value]])
}

/**
 * The parameter's name without a version or label behind a colon; of an ARN the name in it. The ARN of `/db` is
 * that of `db`, so an answer for the other one of the two is withheld.
 */
function canonicalName(name: string): string | undefined {
  if (!isSendableName(name)) return undefined
  const arn = /^arn:[^:]*:ssm:[^:]*:[^:]*:parameter\/(.+)$/s.exec(name)?.[1]
  const [plain = '', ...selectors] = (arn ?? name).split(':')
  // More than one colon is a name that SSM refuses, whatever it is meant to be.
  if (!isSendableName(plain) || selectors.length > 1) return undefined
  // A name with a slash in it begins with one, which the ARN leaves out.
  return arn !== undefined && plain.includes('/') ? `/${plain}` : plain
}

function otherParameter(): StoreError {
  return new StoreError('invalid', "couldn't get secret: the answer is for a parameter of another name")
}
