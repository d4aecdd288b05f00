import { describe, expect, it } from 'vitest'
import { loadResources, type ResourceOptions } from '../../src/component/load-resources.ts'
import { renderDiagnostic } from '../../src/diagnostic.ts'

const options: ResourceOptions = { appId: 'orders', deniedComponents: [] }

/** A sound component; each `change` replaces a text in it. */
function component(...changes: readonly (readonly [from: string, to: string])[]): string {
  let text = `apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: vault
spec:
  type: secretstores.hashicorp.vault
  version: v1
  metadata:
  - name: vaultAddr
    value: http://127.0.0.1:8200
`
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`nothing to change: ${from}`)
    text = text.replace(from, to)
  }
  return text
}

function load(texts: string | readonly string[], more: Partial<ResourceOptions> = {}) {
  const list = typeof texts === 'string' ? [texts] : texts
  const files = list.map((text, index) => ({ path: `${index + 1}.yaml`, text }))
  return loadResources(files, { ...options, ...more })
}

function said(texts: string | readonly string[], more: Partial<ResourceOptions> = {}): readonly string[] {
  return load(texts, more).diagnostics.map(renderDiagnostic)
}

function names(texts: string | readonly string[], more: Partial<ResourceOptions> = {}): readonly string[] {
  return load(texts, more).components.map(({ name }) => name)
}

describe('loading a component', () => {
  it('keeps everything with its place', () => {
    const text = `# a store
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: vault
  namespace: prod
  labels: {app: orders}
spec:
  type: secretstores.hashicorp.vault
  version: v1
  ignoreErrors: yes
  initTimeout: 1m30s
  metadata:
  - name: vaultAddr
    value: http://127.0.0.1:8200
  - name: vaultToken
    secretKeyRef:
      name: root
      key: token
  - {name: skipVerify, value: no}
  - name: vaultKVPrefix
    envRef: PREFIX
  - name: empty
    value: ""
  - name: absent
  - name: other
    secretKeyRef: {name: one}
auth:
  secretStore: file
scopes: [orders, billing]
`
    const at = (line: number, column: number) => ({ file: '1.yaml', line, column })
    expect(load(text)).toEqual({
      components: [
        {
          name: 'vault',
          type: 'secretstores.hashicorp.vault',
          version: 'v1',
          namespace: 'prod',
          scopes: ['orders', 'billing'],
          secretStore: 'file',
          ignoreErrors: true,
          initTimeout: 90_000,
          metadata: [
            { name: 'vaultAddr', value: 'http://127.0.0.1:8200', nameAt: at(14, 11), at: at(15, 12) },
            {
              name: 'vaultToken',
              secretKeyRef: { name: 'root', key: 'token', at: at(18, 13) },
              nameAt: at(16, 11),
              at: at(18, 7),
            },
            { name: 'skipVerify', value: 'false', nameAt: at(20, 12), at: at(20, 31) },
            { name: 'vaultKVPrefix', envRef: 'PREFIX', nameAt: at(21, 11), at: at(22, 13) },
            { name: 'empty', value: '', nameAt: at(23, 11), at: at(24, 12) },
            { name: 'absent', nameAt: at(25, 11), at: at(25, 11) },
            {
              name: 'other',
              secretKeyRef: { name: 'one', key: 'one', at: at(27, 26) },
              nameAt: at(26, 11),
              at: at(27, 19),
            },
          ],
          at: at(5, 9),
          typeAt: at(9, 9),
          secretStoreAt: at(29, 16),
        },
      ],
      resiliency: [],
      diagnostics: [],
    })
  })

  it('merges what anchors repeat, without a word', () => {
    const text = `x-defaults: &defaults {type: secretstores.local.env, version: v0}
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: env}
spec:
  <<: *defaults
  version: v1
`
    const { components, diagnostics } = load(text)
    expect(components).toMatchObject([{ type: 'secretstores.local.env', version: 'v1' }])
    expect(diagnostics.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^unknown field; known are/),
    ])
  })

  it('needs no more than a name', () => {
    const [loaded] = load('apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n').components
    expect(loaded).toMatchObject({
      type: '',
      version: '',
      metadata: [],
      initTimeout: 5000,
      ignoreErrors: false,
    })
    expect(loaded?.typeAt).toEqual({ file: '1.yaml', line: 1, column: 1 })
  })

  it('compares field names without regard to letter case', () => {
    const text =
      'APIVERSION: dapr.io/v1alpha1\nKind: Component\nMetadata: {NAME: x}\nSPEC: {Type: t, VERSION: v1}\n'
    expect(load(text)).toMatchObject({
      components: [{ name: 'x', type: 't', version: 'v1' }],
      diagnostics: [],
    })
  })

  it('takes a number or boolean where a text is expected', () => {
    const text = component(['name: vault\n', 'name: 0x1F\n'], ['version: v1', 'version: yes'])
    expect(load(text)).toMatchObject({ components: [{ name: '31', version: 'true' }], diagnostics: [] })
  })

  it('counts columns without a byte order mark, and lines with CRLF', () => {
    const text = `\ufeff${component(['kind: Component', 'kind: component'])}`.replaceAll('\n', '\r\n')
    expect(load(text).diagnostics[0]?.at).toEqual({ file: '1.yaml', line: 2, column: 7 })
    expect(load('\ufeffa: b: c').diagnostics[0]?.at).toEqual({ file: '1.yaml', line: 1, column: 4 })
  })

  it('finds places in a later document and a later file', () => {
    const second = component(['name: vault\n', 'name: [x]\n'])
    expect(said([component(), `${component(['name: vault\n', 'name: b\n'])}---\n${second}`])).toEqual([
      '2.yaml:15:9: metadata.name must be a text',
    ])
  })
})

describe('what is wrong with a component', () => {
  it.each<readonly [string, readonly (readonly [string, string])[], readonly string[]]>([
    [
      'no name',
      [['  name: vault\n', '  labels: {}\n']],
      ['1.yaml:3:1: a component must have a name (set metadata.name)'],
    ],
    [
      'an empty name',
      [['name: vault\n', 'name: ""\n']],
      ['1.yaml:4:9: a component must have a name (set metadata.name)\n    name: ""\n          ^'],
    ],
    [
      'a null for a name',
      [['name: vault\n', 'name: null\n']],
      ['1.yaml:4:9: a component must have a name (set metadata.name)\n    name: null\n          ^'],
    ],
    [
      'a dot for a name',
      [['name: vault\n', 'name: "."\n']],
      [
        '1.yaml:4:9: component \'.\': invalid name "." for "Component": may not be \'.\'\n    name: "."\n          ^',
      ],
    ],
    [
      'two dots for a name',
      [['name: vault\n', 'name: ".." # up\n']],
      ['1.yaml:4:9: component \'..\': invalid name ".." for "Component": may not be \'..\''],
    ],
    [
      'a name that cannot stand in a path',
      [['name: vault\n', 'name: a/b%\n']],
      [
        '1.yaml:4:9: component \'a/b%\': invalid name "a/b%" for "Component": may not contain \'/\'\n    name: a/b%\n          ^',
        '1.yaml:4:9: component \'a/b%\': invalid name "a/b%" for "Component": may not contain \'%\'\n    name: a/b%\n          ^',
      ],
    ],
    [
      'a mapping for a name',
      [['name: vault\n', 'name: {a: b}\n']],
      ['1.yaml:4:9: metadata.name must be a text'],
    ],
    [
      'a text for a boolean',
      [['version: v1', 'ignoreErrors: "true"']],
      ["1.yaml:7:17: component 'vault': spec.ignoreErrors must be true or false, without quotes"],
    ],
    [
      'a number in scopes',
      [['    value: http://127.0.0.1:8200\n', 'scopes: [1]\n']],
      ["1.yaml:10:10: component 'vault': scopes[0] must be a text; a number or a boolean must be quoted"],
    ],
    [
      'a text for scopes',
      [['    value: http://127.0.0.1:8200\n', 'scopes: orders\n']],
      ["1.yaml:10:9: component 'vault': scopes must be a list"],
    ],
    [
      'a list for the spec',
      [[component().slice(component().indexOf('spec:')), 'spec: []\n']],
      ["1.yaml:5:7: component 'vault': spec must be a mapping"],
    ],
    [
      'a text for a metadata item',
      [['- name: vaultAddr\n    value: http://127.0.0.1:8200', '- vaultAddr']],
      [
        "1.yaml:9:5: component 'vault': spec.metadata[0] must be a mapping",
        "1.yaml:9:5: warning: component 'vault': a metadata item without a name has no effect",
      ],
    ],
    [
      'infinity as a value',
      [['http://127.0.0.1:8200', '-.inf']],
      [
        "1.yaml:10:12: component 'vault': infinity and not-a-number cannot be used; quote the text if it is one",
      ],
    ],
    [
      'a label that is no text',
      [['  name: vault\n', '  name: vault\n  labels: {app: [x]}\n']],
      ["1.yaml:5:17: component 'vault': an entry of metadata.labels must be a text"],
    ],
  ])('is an error: %s', (_, changes, expected) => {
    const { components, diagnostics } = load(component(...changes))
    expect(diagnostics.map(renderDiagnostic)).toEqual(expected)
    expect(components).toEqual([])
  })

  it.each<readonly [string, readonly (readonly [string, string])[], readonly string[]]>([
    [
      'an unknown field that looks like a known one',
      [['version: v1', 'versoin: v1']],
      ["1.yaml:7:3: warning: component 'vault': unknown field 'versoin' in spec; did you mean 'version'?"],
    ],
    [
      'an unknown field at the top, with the line when it holds no value',
      [['spec:\n', 'auht:\n  secretStore: file\nspec:\n']],
      ["1.yaml:5:1: warning: component 'vault': unknown field 'auht'; did you mean 'auth'?\n  auht:\n  ^"],
    ],
    [
      'an unknown field like no other, whose name is not shown',
      [['    value:', '    hunter2: x\n    value:']],
      [
        "1.yaml:10:5: warning: component 'vault': unknown field in spec.metadata[0]; known are name, value, secretKeyRef, envRef",
      ],
    ],
    [
      'a field given twice',
      [['version: v1', 'version: v1\n  version: v1']],
      ["1.yaml:8:3: warning: component 'vault': 'version' is given twice; only one of them counts"],
    ],
    [
      'a field given twice in two spellings',
      [['version: v1', 'version: v1\n  Version: v1']],
      ["1.yaml:8:3: warning: component 'vault': 'version' is given twice; only one of them counts"],
    ],
    [
      'an initTimeout without a unit',
      [['version: v1', 'initTimeout: 5']],
      [
        "1.yaml:7:16: warning: component 'vault': spec.initTimeout must be a duration such as 10s; 5s is used",
      ],
    ],
    [
      'an initTimeout of zero',
      [['version: v1', 'initTimeout: 0s']],
      [
        "1.yaml:7:16: warning: component 'vault': spec.initTimeout must be a duration such as 10s; 5s is used",
      ],
    ],
    [
      'an empty metadata item',
      [['  - name: vaultAddr', '  -\n  - {}\n  - value: x\n  - name: vaultAddr']],
      [9, 10, 11].map(
        (line, index) =>
          `1.yaml:${line}:${index === 0 ? 4 : 5}: warning: component 'vault': a metadata item without a name has no effect`,
      ),
    ],
    [
      'a value beside a secretKeyRef',
      [['    value:', '    secretKeyRef: {name: x}\n    value:']],
      [
        "1.yaml:11:5: warning: component 'vault': metadata 'vaultAddr' has more than one source: its secretKeyRef is used and not its value",
      ],
    ],
    [
      'a value beside an envRef',
      [['    value:', '    envRef: X\n    value:']],
      [
        "1.yaml:10:5: warning: component 'vault': metadata 'vaultAddr' has more than one source: its value is used and not its envRef",
      ],
    ],
    [
      'an envRef beside a secretKeyRef',
      [['    value: http://127.0.0.1:8200', '    envRef: X\n    secretKeyRef: {name: x}']],
      [
        "1.yaml:11:5: warning: component 'vault': metadata 'vaultAddr' has more than one source: its envRef is used and not its secretKeyRef",
      ],
    ],
    [
      'a secretKeyRef without a name',
      [['    value: http://127.0.0.1:8200', '    secretKeyRef: {key: x}']],
      ["1.yaml:10:5: warning: component 'vault': a secretKeyRef without a name has no effect"],
    ],
  ])('is a warning: %s', (_, changes, expected) => {
    const { components, diagnostics } = load(component(...changes))
    expect(diagnostics.map(renderDiagnostic)).toEqual(expected)
    expect(components).toHaveLength(1)
  })

  it('lets the last of two fields count, and the one in the later letters of two spellings', () => {
    const twice = load(component(['version: v1', 'version: v1\n  version: v2']))
    expect(twice.components[0]?.version).toBe('v2')
    const spelled = load(component(['version: v1', 'version: v1\n  Version: v2']))
    expect(spelled.components[0]?.version).toBe('v1')
    const nothing = load(component(['version: v1', 'Version: v2\n  version:']))
    expect(nothing.components[0]?.version).toBe('v2')
  })

  it('is listed a hundred times at most, but no error is hidden by warnings', () => {
    const text = component(['spec:\n', `${'auht:\n'.repeat(150)}spec:\n`], ['version: v1', 'version: []'])
    const { components, diagnostics } = load(text)
    expect(components).toEqual([])
    expect(diagnostics).toHaveLength(101)
    expect(diagnostics[100]).toMatchObject({ severity: 'error', message: 'spec.version must be a text' })
    expect(diagnostics[99]?.message).toContain('(further warnings of this document are not listed)')
  })
})

describe('documents that are not components', () => {
  it.each([
    ['nonsense', '1.yaml:1:1: the document is a text; expected a mapping with apiVersion and kind'],
    ['[1, 2]', '1.yaml:1:1: the document is a list; expected a mapping with apiVersion and kind'],
    ['a: [', '1.yaml:1:5: the indentation does not fit the lines above, or a bracket or brace is not closed'],
    [
      'apiVersion: dapr.io/v1alpha1\nkind: [Component]\n',
      '1.yaml:2:7: kind must be a text; expected Component',
    ],
    ['apiVersion: 1\nkind: Component\n', '1.yaml:1:13: apiVersion must be a text; expected dapr.io/v1alpha1'],
  ])('are an error when they cannot be read: %j', (text, problem) => {
    expect(said([text, component()])).toEqual([problem])
    expect(names([text, component()])).toEqual(['vault'])
  })

  it.each([
    [
      'kind: component',
      'kind: Component',
      '2:7',
      "kind must be exactly 'Component', so this document is ignored",
    ],
    [
      'kind: Compnent',
      'kind: Component',
      '2:7',
      "kind must be exactly 'Component', so this document is ignored",
    ],
    [
      'kind: resiliency',
      'kind: Component',
      '2:7',
      "kind must be exactly 'Resiliency', so this document is ignored",
    ],
    [
      'apiVersion: dapr.io/v1',
      'apiVersion: dapr.io/v1alpha1',
      '1:13',
      "apiVersion must be exactly 'dapr.io/v1alpha1', so this document is ignored",
    ],
    [
      'apiVersion: dapr/v1alpha1',
      'apiVersion: dapr.io/v1alpha1',
      '1:13',
      "apiVersion must be exactly 'dapr.io/v1alpha1', so this document is ignored",
    ],
  ])('are a warning when they were probably meant as one: %s', (to, from, place, message) => {
    const column = Number(place.split(':')[1])
    const caret = `${' '.repeat(column - 1)}^`
    expect(said(component([from, to]))).toEqual([`1.yaml:${place}: warning: ${message}\n  ${to}\n  ${caret}`])
    expect(names(component([from, to]))).toEqual([])
  })

  it('are a warning when kind or apiVersion is missing', () => {
    expect(said(component(['kind: Component', 'kind: ""']))).toEqual([
      '1.yaml:2:7: warning: kind is missing, so this document is ignored; expected kind: Component\n  kind: ""\n        ^',
    ])
    expect(said(component(['kind: Component\n', '']))).toEqual([
      '1.yaml:1:13: warning: kind is missing, so this document is ignored; expected kind: Component\n  apiVersion: dapr.io/v1alpha1\n              ^',
    ])
    expect(said(component(['apiVersion: dapr.io/v1alpha1\n', '']))).toEqual([
      '1.yaml:1:7: warning: apiVersion is missing, so this document is ignored; expected apiVersion: dapr.io/v1alpha1\n  kind: Component\n        ^',
    ])
  })

  it.each([
    '',
    '# only a comment\n',
    '---\n---\n',
    'null',
    'apiVersion: dapr.io/v1alpha1\nkind: Configuration\nspec: 1\n',
    'apiVersion: dapr.io/v2alpha1\nkind: Subscription\n',
    'apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\n',
    'apiVersion: backstage.io/v1alpha1\nkind: Component\nunknown: x\n',
    'apiVersion: 1\ndatasources: []\n',
    'services: {}\n',
  ])('are passed over: %j', (text) => {
    expect(load(text)).toEqual({ components: [], resiliency: [], diagnostics: [] })
  })

  it('are a warning behind a separator, where nothing is read', () => {
    expect(said(`${component()}--- {kind: Component}\n`)).toEqual([
      '1.yaml:11:4: warning: what stands behind --- is not read',
    ])
  })

  it('are too much for one file', () => {
    expect(said('x'.repeat(1024 * 1024 + 1))).toEqual(['1.yaml:1:1: the file is larger than 1 MiB'])
    expect(said('a\n---\n'.repeat(1001))).toEqual(['1.yaml:1:1: the file has more than 1000 documents'])
  })
})

describe('selecting components', () => {
  const named = (name: string, ...changes: readonly (readonly [string, string])[]) =>
    component(['name: vault\n', `name: ${name}\n`], ...changes)
  const scoped = (app: string) => `${component()}scopes: [${app}]\n`

  it('keeps load order: files, then documents', () => {
    expect(names([`${named('b')}---\n${named('a')}`, named('c')])).toEqual(['b', 'a', 'c'])
  })

  it('drops components of another namespace, if there is one', () => {
    const other = component(['name: vault\n', 'name: vault\n  namespace: other\n'])
    expect(names(other)).toEqual(['vault'])
    expect(names(other, { namespace: '' })).toEqual(['vault'])
    expect(names(other, { namespace: 'other' })).toEqual(['vault'])
    expect(names(other, { namespace: 'prod' })).toEqual([])
    expect(names(component(), { namespace: 'prod' })).toEqual(['vault'])
    expect(said([component(), other], { namespace: 'prod' })).toEqual([])
  })

  it('drops components that are not for the application', () => {
    expect(names(scoped('orders, billing'))).toEqual(['vault'])
    expect(names(scoped('Orders'))).toEqual([])
    expect(names(scoped('"*"'))).toEqual([])
    expect(said(scoped('billing'))).toEqual([])
  })

  it("refuses a name that is taken, in daprd's words", () => {
    const second = component(['secretstores.hashicorp.vault', 'state.redis'], ['  version: v1\n', ''])
    expect(said([component(), second])).toEqual([
      '2.yaml:4:9: duplicate definition of Component name vault (state.redis) with existing vault (secretstores.hashicorp.vault/v1), which is at 1.yaml:4',
    ])
    expect(names([component(), second])).toEqual(['vault'])
  })

  it('compares names only with those already kept', () => {
    expect(said([component(), scoped('billing')])).toHaveLength(1)
    expect(said([scoped('billing'), component()])).toEqual([])
    expect(names([scoped('billing'), component()])).toEqual(['vault'])
    expect(said([component(), named('Vault')])).toEqual([])
  })

  it.each([
    [['secretstores.hashicorp.vault']],
    [['secretstores.hashicorp.vault/v1']],
    [['', 'a/b/c', 'x', 'secretstores.hashicorp.vault/v1']],
  ])('drops what the deny list %j names', (deniedComponents) => {
    expect(names(component(), { deniedComponents })).toEqual([])
    expect(said(component(), { deniedComponents })).toEqual([
      "1.yaml:6:9: warning: component 'vault' cannot be loaded because components of type 'vault (secretstores.hashicorp.vault/v1)' are not allowed",
    ])
  })

  it('compares the deny list exactly', () => {
    const deniedComponents = [
      'secretstores.hashicorp.Vault',
      'secretstores.hashicorp.vault/v2',
      'secretstores',
    ]
    expect(names(component(), { deniedComponents })).toEqual(['vault'])
  })

  it('ignores a rule with two slashes', () => {
    const text = component(['secretstores.hashicorp.vault', 'a/b'], ['version: v1', 'version: c'])
    expect(names(text, { deniedComponents: ['a/b/c'] })).toEqual(['vault'])
  })

  it('drops what has no version, as soon as there is a deny list', () => {
    const text = component(['  version: v1\n', ''])
    expect(names(text)).toEqual(['vault'])
    expect(names(text, { deniedComponents: ['x'] })).toEqual([])
    expect(said(text, { deniedComponents: ['x'] })).toEqual([
      "1.yaml:6:9: warning: component 'vault' is not loaded: with a deny list in the Configuration it must have a version",
    ])
  })
})
