import { describe, expect, it } from 'vitest'
import type { AwsClientOptions } from '../../src/auth/aws-client.ts'
import { awsClient } from '../../src/auth/aws-client.ts'
import { assertSafe } from '../fakes/assert-safe.ts'
import { answer, fakeAddresses, fakeAws, fakeKeys, oneVersion } from '../fakes/aws.ts'
import type { AwsGround } from '../fakes/aws-store.ts'
import { awsRuntime, whileTimePasses } from '../fakes/aws-store.ts'
import { fakeClock } from '../fakes/clock.ts'

const ownKeys = { accessKey: fakeKeys.accessKeyId, secretKey: fakeKeys.secretAccessKey }
const noKeys = { accessKey: '', secretKey: '' }
const minute = 60_000

function start(
  options: Partial<AwsClientOptions> & { readonly region?: string; readonly keys?: typeof noKeys } = {},
  ground: Partial<AwsGround> = {},
) {
  const { keys = ownKeys, region = 'us-east-1', ...rest } = options
  const clock = ground.clock ?? fakeClock()
  const aws = fakeAws({ clock, secrets: { db: 'hunter2' } })
  const client = awsClient({
    service: 'secretsmanager',
    identity: { region, ...keys, sessionToken: '', assumeRoleArn: '', sessionName: 'test' },
    ...rest,
    runtime: awsRuntime(aws, { ...ground, clock }),
  })
  const read = (signal?: AbortSignal) =>
    whileTimePasses(clock, client.call('secretsmanager.GetSecretValue', { SecretId: 'db' }, signal))
  return { aws, clock, client, read }
}

describe('a call of AWS', () => {
  it('is signed JSON in and JSON out', async () => {
    const { aws, read } = start()
    expect(await read()).toMatchObject({ SecretString: 'hunter2' })
    const { method, url, headers, body } = aws.requests[0] ?? {}
    expect([method, url, body]).toEqual([
      'POST',
      'https://secretsmanager.us-east-1.amazonaws.com/',
      '{"SecretId":"db"}',
    ])
    expect(Object.keys(headers ?? {}).sort()).toEqual([
      'authorization',
      'content-type',
      'x-amz-date',
      'x-amz-target',
    ])
  })

  it('takes an answer for JSON whatever type it says it has', async () => {
    const { aws, read } = start()
    aws.override = () => answer(200, '{"a":1}', { 'content-type': 'text/html' })
    expect(await read()).toEqual({ a: 1 })
  })

  it('with the wrong secret key is refused, once', async () => {
    const { aws, read } = start({ keys: { ...ownKeys, secretKey: 'wrong' } })
    await expect(read()).rejects.toMatchObject({ kind: 'unauthenticated', code: 'InvalidSignatureException' })
    expect(aws.calls.length).toBe(1)
  })

  it('with unknown keys is refused, once, when there are no others', async () => {
    const { aws, read } = start({ keys: { ...ownKeys, accessKey: 'AKIDNOPE' } })
    await expect(read()).rejects.toMatchObject({
      kind: 'unauthenticated',
      code: 'UnrecognizedClientException',
    })
    expect(aws.calls.length).toBe(1)
  })
})

describe('a clock that differs from the server', () => {
  it.each([-3 * 60 * minute, -6 * minute, 6 * minute, 24 * 60 * minute])(
    'by %i ms is corrected by signing again, and the difference is remembered',
    async (ahead) => {
      const { aws, read } = start()
      aws.ahead = ahead
      expect(await read()).toMatchObject({ SecretString: 'hunter2' })
      expect(aws.calls.length).toBe(2)
      await read()
      expect(aws.calls.length).toBe(3)
    },
  )

  it('and is set right is corrected again', async () => {
    const { aws, clock, read } = start()
    aws.ahead = 60 * minute
    await read()
    clock.jump(60 * minute)
    aws.ahead = 0
    await read()
    expect(aws.calls.length).toBe(4)
  })

  it('is not blamed for a wrong signature when it is right', async () => {
    const { aws, read } = start({ keys: { ...ownKeys, secretKey: 'wrong' } })
    aws.ahead = 3 * minute
    await expect(read()).rejects.toMatchObject({ kind: 'unauthenticated' })
    expect(aws.calls.length).toBe(1)
  })

  it('is not blamed twice', async () => {
    const { aws, read } = start({ keys: { ...ownKeys, secretKey: 'wrong' } })
    aws.ahead = 60 * minute
    await expect(read()).rejects.toMatchObject({ kind: 'unauthenticated' })
    expect(aws.calls.length).toBe(2)
  })

  it('is not blamed twice for a signature that is always too old', async () => {
    const { aws, clock, read } = start()
    aws.override = () => {
      if (aws.calls.length > 5) throw new Error('it does not end')
      const date = new Date(clock.now()).toUTCString()
      return answer(400, '{"__type":"InvalidSignatureException","message":"Signature expired: x"}', { date })
    }
    await expect(read()).rejects.toMatchObject({ kind: 'unauthenticated' })
    expect(aws.calls.length).toBe(2)
  })

  it('is right when a request was frozen on its way, which is signed again', async () => {
    const { aws, clock, client } = start()
    aws.override = () => {
      clock.jump(60 * minute)
      aws.override = undefined
      return undefined
    }
    // Nobody lets time pass here: the clock would be set back to where that began.
    const answered = await client.call('secretsmanager.GetSecretValue', { SecretId: 'db' })
    expect(answered).toMatchObject({ SecretString: 'hunter2' })
    expect(aws.calls.length).toBe(2)
  })
})

describe('keys that are no longer taken', () => {
  const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: fakeAddresses.container }

  it('are replaced once, and the call is made again', async () => {
    const { aws, read } = start({ keys: noKeys }, { env })
    await read()
    aws.keys.clear()
    expect(await read()).toMatchObject({ SecretString: 'hunter2' })
    expect(aws.calls.filter((call) => call.startsWith('GET')).length).toBe(2)
    expect(aws.calls.length).toBe(5)
  })

  it('are replaced when they expired earlier than they said', async () => {
    const { aws, clock, read } = start({ keys: noKeys }, { env })
    await read()
    aws.keys.set('ASIAFAKE1', {
      secretAccessKey: 'session/secret1',
      sessionToken: 'session&token=1',
      expiresAt: clock.now(),
    })
    expect(await read()).toMatchObject({ SecretString: 'hunter2' })
  })

  it('fail the call when the new ones are not taken either', async () => {
    const { aws, read } = start({ keys: noKeys }, { env })
    aws.override = ({ url }) =>
      url === fakeAddresses.container
        ? undefined
        : answer(400, '{"__type":"ExpiredTokenException","Message":"hunter2"}')
    await expect(read()).rejects.toMatchObject({ kind: 'unauthenticated', code: 'ExpiredTokenException' })
    expect(aws.calls.length).toBe(4)
  })

  it('that cannot be replaced say so', async () => {
    const { aws, read } = start({ keys: noKeys }, { env })
    aws.containerToken = 'another'
    await expect(read()).rejects.toThrow(
      /^operation error Secrets Manager: GetSecretValue, get identity: get credentials: the container credentials endpoint: it answers with status 403$/,
    )
  })
})

describe('a busy service', () => {
  it('is asked up to three times', async () => {
    const { aws, read } = start()
    aws.busy = 2
    expect(await read()).toMatchObject({ SecretString: 'hunter2' })
    expect(aws.calls.length).toBe(3)
    aws.busy = 3
    await expect(read()).rejects.toMatchObject({ kind: 'throttled', code: 'ThrottlingException' })
    expect(aws.calls.length).toBe(6)
  })

  it('is not waited for by a caller who has left', async () => {
    const { aws, clock, client } = start()
    aws.busy = 3
    const leaving = new AbortController()
    const read = client.call('secretsmanager.GetSecretValue', { SecretId: 'db' }, leaving.signal)
    read.catch(() => {})
    while (aws.calls.length === 0) await clock.advance(0)
    leaving.abort()
    await expect(read).rejects.toMatchObject({ kind: 'unavailable' })
    expect(aws.calls.length).toBe(1)
  })
})

describe('a refusal', () => {
  const refusals: [
    status: number,
    headers: Record<string, string>,
    body: string,
    kind: string,
    code: string | undefined,
  ][] = [
    [400, {}, '{"__type":"ResourceNotFoundException"}', 'not-found', 'ResourceNotFoundException'],
    [404, {}, '{"__type":"ResourceNotFoundException"}', 'not-found', 'ResourceNotFoundException'],
    [400, {}, '{"__type":"a.b#ParameterVersionNotFound"}', 'not-found', 'ParameterVersionNotFound'],
    [400, { 'x-amzn-errortype': 'AccessDeniedException:http://x/' }, '{}', 'denied', 'AccessDeniedException'],
    [403, {}, '{"__type":"AccessDeniedException"}', 'denied', 'AccessDeniedException'],
    [400, {}, '{"__type":"ThrottlingException"}', 'throttled', 'ThrottlingException'],
    [429, {}, '', 'throttled', undefined],
    [
      403,
      {},
      '<Error><Code>SignatureDoesNotMatch</Code></Error>',
      'unauthenticated',
      'SignatureDoesNotMatch',
    ],
    [403, {}, '<E><Code>InvalidClientTokenId</Code></E>', 'unauthenticated', 'InvalidClientTokenId'],
    [500, {}, '{"__type":"InternalServiceError"}', 'unavailable', 'InternalServiceError'],
    [500, {}, '<html>hunter2</html>', 'unavailable', undefined],
    [400, {}, '{"__type":"ValidationException"}', 'invalid', 'ValidationException'],
    [400, {}, '{"__type":"NobodyKnowsException"}', 'invalid', 'NobodyKnowsException'],
    [503, {}, '{"__type":"NobodyKnowsException"}', 'unavailable', 'NobodyKnowsException'],
    // Whoever answers without a code is not the service, and knows nothing of the secret.
    [404, {}, '<html>hunter2</html>', 'unavailable', undefined],
    [403, {}, '', 'unavailable', undefined],
    [401, {}, 'hunter2', 'unavailable', undefined],
    [400, {}, '{"__type":"hunter2 is wrong"}', 'unavailable', undefined],
  ]

  it.each(refusals)('with status %i, %j and %s is of kind %s', async (status, headers, body, kind, code) => {
    const { aws, read } = start()
    aws.override = () => answer(status, body, headers)
    await expect(read()).rejects.toMatchObject({ name: 'StoreError', kind, code })
    await assertSafe(read(), 'hunter2')
  })

  it("shows the vendor's request id, when it is one", async () => {
    const { aws, read } = start()
    aws.override = () => answer(400, '{}', { 'x-amzn-requestid': 'a-1.b_2' })
    await expect(read()).rejects.toThrow('RequestID: a-1.b_2, an answer without an AWS error code')
    aws.override = () => answer(400, '{}', { 'x-amzn-requestid': 'hunter2 "' })
    await assertSafe(read(), 'hunter2')
  })
})

describe('where AWS is', () => {
  /** The address of the first request, whatever became of it. */
  async function addressOf(
    region: string,
    env: Readonly<Record<string, string>> = {},
    options: Partial<AwsClientOptions> = {},
  ): Promise<string | undefined> {
    const { aws, read } = start({ ...options, region }, { env })
    aws.override = () => answer(200, '{}')
    await read()
    return aws.requests[0]?.url
  }

  it.each([
    ['eu-west-1', 'https://secretsmanager.eu-west-1.amazonaws.com/'],
    ['cn-north-1', 'https://secretsmanager.cn-north-1.amazonaws.com.cn/'],
    ['us-gov-west-1', 'https://secretsmanager.us-gov-west-1.amazonaws.com/'],
    ['us-iso-east-1', 'https://secretsmanager.us-iso-east-1.c2s.ic.gov/'],
    ['us-isob-east-1', 'https://secretsmanager.us-isob-east-1.sc2s.sgov.gov/'],
    ['eusc-de-east-1', 'https://secretsmanager.eusc-de-east-1.amazonaws.eu/'],
  ])('follows from the region %s', async (region, url) => {
    expect(await addressOf(region)).toBe(url)
  })

  it('follows from the region of the environment where the component names none', async () => {
    const env = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' }
    expect(await addressOf('', env)).toContain('.eu-west-1.')
    expect(await addressOf('', { AWS_DEFAULT_REGION: 'eu-west-2' })).toContain('.eu-west-2.')
    expect(await addressOf('us-east-1', env)).toContain('.us-east-1.')
  })

  it.each([
    ['', {}, /region is required/],
    ['', { AWS_REGION: 'evil.example/' }, /holds characters that no region has/],
    ['a'.repeat(64), {}, /holds characters/],
  ])('is not known for the region %j and the environment %j', async (region, env, message) => {
    const { aws, read } = start({ region }, { env })
    const reading = read()
    await expect(reading).rejects.toMatchObject({ kind: 'invalid' })
    await expect(reading).rejects.toThrow(message)
    expect(aws.calls).toEqual([])
  })

  it('is what the component says, then the environment for the service, then for all services', async () => {
    const all = { AWS_ENDPOINT_URL: 'https://all.example' }
    const own = {
      ...all,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:4566/',
      AWS_ENDPOINT_URL_SSM: 'https://ssm',
    }
    expect(await addressOf('us-east-1', all)).toBe('https://all.example/')
    expect(await addressOf('us-east-1', own)).toBe('http://127.0.0.1:4566/')
    expect(await addressOf('us-east-1', own, { service: 'ssm' })).toBe('https://ssm/')
    expect(await addressOf('us-east-1', own, { endpoint: 'https://own.example' })).toBe(
      'https://own.example/',
    )
    expect(await addressOf('us-east-1', { ...own, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' })).toBe(
      'https://secretsmanager.us-east-1.amazonaws.com/',
    )
  })

  it('is the FIPS endpoint where the environment asks for it', async () => {
    expect(await addressOf('us-east-1', { AWS_USE_FIPS_ENDPOINT: 'true' })).toBe(
      'https://secretsmanager-fips.us-east-1.amazonaws.com/',
    )
  })

  it('is not an address of the environment that would carry secrets in the clear', async () => {
    const { aws, read } = start({}, { env: { AWS_ENDPOINT_URL: 'http://proxy.example' } })
    await expect(read()).rejects.toThrow(/AWS_ENDPOINT_URL must begin with https/)
    expect(aws.calls).toEqual([])
    const env = { AWS_ENDPOINT_URL: 'http://localstack:4566' }
    expect(await addressOf('us-east-1', env, { allowPlainHttp: true })).toBe('http://localstack:4566/')
    // What is declared for the store holds for the STS behind it.
    const identity = {
      AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/x',
    }
    const ground = { env: { ...env, ...identity }, files: { '/token': 'x' } }
    const declared = start({ keys: noKeys, allowPlainHttp: true }, ground)
    await expect(declared.read()).rejects.toThrow(/operation error STS: .*cannot be reached$/)
    await expect(start({ keys: noKeys, endpoint: 'https://own' }, ground).read()).rejects.toThrow(
      /operation error STS: .*AWS_ENDPOINT_URL must begin with https/,
    )
  })
})

describe('many calls of AWS', () => {
  it('work where requests are isolated', async () => {
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: fakeAddresses.container }
    const { aws, clock, client } = start({ keys: noKeys }, { env, isolatesRequests: true })
    aws.secrets.set('other', oneVersion('x'))
    const names = ['db', 'other', 'db', 'other']
    const reads = Promise.all(
      names.map((SecretId) => client.call('secretsmanager.GetSecretValue', { SecretId })),
    )
    expect((await whileTimePasses(clock, reads)).length).toBe(4)
  })
})
