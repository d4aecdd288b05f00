import { createServer } from 'node:http'
import { DeleteAccessKeyCommand, GetAccessKeyLastUsedCommand } from '@aws-sdk/client-iam'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../adapters/system-clock.ts'
import {
  type AwsClients,
  awsClients,
  type Keys,
  kindOfFailure,
  makeSecrets,
  roleWho,
  sessionOf,
  userWho,
} from './aws.ts'
import { secondOpinion, storeBeside } from './aws-secretmanager-store.ts'
import { type Ground, type Outcome, outcomeOf } from './start-store.ts'
import { withServer } from './with-server.ts'

const reading = { Action: 'secretsmanager:GetSecretValue', Resource: '*' }
const theSecret: Outcome = { values: { db: 'hunter2' } }
const unauthenticated: Outcome = { kind: 'unauthenticated' }

/** A component that names no keys: they come from elsewhere. */
const noKeys: Keys = { accessKeyId: '', secretAccessKey: '' }

withServer('ministack', ({ url }) => {
  const root = awsClients(url)
  let user: Keys
  let role: string
  let session: Required<Keys>
  beforeAll(async () => {
    await makeSecrets(root, { db: 'hunter2' })
    user = await userWho(root, reading)
    role = await roleWho(root, { Action: 'sts:AssumeRole', Principal: { AWS: '*' } }, reading)
    session = await sessionOf(root, role)
  })

  const readWith = async (keys: Keys, metadata?: Readonly<Record<string, string>>, ground?: Ground) =>
    outcomeOf((await storeBeside(root, keys, metadata, ground)).store, 'db')

  describe('keys of the component, to the store and to the SDK', () => {
    it.each<readonly [string, () => Keys, Outcome]>([
      ["are a user's", () => user, theSecret],
      ["are a session's", () => session, theSecret],
      ['have the wrong secret', () => ({ ...user, secretAccessKey: 'wrong' }), unauthenticated],
      ['are unknown', () => ({ accessKeyId: 'AKIAUNKNOWN000000000', secretAccessKey: 'x' }), unauthenticated],
      ['lack the token of their session', () => ({ ...session, sessionToken: '' }), unauthenticated],
      ["have another session's token", () => ({ ...session, sessionToken: 'other' }), unauthenticated],
    ])('%s', async (_, keysOf, expected) => {
      const { sessionToken = '', ...pair } = keysOf()
      const keys = sessionToken === '' ? pair : { ...pair, sessionToken }
      expect(await secondOpinion(awsClients(url, keys, root.region).secrets, 'db')).toEqual(expected)
      expect(await readWith(keys)).toEqual(expected)
    })
  })

  describe('a signature of another time', () => {
    const year = 365 * 24 * 3600_000
    const skewedClient = (systemClockOffset: number) =>
      new SecretsManagerClient({
        endpoint: url,
        region: root.region,
        credentials: user,
        maxAttempts: 1,
        systemClockOffset,
      })

    it.each([-6 * year, 3600_000])('is refused (%d ms away)', async (offset) => {
      expect(await secondOpinion(skewedClient(offset), 'db')).toEqual(unauthenticated)
      // A clock that is wrong in another way each time it is asked cannot be corrected.
      let asked = 0
      const now = () => systemClock.now() + offset * (1 + asked++)
      expect(await readWith(user, {}, { clock: { ...systemClock, now } })).toEqual(unauthenticated)
    })

    it.each([-6 * year, 3600_000])("is made once more by the server's clock (%d ms away)", async (offset) => {
      const now = () => systemClock.now() + offset
      expect(await readWith(user, {}, { clock: { ...systemClock, now } })).toEqual(theSecret)
    })
  })

  describe('keys of the environment', () => {
    it('are used where the component has none', async () => {
      const env = { AWS_ACCESS_KEY_ID: user.accessKeyId, AWS_SECRET_ACCESS_KEY: user.secretAccessKey }
      expect(await readWith(noKeys, {}, { env })).toEqual(theSecret)
      expect(await readWith({ ...user, secretAccessKey: 'wrong' }, {}, { env })).toEqual(unauthenticated)
    })

    it("may be a session's", async () => {
      const env = {
        AWS_ACCESS_KEY_ID: session.accessKeyId,
        AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
        AWS_SESSION_TOKEN: session.sessionToken,
      }
      expect(await readWith(noKeys, {}, { env })).toEqual(theSecret)
    })
  })

  describe('a web identity, to the store and to the SDK', () => {
    const provider = { Federated: 'arn:aws:iam::000000000000:oidc-provider/issuer.example' }
    const condition = { 'issuer.example:aud': 'sts.amazonaws.com', 'issuer.example:sub': 'function' }
    let federated: string
    beforeAll(async () => {
      const Action = 'sts:AssumeRoleWithWebIdentity'
      const trusted = { Action, Principal: provider, Condition: { StringEquals: condition } }
      federated = await roleWho(root, trusted, reading)
    })

    it.each([
      ['reads when the role trusts it', 'https://issuer.example', 'function', theSecret],
      ['is refused as another subject', 'https://issuer.example', 'other', { kind: 'denied' }],
      ['is refused from another issuer', 'https://other.example', 'function', { kind: 'denied' }],
    ])('%s', async (_, iss, sub, expected) => {
      const token = webIdentity({ iss, sub, aud: 'sts.amazonaws.com' })
      expect(await secondOpinionOf(root, federated, token)).toEqual(expected)
      const env = {
        AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
        AWS_ROLE_ARN: federated,
        AWS_ENDPOINT_URL_STS: url,
      }
      expect(await readWith(noKeys, {}, { env, files: { '/token': `${token}\n` } })).toEqual(expected)
    })
  })

  describe('a role of the component', () => {
    it("is assumed with the component's keys", async () => {
      const assuming = await userWho(root, { Action: 'sts:AssumeRole', Resource: role })
      const env = { AWS_ENDPOINT_URL_STS: url }
      expect(await readWith(assuming)).toEqual({ kind: 'denied' })
      expect(await readWith(assuming, { assumeRoleArn: role }, { env })).toEqual(theSecret)
    })

    it('is not assumed with keys that may not', async () => {
      const env = { AWS_ENDPOINT_URL_STS: url }
      expect(await readWith(user, { assumeRoleArn: role }, { env })).toEqual({ kind: 'denied' })
    })
  })

  describe("a container's endpoint", () => {
    const environmentOf = (endpoint: string) => ({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'the token',
    })

    it('lends the keys, to who shows its token', async () => {
      const env = environmentOf(await lend('the token', () => session))
      expect(await readWith(noKeys, {}, { env })).toEqual(theSecret)
      const wrong = { ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'another' }
      expect(await readWith(noKeys, {}, { env: wrong })).toMatchObject({ kind: expect.any(String) })
    })

    it('is asked once for many reads, and once more when its keys are no longer good', async () => {
      const lent = [await userWho(root, reading), await userWho(root, reading)]
      let asked = 0
      const env = environmentOf(await lend('the token', () => lent[asked++] ?? noKeys))
      const { store } = await storeBeside(root, noKeys, {}, { env })
      const manyReads = () => Promise.all(Array.from({ length: 20 }, () => outcomeOf(store, 'db')))
      expect(await manyReads()).toEqual(Array.from({ length: 20 }, () => theSecret))
      expect(asked).toBe(1)

      const AccessKeyId = lent[0]?.accessKeyId
      const { UserName } = await root.identities.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }))
      await root.identities.send(new DeleteAccessKeyCommand({ AccessKeyId, UserName }))
      expect(await manyReads()).toEqual(Array.from({ length: 20 }, () => theSecret))
      expect(asked).toBe(2)
    })
  })
})

/** A token as ministack takes it: it looks at the claims, and not at the signature. */
function webIdentity(claims: Readonly<Record<string, string>>): string {
  const exp = Math.floor(Date.now() / 1000) + 600
  const parts = [
    JSON.stringify({ alg: 'RS256', typ: 'JWT' }),
    JSON.stringify({ ...claims, exp }),
    'signature',
  ]
  return parts.map((part) => Buffer.from(part).toString('base64url')).join('.')
}

async function secondOpinionOf(
  root: AwsClients,
  RoleArn: string,
  WebIdentityToken: string,
): Promise<Outcome> {
  try {
    const { Credentials } = await root.tokens.send(
      new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: 'test', WebIdentityToken }),
    )
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {}
    const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
    return secondOpinion(awsClients(root.url, keys, root.region).secrets, 'db')
  } catch (error) {
    return { kind: kindOfFailure(error) }
  }
}

/** An endpoint as ECS and EKS run one beside a container; ministack's own lends keys that it does not know. */
async function lend(token: string, nextKeys: () => Keys): Promise<string> {
  const server = createServer((request, response) => {
    if (request.headers.authorization !== token) {
      response.writeHead(401).end()
      return
    }
    const { accessKeyId, secretAccessKey, sessionToken } = nextKeys()
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        Token: sessionToken,
        Expiration: new Date(Date.now() + 3600_000).toISOString(),
      }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/credentials`
}
