/** What only the SDK can do, and what it is asked for with. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { awsSecretmanager } from '../../src/stores/aws-secretmanager.ts'
import { awsClients, type Keys, makeSecrets, roleWho, userWho } from './aws.ts'
import { type Outcome, outcomeOf, startStore } from './start-store.ts'
import { withServer } from './with-server.ts'

const reading = { Action: 'secretsmanager:GetSecretValue', Resource: '*' }

withServer('ministack', ({ url }) => {
  const root = awsClients(url)
  let folder: string
  let keys: Keys

  beforeAll(async () => {
    await makeSecrets(root, { 'team/db': 'ours' })
    keys = await userWho(root, reading)
  })

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sidecarless-'))
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'))
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'))
    vi.stubEnv('AWS_PROFILE', 'orders')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_REGION']) {
      vi.stubEnv(name, undefined)
    }
    writeFileSync(join(folder, 'config'), `[profile orders]\nregion = ${root.region}\n`)
    writeFileSync(join(folder, 'credentials'), '')
  })

  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })

  async function read(metadata: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const env = { AWS_PROFILE: 'orders', AWS_EC2_METADATA_DISABLED: 'true', AWS_ENDPOINT_URL_STS: url }
    const { store } = await startStore(
      awsSecretmanager,
      { endpoint: url, 'sidecarless.transport': 'sdk', ...metadata },
      { env },
    )
    return outcomeOf(store, 'team/db')
  }

  const asLines = ({ accessKeyId, secretAccessKey }: Keys) =>
    `[orders]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`

  describe('a profile', () => {
    it('with keys and a region is used over the SDK, and over nothing else', async () => {
      writeFileSync(join(folder, 'credentials'), asLines(keys))
      expect(await read()).toEqual({ values: { 'team/db': 'ours' } })
      const lean = { 'sidecarless.transport': 'lean', region: root.region }
      expect(await read(lean)).toEqual({ kind: 'unauthenticated' })
    })

    it('with a credential_process is used', async () => {
      const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = keys
      const answer = JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey })
      writeFileSync(join(folder, 'answer.json'), answer)
      const command = `cat ${join(folder, 'answer.json')}`
      writeFileSync(
        join(folder, 'config'),
        `[profile orders]\nregion = ${root.region}\ncredential_process = ${command}\n`,
      )
      expect(await read()).toEqual({ values: { 'team/db': 'ours' } })
    })

    it('takes the role that the component names', async () => {
      const nothing = await userWho(root, { Action: 'sts:AssumeRole', Resource: '*' })
      writeFileSync(join(folder, 'credentials'), asLines(nothing))
      const trusted = { Action: 'sts:AssumeRole', Principal: { AWS: '*' } }
      expect(await read()).toEqual({ kind: 'denied' })
      const assumeRoleArn = await roleWho(root, trusted, reading)
      expect(await read({ assumeRoleArn })).toEqual({ values: { 'team/db': 'ours' } })
    })

    it('does not lead to another machine in the clear', async () => {
      const config = `[profile orders]\nregion = ${root.region}\nendpoint_url = http://secrets.example\n`
      writeFileSync(join(folder, 'config'), config)
      writeFileSync(join(folder, 'credentials'), asLines(keys))
      expect(await read({ endpoint: '' })).toEqual({ kind: 'invalid' })
    })

    it('without keys is told of as missing credentials', async () => {
      expect(await read()).toEqual({ kind: 'unauthenticated' })
    })

    it('without a region is told of as invalid', async () => {
      writeFileSync(join(folder, 'config'), '[profile orders]\n')
      writeFileSync(join(folder, 'credentials'), asLines(keys))
      expect(await read()).toEqual({ kind: 'invalid' })
    })
  })

  it('keys of the component that are wrong are refused', async () => {
    const wrong = { accessKey: keys.accessKeyId, secretKey: 'another', region: root.region }
    expect(await read(wrong)).toEqual({ kind: 'unauthenticated' })
  })
})
