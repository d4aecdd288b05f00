import { describe, expect, it } from 'vitest'
import type { StoreError } from '../../src/secret-error.ts'
import { awsSecretmanager } from '../../src/stores/aws-secretmanager.ts'
import { OptionError } from '../../src/stores/store.ts'
import type { GivenSecrets } from '../conformance/secret-store.ts'
import { describeSecretStore } from '../conformance/secret-store.ts'
import type { FakeSecret } from '../fakes/aws.ts'
import { answer, arnOf, fakeAws } from '../fakes/aws.ts'
import type { OpenedAwsStore } from '../fakes/aws-store.ts'
import { bulkOf, openAwsStore, usualMetadata, whileTimePasses } from '../fakes/aws-store.ts'
import { fakeClock } from '../fakes/clock.ts'

async function open(
  secrets: Readonly<Record<string, string | FakeSecret>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<OpenedAwsStore> {
  const clock = fakeClock()
  const aws = fakeAws({ clock, secrets })
  const store = await openAwsStore(awsSecretmanager, aws, { clock }, { ...usualMetadata, ...metadata })
  return { store, aws, clock }
}

async function get(
  { store, clock }: OpenedAwsStore,
  name: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const read = Promise.resolve(store.getSecret({ name, metadata: new Map(Object.entries(metadata)) }))
  const { values } = await whileTimePasses(clock, read)
  return Object.fromEntries(values ?? [])
}

function numbered(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, `value ${index}`]))
}

function asBulk(secrets: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(secrets).map(([name, text]) => [name, { [name]: text }]))
}

function times({ aws }: OpenedAwsStore, action: string): number {
  return aws.calls.filter((call) => call === `secretsmanager:${action}`).length
}

const severalVersions: FakeSecret = {
  versions: [
    { id: 'a1', stages: ['AWSPREVIOUS'], text: 'old' },
    { id: 'b2', stages: ['blue', 'AWSCURRENT'], text: 'new' },
    { id: 'c3', stages: ['AWSPENDING'], text: 'next' },
  ],
}

describeSecretStore('aws.secretmanager', {
  driver: awsSecretmanager,
  severalKeys: false,
  missing: 'error',
  make: async (secrets) => (await open(texts(secrets))).store,
})

describeSecretStore('aws.secretmanager with several keys', {
  driver: awsSecretmanager,
  severalKeys: true,
  missing: 'error',
  make: async (secrets) => {
    const json = Object.entries(secrets).map(([name, keys]) => [name, JSON.stringify(keys)])
    return (await open(Object.fromEntries(json), { multipleKeyValuesPerSecret: 'true' })).store
  },
})

describeSecretStore('aws.secretmanager one by one before a server of odd pages', {
  driver: awsSecretmanager,
  severalKeys: false,
  missing: 'error',
  make: async (secrets) => {
    const { store, aws } = await open(texts(secrets), { 'sidecarless.batch': 'false' })
    Object.assign(aws, { hasOddPages: true, speaksMoto: true, pageSize: 2 })
    return store
  },
})

function texts(secrets: GivenSecrets): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, keys]) => [name, keys[name] ?? '']))
}

describe('a secret of aws.secretmanager', () => {
  it('is asked for with no version unless the request names one', async () => {
    const opened = await open({ db: severalVersions })
    expect(await get(opened, 'db')).toEqual({ db: 'new' })
    expect(opened.aws.requests[0]?.body).toBe('{"SecretId":"db"}')
    expect(await get(opened, 'db', { version_id: 'a1' })).toEqual({ db: 'old' })
    expect(await get(opened, 'db', { version_stage: 'AWSPENDING' })).toEqual({ db: 'next' })
    expect(await get(opened, 'db', { version_id: 'b2', version_stage: 'blue' })).toEqual({ db: 'new' })
    expect(await get(opened, 'db', { Version_Id: 'a1' })).toEqual({ db: 'new' })
  })

  it('carries its version, and the stage that everybody means', async () => {
    const { store } = await open({ db: severalVersions })
    const read = (metadata: [string, string][]) =>
      store.getSecret({ name: 'db', metadata: new Map(metadata) })
    expect(await read([])).toMatchObject({ version: 'b2', stage: 'AWSCURRENT' })
    expect(await read([['version_id', 'c3']])).toMatchObject({ version: 'c3', stage: 'AWSPENDING' })
  })

  it('is asked for with an empty version when the request has one, which AWS refuses', async () => {
    const opened = await open({ db: severalVersions })
    await expect(get(opened, 'db', { version_id: '' })).rejects.toMatchObject({ kind: 'invalid' })
    await expect(get(opened, 'db', { version_stage: '' })).rejects.toMatchObject({ kind: 'invalid' })
  })

  it('is missing in a version that it does not have, and once it is deleted', async () => {
    const opened = await open({ db: severalVersions, gone: { versions: [], isDeleted: true } })
    await expect(get(opened, 'db', { version_id: 'nope' })).rejects.toMatchObject({ kind: 'not-found' })
    await expect(get(opened, 'gone')).rejects.toMatchObject({ kind: 'not-found' })
  })

  it('has no keys when it is binary', async () => {
    const versions = [{ id: 'v1', stages: ['AWSCURRENT'], binary: 'AP8=' }]
    const opened = await open({ binary: { versions } })
    expect(await get(opened, 'binary')).toEqual({})
    expect(await bulkOf(opened)).toEqual({ binary: {} })
  })

  it.each([arnOf('team/db'), arnOf('team/db').slice(0, -7)])(
    'answers under its name for the ARN %s',
    async (arn) => {
      expect(await get(await open({ 'team/db': 'x' }), arn)).toEqual({ 'team/db': 'x' })
    },
  )

  it('is withheld when an ARN stands for another name than the one that scopes decide on', async () => {
    const opened = await open({ 'db-backup': 'x' })
    const partial = arnOf('db-backup').slice(0, -7)
    expect(awsSecretmanager.canonical(partial)).toBe('db')
    await expect(get(opened, partial)).rejects.toMatchObject({ kind: 'invalid' })
    expect(await get(opened, arnOf('db-backup'))).toEqual({ 'db-backup': 'x' })
    expect(await get(opened, 'db-backup')).toEqual({ 'db-backup': 'x' })
  })

  it.each([
    ['{"key1":"value1","key3":{"nested":"value3"}}', { key1: 'value1', key3: '{"nested":"value3"}' }],
    [
      '{"b":{"z":"<&>","a":[1,2]},"n":1e21,"t":true,"f":false,"x":null}',
      {
        b: '{"a":[1,2],"z":"\\u003c\\u0026\\u003e"}',
        n: '1e+21',
        t: 'true',
        f: 'false',
        x: 'null',
      },
    ],
    ['{"a":"<b>"}', { a: '<b>' }],
    ['{"a":"1","a":"2"}', { a: '2' }],
    ['{"a":"\\ud800"}', { a: '\ufffd' }],
    ['{}', {}],
    ['null', {}],
    ['not json', { db: 'not json' }],
    ['["a"]', { db: '["a"]' }],
    ['"text"', { db: '"text"' }],
    ['5', { db: '5' }],
    ['{"a":1e999}', { db: '{"a":1e999}' }],
    ['', { db: '' }],
  ])('of several keys that is %s is read as Go reads it', async (text, keys) => {
    const opened = await open({ db: text }, { multipleKeyValuesPerSecret: 'true' })
    expect(await get(opened, 'db')).toEqual(keys)
    expect(await bulkOf(opened)).toEqual({ db: keys })
  })

  it('is verbatim without several keys', async () => {
    expect(await get(await open({ db: '{"a": 1}' }), 'db')).toEqual({ db: '{"a": 1}' })
  })

  it.each(['', '.', '..', 'a/../b', './a', 'a/.', 'a\u0000b', 'a\nb', 'a\u007f', '\udcff'])(
    'is not asked for under the name %j',
    async (name) => {
      const opened = await open({ b: 'x' })
      await expect(get(opened, name)).rejects.toMatchObject({ kind: 'invalid' })
      expect(awsSecretmanager.canonical(name)).toBeUndefined()
      expect(opened.aws.calls).toEqual([])
    },
  )

  it.each([
    ['...', '...'],
    ['a.b/..c', 'a.b/..c'],
    [arnOf('db'), 'db'],
    ['arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:a/b-1a2B3c', 'a/b'],
    ['arn:aws:secretsmanager:us-east-1:123456789012:secret:db', 'db'],
    ['arn:aws:secretsmanager:us-east-1:123456789012:secret:../x', undefined],
    ['arn:aws:secretsmanager:us-east-1:123456789012:secret:-AbCdEf', undefined],
    ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket'],
    ['db-AbCdEf', 'db-AbCdEf'],
  ])('%s is canonically %s', (name, canonical) => {
    expect(awsSecretmanager.canonical(name)).toBe(canonical)
  })

  it('says in its error what daprd says, without the sentence of the vendor', async () => {
    const opened = await open({})
    await expect(get(opened, 'nope')).rejects.toThrow(
      /^couldn't get secret: operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, RequestID: request-1, ResourceNotFoundException$/,
    )
    opened.aws.denied.add('secretsmanager:GetSecretValue')
    await expect(get(opened, 'nope')).rejects.toThrow(
      /AccessDeniedException: a policy must allow secretsmanager:GetSecretValue$/,
    )
  })

  it('is unavailable when the answer is no JSON, or no answer to the question', async () => {
    const opened = await open({ db: 'hunter2' })
    for (const body of ['<html>hunter2', '"hunter2', '{"SecretString":"hunter2"}', '[]', 'null']) {
      opened.aws.override = () => answer(200, body)
      const read = get(opened, 'db')
      await expect(read).rejects.toMatchObject({ kind: 'unavailable' })
      await expect(read).rejects.not.toThrow(/hunter2/)
    }
  })
})

describe('all secrets of aws.secretmanager', () => {
  it('are read page by page and then in batches of twenty', async () => {
    const secrets = numbered(300)
    const opened = await open(secrets)
    expect(await bulkOf(opened)).toEqual(asBulk(secrets))
    expect(times(opened, 'ListSecrets')).toBe(3)
    expect(times(opened, 'BatchGetSecretValue')).toBe(15)
    expect(opened.aws.calls.length).toBe(18)
    expect(opened.aws.requests[0]?.body).toBe('{}')
  })

  it('are in the order in which AWS lists them', async () => {
    expect(Object.keys(await bulkOf(await open({ b: '1', a: '2', c: '3' })))).toEqual(['b', 'a', 'c'])
  })

  it('are all read though pages are empty and batches have pages themselves', async () => {
    const secrets = numbered(45)
    const opened = await open(secrets)
    Object.assign(opened.aws, { hasOddPages: true, pageSize: 7 })
    expect(await bulkOf(opened)).toEqual(asBulk(secrets))
    expect(times(opened, 'GetSecretValue')).toBe(0)
  })

  it('are read one by one where batches are off', async () => {
    const secrets = numbered(25)
    const opened = await open(secrets, { 'sidecarless.batch': 'false' })
    expect(await bulkOf(opened)).toEqual(asBulk(secrets))
    expect([times(opened, 'BatchGetSecretValue'), times(opened, 'GetSecretValue')]).toEqual([0, 25])
  })

  it('are read one by one for good once the batch call was denied', async () => {
    const secrets = numbered(45)
    const opened = await open(secrets)
    opened.aws.denied.add('secretsmanager:BatchGetSecretValue')
    expect(await bulkOf(opened)).toEqual(asBulk(secrets))
    expect(await bulkOf(opened)).toEqual(asBulk(secrets))
    expect([times(opened, 'BatchGetSecretValue'), times(opened, 'GetSecretValue')]).toEqual([1, 90])
  })

  it('are not asked for one by one when the service is down or busy', async () => {
    for (const code of ['InternalServiceError', 'ThrottlingException', 'ExpiredTokenException']) {
      const opened = await open(numbered(45))
      opened.aws.override = ({ headers }) =>
        headers['x-amz-target'] === 'secretsmanager.BatchGetSecretValue'
          ? answer(400, `{"__type":"${code}"}`)
          : undefined
      await expect(bulkOf(opened)).rejects.toThrow(code)
      expect(times(opened, 'GetSecretValue')).toBe(0)
    }
  })

  it('are not fetched where a scope denies them', async () => {
    const opened = await open({ one: '1', two: '2' })
    expect(await bulkOf(opened, (name) => name === 'two')).toEqual({ two: { two: '2' } })
    expect(opened.aws.requests.at(-1)?.body).toBe('{"SecretIdList":["two"]}')
    opened.aws.calls.length = 0
    expect(await bulkOf(opened, () => false)).toEqual({})
    expect(opened.aws.calls).toEqual(['secretsmanager:ListSecrets'])
  })

  it('are those that are not deleted', async () => {
    expect(await bulkOf(await open({ a: 'x', gone: { versions: [], isDeleted: true } }))).toEqual({
      a: { a: 'x' },
    })
  })

  it('are none when one of them has no value, as in daprd', async () => {
    const opened = await open({ ...numbered(3), empty: { versions: [] } })
    const read = bulkOf(opened)
    await expect(read).rejects.toMatchObject({ kind: 'not-found', message: "couldn't get secret: empty" })
  })

  it('are none when listing is denied', async () => {
    const opened = await open({ a: 'x' })
    opened.aws.denied.add('secretsmanager:ListSecrets')
    const read = bulkOf(opened)
    await expect(read).rejects.toMatchObject({ kind: 'denied' })
    await expect(read).rejects.toThrow(
      /^couldn't list secrets: operation error Secrets Manager: ListSecrets, /,
    )
  })

  it('are none when the list leads to itself', async () => {
    const opened = await open({ a: 'x' })
    opened.aws.override = () => answer(200, '{"SecretList":[],"NextToken":"again"}')
    await expect(bulkOf(opened)).rejects.toMatchObject({ kind: 'unavailable' })
  })
})

describe('the component of aws.secretmanager', () => {
  it.each(['trustAnchorArn', 'trustProfileArn'])('is refused with %s, and told why', async (field) => {
    const opening = open({}, { [field]: 'arn:aws:rolesanywhere:us-east-1:123456789012:x/y' })
    await expect(opening).rejects.toBeInstanceOf(OptionError)
    await expect(opening).rejects.toMatchObject({ field })
    await expect(opening).rejects.toThrow(/^IAM Roles Anywhere is not supported/)
  })

  it("is refused when it asks for AWS's SDK where there is none, and told why", async () => {
    const opening = open({}, { 'sidecarless.transport': 'sdk' })
    await expect(opening).rejects.toMatchObject({ name: 'OptionError', field: 'sidecarless.transport' })
    await expect(opening).rejects.toThrow("this target does not hold AWS's SDK; only 'lean' works here")
  })

  it.each(['http://secrets.example', 'localhost:4566', 'https://u:p@h', 'https://h/path'])(
    'is refused with the endpoint %s',
    async (endpoint) => {
      await expect(open({}, { endpoint })).rejects.toMatchObject({ name: 'OptionError', field: 'endpoint' })
    },
  )

  it('may name an endpoint on another machine in the clear when it says that it means to', async () => {
    const metadata = { endpoint: 'http://localstack:4566', 'sidecarless.allowPlainHttp': 'true' }
    const opened = await open({}, metadata)
    await expect(get(opened, 'db')).rejects.toMatchObject({ kind: 'unavailable' })
    expect(opened.aws.requests[0]?.url).toBe('http://localstack:4566/')
  })

  it.each(['us-east-1.evil.example', 'us east', 'us/', 'US-EAST-1', 'a-'])(
    'is refused with the region %s',
    async (region) => {
      await expect(open({}, { region })).rejects.toThrow(/metadata 'region' must match/)
    },
  )

  it('asks the endpoint it is given, and nobody before the first read', async () => {
    const opened = await open({}, { endpoint: 'http://127.0.0.1:4566' })
    expect(opened.aws.calls).toEqual([])
    const failure: StoreError = await get(opened, 'db').then(
      () => Promise.reject(new Error('it was read')),
      (error) => error,
    )
    expect(failure.kind).toBe('unavailable')
    expect(opened.aws.requests[0]?.url).toBe('http://127.0.0.1:4566/')
  })

  it('knows that a version by its id never changes, and that one by its stage does', () => {
    const isPinned = (metadata: Readonly<Record<string, string>>) =>
      awsSecretmanager.isPinned?.(new Map(Object.entries(metadata)))
    expect(isPinned({ version_id: 'a1' })).toBe(true)
    expect(isPinned({ version_stage: 'AWSCURRENT' })).toBe(false)
    expect(isPinned({ version_id: 'a1', version_stage: 'AWSCURRENT' })).toBe(false)
    expect(isPinned({})).toBe(false)
  })
})
