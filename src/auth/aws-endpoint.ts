/**
 * Where an AWS service is: the region, and the address of a service in it.
 *
 * The order is that of the AWS SDKs, and so of daprd (dapr/components-contrib `common/aws/auth`): the component's
 * field, then the environment. Nothing is looked up when a store starts; what is missing is said on the first read.
 *
 * @module
 */
import { originProblem } from '../http/client.ts'
import { splitUrl } from '../http/url.ts'
import type { Environment } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'

/** A service by its name in addresses and signatures. */
export type AwsService = 'secretsmanager' | 'ssm' | 'sts'

/** What a region may look like: it becomes part of a host name. */
export const regionPattern = /(?:[a-z0-9]+(?:-[a-z0-9]+)*)?/

/**
 * The region: the component's own, else `AWS_REGION`, else `AWS_DEFAULT_REGION`.
 *
 * @throws {StoreError} `invalid` when there is none, or when it is no region
 */
export function awsRegion(configured: string, env: Environment): string {
  const region = configured || env.get('AWS_REGION') || env.get('AWS_DEFAULT_REGION') || ''
  if (region === '') {
    throw new StoreError(
      'invalid',
      "an AWS region is required, but was not found (set metadata 'region' or AWS_REGION)",
    )
  }
  if (region.length > 63 || regionPattern.exec(region)?.[0] !== region) {
    throw new StoreError(
      'invalid',
      "the AWS region holds characters that no region has (see 'region' and AWS_REGION)",
    )
  }
  return region
}

/**
 * The origin of a service: the component's own, else `AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`,
 * else AWS itself. `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` and `AWS_USE_FIPS_ENDPOINT` mean what they mean to
 * the SDKs.
 *
 * @param region as {@link awsRegion} gives it
 * @throws {StoreError} `invalid` when a variable holds no origin
 */
export function awsEndpoint(
  service: AwsService,
  region: string,
  { env, configured = '', allowPlainHttp = false }: EndpointOptions,
): string {
  if (configured !== '') return configured
  if (!isTrue(env.get('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'))) {
    for (const variable of [`AWS_ENDPOINT_URL_${variableNames[service]}`, 'AWS_ENDPOINT_URL']) {
      const endpoint = env.get(variable) ?? ''
      if (endpoint === '') continue
      const problem = originProblem(endpoint, allowPlainHttp)
      if (problem !== undefined) throw new StoreError('invalid', `${variable} ${problem}`)
      return endpoint
    }
  }
  const fips = isTrue(env.get('AWS_USE_FIPS_ENDPOINT')) ? '-fips' : ''
  return `https://${service}${fips}.${region}.${domainOf(region)}`
}

/** The host of an origin as a `host` header spells it. */
export function hostOf(origin: string): string {
  return splitUrl(origin)?.origin.replace(/^https?:\/\//, '') ?? ''
}

/** What decides about an endpoint besides service and region. */
export interface EndpointOptions {
  readonly env: Environment
  /** The component's own endpoint. Default none. */
  readonly configured?: string
  /** Whether another machine may be spoken to in the clear. Default false. */
  readonly allowPlainHttp?: boolean
}

const variableNames: Readonly<Record<AwsService, string>> = {
  secretsmanager: 'SECRETS_MANAGER',
  ssm: 'SSM',
  sts: 'STS',
}

/** Partitions beside the main one, by how their regions begin (botocore `data/partitions.json`). */
const domains: readonly (readonly [prefix: string, domain: string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
]

function domainOf(region: string): string {
  return domains.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com'
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === 'true'
}
