/**
 * The component files of Dapr's documentation (dapr/docs `reference/components-reference/supported-secret-stores`)
 * with their placeholders filled in, and nothing else changed.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { authority } from '../adapters/certificate.ts'
import { component } from './component-text.ts'
import { cleanUp, folderWith, run, serve } from './program.ts'

afterEach(cleanUp)

const { cert } = authority('ca')
const files = {
  'ca/ca.pem': cert,
  token: 'the token\n',
  'secrets.json': '{"aws": {"key": "k"}, "roottoken": {"token": "t"}}',
}

const aws = `  - name: region
    value: "us-east-1"
  - name: accessKey
    value: "AKIAEXAMPLE"
  - name: secretKey
    value: "example"
  - name: sessionToken
    value: "example"
`

/** The optional fields of a vault as the documentation spells them, a blank before the colon included. */
const vaultOptions = `  - name: skipVerify # Optional. Default: false
    value : "false"
  - name: tlsServerName # Optional.
    value : "tls-server"
  - name: vaultKVPrefix # Optional. Default: "dapr"
    value : "myprefix"
  - name: vaultKVUsePrefix # Optional. default: "true"
    value: "true"
  - name: enginePath # Optional. default: "secret"
    value: "secret"
  - name: vaultValueType # Optional. default: "map"
    value: "map"
`
const vaultAddress = `  - name: vaultAddr
    value: https://127.0.0.1:8200 # Optional. Default: "https://127.0.0.1:8200"
`
const vaultToken = `  - name: vaultToken # Required if vaultTokenMountPath not provided. Token value.
    value : "tokenValue"
`
const vaultTokenFile = `  - name: vaultTokenMountPath # Required if vaultToken not provided. Path to token file.
    value : "token"
`
const caPem = `  - name: caPem
    value: |-
${cert.trim().replaceAll(/^/gm, '          ')}
`

/** Which documentation, and its file. */
const documented: readonly (readonly [title: string, yaml: string])[] = [
  [
    'AWS Secrets Manager',
    withMetadata(
      'awssecretmanager',
      'aws.secretmanager',
      `${aws}  - name: multipleKeyValuesPerSecret\n    value: "false"\n`,
    ),
  ],
  ['AWS Secrets Manager, before 1.16', withMetadata('awssecretmanager', 'aws.secretmanager', aws)],
  [
    'AWS SSM Parameter Store',
    withMetadata(
      'awsparameterstore',
      'aws.parameterstore',
      `${aws}  - name: prefix\n    value: "secret_name"\n`,
    ),
  ],
  ['HashiCorp Vault with a token', vault(vaultToken, '')],
  ['HashiCorp Vault with a token file', vault(vaultTokenFile, '')],
  ['HashiCorp Vault with a certificate', vault(vaultToken, '  - name: caCert\n    value: "ca/ca.pem"\n')],
  ['HashiCorp Vault with certificates', vault(vaultToken, '  - name: caPath\n    value: "ca"\n')],
  ['HashiCorp Vault with a certificate inline', vault(vaultToken, caPem)],
  [
    'keys from another store',
    referring(
      'aws.secretmanager',
      '  - name: region\n    value: us-east-1\n',
      ['accessKey', 'secretKey'],
      'aws',
      'key',
    ),
  ],
  [
    'keys of parameters from another store',
    referring(
      'aws.parameterstore',
      '  - name: region\n    value: us-east-1\n',
      ['accessKey', 'secretKey'],
      'aws',
      'key',
    ),
  ],
  [
    // Theirs is plain http to another machine, which differs on purpose (docs/differences.md).
    'OpenBao at a safe address',
    referring(
      'hashicorp.vault',
      `  - name: vaultAddr
    value: https://openbao.openbao.svc.cluster.local:8200
  - name: skipVerify # Optional. Default: false
    value: true
  - name: enginePath # Optional. default: "secret"
    value: "secrets"
  - name: vaultValueType # Optional. default: "map"
    value: "map"
`,
      ['vaultToken'],
      'roottoken',
      'token',
    ),
  ],
]

describe("a component of Dapr's documentation", () => {
  it.each(documented)('is checked without a word: %s', async (_, yaml) => {
    const { exit, stderr } = await run(['check', 'r', '--strict'], {
      cwd: folderWith({ ...files, 'r/component.yaml': yaml }),
    })
    const said = 'no errors, no warnings; serve would start\n'
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: said })
  })

  it.each(documented)('is served without a warning, its keys in it or not: %s', async (_, yaml) => {
    const { program } = await serve(['--resources-path=r'], {
      cwd: folderWith({ ...files, 'r/component.yaml': yaml }),
    })
    const { exit, stdout, stderr } = await program.stop()
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).not.toMatch(/level=(?:warning|error|fatal)/)
  })
})

describe('an address of OpenBao in the clear', () => {
  const yaml = withMetadata(
    'openbao',
    'hashicorp.vault',
    `  - name: vaultAddr
    value: http://openbao.openbao.svc.cluster.local:8200
${vaultToken}`,
  )
  const surroundings = (text: string) => ({ cwd: folderWith({ 'r/component.yaml': text }) })

  it('is refused until the component says that it means it', async () => {
    const { exit, stdout, stderr } = await run(['check', 'r', '--strict'], surroundings(yaml))
    expect(exit).toBe(1)
    expect(stdout + stderr).toContain('must begin with https')
    const meant = `${yaml}  - name: sidecarless.allowPlainHttp\n    value: "true"\n`
    expect((await run(['check', 'r', '--strict'], surroundings(meant))).exit).toBe(0)
  })
})

function vault(identity: string, trust: string): string {
  return withMetadata('vault', 'hashicorp.vault', `${vaultAddress}${trust}${vaultOptions}${identity}`)
}

/** Fields that refer to a local store, which stands in the same file. */
function referring(
  type: string,
  metadata: string,
  fields: readonly string[],
  name: string,
  key: string,
): string {
  const items = fields.map(
    (field) => `  - name: ${field}\n    secretKeyRef:\n      name: ${name}\n      key: ${key}\n`,
  )
  const local = `  - name: secretsFile\n    value: secrets.json\n  - name: multiValued\n    value: "true"\n`
  return `${withMetadata('remote', type, metadata + items.join(''))}auth:
  secretStore: local
---
${withMetadata('local', 'local.file', local)}`
}

function withMetadata(name: string, type: string, items: string): string {
  return component(name, type, `  metadata:\n${items}`)
}
