import { afterEach, describe, expect, it } from 'vitest'
import { authority, certificateFor } from '../adapters/certificate.ts'
import { component, metadata } from './component-text.ts'
import { ask, cleanUp, folderWith, run, serve, type TextAnswer } from './program.ts'
import { mischiefs, startVendor } from './vendor-server.ts'

/** Part of every secret, key, token and answer here, and of no name. */
const canary = /canary/i

const vendorTypes = ['aws.secretmanager', 'aws.parameterstore', 'hashicorp.vault'] as const
type VendorType = (typeof vendorTypes)[number]

const arguments_ = ['--resources-path=r', '--log-level=debug', '--enable-api-logging']
const shapes = [[], ['--log-as-json']]

afterEach(cleanUp)

describe('a canary that a remote store answers with, wherever it can', () => {
  it.each(shapes.map((shape) => [shape]))(
    'is in the one good answer and nowhere else, with %j',
    async (shape) => {
      const vendor = await startVendor()
      const stores = vendorTypes.map((type) => store(type, type, vendor.origin))
      const { program, port } = await serve([...arguments_, ...shape], {
        cwd: folderWith({ 'r/stores.yaml': joined(stores) }),
        env: endpoints(vendor.origin),
      })
      const askAll = async (type: VendorType): Promise<void> => {
        const good = await ask(port, `/v1.0/secrets/${type}/good`)
        expect([good.status, good.body]).toEqual([200, '{"good":"canary of good"}\n'])
        expect(JSON.stringify(good.headers)).not.toMatch(canary)
        const bulk = await ask(port, `/v1.0/secrets/${type}/bulk`)
        expect([bulk.status, bulk.body]).toEqual([200, '{"good":{"good":"canary of good"}}\n'])

        const bad = await Promise.all(mischiefs.map((name) => ask(port, `/v1.0/secrets/${type}/${name}`)))
        expectNoCanary(bad)
        // A parameter without a value is an empty map, as in daprd.
        const served = mischiefs.filter((_, index) => (bad[index]?.status ?? 0) < 400)
        expect(served).toEqual(type === 'aws.parameterstore' ? ['shapeless'] : [])
      }
      await Promise.all(vendorTypes.map(askAll))
      for (const name of mischiefs) expect(vendor.asked).toContain(name)
      expectNoCanary([await ask(port, '/v1.0/metadata')])
      const { exit, stdout, stderr } = await program.stop()
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
      expect(stdout).toContain('HTTP API Called')
      expect(stdout).not.toMatch(canary)
    },
  )

  it.each([
    ...mischiefs.filter((name) => name !== 'silent').map((name) => [name]),
    ...mischiefs.filter((name) => name !== 'silent').map((name) => ['good', name, 'better']),
  ])('is in no refusal of a bulk read of %j', async (...list) => {
    const [only = ''] = list
    const vendor = await startVendor({ list: list.length === 1 ? only : list })
    const stores = vendorTypes.map((type) => store(type, type, vendor.origin))
    await expectQuiet({ 'r/stores.yaml': joined(stores) }, endpoints(vendor.origin), (type) => `${type}/bulk`)
    expect([...vendor.asked].join(' ')).toContain(list[list.length === 1 ? 0 : 1])
  })

  it('is in nothing said of credentials that are refused', async () => {
    const vendor = await startVendor()
    const stores = vendorTypes.map((type) => store(type, type, vendor.origin, 'canary-of-wrong'))
    const said = await expectQuiet({ 'r/stores.yaml': joined(stores) }, endpoints(vendor.origin))
    expect(said).toContain('UnrecognizedClientException')
    expect(said).toContain('the vault does not take the token')
  })

  it('is in nothing said of a certificate that is not trusted', async () => {
    const trusted = authority('canary authority')
    const misnamed = certificateFor(['canary.example'], trusted)
    const vendor = await startVendor({ certificate: misnamed })
    const pem = `{name: caPem, value: ${JSON.stringify(trusted.cert)}}`
    const stores = [
      ...vendorTypes.map((type) => store(type, type, vendor.origin)),
      withItems('other', 'hashicorp.vault', [`{name: vaultAddr, value: '${vendor.origin}'}`, token, pem]),
    ]
    const targets = (type: string) => `${type === 'aws.secretmanager' ? 'other' : type}/good`
    const files = { 'r/stores.yaml': joined(stores) }
    expect(await expectQuiet(files, endpoints(vendor.origin), targets)).toContain('is not trusted')
    expect(await expectQuiet(files, endpoints(vendor.origin))).toContain('is not trusted')
    expect(vendor.asked).toEqual(new Set())
  })
})

describe('a canary that a login answers with', () => {
  const roles = mischiefs.filter((name) => name !== 'silent')

  it('is in nothing said of a vault that lets nobody in', async () => {
    const vendor = await startVendor()
    const files: Record<string, string> = { jwt: 'canary-of-a-jwt' }
    const at = `{name: vaultAddr, value: '${vendor.origin}'}`
    const logins = roles.flatMap((role) => [
      ['kubernetes', `vaultKubernetesRole, value: ${role}`, 'vaultServiceAccountTokenPath, value: jwt'],
      ['approle', `sidecarless.vaultRoleId, value: ${role}`, 'sidecarless.vaultSecretId, value: canary'],
      ['jwt', `sidecarless.vaultJwtRole, value: ${role}`, 'sidecarless.vaultJwt, value: canary'],
    ])
    const names = logins.map(([method, role]) => `${method}-${role?.split(' ').at(-1)}`)
    for (const [index, [method = '', ...items]] of logins.entries()) {
      const given = [
        at,
        `{name: vaultAuthMethod, value: ${method}}`,
        ...items.map((item) => `{name: ${item}}`),
      ]
      files[`r/${index}.yaml`] = withItems(names[index] ?? '', 'hashicorp.vault', given)
    }
    const said = await expectQuiet(files, {}, (name) => `${name}/good`, names)
    for (const method of ['kubernetes', 'approle', 'jwt']) {
      expect(said).toContain(`couldn't log in to vault using ${method} auth`)
    }
    for (const role of roles) expect(vendor.asked).toContain(role)
  })

  it('is in nothing said of a role that cannot be assumed', async () => {
    const vendor = await startVendor()
    const stores = roles.map((role) => {
      const arn = `{name: assumeRoleArn, value: 'arn:aws:iam::123456789012:role/${role}'}`
      return withItems(role, 'aws.parameterstore', ['{name: region, value: us-east-1}', ...keys, arn])
    })
    const said = await expectQuiet(
      { 'r/stores.yaml': joined(stores) },
      endpoints(vendor.origin),
      (name) => `${name}/good`,
      roles,
    )
    expect(said).toContain('operation error STS: AssumeRole')
    for (const role of roles) expect(vendor.asked).toContain(role)
  })

  it.each(['denied', 'wordy', 'malformed', 'half', 'elsewhere'])(
    'is in nothing said of a web identity or a container that is %s',
    async (name) => {
      const vendor = await startVendor()
      const files = {
        jwt: 'canary-of-a-jwt',
        'r/a.yaml': withItems('aws', 'aws.parameterstore', ['{name: region, value: us-east-1}']),
      }
      const web = {
        ...endpoints(vendor.origin),
        AWS_WEB_IDENTITY_TOKEN_FILE: 'jwt',
        AWS_ROLE_ARN: `arn:aws:iam::123456789012:role/${name}`,
      }
      const container = {
        ...endpoints(vendor.origin),
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${vendor.origin}/lend/${name}`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'canary-of-a-container',
      }
      const target = () => 'aws/good'
      expect(await expectQuiet(files, web, target, ['aws'])).toContain('AssumeRoleWithWebIdentity')
      expect(await expectQuiet(files, container, target, ['aws'])).toContain('container credentials endpoint')
      expect(vendor.asked).toContain(name)
    },
  )
})

describe('a canary behind a reference', () => {
  it('is in nothing that is printed, whether the store gives it or not', async () => {
    const vendor = await startVendor()
    const files: Record<string, string> = {}
    for (const type of vendorTypes) files[`r/${type}.yaml`] = store(type, type, vendor.origin)
    const names = ['good', ...mischiefs.filter((name) => name !== 'silent')]
    const referring = vendorTypes.flatMap((type) => names.map((name) => ({ type, name })))
    for (const { type, name } of referring) {
      const item = `{name: prefix, secretKeyRef: {name: ${name}, key: ${name}}}`
      const text = withItems(`${type}-${name}`, 'local.env', [item], 'ignoreErrors: true')
      files[`r/${type}-${name}.yaml`] = `${text}auth: {secretStore: ${type}}\n`
    }
    const { program, port } = await serve(arguments_, {
      cwd: folderWith(files),
      env: endpoints(vendor.origin),
    })
    for (const name of names) expect(vendor.asked).toContain(name)
    const answers = await Promise.all([
      ask(port, '/v1.0/metadata'),
      ...referring.map(({ type, name }) => ask(port, `/v1.0/secrets/${type}-${name}/bulk`)),
    ])
    expectNoCanary(answers)
    expect((await program.stop()).stdout).not.toMatch(canary)
  })

  it('is not printed when it is wrong for the field that it is put in', async () => {
    const vendor = await startVendor()
    const fields: readonly (readonly [type: VendorType, field: string])[] = [
      ['aws.secretmanager', 'region'],
      ['aws.secretmanager', 'endpoint'],
      ['hashicorp.vault', 'vaultAddr'],
      ['hashicorp.vault', 'vaultAuthMethod'],
      ['hashicorp.vault', 'vaultValueType'],
      ['hashicorp.vault', 'vaultTokenMountPath'],
      ['hashicorp.vault', 'caPem'],
      ['hashicorp.vault', 'caPath'],
    ]
    for (const [type, field] of fields) {
      const given = type === 'hashicorp.vault' && field !== 'vaultTokenMountPath' ? [token] : []
      const item = `{name: ${field}, secretKeyRef: {name: good, key: good}}`
      const files = {
        'r/a.yaml': store('source', 'aws.secretmanager', vendor.origin),
        'r/b.yaml': `${withItems('b', type, [...given, item])}auth: {secretStore: source}\n`,
      }
      const { exit, stdout, stderr } = await run(['serve', ...arguments_], {
        cwd: folderWith(files),
        env: endpoints(vendor.origin),
      })
      expect([field, exit]).toEqual([field, 1])
      expect(stdout + stderr).toContain('b.yaml')
      expect(stdout + stderr).not.toMatch(canary)
    }
  })
})

/**
 * Serves the files, asks every store and expects errors without the canary.
 *
 * @returns everything that was answered and printed
 */
async function expectQuiet(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
  target: (name: string) => string = (name) => `${name}/good`,
  names: readonly string[] = vendorTypes,
): Promise<string> {
  const { program, port } = await serve(arguments_, { cwd: folderWith(files), env })
  const answers = await Promise.all(names.map((name) => ask(port, `/v1.0/secrets/${target(name)}`)))
  expectNoCanary(answers.filter(({ status }) => status !== 200))
  // What a bulk read finds beside what is missing.
  if (!target('').endsWith('/bulk')) expect(answers.filter(({ status }) => status < 400)).toEqual([])
  const { stdout, stderr } = await program.stop()
  expect(stdout + stderr).not.toMatch(canary)
  return answers.map(({ body }) => body).join('\n') + stdout
}

function expectNoCanary(answers: readonly TextAnswer[]): void {
  const shown = answers.map(({ status, body, headers }) => JSON.stringify([status, body, headers]))
  expect(shown.filter((text) => canary.test(text))).toEqual([])
}

const keys = ['{name: accessKey, value: canary-of-access}', '{name: secretKey, value: canary-of-secret}']
const token = '{name: vaultToken, value: canary-of-a-token}'

/** A store of the vendor, its credentials inline. */
function store(name: string, type: VendorType, origin: string, credential = 'canary-of-right'): string {
  if (type === 'hashicorp.vault') {
    const items = [`{name: vaultAddr, value: '${origin}'}`, `{name: vaultToken, value: ${credential}}`]
    return withItems(name, type, items)
  }
  return withItems(name, type, [
    '{name: region, value: us-east-1}',
    `{name: accessKey, value: ${credential}}`,
    '{name: secretKey, value: canary-of-secret}',
    '{name: sessionToken, value: canary-of-session}',
    ...(type === 'aws.secretmanager' ? [`{name: endpoint, value: '${origin}'}`] : []),
  ])
}

function withItems(name: string, type: string, items: readonly string[], more = ''): string {
  return component(name, type, `  ${more}\n${metadata(...items)}`)
}

function joined(components: readonly string[]): string {
  return components.join('---\n')
}

function endpoints(origin: string): Readonly<Record<string, string>> {
  return { AWS_ENDPOINT_URL_SSM: origin, AWS_ENDPOINT_URL_STS: origin }
}
