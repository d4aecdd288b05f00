/**
 * AWS for tests: Secrets Manager, Parameter Store, STS and the endpoints that lend credentials, behind one `send`.
 *
 * It behaves instead of reciting: signatures are verified by an implementation of its own, keys expire by a clock,
 * lists have pages, actions can be denied. What it has no answer for fails like an unreachable host and stays in
 * `calls`, where a test sees it.
 */
import type { HttpRequest, HttpResponse, Send } from '../../src/http/exchange.ts'
import { SendError } from '../../src/http/exchange.ts'
import type { Clock } from '../../src/runtime.ts'

/** One version of a secret; without a text it is binary, or has no value at all. */
export interface FakeVersion {
  readonly id: string
  readonly stages: readonly string[]
  readonly text?: string
  readonly binary?: string
}

/** A secret with all its versions. */
export interface FakeSecret {
  readonly versions: readonly FakeVersion[]
  readonly isDeleted?: boolean
}

/** A parameter: its values from version 1 on, and labels of versions. */
export interface FakeParameter {
  readonly values: readonly string[]
  readonly labels?: Readonly<Record<string, number>>
}

/** Keys that the fake takes. */
export interface FakeKeys {
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number
}

/** What a fake begins with; everything can be changed while it runs. */
export interface FakeAwsOptions {
  readonly clock: Clock
  /** A text is the one current version of a secret. */
  readonly secrets?: Readonly<Record<string, string | FakeSecret>>
  /** A text is the one version of a parameter. */
  readonly parameters?: Readonly<Record<string, string | FakeParameter>>
}

export interface FakeAws {
  readonly send: Send
  /** Every request in order, by action (`secretsmanager:GetSecretValue`) or by address. */
  readonly calls: string[]
  readonly requests: HttpRequest[]
  readonly secrets: Map<string, FakeSecret>
  readonly parameters: Map<string, FakeParameter>
  /** By access key id; one pair is there from the beginning: {@link fakeKeys}. */
  readonly keys: Map<string, FakeKeys>
  /** Actions that no policy allows. */
  readonly denied: Set<string>
  /** How many requests will be told to come back later. */
  busy: number
  /** Milliseconds by which its clock is ahead of the given one. */
  ahead: number
  /** Entries of a list's page. */
  pageSize: number
  /** Whether lists have an empty page with a token in their middle, and `NextToken: null` on the last. */
  hasOddPages: boolean
  /** Whether errors are those of moto: XML, 403, 404. */
  speaksMoto: boolean
  /** The web identity token that STS takes. */
  webIdentityToken: string
  /** How long the keys it lends live, in milliseconds. */
  lifetime: number
  /** The `authorization` that the container's endpoint wants. */
  containerToken: string | undefined
  /** Answers in place of everything else, while it is set. */
  override: ((request: HttpRequest) => HttpResponse | undefined) | undefined
}

/** The keys of a user who may do everything. */
export const fakeKeys = { accessKeyId: 'AKIDFAKE', secretAccessKey: 'fake/secret+key' } as const

/** Where the fake lends credentials: never an address that means something outside. */
export const fakeAddresses = {
  container: 'http://127.0.0.1:8901/credentials/orders',
  metadata: 'http://127.0.0.1:8902',
} as const

/** The account of everything in it. */
export const fakeAccount = '123456789012'

export function fakeAws({ clock, secrets = {}, parameters = {} }: FakeAwsOptions): FakeAws {
  let sessions = 0
  const aws: FakeAws = {
    send,
    calls: [],
    requests: [],
    secrets: new Map(),
    parameters: new Map(),
    keys: new Map([[fakeKeys.accessKeyId, { secretAccessKey: fakeKeys.secretAccessKey }]]),
    denied: new Set(),
    busy: 0,
    ahead: 0,
    pageSize: 100,
    hasOddPages: false,
    speaksMoto: false,
    webIdentityToken: 'web identity',
    lifetime: 3_600_000,
    containerToken: undefined,
    override: undefined,
  }
  for (const [name, secret] of Object.entries(secrets)) {
    aws.secrets.set(name, typeof secret === 'string' ? oneVersion(secret) : secret)
  }
  for (const [name, parameter] of Object.entries(parameters)) {
    aws.parameters.set(name, typeof parameter === 'string' ? { values: [parameter] } : parameter)
  }
  return aws

  async function send(request: HttpRequest): Promise<HttpResponse> {
    // What arrives was sent some time ago.
    await Promise.resolve()
    if (request.signal.aborted) throw new SendError('aborted')
    const [, host = '', path = '/'] = /^https?:\/\/([^/]+)(\/.*)?$/.exec(request.url) ?? []
    const service = /^(secretsmanager|ssm|sts)\.us-east-1\.amazonaws\.com$/.exec(host)?.[1]
    aws.requests.push(request)
    aws.calls.push(
      service === undefined ? `${request.method} ${request.url}` : `${service}:${actionOf(request)}`,
    )
    const override = aws.override?.(request)
    if (override !== undefined) return override
    if (service !== undefined) return answerOf(service, host, request)
    if (request.url === fakeAddresses.container) return container(request)
    if (request.url.startsWith(`${fakeAddresses.metadata}/`)) return metadata(path, request)
    throw new SendError('unreachable')
  }

  async function answerOf(service: string, host: string, request: HttpRequest): Promise<HttpResponse> {
    const action = actionOf(request)
    const fail = (code: string, message: string, status = 400): HttpResponse =>
      refusal({
        isXml: service === 'sts' || aws.speaksMoto,
        code,
        message,
        status,
        now: clock.now() + aws.ahead,
      })
    if (aws.busy > 0) {
      aws.busy -= 1
      return fail('ThrottlingException', 'Rate exceeded')
    }
    if (action !== 'AssumeRoleWithWebIdentity') {
      const problem = await signatureProblem(service, host, request)
      if (problem !== undefined) return fail(...problem)
    }
    if (aws.denied.has(`${service}:${action}`)) {
      const message = `User: arn:aws:iam::${fakeAccount}:user/fake is not authorized to perform: ${service}:${action}`
      return fail('AccessDeniedException', message, service === 'secretsmanager' ? 403 : 400)
    }
    if (service === 'sts') return sts(action, new Map(formOf(request.body ?? '')), fail)
    const answer = operations[`${service}:${action}`]?.(JSON.parse(request.body ?? ''), aws)
    if (answer === undefined) return fail('UnknownOperationException', '')
    if ('code' in answer) return fail(answer.code, answer.message ?? '', aws.speaksMoto ? 404 : 400)
    return json(answer.body)
  }

  async function signatureProblem(
    service: string,
    host: string,
    request: HttpRequest,
  ): Promise<[code: string, message: string, status?: number] | undefined> {
    const match =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
        request.headers['authorization'] ?? '',
      )
    if (match === null) return ['MissingAuthenticationTokenException', 'Missing Authentication Token']
    const [, id = '', day = '', region = '', scope = '', names = '', signature = ''] = match
    const known = aws.keys.get(id)
    const now = clock.now() + aws.ahead
    if (known === undefined || known.sessionToken !== request.headers['x-amz-security-token']) {
      return ['UnrecognizedClientException', 'The security token included in the request is invalid.']
    }
    if (known.expiresAt !== undefined && known.expiresAt <= now) {
      return ['ExpiredTokenException', 'The security token included in the request is expired']
    }
    const stamp = request.headers['x-amz-date'] ?? ''
    const signedAt = Date.parse(stamp.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
    if (signedAt < now - 300_000)
      return ['InvalidSignatureException', `Signature expired: ${stamp} is now earlier`]
    if (signedAt > now + 300_000) return ['InvalidSignatureException', `Signature not yet current: ${stamp}`]
    const unsigned = Object.keys(request.headers).filter(
      (name) => name !== 'authorization' && !names.split(';').includes(name),
    )
    if (unsigned.length > 0 || region !== 'us-east-1' || scope !== service || !stamp.startsWith(day)) {
      return ['InvalidSignatureException', 'Credential should be scoped to a valid region.']
    }
    const expected = await signatureOf(host, request, names, {
      secret: known.secretAccessKey,
      stamp,
      region,
      service,
    })
    if (expected === signature) return undefined
    return ['InvalidSignatureException', 'The request signature we calculated does not match']
  }

  /** Keys of a new session, good for the fake's `lifetime`. */
  function lend() {
    sessions += 1
    const expiresAt = clock.now() + aws.ahead + aws.lifetime
    const session = {
      accessKeyId: `ASIAFAKE${sessions}`,
      secretAccessKey: `session/secret${sessions}`,
      sessionToken: `session&token=${sessions}`,
      expiration: new Date(expiresAt).toISOString(),
    }
    aws.keys.set(session.accessKeyId, { ...session, expiresAt })
    return session
  }

  function sts(
    action: string,
    form: ReadonlyMap<string, string>,
    fail: (code: string, message: string, status?: number) => HttpResponse,
  ): HttpResponse {
    if (!/^arn:aws:iam::\d{12}:role\/.+$/.test(form.get('RoleArn') ?? ''))
      return fail('ValidationError', 'RoleArn')
    if (!/^[\w+=,.@-]{2,64}$/.test(form.get('RoleSessionName') ?? '')) return fail('ValidationError', 'Name')
    if (action === 'AssumeRoleWithWebIdentity' && form.get('WebIdentityToken') !== aws.webIdentityToken) {
      return fail('InvalidIdentityToken', 'No OpenIDConnect provider found')
    }
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = lend()
    const credentials = [
      `<AccessKeyId>${accessKeyId}</AccessKeyId>`,
      `<SecretAccessKey>${secretAccessKey}</SecretAccessKey>`,
      `<SessionToken>${sessionToken.replaceAll('&', '&amp;')}</SessionToken>`,
      `<Expiration>${expiration}</Expiration>`,
    ].join('\n')
    return answer(200, `<${action}Response><${action}Result><Credentials>\n${credentials}\n</Credentials>`, {
      'content-type': 'text/xml',
    })
  }

  function container(request: HttpRequest): HttpResponse {
    if (aws.containerToken !== undefined && request.headers['authorization'] !== aws.containerToken) {
      return answer(403, '{"code":"AccessDenied","message":"the container token is wrong"}')
    }
    return json(lentJson())
  }

  function metadata(path: string, request: HttpRequest): HttpResponse {
    if (request.method === 'PUT' && path === '/latest/api/token') {
      return request.headers['x-aws-ec2-metadata-token-ttl-seconds'] === '21600'
        ? answer(200, 'metadata-token')
        : answer(400, '')
    }
    if (request.headers['x-aws-ec2-metadata-token'] !== 'metadata-token') return answer(401, '')
    if (path === '/latest/meta-data/iam/security-credentials/') return answer(200, 'orders-role')
    if (path === '/latest/meta-data/iam/security-credentials/orders-role')
      return json({ Code: 'Success', ...lentJson() })
    return answer(404, '')
  }

  function lentJson() {
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = lend()
    return {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: expiration,
    }
  }
}

/** A secret of one current version. */
export function oneVersion(text: string): FakeSecret {
  return { versions: [{ id: 'v1', stages: ['AWSCURRENT'], text }] }
}

/** The ARN of a secret in it, with AWS's six characters. */
export function arnOf(name: string): string {
  return `arn:aws:secretsmanager:us-east-1:${fakeAccount}:secret:${name}-AbCdEf`
}

/** An answer as `send` gives it. */
export function answer(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return { status, headers: new Map(Object.entries(headers)), body: new TextEncoder().encode(body) }
}

function json(body: unknown): HttpResponse {
  return answer(200, JSON.stringify(body), { 'content-type': 'application/x-amz-json-1.1' })
}

function refusal(given: {
  readonly isXml: boolean
  readonly code: string
  readonly message: string
  readonly status: number
  readonly now: number
}): HttpResponse {
  const { isXml, code, message, status, now } = given
  const headers = { 'x-amzn-requestid': 'request-1', date: new Date(now).toUTCString() }
  if (isXml) {
    const xml = `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
    return answer(status === 400 ? 403 : status, xml, headers)
  }
  return answer(status, JSON.stringify({ __type: `com.amazonaws.fake#${code}`, Message: message }), headers)
}

function actionOf({ headers, body = '' }: HttpRequest): string {
  return headers['x-amz-target']?.split('.').at(-1) ?? new Map(formOf(body)).get('Action') ?? ''
}

function formOf(body: string): readonly (readonly [string, string])[] {
  return body.split('&').map((pair) => {
    const [name = '', value = ''] = pair.split('=')
    return [decodeURIComponent(name), decodeURIComponent(value)]
  })
}

type Outcome = { readonly body: unknown } | { readonly code: string; readonly message?: string }
type Operation = (input: Readonly<Record<string, unknown>>, aws: FakeAws) => Outcome

const operations: Readonly<Record<string, Operation>> = {
  'secretsmanager:GetSecretValue': (input, aws) => readSecret(input, aws),

  'secretsmanager:ListSecrets': (input, aws) => {
    const live = [...aws.secrets].filter(([, { isDeleted }]) => isDeleted !== true)
    return page(
      live.map(([name]) => ({ ARN: arnOf(name), Name: name })),
      'SecretList',
      input,
      aws,
    )
  },

  'secretsmanager:BatchGetSecretValue': (input, aws) => {
    const ids = Array.isArray(input['SecretIdList']) ? input['SecretIdList'] : []
    if (ids.length === 0 || ids.length > 20) return { code: 'InvalidParameterException' }
    const values: unknown[] = []
    const errors: unknown[] = []
    for (const id of ids) {
      const outcome = readSecret({ SecretId: id }, aws)
      if ('body' in outcome) values.push(outcome.body)
      else errors.push({ SecretId: id, ErrorCode: outcome.code, Message: outcome.message })
    }
    const paged = page(values, 'SecretValues', input, aws)
    return 'body' in paged ? { body: Object.assign({ Errors: errors }, paged.body) } : paged
  },

  'ssm:GetParameter': (input, aws) => {
    const found = readParameter(String(input['Name']), aws)
    return 'body' in found ? { body: { Parameter: found.body } } : found
  },

  'ssm:GetParameters': (input, aws) => {
    const names = Array.isArray(input['Names']) ? input['Names'].map(String) : []
    if (names.length === 0 || names.length > 10) return { code: 'ValidationException' }
    const found = names.map((name) => readParameter(name, aws))
    return {
      body: {
        Parameters: found.flatMap((outcome) => ('body' in outcome ? [outcome.body] : [])),
        InvalidParameters: names.filter((_, index) => 'code' in (found[index] ?? {})),
      },
    }
  },

  'ssm:DescribeParameters': (input, aws) => {
    const max = Number(input['MaxResults'] ?? 10)
    if (max > 50) return { code: 'ValidationException' }
    const filters = Array.isArray(input['ParameterFilters']) ? input['ParameterFilters'] : []
    const prefix = String(filters[0]?.Values?.[0] ?? '')
    const names = [...aws.parameters.keys()].filter((name) => name.startsWith(prefix))
    return page(
      names.map((Name) => ({ Name })),
      'Parameters',
      input,
      { ...aws, pageSize: Math.min(max, aws.pageSize) },
    )
  },
}

function readSecret(input: Readonly<Record<string, unknown>>, aws: FakeAws): Outcome {
  const { SecretId: id, VersionId: versionId, VersionStage: stage } = input
  if (id === '' || versionId === '' || stage === '') return { code: 'InvalidParameterException' }
  const known = [...aws.secrets].find(
    ([name]) => id === name || id === arnOf(name) || `${String(id)}-AbCdEf` === arnOf(name),
  )
  const message = "Secrets Manager can't find the specified secret."
  if (known === undefined) return { code: 'ResourceNotFoundException', message }
  const [name, secret] = known
  if (secret.isDeleted === true) {
    return {
      code: 'InvalidRequestException',
      message: 'You cannot perform this operation on a deleted secret.',
    }
  }
  const wanted = stage ?? (versionId === undefined ? 'AWSCURRENT' : undefined)
  const version = secret.versions.find(
    ({ id: known, stages }) =>
      (versionId === undefined || known === versionId) &&
      (wanted === undefined || stages.includes(String(wanted))),
  )
  if (version === undefined) return { code: 'ResourceNotFoundException', message }
  const { text, binary } = version
  return {
    body: {
      ARN: arnOf(name),
      Name: name,
      VersionId: version.id,
      VersionStages: version.stages,
      ...(text === undefined ? {} : { SecretString: text }),
      ...(binary === undefined ? {} : { SecretBinary: binary }),
    },
  }
}

function readParameter(asked: string, aws: FakeAws): Outcome {
  const arn = `arn:aws:ssm:us-east-1:${fakeAccount}:parameter/`
  const [base = '', selector, ...more] = asked.startsWith(arn)
    ? asked.slice(arn.length).split(':')
    : asked.split(':')
  const name = asked.startsWith(arn) && base.includes('/') ? `/${base}` : base
  const parameter =
    aws.parameters.get(name) ?? (asked.startsWith(arn) ? aws.parameters.get(`/${base}`) : undefined)
  if (parameter === undefined || more.length > 0) return { code: 'ParameterNotFound' }
  const label = selector === undefined ? parameter.values.length : parameter.labels?.[selector]
  const version = label ?? Number(selector)
  const Value = parameter.values[version - 1]
  if (Value === undefined) return { code: 'ParameterVersionNotFound' }
  const Name = aws.parameters.has(name) ? name : `/${base}`
  return { body: { Name, Type: 'SecureString', Value, Version: version } }
}

function page(
  entries: readonly unknown[],
  field: string,
  input: Readonly<Record<string, unknown>>,
  { pageSize, hasOddPages }: FakeAws,
): Outcome {
  const token = String(input['NextToken'] ?? 'at 0')
  const start = Number(/^(?:at|empty) (\d+)$/.exec(token)?.[1] ?? Number.NaN)
  if (Number.isNaN(start)) return { code: 'InvalidNextTokenException' }
  if (token.startsWith('empty')) return { body: { [field]: [], NextToken: `at ${start}` } }
  const end = start + pageSize
  const isLast = end >= entries.length
  const NextToken = isLast ? (hasOddPages ? null : undefined) : `${hasOddPages ? 'empty' : 'at'} ${end}`
  return { body: { [field]: entries.slice(start, end), NextToken } }
}

// A second implementation of Signature Version 4, after the same document and not after src/.

async function signatureOf(
  host: string,
  request: HttpRequest,
  names: string,
  by: { readonly secret: string; readonly stamp: string; readonly region: string; readonly service: string },
): Promise<string> {
  const lines = names.split(';').map((name) => {
    const value = name === 'host' ? host : (request.headers[name] ?? '')
    return `${name}:${value}\n`
  })
  const digest = hexOf(await sha256(request.body ?? ''))
  const canonical = `${request.method}\n/\n\n${lines.join('')}\n${names}\n${digest}`
  const day = by.stamp.slice(0, 8)
  const text = `AWS4-HMAC-SHA256\n${by.stamp}\n${day}/${by.region}/${by.service}/aws4_request\n${hexOf(await sha256(canonical))}`
  let key: ArrayBuffer = new TextEncoder().encode(`AWS4${by.secret}`).buffer
  for (const part of [day, by.region, by.service, 'aws4_request', text]) {
    const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
    ])
    key = await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(part))
  }
  return hexOf(key)
}

function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
}

function hexOf(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
