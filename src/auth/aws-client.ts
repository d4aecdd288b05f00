/**
 * What a store of AWS calls: an operation with a body, both JSON, and the component metadata behind it.
 *
 * @module
 */
import { originProblem } from '../http/client.ts'
import { jsonOf } from '../http/json.ts'
import type { Runtime } from '../runtime.ts'
import { awsCredentials } from './aws-credentials.ts'
import type { AwsService } from './aws-endpoint.ts'
import { regionPattern } from './aws-endpoint.ts'
import type { AwsOperation } from './aws-error.ts'
import { awsExchange, inOperation } from './aws-exchange.ts'
import type { AwsClient, AwsIdentity } from './aws-transport.ts'

/** What a client is made of. */
export interface AwsClientOptions {
  readonly service: 'secretsmanager' | 'ssm'
  readonly identity: Omit<AwsIdentity, 'allowPlainHttp'>
  /** The component's endpoint. Default: the environment's, else AWS's own. */
  readonly endpoint?: string
  /** Whether another machine may be spoken to in the clear. Default false. */
  readonly allowPlainHttp?: boolean
  readonly runtime: Runtime
}

/** A client. Nothing is asked of anybody before the first call. */
export function awsClient({ service, identity, runtime, ...options }: AwsClientOptions): AwsClient {
  const { allowPlainHttp = false } = options
  const credentials = awsCredentials({ ...identity, allowPlainHttp }, runtime)
  const exchange = awsExchange({ ...options, service, region: identity.region, credentials, runtime })
  return {
    async call(target, body, signal) {
      const operation = awsOperation(service, target)
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
      const response = await exchange.post({ operation, headers, body: JSON.stringify(body), signal })
      try {
        return jsonOf(response)
      } catch (error) {
        throw inOperation(operation, error)
      }
    },
  }
}

/** The component metadata that every store of AWS has (dapr/components-contrib `.build-tools/builtin-authentication-profiles.yaml`). */
export const awsFields = {
  region: {
    type: 'string',
    pattern: regionPattern,
    description: 'AWS region; AWS_REGION or AWS_DEFAULT_REGION when it is absent.',
  },
  accessKey: {
    type: 'string',
    sensitive: true,
    description: 'Access key id; counts only together with secretKey.',
  },
  secretKey: { type: 'string', sensitive: true, description: 'Secret access key.' },
  sessionToken: { type: 'string', sensitive: true, description: 'Session token of keys that expire.' },
  assumeRoleArn: {
    type: 'string',
    description: 'Role to assume with the credentials found (an addition: daprd ignores it here).',
  },
  sessionName: {
    type: 'string',
    default: 'DaprDefaultSession',
    description: "Name of the assumed role's session in AWS's logs.",
  },
  'sidecarless.allowPlainHttp': {
    type: 'boolean',
    description: 'Whether an emulator on another machine may be spoken to over plain http.',
  },
  trustAnchorArn: {
    type: 'string',
    description: 'Refused: IAM Roles Anywhere needs the certificate of a sidecar.',
  },
  trustProfileArn: {
    type: 'string',
    description: 'Refused: IAM Roles Anywhere needs the certificate of a sidecar.',
  },
} as const

/** Options that make no store, as `{ field, message }`; `undefined` when they do. */
export function awsOptionProblem(options: {
  readonly trustAnchorArn: string
  readonly trustProfileArn: string
  readonly endpoint?: string
  readonly 'sidecarless.allowPlainHttp': boolean
}): { readonly field: string; readonly message: string } | undefined {
  for (const field of ['trustAnchorArn', 'trustProfileArn'] as const) {
    if (options[field] === '') continue
    const message = `IAM Roles Anywhere is not supported: it needs the X.509 certificate that daprd gets from Sentry (remove '${field}'; a web identity or assumeRoleArn alone works)`
    return { field, message }
  }
  const { endpoint = '' } = options
  const problem = endpoint === '' ? undefined : originProblem(endpoint, options['sidecarless.allowPlainHttp'])
  return problem === undefined ? undefined : { field: 'endpoint', message: `metadata 'endpoint' ${problem}` }
}

const serviceNames: Readonly<Record<AwsService, string>> = {
  secretsmanager: 'Secrets Manager',
  ssm: 'SSM',
  sts: 'STS',
}

/** The operation that a target stands for. */
export function awsOperation(service: AwsService, target: string): AwsOperation {
  const name = target.slice(target.indexOf('.') + 1)
  return { service: serviceNames[service], name, action: `${service}:${name}` }
}
