import {
  DescribeParametersCommand,
  GetParameterCommand,
  LabelParameterVersionCommand,
  PutParameterCommand,
  paginateDescribeParameters,
  type SSMClient,
} from '@aws-sdk/client-ssm'
import { beforeAll, describe, expect, it } from 'vitest'
import { awsParameterstore } from '../../src/stores/aws-parameterstore.ts'
import { describeSecretStore } from '../conformance/secret-store.ts'
import {
  type Allowed,
  type AwsClients,
  awsClients,
  callsOf,
  type Keys,
  kindOfFailure,
  makeParameters,
  rootKeys,
  userWho,
} from './aws.ts'
import { type Outcome, outcomeOf, type StoreOnGround, startStore } from './start-store.ts'
import { withServer } from './with-server.ts'

const reading = { Action: ['ssm:GetParameter', 'ssm:DescribeParameters'], Resource: '*' }

/** The store on the same server and in the same region as clients of the SDK. */
function storeBeside({ url, region }: AwsClients, keys: Keys, prefix = ''): Promise<StoreOnGround> {
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = keys
  // The component has no field for it.
  const env = { AWS_ENDPOINT_URL_SSM: url }
  return startStore(awsParameterstore, { region, accessKey, secretKey, prefix }, { env })
}

/** The outcome of a read through the SDK, in the store's form. */
async function secondOpinion(
  parameters: SSMClient,
  name: string,
  { version_id }: Readonly<Record<string, string>> = {},
  prefix = '',
): Promise<Outcome> {
  const asked = `${prefix}${name}${version_id === undefined ? '' : `:${version_id}`}`
  try {
    const { Parameter } = await parameters.send(
      new GetParameterCommand({ Name: asked, WithDecryption: true }),
    )
    const { Name = '', Value } = Parameter ?? {}
    return { values: Value === undefined ? {} : { [Name.slice(prefix.length)]: Value } }
  } catch (error) {
    return { kind: kindOfFailure(error) }
  }
}

/** Makes what {@link reads} asks for, and gives one parameter's ARN. */
async function hold({ parameters }: AwsClients): Promise<string> {
  const put = (Name: string, Value: string, Type: 'String' | 'SecureString' | 'StringList') =>
    parameters.send(new PutParameterCommand({ Name, Value, Type, Overwrite: true }))
  await put('/app/db', 'old', 'SecureString')
  await put('/app/db', 'current', 'SecureString')
  await put('/app/plain', 'text', 'String')
  await put('/app/list', 'a,b', 'StringList')
  const labelled = { Name: '/app/db', ParameterVersion: 1, Labels: ['before'] }
  await parameters.send(new LabelParameterVersionCommand(labelled))
  const { Parameter } = await parameters.send(new GetParameterCommand({ Name: '/app/db' }))
  return Parameter?.ARN ?? ''
}

type Reads = readonly (readonly [
  title: string,
  ask: (arn: string) => readonly [name: string, metadata?: Readonly<Record<string, string>>, prefix?: string],
  expected: Outcome,
])[]

const reads: Reads = [
  ['that is encrypted', () => ['/app/db'], { values: { '/app/db': 'current' } }],
  ['that is not encrypted', () => ['/app/plain'], { values: { '/app/plain': 'text' } }],
  ['that is a list', () => ['/app/list'], { values: { '/app/list': 'a,b' } }],
  ['by ARN', (arn) => [arn], { values: { '/app/db': 'current' } }],
  ['under a prefix', () => ['db', {}, '/app/'], { values: { db: 'current' } }],
  ['by version', () => ['/app/db', { version_id: '1' }], { values: { '/app/db': 'old' } }],
  ['by label', () => ['/app/db', { version_id: 'before' }], { values: { '/app/db': 'old' } }],
  ['by version under a prefix', () => ['db', { version_id: '1' }, '/app/'], { values: { db: 'old' } }],
  ['by version inside its name', () => ['/app/db:1'], { values: { '/app/db': 'old' } }],
  ['that is not there', () => ['/app/nope'], { kind: 'not-found' }],
  ['that is not there under a prefix', () => ['db', {}, '/other/'], { kind: 'not-found' }],
  ['of a version that is not there', () => ['/app/db', { version_id: '9' }], { kind: 'not-found' }],
  ['of a label that is not there', () => ['/app/db', { version_id: 'nope' }], { kind: 'not-found' }],
]

const oddNames = [
  ['the name __proto__', '__proto__'],
  ['a name in other scripts', 'é/日本/😀'],
  ['a name that a URL would split', 'a%2Fb?c#d'],
  ['the longest name that AWS takes', '/long/'.padEnd(1011, 'x')],
] as const

/** What a user may do that reads in bulk, and what it is read by; where nothing is checked, all may do all. */
function batches(isChecked: boolean): readonly (readonly [string, readonly Allowed[], object])[] {
  const batching = { Action: 'ssm:GetParameters', Resource: '*' }
  const withBatches = { GetParameters: 16 }
  if (!isChecked) return [['', [], withBatches]]
  return [
    ['with the permission to read several at once', [reading, batching], withBatches],
    ['without it, which is tried once', [reading], { GetParameters: 1, GetParameter: 160 }],
  ]
}

for (const name of ['ministack', 'ministack-open', 'moto'] as const) {
  withServer(name, ({ url }) => {
    const isChecked = name === 'ministack'
    const keysFor = (root: AwsClients) => (isChecked ? userWho(root, reading) : Promise.resolve(rootKeys))

    describeSecretStore(`aws.parameterstore on ${name}`, {
      driver: awsParameterstore,
      severalKeys: false,
      missing: 'error',
      // AWS takes no empty parameter; ministack does.
      holdsEmpty: name !== 'moto',
      async make(given) {
        const root = awsClients(url)
        const texts = Object.entries(given).map(([secret, keys]) => [secret, keys[secret] ?? ''] as const)
        const held = texts.filter(([, text]) => name !== 'moto' || text !== '')
        await makeParameters(root, Object.fromEntries(held))
        return (await storeBeside(root, await keysFor(root))).store
      },
    })

    describe('a parameter read by the store and by the SDK', () => {
      const root = awsClients(url)
      let keys: Keys
      let arn: string
      beforeAll(async () => {
        keys = await keysFor(root)
        arn = await hold(root)
      })

      it.each(reads)('%s is the same, or fails for the same reason', async (_, ask, expected) => {
        const [secret, metadata, prefix] = ask(arn)
        const { parameters } = awsClients(url, keys, root.region)
        expect(await secondOpinion(parameters, secret, metadata, prefix)).toEqual(expected)
        const { store } = await storeBeside(root, keys, prefix)
        expect(await outcomeOf(store, secret, metadata)).toEqual(expected)
      })

      it.each(oddNames)('is the same under %s', async (_, odd) => {
        await makeParameters(root, { [odd]: 'odd' })
        const expected = { values: { [odd]: 'odd' } }
        const { parameters } = awsClients(url, keys, root.region)
        expect(await secondOpinion(parameters, odd)).toEqual(expected)
        expect(await outcomeOf((await storeBeside(root, keys)).store, odd)).toEqual(expected)
      })

      it('is the same a hundred times at once', async () => {
        const { store } = await storeBeside(root, keys)
        const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcomeOf(store, '/app/db')))
        expect(outcomes).toEqual(Array.from({ length: 100 }, () => ({ values: { '/app/db': 'current' } })))
      })

      it('is not seen in another region', async () => {
        const elsewhere = awsClients(url, keys)
        expect(await secondOpinion(elsewhere.parameters, '/app/db')).toEqual({ kind: 'not-found' })
        const { store } = await storeBeside(elsewhere, keys)
        expect(await outcomeOf(store, '/app/db')).toEqual({ kind: 'not-found' })
      })
    })

    describe('more parameters than three pages hold', () => {
      const root = awsClients(url)
      // 160 are four pages of the fifty that the store asks for. moto gives ten, and after twenty an empty page.
      const names = Array.from({ length: 160 }, (_, index) => `${index}`)
      const texts = Object.fromEntries(names.map((secret) => [`/many/${secret}`, `value ${secret}`]))
      // ministack knows no two names that differ in the slash they begin with; moto finds both for either.
      const others = name === 'moto' ? ['/other/0', 'many/0'] : ['/other/0']
      beforeAll(() =>
        makeParameters(root, { ...texts, ...Object.fromEntries(others.map((other) => [other, 'x'])) }),
      )

      it.each(batches(isChecked))('are all read in bulk %s', async (_, allowed, reads) => {
        const keys = isChecked ? await userWho(root, ...allowed) : rootKeys
        const client = awsClients(url, keys, root.region).parameters
        const ParameterFilters = [{ Key: 'Name', Option: 'BeginsWith', Values: ['/many/'] }]
        const listed: string[] = []
        for await (const page of paginateDescribeParameters({ client }, { ParameterFilters })) {
          listed.push(...(page.Parameters ?? []).map(({ Name = '' }) => Name))
        }
        const begun = listed.filter((secret) => secret.startsWith('/many/'))
        expect(begun.sort()).toEqual(Object.keys(texts).sort())

        const ground = await storeBeside(root, keys, '/many/')
        const secrets = await ground.store.getBulkSecret({ metadata: new Map() })
        const read = [...(secrets ?? [])].map(([secret, values]) => [
          secret,
          Object.fromEntries(values ?? []),
        ])
        expect(Object.fromEntries(read)).toEqual(
          Object.fromEntries(names.map((secret) => [secret, { [secret]: `value ${secret}` }])),
        )
        const { DescribeParameters: pages, ...others } = callsOf(ground)
        expect(pages).toBeGreaterThanOrEqual(4)
        expect(others).toEqual(reads)
      })

      it('are read in bulk past a page that holds nothing', async () => {
        const twenty = awsClients(url)
        const names = Array.from({ length: 20 }, (_, index) => `twenty-${index}`)
        await makeParameters(twenty, Object.fromEntries(names.map((secret) => [secret, 'x'])))
        const { store } = await storeBeside(twenty, await keysFor(root))
        const secrets = await store.getBulkSecret({ metadata: new Map() })
        expect([...(secrets?.keys() ?? [])].sort()).toEqual(names.sort())
      })

      it('are read in bulk but for those that a scope denies', async () => {
        const { store, sent } = await storeBeside(root, await keysFor(root), '/many/')
        const isAllowed = (secret: string) => secret === '7'
        const secrets = await store.getBulkSecret({ metadata: new Map(), isAllowed })
        expect(secrets).toEqual(new Map([['7', new Map([['7', 'value 7']])]]))
        expect(sent.filter(({ body }) => body?.includes('/many/8') ?? false)).toEqual([])
      })
    })
  })
}

withServer('ministack', ({ url }) => {
  describe('a policy, to the store and to the SDK', () => {
    const root = awsClients(url)
    beforeAll(() => makeParameters(root, { '/team/db': 'ours', '/other/db': 'theirs' }))

    const team = { Action: 'ssm:GetParameter', Resource: 'arn:aws:ssm:*:*:parameter/team/*' }
    const list = { Action: 'ssm:DescribeParameters', Resource: '*' }

    it.each<readonly [string, Allowed, string, Outcome]>([
      ['gives what it allows', team, '/team/db', { values: { '/team/db': 'ours' } }],
      ['denies another ARN', team, '/other/db', { kind: 'denied' }],
      ['denies what is not there outside of its ARNs', team, '/other/nope', { kind: 'denied' }],
      ['tells of what is not there inside them', team, '/team/nope', { kind: 'not-found' }],
      ['denies another action', list, '/team/db', { kind: 'denied' }],
    ])('%s', async (_, allowed, secret, expected) => {
      const keys = await userWho(root, allowed)
      expect(await secondOpinion(awsClients(url, keys, root.region).parameters, secret)).toEqual(expected)
      expect(await outcomeOf((await storeBeside(root, keys)).store, secret)).toEqual(expected)
    })

    it.each([
      ['listing', [{ Action: 'ssm:GetParameter', Resource: '*' }]],
      ['reading', [list]],
      ['reading one of several', [list, team]],
    ])('that denies %s denies reading in bulk', async (_, allowed) => {
      const keys = await userWho(root, ...allowed)
      const listing = awsClients(url, keys, root.region).parameters.send(new DescribeParametersCommand({}))
      if (allowed.includes(list)) await listing
      else await expect(listing).rejects.toMatchObject({ name: 'AccessDeniedException' })
      const bulk = Promise.resolve(
        (await storeBeside(root, keys)).store.getBulkSecret({ metadata: new Map() }),
      )
      await expect(bulk).rejects.toMatchObject({ name: 'StoreError', kind: 'denied' })
    })

    it.each<readonly [string, (keys: Keys) => Keys]>([
      ['have the wrong secret', (keys) => ({ ...keys, secretAccessKey: 'wrong' })],
      ['are unknown', () => ({ accessKeyId: 'AKIAUNKNOWN000000000', secretAccessKey: 'x' })],
    ])('means nothing to keys that %s', async (_, spoil) => {
      const keys = spoil(await userWho(root, team))
      const expected = { kind: 'unauthenticated' }
      expect(await secondOpinion(awsClients(url, keys, root.region).parameters, '/team/db')).toEqual(expected)
      expect(await outcomeOf((await storeBeside(root, keys)).store, '/team/db')).toEqual(expected)
    })
  })
})
