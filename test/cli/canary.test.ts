import { createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Header } from '../conformance/raw-http.ts'
import { freePort } from '../conformance/server-process.ts'
import { component, metadata } from './component-text.ts'
import { ask, cleanUp, folderWith, run, serve } from './program.ts'

/** Part of every secret here, and of nothing else: no name, no path and no field holds it. */
const canary = 'canary'

const environment = {
  SECRET: 'canary-of-the-environment',
  OTHER: '{"canary": "of JSON in the environment"',
  PATTERN: 'canary: [of YAML in the environment',
  SHORT: canary,
  POD: 'canary of a {podName}',
  DAPR_API_TOKEN: 'canary-of-the-token',
}

let taken: Server
let takenPort: number
beforeAll(async () => {
  takenPort = await freePort()
  taken = createServer().listen(takenPort, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
})
afterAll(() => {
  taken.close()
})
afterEach(cleanUp)

/** Everything that check and serve print about files; serve ends because its port is taken. */
async function printedAbout(
  files: Readonly<Record<string, string>>,
  configurations: readonly string[] = 'config.yaml' in files ? ['config.yaml'] : [],
): Promise<string> {
  const surroundings = { cwd: folderWith(files), env: environment }
  const config = configurations.map((file) => `--config=${file}`)
  const port = `--dapr-http-port=${takenPort}`
  const runs = [
    await run(['check', 'r', '--strict', ...config], surroundings),
    await run(['serve', '--resources-path=r', '--log-level=debug', port, ...config], surroundings),
  ]
  expect(runs.map(({ exit }) => exit)).toEqual([1, 1])
  return runs.map(({ stdout, stderr }) => stdout + stderr).join('')
}

describe('a secret value while the program serves', () => {
  const resources = folderOfStores()
  const args = ['--resources-path=r', '--config=config.yaml', '--log-level=debug', '--enable-api-logging']
  const token: Header = ['dapr-api-token', environment.DAPR_API_TOKEN]

  it.each([[[]], [['--log-as-json']]])('is in its answer and nowhere else, with %j', async (shape) => {
    const { program, port } = await serve([...args, '--allowed-origins=http://*.example', ...shape], {
      cwd: folderWith(resources),
      env: environment,
    })
    const authorized = async (target: string) => ask(port, target, { headers: [token] })
    expect((await authorized('/v1.0/secrets/env/SECRET')).body).toContain(environment.SECRET)
    expect((await authorized('/v1.0/secrets/file/nested:a')).body).toContain('canary-of-the-file')
    expect((await authorized('/v1.0/secrets/several/nested')).body).toContain('canary-of-the-file')
    expect((await authorized('/v1.0/secrets/env/bulk')).body).not.toContain(environment.DAPR_API_TOKEN)

    const secrets = '/v1.0/secrets'
    const refused = [
      await ask(port, `${secrets}/env/SECRET`),
      await ask(port, `${secrets}/env/SECRET`, { headers: [['dapr-api-token', 'canary of a wrong token']] }),
      await authorized(`${secrets}/file/nested`),
      await authorized(`${secrets}/file/none?metadata.version_id=canary`),
      await authorized(`${secrets}/several/none`),
      await authorized(`${secrets}/denied/SECRET`),
      await authorized(`${secrets}/nowhere/SECRET?metadata.x=canary`),
      await authorized(`${secrets}/%zz?metadata.x=canary`),
      await authorized('/v1.0/nothing?canary'),
      await authorized('/v1.0/invoke/app/method/x?canary'),
      await authorized('http://user:canary@localhost/v1.0/secrets/nowhere/x'),
      await ask(port, `${secrets}/env/SECRET`, { method: 'POST', headers: [token], body: '{"canary":1}' }),
      await ask(port, `${secrets}/env/SECRET?canary`, { method: 'FOO', headers: [token] }),
      await ask(port, `${secrets}/env/SECRET`, { headers: [token, ['X-Long', canary.repeat(5000)]] }),
      await ask(port, `${secrets}/env/SECRET`, { headers: [token, ['baggage', 'canary;;==,']] }),
    ]
    expect(refused.map(({ status }) => status).filter((status) => status < 400)).toEqual([])
    expect(refused.filter(({ body, headers }) => JSON.stringify([body, headers]).includes(canary))).toEqual(
      [],
    )

    // daprd quotes a mistake in a body to whoever has sent it, and so it is only looked for in the log.
    for (const body of bodies) {
      expect((await ask(port, `${secrets}/env/SECRET`, { headers: [token], body })).status).toBe(400)
    }
    for (const name of [
      'traceparent',
      'tracestate',
      'cookie',
      'authorization',
      'x-forwarded-for',
      'origin',
    ]) {
      const answer = await ask(port, '/v1.0/metadata', { headers: [token, [name, 'canary']] })
      expect(answer.status).toBe(200)
      expect(JSON.stringify([answer.body, answer.headers])).not.toContain(canary)
    }
    const { exit, stdout, stderr } = await program.stop()
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).toContain('HTTP API Called')
    expect(stdout).not.toContain(canary)
  })

  it('is not logged either when it was taken for a name, unless calls are logged', async () => {
    const { program, port } = await serve(args.slice(0, -1), { cwd: folderWith(resources), env: environment })
    for (const target of ['/v1.0/secrets/env/canary', '/v1.0/secrets/canary/x', '/canary', '/%63anary%zz']) {
      await ask(port, target, { headers: [token] })
      await ask(port, target)
    }
    expect((await program.stop()).stdout).not.toContain(canary)
  })

  it('is not in the refusal of a foreign host', async () => {
    const { program, port } = await serve(args, { cwd: folderWith(resources), env: { SECRET: 'canary' } })
    const answer = await ask(port, '/v1.0/secrets/env/SECRET', { headers: [['Host', 'canary.example']] })
    expect(answer.status).toBe(403)
    expect(answer.body).not.toContain(canary)
    expect((await program.stop()).stdout).not.toContain(canary)
  })
})

describe('a secret value in files that are wrong', () => {
  it.each(brokenSecretsFiles())('is not printed when the secrets file is %j', async (text) => {
    const printed = await printedAbout({ ...folderOfStores(), 'secrets.json': text })
    expect(printed).toContain('secretsFile')
    expect(printed).not.toContain(canary)
  })

  it.each(brokenComponents())('is not printed when a component holds %j', async (text) => {
    const printed = await printedAbout({ 'r/a.yaml': text })
    expect(printed).toMatch(/r\/a\.yaml:\d+:\d+: /)
    expect(printed).not.toContain(canary)
  })

  it.each(brokenConfigurations())('is not printed when the Configuration holds %j', async (spec) => {
    const text = `apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: config\nspec:\n${spec}`
    const printed = await printedAbout({ 'r/a.yaml': component('env', 'local.env'), 'config.yaml': text })
    expect(printed).toMatch(/config\.yaml:\d+:\d+: /)
    expect(printed).not.toContain(canary)
  })

  it('is not printed however a component is cut or changed', async () => {
    const text = component('store', 'local.file', inline)
    const files: Record<string, string> = {}
    for (const [index, changed] of changesOf(text).entries()) files[`r/${index}.yaml`] = changed
    expect(await printedAbout(files)).not.toContain(canary)
  })

  it('is not printed however a Configuration is cut or changed', async () => {
    const text = folderOfStores()['config.yaml'] ?? ''
    const files: Record<string, string> = { 'r/a.yaml': component('env', 'local.env') }
    const changes = changesOf(text.replace('X-', 'canary-'))
    for (const [index, changed] of changes.entries()) files[`${index}.yaml`] = changed
    expect(
      await printedAbout(
        files,
        changes.map((_, index) => `${index}.yaml`),
      ),
    ).not.toContain(canary)
  })

  it('is not printed when it is taken for the path of a secrets file', async () => {
    const reference = metadata('{name: secretsFile, secretKeyRef: {name: SECRET}}')
    const printed = await printedAbout({
      'r/a.yaml': component('env', 'local.env'),
      'r/b.yaml': component('file', 'local.file', `${reference}auth: {secretStore: env}\n`),
      'r/c.yaml': component('other', 'local.file', metadata('{name: secretsFile, envRef: SECRET}')),
    })
    expect(printed).toMatch(/r\/b\.yaml:\d+:\d+: /)
    expect(printed).toMatch(/r\/c\.yaml:\d+:\d+: /)
    expect(printed).not.toContain(canary)
  })

  it('is not printed when it makes the name of a field nearly right', async () => {
    const text = 'spec:\n  secrets:\n    scopes:\n    - storeName: env\n      allowedSecret$SHORT: []\n'
    const files = { 'r/a.yaml': component('env', 'local.env'), 'config.yaml': text }
    expect(await printedAbout(files)).not.toContain(canary)
  })

  it('is not printed with a mistake on the command line', async () => {
    const { exit, stderr } = await run(['serve', '--mode=x', '--log-level=loud', '--dapr-http-port=high'], {
      env: environment,
    })
    expect(exit).toBe(1)
    expect(stderr).not.toContain(canary)
  })
})

/** Bodies that are no JSON object, and one that is too long. */
const bodies = [
  '{"canary',
  'canary',
  '"canary"',
  '["canary"]',
  '{"key": canary}',
  `{}${canary.repeat(1 << 20)}`,
]

/** Stores of every kind, with values wherever there can be some. */
function folderOfStores(): Record<string, string> {
  return {
    'r/env.yaml': component('env', 'local.env'),
    'r/denied.yaml': component('denied', 'local.env', metadata('{name: prefix, value: canary_}')),
    'r/file.yaml': component('file', 'local.file', metadata('{name: secretsFile, value: secrets.json}')),
    'r/several.yaml': component(
      'several',
      'local.file',
      metadata('{name: secretsFile, value: secrets.json}', '{name: multiValued, value: true}'),
    ),
    'r/reference.yaml': component(
      'reference',
      'local.env',
      `${metadata('{name: prefix, secretKeyRef: {name: SECRET}}', '{name: other, envRef: OTHER}')}auth: {secretStore: env}\n`,
    ),
    'secrets.json': '{"nested": {"a": "canary-of-the-file", "b": [1, true, "canary"]}, "one": "canary"}',
    'config.yaml': `apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: config
spec:
  tracing:
    samplingRate: "1"
    zipkin:
      endpointAddress: http://X-user:X-password@localhost
  secrets:
    scopes:
    - storeName: denied
      defaultAccess: deny
      allowedSecrets: [X-allowed]
`,
  }
}

const inline = `  ignoreErrors: false
  metadata:
  - name: secretsFile
    value: "canary one"
  - name: nestedSeparator
    value: |
      canary two
      canary three
  - name: token
    value: {nested: [canary, 'canary four'], other: canary}
  - name: password
    secretKeyRef:
      name: one
auth:
  secretStore: none
`

/** The text cut at each third character, and with each of some characters put there. */
function changesOf(text: string): readonly string[] {
  const changes: string[] = []
  for (let at = 0; at < text.length; at += 3) {
    const before = text.slice(0, at)
    const after = text.slice(at)
    changes.push(before, before + after.slice(3))
    for (const inserted of ['"', '{', '[', ': ', '\n', '\t', '*', '&', '!', '#', '\0', '- ']) {
      if ((at / 3) % 4 === changes.length % 4) changes.push(before + inserted + after)
    }
  }
  return changes
}

function brokenSecretsFiles(): readonly string[] {
  return [
    '{"one": "canary"',
    '{"one": "canary",}',
    "{'one': 'canary'}",
    '{"one": canary}',
    '{"one": "canary" "two"}',
    '{"one": "canary\n"}',
    '{"one": "\\canary"}',
    '\ufeff{"one": "canary"}',
    'one=canary\n',
    '"canary"',
    '["canary"]',
    '{"one": "canary", "two": 1e999}',
    '// canary\n{}',
    '{} canary',
    '',
  ]
}

function brokenComponents(): readonly string[] {
  const of = (...items: readonly string[]) => component('a', 'local.file', metadata(...items))
  const file = '{name: secretsFile, value: none.json}'
  const blocks = [
    '    value: "canary\\q"\n',
    '    value: "canary\n',
    "    value: 'canary'canary\n",
    '    value: canary: canary\n',
    '    value: @canary\n',
    '    value: `canary`\n',
    '    value: *canary\n',
    '    value: !!int canary\n',
    '    value: [canary, canary\n',
    '    value: |9\n canary\n',
    '    value: >canary\n      canary\n',
    '     value: canary\n   canary: canary\n',
    '\tvalue: canary\n',
    '    value: canary\n    value: {canary\n',
  ].map((block) => component('a', 'local.env', `  metadata:\n  - name: prefix\n${block}`))
  return [
    ...blocks,
    of(file, '{name: token, vaule: canary}'),
    of(file, '{name: nestedSeperator, value: canary}'),
    of(file, '{name: multiValued, value: canary}'),
    of(file, 'canary'),
    of(file, '[canary]'),
    of(file, 'value: canary'),
    of(file, '{name: [canary], value: canary}'),
    of(file, '{name: x, secretKeyRef: canary}'),
    of(file, '{name: x, secretKeyRef: {name: {canary: 1}}}'),
    of('{name: SecretsFile, value: canary}', '{name: secretsfile, value: canary}'),
    of('{name: secretsFile, value: "canary\\0"}'),
    component('a', 'local.env', '  metadata: canary\n'),
    component('a', 'local.env', '  initTimeout: canary\n'),
    component('a', 'local.env', '  ignoreErrors: canary\nscopes: canary\nauth: canary\n'),
    component('a', 'local.env', 'canaryField: canary\n'),
    `${component('a', 'local.env', metadata('{name: prefix, secretKeyRef: {name: POD}}'))}auth:
  secretStore: env
---
${component('env', 'local.env')}`,
    'canary\n',
    '- canary\n',
    '%canary\n---\n{}\n',
    `apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: {name: r}
spec:
  policies:
    timeouts: {t: canary}
    retries: {r: {policy: canary, duration: canary, maxRetries: canary}}
    circuitBreakers: {c: {trip: canary, timeout: canary, maxRequests: canary}}
`,
  ]
}

function brokenConfigurations(): readonly string[] {
  const scope = (field: string) => `  secrets:\n    scopes:\n    - storeName: env\n      ${field}\n`
  return [
    scope('defaultAccess: $SECRET'),
    scope('allowedSecret: [$SECRET, canary]'),
    scope('allowedSecrets: canary'),
    scope('allowedSecrets: {canary: canary}'),
    scope('allowedSecrets: [$PATTERN]'),
    scope('$SECRET: canary'),
    scope('storeName$SECRET: canary'),
    scope('deniedSecrets: [canary'),
    scope('deniedSecrets: ["canary\\q"]'),
    '  secrets: $SECRET\n',
    '  secrets: {scopes: $SECRET}\n',
    '  secrets: {scopes: [canary]}\n',
    '  api: $SECRET\n',
    '  api: {allowed: [{name: secrets, version: v1.0, protocol: $SECRET}]}\n',
    '  api: {allowed: canary}\n',
    '  $PATTERN: x\n',
  ]
}
