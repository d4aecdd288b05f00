import { describe, expect, it } from 'vitest'
import { awsParameterstore } from '../../src/stores/aws-parameterstore.ts'
import { describeSecretStore } from '../conformance/secret-store.ts'
import type { FakeParameter } from '../fakes/aws.ts'
import { answer, fakeAccount, fakeAws } from '../fakes/aws.ts'
import type { OpenedAwsStore } from '../fakes/aws-store.ts'
import { bulkOf, openAwsStore, usualMetadata, whileTimePasses } from '../fakes/aws-store.ts'
import { fakeClock } from '../fakes/clock.ts'

async function open(
  parameters: Readonly<Record<string, string | FakeParameter>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<OpenedAwsStore> {
  const clock = fakeClock()
  const aws = fakeAws({ clock, parameters })
  const store = await openAwsStore(awsParameterstore, aws, { clock }, { ...usualMetadata, ...metadata })
  return { store, aws, clock }
}

async function get({ store, clock }: OpenedAwsStore, name: string, version?: string): Promise<unknown> {
  const metadata = new Map(version === undefined ? [] : [['version_id', version]])
  const { values } = await whileTimePasses(clock, Promise.resolve(store.getSecret({ name, metadata })))
  return Object.fromEntries(values ?? [])
}

function numbered(count: number, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${prefix}p${index}`, `value ${index}`]),
  )
}

function asBulk(parameters: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parameters).map(([name, text]) => [name, { [name]: text }]))
}

function times({ aws }: OpenedAwsStore, action: string): number {
  return aws.calls.filter((call) => call === `ssm:${action}`).length
}

const arn = (resource: string): string => `arn:aws:ssm:us-east-1:${fakeAccount}:parameter/${resource}`

for (const prefix of ['', '/orders/']) {
  describeSecretStore(`aws.parameterstore with the prefix '${prefix}'`, {
    driver: awsParameterstore,
    severalKeys: false,
    missing: 'error',
    make: async (secrets) => {
      const parameters = Object.entries(secrets).map(([name, keys]) => [prefix + name, keys[name] ?? ''])
      return (
        await open(
          { ...Object.fromEntries(parameters), ...(prefix === '' ? {} : { other: 'x' }) },
          { prefix },
        )
      ).store
    },
  })
}

describe('a parameter of aws.parameterstore', () => {
  it('is asked for decrypted, under its name behind the prefix, and answered without that', async () => {
    const opened = await open({ '/prefix/aws/dev/secret': 'x' }, { prefix: '/prefix' })
    expect(await get(opened, '/aws/dev/secret')).toEqual({ '/aws/dev/secret': 'x' })
    expect(opened.aws.requests[0]?.body).toBe('{"Name":"/prefix/aws/dev/secret","WithDecryption":true}')
  })

  it('is asked for in a version, or by a label, behind a colon', async () => {
    const opened = await open({ db: { values: ['one', 'two', 'three'], labels: { live: 2 } } })
    expect(await get(opened, 'db')).toEqual({ db: 'three' })
    expect(await get(opened, 'db', '1')).toEqual({ db: 'one' })
    expect(await get(opened, 'db', 'live')).toEqual({ db: 'two' })
    expect(await get(opened, 'db:1')).toEqual({ db: 'one' })
    expect(opened.aws.requests[1]?.body).toContain('"Name":"db:1"')
  })

  it('carries the version that was read', async () => {
    const { store } = await open({ db: { values: ['one', 'two'] } })
    expect(await store.getSecret({ name: 'db', metadata: new Map() })).toMatchObject({ version: '2' })
  })

  it('is missing in a version that it does not have', async () => {
    const opened = await open({ db: 'x' })
    await expect(get(opened, 'db', '7')).rejects.toMatchObject({ kind: 'not-found' })
    await expect(get(opened, 'db', '')).rejects.toMatchObject({ kind: 'not-found' })
    expect(opened.aws.requests.at(-1)?.body).toContain('"Name":"db:"')
  })

  it('has no keys when the answer has no value', async () => {
    const opened = await open({})
    opened.aws.override = () => answer(200, '{"Parameter":{"Name":"db"}}')
    expect(await get(opened, 'db')).toEqual({})
  })

  it('answers under its name for an ARN', async () => {
    const opened = await open({ '/app/db': 'x', plain: 'y' })
    expect(await get(opened, arn('app/db'))).toEqual({ '/app/db': 'x' })
    expect(await get(opened, arn('plain'))).toEqual({ plain: 'y' })
  })

  it('is withheld when the answer is for another name than the one that scopes decide on', async () => {
    await expect(get(await open({ '/db': 'x' }), arn('db'))).rejects.toMatchObject({ kind: 'invalid' })
    const opened = await open({}, { prefix: '/app/' })
    opened.aws.override = () => answer(200, '{"Parameter":{"Name":"/oth/db","Value":"hunter2"}}')
    const read = get(opened, 'db')
    await expect(read).rejects.toMatchObject({ kind: 'invalid' })
    await expect(read).rejects.not.toThrow(/hunter2/)
  })

  it.each([
    ['db', 'db'],
    ['db:3', 'db'],
    ['db:live', 'db'],
    ['/app/db:3', '/app/db'],
    [arn('app/db'), '/app/db'],
    [arn('app/db:3'), '/app/db'],
    [arn('db'), 'db'],
    ['db:', 'db'],
    ['a:b:c', undefined],
    [':3', undefined],
    [arn('app/../db'), undefined],
    ['..', undefined],
    ['..:3', undefined],
    ['/a/../b', undefined],
    ['a\tb', undefined],
    ['', undefined],
  ])('%j is canonically %j', async (name, canonical) => {
    expect(awsParameterstore.canonical(name)).toBe(canonical)
    if (canonical !== undefined) return
    const opened = await open({})
    await expect(get(opened, name)).rejects.toMatchObject({ kind: 'invalid' })
    expect(opened.aws.calls).toEqual([])
  })

  it('says in its error what daprd says', async () => {
    await expect(get(await open({}), 'nope')).rejects.toThrow(
      /^couldn't get secret: operation error SSM: GetParameter, https response error StatusCode: 400, RequestID: request-1, ParameterNotFound$/,
    )
  })
})

describe('all parameters of aws.parameterstore', () => {
  it('are listed fifty a page and read in tens', async () => {
    const parameters = numbered(125)
    const opened = await open(parameters)
    expect(await bulkOf(opened)).toEqual(asBulk(parameters))
    expect([times(opened, 'DescribeParameters'), times(opened, 'GetParameters')]).toEqual([3, 13])
    expect(opened.aws.calls.length).toBe(16)
  })

  it('are those behind the prefix, by their names without it', async () => {
    const opened = await open({ '/app/a': '1', '/app/b': '2', '/other': '3' }, { prefix: '/app/' })
    expect(await bulkOf(opened)).toEqual(asBulk({ a: '1', b: '2' }))
    expect(JSON.parse(opened.aws.requests[0]?.body ?? '')).toMatchObject({
      ParameterFilters: [{ Key: 'Name', Option: 'BeginsWith', Values: ['/app/'] }],
    })
  })

  it('are not those that a server only thinks begin with the prefix', async () => {
    const opened = await open({ 'app-a': '1' }, { prefix: 'app' })
    opened.aws.override = ({ headers }) =>
      headers['x-amz-target'] === 'AmazonSSM.DescribeParameters'
        ? answer(200, '{"Parameters":[{"Name":"/app/x"},{"Name":"app-a"}],"NextToken":null}')
        : undefined
    expect(await bulkOf(opened)).toEqual({ '-a': { '-a': '1' } })
  })

  it('are all read though a page is empty and the last one says null', async () => {
    const parameters = numbered(20)
    const opened = await open(parameters)
    Object.assign(opened.aws, { hasOddPages: true, pageSize: 10 })
    expect(await bulkOf(opened)).toEqual(asBulk(parameters))
    expect(times(opened, 'DescribeParameters')).toBe(3)
  })

  it('are read one by one where batches are off, and for good once they were denied', async () => {
    const parameters = numbered(25)
    const off = await open(parameters, { 'sidecarless.batch': 'no' })
    expect(await bulkOf(off)).toEqual(asBulk(parameters))
    expect([times(off, 'GetParameters'), times(off, 'GetParameter')]).toEqual([0, 25])
    const denied = await open(parameters)
    denied.aws.denied.add('ssm:GetParameters')
    await bulkOf(denied)
    expect(await bulkOf(denied)).toEqual(asBulk(parameters))
    expect([times(denied, 'GetParameters'), times(denied, 'GetParameter')]).toEqual([1, 50])
  })

  it('are not fetched where a scope denies them, by their names without the prefix', async () => {
    const opened = await open({ '/app/a': '1', '/app/b': '2' }, { prefix: '/app/' })
    expect(await bulkOf(opened, (name) => name === 'b')).toEqual({ b: { b: '2' } })
    expect(opened.aws.requests.at(-1)?.body).toContain('"Names":["/app/b"]')
  })

  it('are none when one cannot be read, as in daprd, or when listing is denied', async () => {
    const opened = await open({ '/app/a': '1', '/app/gone': { values: [] } }, { prefix: '/app/' })
    const message = "couldn't get secret: /app/gone"
    await expect(bulkOf(opened)).rejects.toMatchObject({ kind: 'not-found', message })
    opened.aws.denied.add('ssm:DescribeParameters')
    await expect(bulkOf(opened)).rejects.toThrow(
      /^couldn't list secrets: operation error SSM: DescribeParameters, /,
    )
  })
})

describe('the component of aws.parameterstore', () => {
  it('may call its region awsRegion', async () => {
    const clock = fakeClock()
    const aws = fakeAws({ clock, parameters: { db: 'x' } })
    const { region: awsRegion, ...keys } = usualMetadata
    const store = await openAwsStore(awsParameterstore, aws, { clock }, { ...keys, awsRegion })
    expect(await get({ store, aws, clock }, 'db')).toEqual({ db: 'x' })
  })

  it('knows that a version by its number never changes, and that a label moves', () => {
    const isPinned = (version: string) => awsParameterstore.isPinned?.(new Map([['version_id', version]]))
    expect([isPinned('3'), isPinned('live'), isPinned('')]).toEqual([true, false, false])
    expect(awsParameterstore.isPinned?.(new Map())).toBe(false)
  })
})
