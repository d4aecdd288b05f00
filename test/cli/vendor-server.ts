/**
 * A vendor that leaks: it speaks like AWS and like a vault, and repeats what it was sent, and a canary, wherever
 * a vendor could. The last part of the name asked for (a secret, a role) says how it answers.
 *
 * @module
 */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { onTestFinished } from 'vitest'
import type { Certificate } from '../adapters/certificate.ts'

/** Names that are answered with anything but a secret. */
export const mischiefs = [
  'missing',
  'denied',
  'throttled',
  'down',
  'wordy',
  'malformed',
  'half',
  'headless',
  'html',
  'shapeless',
  'endless',
  'moved',
  'elsewhere',
  'credentialed',
  'silent',
] as const

/** What it does beside that. */
export interface VendorOptions {
  /** The secrets it lists, or how it answers who asks for the list. Default one good secret. */
  readonly list?: readonly string[] | string
  /** With it, it speaks TLS. */
  readonly certificate?: Certificate
}

/** A running vendor. */
export interface Vendor {
  readonly origin: string
  /** The last part of every name asked for: what was really tried. */
  readonly asked: ReadonlySet<string>
}

/** A vendor on loopback until the test ends. */
export async function startVendor({ list = ['good'], certificate }: VendorOptions = {}): Promise<Vendor> {
  const asked = new Set<string>()
  const handle: RequestListener = (request, response) => {
    bodyOf(request).then((body) => answer({ request, response, body, list, asked }), ignore)
  }
  const server = certificate === undefined ? createServer(handle) : createTlsServer(certificate, handle)
  server.on('tlsClientError', ignore)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { origin: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, asked }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: string
  readonly list: readonly string[] | string
  readonly asked: Set<string>
}

function answer(exchange: Exchange): void {
  const { request, response, body, list, asked } = exchange
  const { url = '', headers } = request
  const echo = `canary of a vendor: ${JSON.stringify(headers)} ${body}`
  response.setHeader('x-amzn-requestid', 'canary of a request')
  response.setHeader('x-canary', encodeURIComponent(echo).slice(0, 2000))
  response.setHeader('set-cookie', 'session=canary')
  const operation = operationOf(url, headers['x-amz-target'], body)
  const isList = operation === 'list'
  const name = isList && typeof list === 'string' ? list : isList ? 'good' : nameOf(url, body)
  asked.add(isList ? `list ${name}` : name)
  const isWrong = /canary-of-wrong/.test(JSON.stringify(headers))
  const misbehave = isWrong ? refuseCredentials : misbehaviours[name]
  if (misbehave !== undefined) {
    misbehave(response, echo)
    return
  }
  const names = typeof list === 'string' ? [] : list
  response.setHeader('content-type', 'application/json')
  response.end(operation === 'sts' ? session : JSON.stringify(good(operation, name, names, body)))
}

type Operation = 'list' | 'get' | 'batch' | 'sts' | 'lookup'

function operationOf(url: string, target: string | string[] | undefined, body: string): Operation {
  if (body.startsWith('Action=')) return 'sts'
  if (url.endsWith('lookup-self')) return 'lookup'
  if (url.includes('list=true') || /ListSecrets|DescribeParameters/.test(String(target))) return 'list'
  return /BatchGetSecretValue|GetParameters$/.test(String(target)) ? 'batch' : 'get'
}

/** `denied` of a path `/v1/secret/data/dapr/denied?version=0`, a role `…:role/denied` or a SecretId. */
function nameOf(url: string, body: string): string {
  if (url.endsWith('lookup-self')) return 'good'
  if (url.startsWith('/v1/auth/')) return /"role(?:_id)?":"([^"]*)"/.exec(body)?.[1] ?? 'good'
  const role = /&RoleArn=[^&]*%2F([^&]*)/.exec(body)?.[1]
  const id = /"(?:SecretId|Name)":"(?:[^"]*\/)?([^"]*)"/.exec(body)?.[1]
  return role ?? id ?? url.split('?', 1)[0]?.split('/').at(-1) ?? ''
}

/** One object that holds what any of the clients looks for. */
function good(operation: Operation, name: string, names: readonly string[], body: string): object {
  const secret = (of: string) => ({ Name: of, SecretString: `canary of ${of}`, Value: `canary of ${of}` })
  if (operation === 'list') {
    const named = names.map((Name) => ({ Name }))
    return { SecretList: named, Parameters: named, data: { keys: names } }
  }
  if (operation === 'batch') {
    const wanted = names.filter((of) => body.includes(`"${of}"`) && misbehaviours[of] === undefined)
    return { SecretValues: wanted.map(secret), Parameters: wanted.map(secret), Errors: [{ Message: body }] }
  }
  return {
    ...secret(name),
    Parameter: secret(name),
    data: { data: { [name]: `canary of ${name}` }, metadata: { version: 1 } },
    auth: { client_token: 'canary-of-a-token', lease_duration: 60 },
    AccessKeyId: 'canary-of-lent',
    SecretAccessKey: 'canary-of-a-key',
    Token: 'canary-of-a-session',
  }
}

const session = `<AssumeRoleResponse><AccessKeyId>canary-of-lent</AccessKeyId>
<SecretAccessKey>canary-of-a-key</SecretAccessKey><SessionToken>canary-of-a-session</SessionToken>
<Expiration>canary</Expiration></AssumeRoleResponse>`

type Misbehaviour = (response: ServerResponse, echo: string) => void

/** `silent` never answers. */
const misbehaviours: Readonly<Record<string, Misbehaviour>> = {
  missing: (response, echo) => refuse(response, 'ResourceNotFoundException', 404, echo),
  denied: (response, echo) => refuse(response, 'AccessDeniedException', 403, echo),
  throttled: (response, echo) => refuse(response, 'ThrottlingException', 429, echo),
  down: (response, echo) => refuse(response, 'InternalServiceError', 503, echo),
  wordy: (response, echo) => refuse(response, 'canary-of-a-code', 400, echo),
  malformed: (response) => void response.end('{"canary": "canary", canary'),
  half(response) {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('{"SecretString":"canary')
    setTimeout(() => response.destroy(), 20)
  },
  headless: ({ socket }) => void socket?.end('canary: of no HTTP at all\r\n\r\n'),
  html: (response, echo) => {
    response.setHeader('content-type', 'text/html; canary')
    response.end(`<html><Code>canary-of-a-code</Code>${echo}</html>`)
  },
  shapeless: (response) =>
    void response.end('{"Name":["canary"],"Parameter":"canary","data":{"data":"canary"},"auth":"canary"}'),
  endless: (response) => void response.end('canary'.repeat(1 << 20)),
  moved: (response) => redirect(response, '/v1/secret/data/dapr/canary'),
  elsewhere: (response) => redirect(response, 'http://canary.example/canary'),
  credentialed: (response) => redirect(response, 'http://user:canary@[canary/%zz'),
  silent() {},
  // Where one that is moved leads to.
  canary: (response, echo) => refuse(response, 'ResourceNotFoundException', 404, echo),
}

function refuseCredentials(response: ServerResponse, echo: string): void {
  refuse(response, 'UnrecognizedClientException', 403, echo)
}

function refuse(response: ServerResponse, code: string, status: number, echo: string): void {
  response.setHeader('retry-after', '0')
  response.setHeader('x-amzn-errortype', `${code}:canary`)
  response.statusCode = status
  response.end(JSON.stringify({ __type: code, message: echo, errors: [echo], data: { canary: echo } }))
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(307, { location }).end('canary')
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}

function ignore(): void {}
