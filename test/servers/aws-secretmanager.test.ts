import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  paginateListSecrets,
} from '@aws-sdk/client-secrets-manager'
import { beforeAll, describe, expect, it } from 'vitest'
import { awsSecretmanager } from '../../src/stores/aws-secretmanager.ts'
import { describeSecretStore } from '../conformance/secret-store.ts'
import {
  type Allowed,
  type AwsClients,
  awsClients,
  callsOf,
  type Keys,
  makeSecrets,
  rootKeys,
  userWho,
} from './aws.ts'
import { secondOpinion, storeBeside } from './aws-secretmanager-store.ts'
import { type Outcome, outcomeOf } from './start-store.ts'
import { withServer } from './with-server.ts'

/** Everything a component needs, on the whole of a region. */
const reading = { Action: ['secretsmanager:GetSecretValue', 'secretsmanager:ListSecrets'], Resource: '*' }

/** What every server below holds, besides what a test makes for itself. */
interface Held {
  readonly arn: string
  readonly oldVersion: string
  readonly currentVersion: string
}

async function hold({ secrets }: AwsClients): Promise<Held> {
  const { ARN = '', VersionId = '' } = await secrets.send(
    new CreateSecretCommand({ Name: 'team/db', SecretString: 'old' }),
  )
  const put = async (SecretString: string, stage: string) =>
    secrets.send(new PutSecretValueCommand({ SecretId: ARN, SecretString, VersionStages: [stage] }))
  const { VersionId: currentVersion = '' } = await put('current', 'AWSCURRENT')
  await put('pending', 'AWSPENDING')
  await secrets.send(new CreateSecretCommand({ Name: 'binary', SecretBinary: new Uint8Array([0, 255]) }))
  await secrets.send(new CreateSecretCommand({ Name: 'deleted', SecretString: 'gone' }))
  await secrets.send(new DeleteSecretCommand({ SecretId: 'deleted', RecoveryWindowInDays: 7 }))
  return { arn: ARN, oldVersion: VersionId, currentVersion }
}

type Reads = readonly (readonly [
  title: string,
  ask: (held: Held) => readonly [name: string, metadata?: Readonly<Record<string, string>>],
  expected: Outcome,
])[]

const reads: Reads = [
  ['by name', () => ['team/db'], { values: { 'team/db': 'current' } }],
  ['by ARN', ({ arn }) => [arn], { values: { 'team/db': 'current' } }],
  ['by partial ARN', ({ arn }) => [arn.slice(0, -7)], { values: { 'team/db': 'current' } }],
  ['by version', (held) => ['team/db', { version_id: held.oldVersion }], { values: { 'team/db': 'old' } }],
  ['by stage', () => ['team/db', { version_stage: 'AWSPENDING' }], { values: { 'team/db': 'pending' } }],
  [
    'by the stage before',
    () => ['team/db', { version_stage: 'AWSPREVIOUS' }],
    { values: { 'team/db': 'old' } },
  ],
  [
    'by version and its stage',
    (held) => ['team/db', { version_id: held.currentVersion, version_stage: 'AWSCURRENT' }],
    { values: { 'team/db': 'current' } },
  ],
  ['that is binary', () => ['binary'], { values: {} }],
  ['that is not there', () => ['nope'], { kind: 'not-found' }],
  ['that is named by another ARN', ({ arn }) => [`${arn.slice(0, -6)}abcdef`], { kind: 'not-found' }],
  [
    'of a version that is not there',
    () => ['team/db', { version_id: crypto.randomUUID() }],
    { kind: 'not-found' },
  ],
  ['of a stage that is not there', () => ['team/db', { version_stage: 'NOPE' }], { kind: 'not-found' }],
  ['that is deleted', () => ['deleted'], { kind: 'not-found' }],
]

/** What a user may do that reads in bulk, and what it is read by; where nothing is checked, all may do all. */
function batches(isChecked: boolean): readonly (readonly [string, readonly Allowed[], object])[] {
  const batching = { Action: 'secretsmanager:BatchGetSecretValue', Resource: '*' }
  const withBatches = { BatchGetSecretValue: 16 }
  if (!isChecked) return [['', [], withBatches]]
  return [
    ['with the permission to read several at once', [reading, batching], withBatches],
    ['without it, which is tried once', [reading], { BatchGetSecretValue: 1, GetSecretValue: 305 }],
  ]
}

const oddNames = [
  ['the name __proto__', '__proto__'],
  ['a name in other scripts', 'é/日本/😀'],
  ['a name that a URL would split', 'a%2Fb?c#d'],
  ['the longest name that AWS takes', 'long/'.padEnd(512, 'x')],
] as const

const transports = ['lean', 'sdk'] as const

for (const name of ['ministack', 'ministack-open', 'moto'] as const) {
  withServer(name, ({ url }) => {
    describe.each(transports)('over %s', (transport) => {
      const over = { 'sidecarless.transport': transport }
      const isChecked = name === 'ministack'
      const keysFor = (root: AwsClients) => (isChecked ? userWho(root, reading) : Promise.resolve(rootKeys))

      for (const severalKeys of [false, true]) {
        describeSecretStore(
          `aws.secretmanager on ${name} over ${transport}${severalKeys ? ' with several keys' : ''}`,
          {
            driver: awsSecretmanager,
            severalKeys,
            missing: 'error',
            // moto takes an empty text for none.
            holdsEmpty: name !== 'moto' || severalKeys,
            async make(given) {
              const root = awsClients(url)
              const entries = Object.entries(given).map(([secret, keys]) => [
                secret,
                severalKeys ? JSON.stringify(keys) : keys[secret],
              ])
              await makeSecrets(root, Object.fromEntries(entries))
              const metadata = { ...over, multipleKeyValuesPerSecret: `${severalKeys}` }
              return (await storeBeside(root, await keysFor(root), metadata)).store
            },
          },
        )
      }

      describe('a secret read by the store and by the SDK', () => {
        const root = awsClients(url)
        let keys: Keys
        let held: Held
        beforeAll(async () => {
          keys = await keysFor(root)
          held = await hold(root)
        })

        it.each(reads)('%s is the same, or fails for the same reason', async (_, ask, expected) => {
          const [secret, metadata] = ask(held)
          const { secrets } = awsClients(url, keys, root.region)
          expect(await secondOpinion(secrets, secret, metadata)).toEqual(expected)
          const { store } = await storeBeside(root, keys, over)
          expect(await outcomeOf(store, secret, metadata)).toEqual(expected)
        })

        it.each(oddNames)('is the same under %s', async (_, odd) => {
          await makeSecrets(root, { [odd]: 'odd' })
          const expected = { values: { [odd]: 'odd' } }
          const { secrets } = awsClients(url, keys, root.region)
          expect(await secondOpinion(secrets, odd)).toEqual(expected)
          expect(await outcomeOf((await storeBeside(root, keys, over)).store, odd)).toEqual(expected)
        })

        it('is the same a hundred times at once', async () => {
          const { store } = await storeBeside(root, keys, over)
          const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcomeOf(store, 'team/db')))
          expect(outcomes).toEqual(Array.from({ length: 100 }, () => ({ values: { 'team/db': 'current' } })))
        })

        it('is not seen in another region', async () => {
          const elsewhere = awsClients(url, keys)
          expect(await secondOpinion(elsewhere.secrets, 'team/db')).toEqual({ kind: 'not-found' })
          const { store } = await storeBeside(elsewhere, keys, over)
          expect(await outcomeOf(store, 'team/db')).toEqual({ kind: 'not-found' })
        })
      })

      describe('more secrets than three pages hold', () => {
        const root = awsClients(url)
        const texts = Object.fromEntries(
          Array.from({ length: 305 }, (_, index) => [`many/${index}`, `value ${index}`]),
        )
        beforeAll(() => makeSecrets(root, texts))

        it.each(batches(isChecked))('are all read in bulk %s', async (_, allowed, reads) => {
          const keys = isChecked ? await userWho(root, ...allowed) : rootKeys
          const names: string[] = []
          for await (const page of paginateListSecrets(
            { client: awsClients(url, keys, root.region).secrets },
            {},
          )) {
            names.push(...(page.SecretList ?? []).map(({ Name = '' }) => Name))
          }
          expect(names.sort()).toEqual(Object.keys(texts).sort())

          const ground = await storeBeside(root, keys, over)
          const secrets = await ground.store.getBulkSecret({ metadata: new Map() })
          const read = [...(secrets ?? [])].map(([secret, values]) => [
            secret,
            Object.fromEntries(values ?? []),
          ])
          expect(Object.fromEntries(read)).toEqual(
            Object.fromEntries(Object.entries(texts).map(([secret, text]) => [secret, { [secret]: text }])),
          )
          const { ListSecrets: pages, ...others } = callsOf(ground)
          expect(pages).toBeGreaterThanOrEqual(4)
          expect(others).toEqual(reads)
        })

        it('are read in bulk but for those that a scope denies', async () => {
          const { store, sent } = await storeBeside(root, await keysFor(root), over)
          const isAllowed = (secret: string) => secret === 'many/7'
          const secrets = await store.getBulkSecret({ metadata: new Map(), isAllowed })
          expect(secrets?.get('many/7')).toEqual(new Map([['many/7', 'value 7']]))
          expect(sent.filter(({ body }) => body?.includes('many/8') ?? false)).toEqual([])
        })
      })
    })
  })
}

withServer('ministack', ({ url }) => {
  describe.each(transports)('a policy, to the store over %s and to the SDK', (transport) => {
    const over = { 'sidecarless.transport': transport }
    const root = awsClients(url)
    beforeAll(() => makeSecrets(root, { 'team/db': 'ours', 'other/db': 'theirs' }))

    const team = {
      Action: 'secretsmanager:GetSecretValue',
      Resource: 'arn:aws:secretsmanager:*:*:secret:team/*',
    }
    const list = { Action: 'secretsmanager:ListSecrets', Resource: '*' }

    it.each<readonly [string, Allowed, string, Outcome]>([
      ['gives what it allows', team, 'team/db', { values: { 'team/db': 'ours' } }],
      ['denies another ARN', team, 'other/db', { kind: 'denied' }],
      ['denies what is not there outside of its ARNs', team, 'other/nope', { kind: 'denied' }],
      ['tells of what is not there inside them', team, 'team/nope', { kind: 'not-found' }],
      ['denies another action', list, 'team/db', { kind: 'denied' }],
    ])('%s', async (_, allowed, secret, expected) => {
      const keys = await userWho(root, allowed)
      expect(await secondOpinion(awsClients(url, keys, root.region).secrets, secret)).toEqual(expected)
      expect(await outcomeOf((await storeBeside(root, keys, over)).store, secret)).toEqual(expected)
    })

    it.each([
      ['listing', { Action: 'secretsmanager:GetSecretValue', Resource: '*' }],
      ['reading', list],
      ['reading one of several', [list, team]],
    ])('that denies %s denies reading in bulk', async (_, allowed) => {
      const { store } = await storeBeside(root, await userWho(root, ...[allowed].flat()), over)
      const bulk = Promise.resolve(store.getBulkSecret({ metadata: new Map() }))
      await expect(bulk).rejects.toMatchObject({ name: 'StoreError', kind: 'denied' })
    })
  })
})
