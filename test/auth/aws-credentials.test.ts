import { describe, expect, it } from 'vitest'
import { awsCredentials } from '../../src/auth/aws-credentials.ts'
import type { AwsIdentity } from '../../src/auth/aws-transport.ts'
import { assertSafe } from '../fakes/assert-safe.ts'
import type { FakeAws } from '../fakes/aws.ts'
import { answer, fakeAddresses, fakeAws, fakeKeys } from '../fakes/aws.ts'
import type { AwsGround } from '../fakes/aws-store.ts'
import { awsRuntime, whileTimePasses } from '../fakes/aws-store.ts'
import { fakeClock } from '../fakes/clock.ts'

const nothing: AwsIdentity = {
  region: 'us-east-1',
  accessKey: '',
  secretKey: '',
  sessionToken: '',
  assumeRoleArn: '',
  sessionName: 'DaprDefaultSession',
  allowPlainHttp: false,
}
const fixed = { accessKey: 'AKIDOWN', secretKey: 'own' }
const role = 'arn:aws:iam::123456789012:role/orders'
const minute = 60_000

/** Variables that switch a source on, by its name. */
const variables = {
  environment: { AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SECRET_ACCESS_KEY: 'env' },
  webIdentity: { AWS_WEB_IDENTITY_TOKEN_FILE: '/token', AWS_ROLE_ARN: role },
  container: { AWS_CONTAINER_CREDENTIALS_FULL_URI: fakeAddresses.container },
  machine: { AWS_EC2_METADATA_SERVICE_ENDPOINT: fakeAddresses.metadata },
} as const

const files = { '/token': 'web identity\n', '/authorization': 'Bearer of the file\n' }

function source(
  given: Partial<AwsIdentity>,
  env: Readonly<Record<string, string>>,
  ground: Partial<AwsGround> = {},
) {
  const clock = ground.clock ?? fakeClock()
  const aws = fakeAws({ clock })
  const credentials = awsCredentials(
    { ...nothing, ...given },
    awsRuntime(aws, { files, ...ground, clock, env }),
  )
  return { aws, clock, credentials, get: () => whileTimePasses(clock, credentials.get()) }
}

function identityCalls({ calls }: FakeAws): readonly string[] {
  return calls.filter((call) => call.startsWith('sts:') || call.includes('127.0.0.1'))
}

describe('the credentials of AWS', () => {
  it('are those of the first source there is: component, environment, web identity, container, machine', async () => {
    const sources: [expected: RegExp, given: Partial<AwsIdentity>, env: object][] = [
      [/^own key$/, fixed, {}],
      [/^environment key$/, {}, variables.environment],
      [/^sts:AssumeRoleWithWebIdentity$/, {}, variables.webIdentity],
      [/^GET http:\/\/127\.0\.0\.1:8901\/credentials\/orders$/, {}, variables.container],
      [/^PUT http:\/\/127\.0\.0\.1:8902\/latest\/api\/token$/, {}, variables.machine],
    ]
    // Each source with any of those behind it.
    for (const [index, [expected]] of sources.entries()) {
      for (let rest = 0; rest < 2 ** (sources.length - index - 1); rest++) {
        const chosen = sources.filter(
          (_, other) => other === index || (other > index && (rest >> (other - index - 1)) & 1),
        )
        const { aws, get } = source(
          Object.assign({}, ...chosen.map(([, given]) => given)),
          Object.assign({}, ...chosen.map(([, , env]) => env)),
        )
        const { accessKeyId } = await get()
        const known = { AKIDOWN: 'own key', AKIDENV: 'environment key' }[accessKeyId]
        expect(known ?? aws.calls[0]).toMatch(expected)
        expect(aws.calls.length > 0).toBe(known === undefined)
      }
    }
  })

  it('of the component are its session token too, and count only together', async () => {
    const own = source({ ...fixed, sessionToken: 'token' }, variables.environment)
    expect(await own.get()).toEqual({ accessKeyId: 'AKIDOWN', secretAccessKey: 'own', sessionToken: 'token' })
    for (const half of [{ accessKey: 'AKIDOWN' }, { secretKey: 'own' }]) {
      expect((await source(half, variables.environment).get()).accessKeyId).toBe('AKIDENV')
    }
  })

  it('of the environment go by their older names too, and are read each time', async () => {
    const env: Record<string, string> = {
      AWS_ACCESS_KEY: 'AKIDOLD',
      AWS_SECRET_KEY: 'old',
      AWS_SESSION_TOKEN: 't',
    }
    const clock = fakeClock()
    const runtime = awsRuntime(fakeAws({ clock }), { clock })
    const credentials = awsCredentials(nothing, {
      ...runtime,
      env: { get: (name) => env[name], entries: () => Object.entries(env) },
    })
    expect(await credentials.get()).toEqual({
      accessKeyId: 'AKIDOLD',
      secretAccessKey: 'old',
      sessionToken: 't',
    })
    Object.assign(env, variables.environment)
    expect((await credentials.get()).accessKeyId).toBe('AKIDENV')
  })

  it.each(['webIdentity', 'container', 'machine'] as const)(
    'of the source %s are kept until they are about to expire, or are refused',
    async (name) => {
      const { clock, credentials, get } = source({}, variables[name])
      const first = await get()
      expect(first.sessionToken).toMatch(/^session&token=/)
      clock.jump(54 * minute)
      expect(await get()).toBe(first)
      clock.jump(2 * minute)
      const second = await get()
      expect(second.accessKeyId).not.toBe(first.accessKeyId)
      credentials.refuse(second)
      expect((await get()).accessKeyId).not.toBe(second.accessKeyId)
    },
  )

  it('are asked for once by many readers', async () => {
    const { aws, clock, credentials } = source({}, variables.webIdentity)
    await whileTimePasses(clock, Promise.all(Array.from({ length: 20 }, () => credentials.get())))
    expect(identityCalls(aws)).toEqual(['sts:AssumeRoleWithWebIdentity'])
  })

  it('are none where there is no source, and that names what to look at', async () => {
    const off = { AWS_EC2_METADATA_DISABLED: 'true' }
    await expect(source({}, off).get()).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: 'no AWS credentials were found',
    })
    await expect(source({}, { ...off, AWS_PROFILE: 'dev' }).get()).rejects.toThrow(
      /AWS_PROFILE is set, but profiles/,
    )
  })
})

describe('a web identity', () => {
  it('goes to STS unsigned, with the role, the session and the token of the file', async () => {
    const { aws, get } = source({}, { ...variables.webIdentity, AWS_ROLE_SESSION_NAME: 'orders@1' })
    await get()
    const { url, headers, body } = aws.requests[0] ?? {}
    expect(url).toBe('https://sts.us-east-1.amazonaws.com/')
    expect(headers?.['authorization']).toBeUndefined()
    expect(body).toBe(
      'Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Forders&RoleSessionName=orders%401&WebIdentityToken=web%20identity',
    )
  })

  it('is read from the file anew for each session', async () => {
    const clock = fakeClock()
    const aws = fakeAws({ clock })
    const changing: Record<string, string> = { '/token': 'web identity' }
    const runtime = awsRuntime(aws, { clock, env: variables.webIdentity, files: changing })
    const credentials = awsCredentials(nothing, runtime)
    await whileTimePasses(clock, credentials.get())
    aws.webIdentityToken = changing['/token'] = 'another'
    clock.jump(60 * minute)
    await whileTimePasses(clock, credentials.get())
    expect(aws.requests[1]?.body).toContain('WebIdentityToken=another')
  })

  it('goes to the STS that the environment names', async () => {
    const endpoint = { AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:4566' }
    const { aws, get } = source({}, { ...variables.webIdentity, ...endpoint })
    await expect(get()).rejects.toMatchObject({ kind: 'unavailable' })
    expect(aws.requests[0]?.url).toBe('http://127.0.0.1:4566/')
  })

  it('that STS refuses is an authentication failure, without its token', async () => {
    const { aws, get } = source({}, variables.webIdentity)
    aws.webIdentityToken = 'another'
    const refused = get()
    await expect(refused).rejects.toMatchObject({ kind: 'unauthenticated' })
    await expect(refused).rejects.toThrow(
      /^operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, RequestID: request-1, InvalidIdentityToken$/,
    )
  })

  it('needs a disk, and a file with a token in it', async () => {
    await expect(source({}, variables.webIdentity, { files: {} }).get()).rejects.toThrow(
      'the file of AWS_WEB_IDENTITY_TOKEN_FILE cannot be read: no such file or directory',
    )
    await expect(
      source({}, variables.webIdentity, { files: { '/token': ' \n' } }).get(),
    ).rejects.toMatchObject({
      kind: 'unauthenticated',
    })
    const { readFile: _, ...diskless } = awsRuntime(fakeAws({ clock: fakeClock() }), {
      clock: fakeClock(),
      env: variables.webIdentity,
    })
    await expect(awsCredentials(nothing, diskless).get()).rejects.toThrow(/no disk/)
  })
})

describe("the container's endpoint", () => {
  it.each([
    ['of the variable', { AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Bearer x' }, 'Bearer x'],
    [
      'of the file, before that of the variable',
      {
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'Bearer x',
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/authorization',
      },
      'Bearer of the file',
    ],
  ])('is shown the token %s', async (_, env, token) => {
    const { aws, get } = source({}, { ...variables.container, ...env })
    aws.containerToken = token
    expect((await get()).accessKeyId).toBe('ASIAFAKE1')
  })

  it('that wants another token is an authentication failure, without a word of its answer', async () => {
    const { aws, get } = source({}, { ...variables.container, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'wrong' })
    aws.containerToken = 'right'
    const refused = get()
    await expect(refused).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: 'the container credentials endpoint: it answers with status 403',
    })
  })

  it.each([
    'http://169.254.170.2/v2/credentials',
    'http://169.254.170.23/v1/credentials',
    'http://[fd00:ec2::23]/v1/credentials',
    'http://localhost:1234/x',
    'https://anywhere.example/x',
  ])('may be %s', async (uri) => {
    const { aws, get } = source({}, { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri })
    // Nothing is sent there: the fake answers itself.
    aws.override = () => answer(200, '{"AccessKeyId":"ASIAX","SecretAccessKey":"x","Token":"t"}')
    expect((await get()).accessKeyId).toBe('ASIAX')
    expect(aws.requests[0]?.url).toBe(uri)
  })

  it.each([
    'http://169.254.170.2.evil.example/x',
    'http://10.0.0.1/x',
    'http://169.254.170.2@evil.example/x',
    'http://169.254.169.254/x',
    'ftp://localhost/x',
    'localhost:1234',
  ])('may not be %s', async (uri) => {
    const { aws, get } = source({}, { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri })
    await expect(get()).rejects.toMatchObject({ kind: 'unauthenticated' })
    expect(aws.calls).toEqual([])
  })

  it('may be a path on the address of the ECS agent', async () => {
    const { aws, get } = source({}, { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/x' })
    aws.override = () => answer(200, '{"AccessKeyId":"ASIAX","SecretAccessKey":"x"}')
    expect(await get()).toEqual({ accessKeyId: 'ASIAX', secretAccessKey: 'x' })
    expect(aws.requests[0]?.url).toBe('http://169.254.170.2/v2/credentials/x')
  })
})

describe("the machine's metadata service", () => {
  it('is asked for a token first, and with it for the role and its keys', async () => {
    const { aws, get } = source({}, variables.machine)
    expect((await get()).sessionToken).toBe('session&token=1')
    expect(aws.calls).toEqual([
      `PUT ${fakeAddresses.metadata}/latest/api/token`,
      `GET ${fakeAddresses.metadata}/latest/meta-data/iam/security-credentials/`,
      `GET ${fakeAddresses.metadata}/latest/meta-data/iam/security-credentials/orders-role`,
    ])
  })

  it('that cannot be reached says that no credentials were found', async () => {
    const { get } = source({}, { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' })
    await expect(get()).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'no AWS credentials were found; the EC2 metadata service: it cannot be reached',
    })
  })

  it('is given up after a second', async () => {
    const clock = fakeClock()
    const aws = { ...fakeAws({ clock }), send: () => new Promise<never>(() => {}) }
    const waiting = awsCredentials(nothing, awsRuntime(aws, { clock, env: variables.machine })).get()
    waiting.catch(() => {})
    await clock.advance(1000)
    await expect(waiting).rejects.toMatchObject({ kind: 'unavailable' })
  })

  it('may not answer with a role that leads elsewhere', async () => {
    const { aws, get } = source({}, variables.machine)
    aws.override = ({ method }) => (method === 'PUT' ? answer(200, 'token') : answer(200, '../../secret'))
    await expect(get()).rejects.toMatchObject({ kind: 'unauthenticated' })
    expect(aws.calls.length).toBe(2)
  })
})

describe('a role to assume', () => {
  const assuming = {
    accessKey: fakeKeys.accessKeyId,
    secretKey: fakeKeys.secretAccessKey,
    assumeRoleArn: role,
  }

  it('is assumed with the keys there are, signed, under the name of the session', async () => {
    const { aws, get } = source({ ...assuming, sessionName: 'nightly' }, {})
    expect((await get()).accessKeyId).toBe('ASIAFAKE1')
    expect(aws.calls).toEqual(['sts:AssumeRole'])
    expect(aws.requests[0]?.headers['authorization']).toContain('/us-east-1/sts/aws4_request')
    expect(aws.requests[0]?.body).toContain('RoleSessionName=nightly')
  })

  it('is assumed with keys that expire themselves, and are replaced when they are no longer taken', async () => {
    const { aws, credentials, get } = source({ assumeRoleArn: role }, variables.container)
    const first = await get()
    expect(first.accessKeyId).toBe('ASIAFAKE2')
    aws.keys.clear()
    credentials.refuse(first)
    expect((await get()).accessKeyId).toBe('ASIAFAKE4')
    const lending = `GET ${fakeAddresses.container}`
    expect(aws.calls).toEqual([lending, 'sts:AssumeRole', 'sts:AssumeRole', lending, 'sts:AssumeRole'])
  })

  it('that may not be assumed is denied', async () => {
    const { aws, get } = source(assuming, {})
    aws.denied.add('sts:AssumeRole')
    const denied = get()
    await expect(denied).rejects.toMatchObject({ kind: 'denied' })
    await expect(denied).rejects.toThrow(/AccessDeniedException: a policy must allow sts:AssumeRole$/)
  })
})

describe('a failure to get credentials', () => {
  it('holds nothing of what an endpoint answered or a variable held', async () => {
    const canary = 'canary-7f3a'
    const bodies = [`{"AccessKeyId":"${canary}"}`, `<${canary}`, `"${canary}`, `{"message":"${canary}"}`]
    for (const name of ['webIdentity', 'container', 'machine'] as const) {
      for (const status of [200, 400, 403]) {
        for (const body of bodies) {
          const { aws, get } = source(
            {},
            { ...variables[name], AWS_CONTAINER_AUTHORIZATION_TOKEN: canary },
            {
              files: { '/token': canary },
            },
          )
          aws.override = () => answer(status, body, { 'x-amzn-requestid': `${canary} ` })
          await assertSafe(get(), canary)
        }
      }
    }
  })
})
