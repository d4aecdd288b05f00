/**
 * A stand-in for AWS Secrets Manager, Parameter Store and a Vault's key-value engine on one port: every call takes
 * 20 ms and is counted. It knows 300 secrets, and checks neither signature nor token.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A running stand-in. */
export interface Vendor {
  readonly origin: string
  /** How many calls came while `run` ran, and the milliseconds it took. */
  measure(run: () => Promise<unknown>): Promise<Measured>
  stop(): void
}

/** What reading took. */
export interface Measured {
  readonly calls: number
  readonly milliseconds: number
}

/** The secrets, and what each of them holds. */
export const names: readonly string[] = Array.from({ length: 300 }, (_, index) => `secret-${index}`)
export const secretValue = (name: string): string => `value of ${name}`

const callTakes = 20

/** Starts it on a free port. */
export async function startVendor(): Promise<Vendor> {
  let calls = 0
  const server = createServer(async (request, response) => {
    calls += 1
    const [body] = await Promise.all([textOf(request), sleep(callTakes)])
    answer(request, body, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has such an address.
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    async measure(run) {
      const before = calls
      const started = performance.now()
      await run()
      return { calls: calls - before, milliseconds: performance.now() - started }
    },
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function answer({ headers, url = '' }: IncomingMessage, body: string, response: ServerResponse): void {
  const target = String(headers['x-amz-target'] ?? '')
  const found = target === '' ? vaultAnswer(url) : awsAnswer(target, JSON.parse(body) as AwsRequest)
  const [status, content] = found ?? missing(target)
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(content))
}

type VendorAnswer = readonly [status: number, content: object]

interface AwsRequest {
  readonly SecretId?: string
  readonly SecretIdList?: readonly string[]
  readonly Name?: string
  readonly Names?: readonly string[]
  readonly NextToken?: string
}

/** `undefined` where there is no such secret. */
function awsAnswer(target: string, request: AwsRequest): VendorAnswer | undefined {
  const { SecretId = '', SecretIdList = [], Name = '', Names = [], NextToken = '0' } = request
  switch (target) {
    case 'secretsmanager.GetSecretValue':
      return names.includes(SecretId) ? [200, secret(SecretId)] : undefined
    case 'secretsmanager.BatchGetSecretValue':
      return [200, { SecretValues: SecretIdList.map(secret) }]
    case 'secretsmanager.ListSecrets':
      return [200, page('SecretList', Number(NextToken), 100)]
    case 'AmazonSSM.GetParameter':
      return names.includes(Name) ? [200, { Parameter: parameter(Name) }] : undefined
    case 'AmazonSSM.GetParameters':
      return [200, { Parameters: Names.map(parameter) }]
    case 'AmazonSSM.DescribeParameters':
      return [200, page('Parameters', Number(NextToken), 50)]
    default:
      return [400, { __type: 'UnknownOperationException' }]
  }
}

function secret(name: string): object {
  return { Name: name, SecretString: secretValue(name), VersionId: 'one', VersionStages: ['AWSCURRENT'] }
}

function parameter(name: string): object {
  return { Name: name, Value: secretValue(name), Version: 1 }
}

function page(list: string, start: number, size: number): object {
  const items = names.slice(start, start + size).map((name) => ({ Name: name }))
  const next = start + size
  return { [list]: items, ...(next < names.length ? { NextToken: String(next) } : {}) }
}

function vaultAnswer(url: string): VendorAnswer | undefined {
  const [path = ''] = url.split('?')
  if (path.startsWith('/v1/secret/metadata/')) return [200, { data: { keys: names } }]
  const name = path.replace('/v1/secret/data/dapr/', '')
  if (!names.includes(name)) return undefined
  return [200, { data: { data: { [name]: secretValue(name) }, metadata: { version: 1 } } }]
}

function missing(target: string): VendorAnswer {
  if (target === '') return [404, { errors: [] }]
  return [400, { __type: target.startsWith('AmazonSSM') ? 'ParameterNotFound' : 'ResourceNotFoundException' }]
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
