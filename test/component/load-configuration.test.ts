import { describe, expect, it } from 'vitest'
import { defaultConfiguration } from '../../src/component/configuration.ts'
import { loadConfiguration } from '../../src/component/load-configuration.ts'
import { renderDiagnostic } from '../../src/diagnostic.ts'
import { environment } from '../../src/runtime.ts'

function load(texts: string | readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const list = typeof texts === 'string' ? [texts] : texts
  const files = list.map((text, index) => ({ path: `${index + 1}.yaml`, text }))
  return loadConfiguration(files, environment(variables))
}

function said(texts: string | readonly string[], variables: Readonly<Record<string, string>> = {}) {
  return load(texts, variables).diagnostics.map(renderDiagnostic)
}

function scopes(body: string): string {
  return `spec:\n  secrets:\n    scopes:\n${body}`
}

describe('loading a Configuration', () => {
  it('is the default without a file, and without anything in it', () => {
    expect(load([])).toEqual({ configuration: defaultConfiguration, diagnostics: [] })
    expect(load(['', '# nothing\n', 'spec:\n', 'spec: {secrets: , api: {allowed: }}'])).toEqual({
      configuration: defaultConfiguration,
      diagnostics: [],
    })
  })

  it('keeps what concerns secrets', () => {
    const text = `apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: daprConfig
  namespace: default
spec:
  tracing: {samplingRate: "0.5", zipkin: {endpointAddress: http://zipkin}, unknown: [x]}
  metric: {enabled: true}
  metrics: 1
  mtls: x
  httpPipeline: {}
  appHttpPipeline: {}
  accessControl: {}
  nameResolution: {}
  features: []
  logging: {}
  wasm: {}
  workflow: {}
  secrets:
    scopes:
    - storeName: vault
      defaultAccess: DeNy
      allowedSecrets: ["db", 1, yes, 0x1F, ""]
    - storeName: file
      deniedSecrets: [a, a]
    - storeName: env
      defaultAccess: ""
      allowedSecrets: []
  api:
    allowed:
    - {name: secrets, version: v1.0, protocol: http}
    denied:
    - name: metadata
      version: v1
      protocol: gRPC
  components:
    deny: [state.redis, secretstores.local.file/v1]
`
    expect(load(text)).toEqual({
      configuration: {
        secretScopes: [
          {
            storeName: 'vault',
            defaultAccess: 'deny',
            allowedSecrets: ['db', '1', 'yes', '0x1F', ''],
            deniedSecrets: [],
            at: { file: '1.yaml', line: 21, column: 18 },
          },
          {
            storeName: 'file',
            defaultAccess: 'allow',
            allowedSecrets: [],
            deniedSecrets: ['a', 'a'],
            at: { file: '1.yaml', line: 24, column: 18 },
          },
          {
            storeName: 'env',
            defaultAccess: 'allow',
            allowedSecrets: [],
            deniedSecrets: [],
            at: { file: '1.yaml', line: 26, column: 18 },
          },
        ],
        api: {
          allowed: [{ name: 'secrets', version: 'v1.0', protocol: 'http' }],
          denied: [{ name: 'metadata', version: 'v1', protocol: 'gRPC' }],
        },
        deniedComponents: ['state.redis', 'secretstores.local.file/v1'],
        tracing: { samplingRate: 0.5, exporter: true },
      },
      diagnostics: [],
    })
  })

  it.each([
    ['{samplingRate: 1}', { samplingRate: 1, exporter: false }],
    ['{samplingRate: "0"}', { samplingRate: 0, exporter: false }],
    ['{samplingRate: x}', { samplingRate: undefined, exporter: false }],
    ['{stdout: yes}', { samplingRate: undefined, exporter: true }],
    ['{stdout: false, otel: {endpointAddress: ""}}', { samplingRate: undefined, exporter: false }],
    ['{otel: {endpointAddress: x, isSecure: 7}}', { samplingRate: undefined, exporter: true }],
    ['7', { samplingRate: undefined, exporter: false }],
  ])('reads tracing from %s', (tracing, expected) => {
    expect(load(`spec: {tracing: ${tracing}}`)).toEqual({
      configuration: { ...defaultConfiguration, tracing: expected },
      diagnostics: [],
    })
  })

  it('merges maps of several files and replaces their lists', () => {
    const first = `spec: {tracing: {samplingRate: 1}, components: {deny: [a]}, api: {allowed: [{name: x, protocol: http}], denied: [{name: y, protocol: http}]}, secrets: {scopes: [{storeName: a}, {storeName: b}]}}`
    const second =
      'spec: {tracing: {stdout: true}, api: {allowed: []}, secrets: {scopes: [{storeName: c}]}, components: }'
    const { configuration, diagnostics } = load([first, second])
    expect(diagnostics).toEqual([])
    expect(configuration).toMatchObject({
      secretScopes: [{ storeName: 'c' }],
      api: { allowed: [], denied: [{ name: 'y' }] },
      deniedComponents: ['a'],
      tracing: { samplingRate: 1, exporter: true },
    })
  })

  it('puts variables in before it reads the YAML, into names and structure alike', () => {
    const text = scopes('    - storeName: $STORE\n      allowedSecrets: [$LIST, "$"]\n$MORE')
    const variables = {
      STORE: 'vault',
      LIST: 'a, b',
      MORE: '    - storeName: env\n      defaultAccess: deny\n',
    }
    expect(load(text, variables)).toMatchObject({
      configuration: {
        secretScopes: [
          { storeName: 'vault', allowedSecrets: ['a', 'b', '$'] },
          { storeName: 'env', defaultAccess: 'deny' },
        ],
      },
      diagnostics: [],
    })
  })

  it('lets a key win over a merge, and reads anchors', () => {
    const text = `x: &x {defaultAccess: deny, storeName: a}\n${scopes('    - {storeName: b, <<: *x}\n')}`
    expect(load(text).configuration.secretScopes).toMatchObject([{ storeName: 'b', defaultAccess: 'deny' }])
  })
})

describe('what is wrong with a Configuration', () => {
  it.each([
    ['a: [', '1.yaml:1:5: the indentation does not fit the lines above, or a bracket or brace is not closed'],
    ['nonsense', '1.yaml:1:1: a Configuration must be a mapping'],
    ['spec: []', '1.yaml:1:7: spec must be a mapping'],
    ['spec: {secrets: {scopes: {}}}', '1.yaml:1:26: spec.secrets.scopes must be a list'],
    ['spec: {secrets: {scopes: [x]}}', '1.yaml:1:27: spec.secrets.scopes[0] must be a mapping'],
    [
      'spec: {secrets: {scopes: [{storeName: [x]}]}}',
      '1.yaml:1:39: spec.secrets.scopes[0].storeName must be a text',
    ],
    [
      'spec: {secrets: {scopes: [{storeName: a, allowedSecrets: x}]}}',
      '1.yaml:1:58: spec.secrets.scopes[0].allowedSecrets must be a list',
    ],
    [
      'spec: {secrets: {scopes: [{storeName: a, allowedSecrets: [~]}]}}',
      '1.yaml:1:59: spec.secrets.scopes[0].allowedSecrets[0] must be a text',
    ],
    [
      'spec:\n  secrets:\n    scope: []',
      "1.yaml:3:5: unknown field 'scope' in spec.secrets; did you mean 'scopes'?",
    ],
    [
      scopes('    - storeName: a\n      allowedSecret:\n      - x\n'),
      "1.yaml:5:7: unknown field 'allowedSecret' in spec.secrets.scopes[0]; did you mean 'allowedSecrets'?\n        allowedSecret:\n        ^",
    ],
    [
      scopes('    - StoreName: a\n      storeName: a\n'),
      "1.yaml:4:7: unknown field 'StoreName' in spec.secrets.scopes[0]; did you mean 'storeName'?",
    ],
    [
      scopes('    - {storeName: a, hunter2: a}\n'),
      '1.yaml:4:22: unknown field in spec.secrets.scopes[0]; known are storeName, defaultAccess, allowedSecrets, deniedSecrets',
    ],
    ['spec: {api: {allow: []}}', "1.yaml:1:14: unknown field 'allow' in spec.api; did you mean 'allowed'?"],
    [
      'spec: {api: {denied: [{name: x, protocol: http, ver: v1}]}}',
      '1.yaml:1:49: unknown field in spec.api.denied[0]; known are name, version, protocol',
    ],
    // Without them more is allowed than was meant.
    ['spec: {secret: {}}', "1.yaml:1:8: unknown field 'secret' in spec; did you mean 'secrets'?"],
    ['Spec: {}', "1.yaml:1:1: unknown field 'Spec'; did you mean 'spec'?"],
    [
      'spec: {components: {deni: []}}',
      "1.yaml:1:21: unknown field 'deni' in spec.components; did you mean 'deny'?",
    ],
    ['spec: {}\nspec: {}', "1.yaml:2:1: 'spec' is given twice"],
    [
      scopes('    - storeName: a\n    - storeName: a\n'),
      '1.yaml:5:18: a storeName is repeated in secrets configuration\n      - storeName: a\n                   ^',
    ],
    [scopes('    - defaultAccess: deny\n'), '1.yaml:4:7: spec.secrets.scopes[0] needs a storeName'],
    [scopes('    - {storeName: ""}\n'), '1.yaml:4:19: spec.secrets.scopes[0] needs a storeName'],
    // Restrictions that lost their place.
    ['secrets: {}', '1.yaml:1:1: unknown field; known are apiVersion, kind, metadata, spec'],
    ['scopes: []', '1.yaml:1:1: unknown field; known are apiVersion, kind, metadata, spec'],
    ...['scopes', 'allowed', 'deny'].map((name) => [
      `spec: {${name}: []}`,
      '1.yaml:1:8: unknown field in spec; known are secrets, api, components, tracing, httpPipeline, appHttpPipeline, mtls, metric, metrics, accessControl, nameResolution, features, logging, wasm, workflow',
    ]),
    ['spec: {featurs: []}', "1.yaml:1:8: unknown field 'featurs' in spec; did you mean 'features'?"],
    ['spec: {components: {denied: []}}', '1.yaml:1:21: unknown field in spec.components; known are deny'],
    ['spec: {components: {denyList: []}}', '1.yaml:1:21: unknown field in spec.components; known are deny'],
    ['spec: {}\n---\nspec: {}', '1.yaml:2:1: only the first document of a Configuration file is read'],
    ['---\n---\n- 1\n---\n{}', '1.yaml:4:1: only the first document of a Configuration file is read'],
    [
      'spec: {api: {denied: [{name: secrets, version: v1, protocol: https}]}}',
      '1.yaml:1:62: spec.api.denied[0] has no effect: its protocol must be http or grpc',
    ],
    [
      'spec: {components: {deny: [a/b/c]}}',
      '1.yaml:1:28: spec.components.deny[0] has no effect: expected type or type/version',
    ],
    // A variable that is not set opens what it was to close.
    ...[
      ['defaultAccess: $NOPE', 22],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the file
      ['defaultAccess: # $COMMENT\n        ${NOPE}', 9],
      ['allowedSecrets: $NOPE', 23],
      ['deniedSecrets: ["$NOPE"]', 24],
      ['deniedSecrets: ["a #$NOPE"]', 27],
    ].map(([field, column]) => [
      scopes(`    - storeName: a\n      ${field}\n`),
      `1.yaml:${String(field).includes('COMMENT') ? 6 : 5}:${column}: the environment variable 'NOPE' is not set, so nothing is put in its place`,
    ]),
    [
      'spec:\n  components:\n    deny: $NOPE',
      "1.yaml:3:11: the environment variable 'NOPE' is not set, so nothing is put in its place",
    ],
    [
      scopes('    - storeName: a\n      defaultAccess: maybe\n'),
      '1.yaml:5:22: defaultAccess maybe can be either allow or deny\n        defaultAccess: maybe\n                       ^',
    ],
  ])('is an error: %j', (text, problem) => {
    expect(said(text)).toEqual([problem])
  })

  it.each([
    [
      'spec: {api: , tracing: {samplingRate: $NOPE}, components: {}} # $COMMENT',
      "1.yaml:1:39: warning: the environment variable 'NOPE' is not set, so nothing is put in its place",
    ],
    ['spec: {}\n---\n- spec', '1.yaml:2:1: warning: only the first document of a Configuration file is read'],
    [
      'kind: Component',
      '1.yaml:1:7: warning: kind is not Configuration; the file is read as one all the same\n  kind: Component\n        ^',
    ],
    [
      'spec: {api: {denied: [{name: secrets, version: v1}]}}',
      '1.yaml:1:23: warning: spec.api.denied[0] has no effect: its protocol must be http or grpc',
    ],
  ])('is a warning: %j', (text, problem) => {
    expect(said(text)).toEqual([problem])
  })

  it('denies by default when the default cannot be read', () => {
    const { configuration } = load(scopes('    - {storeName: a, defaultAccess: alow}\n'))
    expect(configuration.secretScopes[0]?.defaultAccess).toBe('deny')
  })

  it('is looked for in the scopes that count, those of the last file that has any', () => {
    const repeated = scopes('    - storeName: a\n    - storeName: a\n')
    expect(said([repeated, scopes('    - storeName: a\n')])).toEqual([])
    expect(said([scopes('    - storeName: a\n'), repeated, 'spec: {}'])).toHaveLength(1)
  })

  it('stands where it was written, whatever the variables before it became', () => {
    const text = '# $LINES\nspec: {api: {$NOTHING allow: [$LONG]}}\n'
    const variables = { LINES: 'x\ny: 1\nz: 2', LONG: 'a-long-value' }
    expect(said(text, variables).map((line) => line.slice(0, 40))).toEqual([
      '1.yaml:1:3: unknown field; known are api',
      '1.yaml:1:3: unknown field; known are api',
      "1.yaml:2:14: the environment variable 'N",
      "1.yaml:2:23: unknown field 'allow' in sp",
    ])
    expect(said('a: $X b: c', { X: 'y' })).toEqual([
      '1.yaml:1:4: a mapping or list cannot begin on this line; put it on the next one, or quote the text',
    ])
  })

  it('does not show what came out of a variable', () => {
    const text = scopes('    - storeName: a\n      defaultAccess: $SECRET\n')
    expect(said(text, { SECRET: 'hunter2' })).toEqual([
      '1.yaml:5:22: defaultAccess (from a variable) can be either allow or deny',
    ])
  })

  it('is too much of it', () => {
    expect(said('x'.repeat(1024 * 1024 + 1))).toEqual(['1.yaml:1:1: the file is larger than 1 MiB'])
    expect(said('$A'.repeat(1000), { A: 'x'.repeat(2000) })).toEqual([
      '1.yaml:1:1: the file with its variables put in is larger than 1 MiB',
    ])
  })
})
