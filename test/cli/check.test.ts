import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { component, metadata } from './component-text.ts'
import { cleanUp, folderWith, type Outcome, run } from './program.ts'

afterEach(cleanUp)

/** What is wrong, in which files, and the lines that say so. */
interface Case {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  readonly says: readonly string[]
  /** Besides the folder, and `config.yaml` when it is among the files. */
  readonly args?: readonly string[]
}

/** Everything that ends a start. Nothing that is called canary is ever printed. */
const errors: readonly Case[] = [
  {
    name: 'a bracket that is not closed',
    files: { 'r/a.yaml': 'apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: a\nspec: [}\n' },
    says: ['r/a.yaml:4:1: the indentation does not fit the lines above, or a bracket or brace is not closed'],
  },
  {
    name: 'a tab as indentation',
    files: { 'r/a.yaml': 'apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n\tname: a\n' },
    says: ['r/a.yaml:4:1: tabs cannot indent; use spaces'],
  },
  {
    name: 'a document that is a list',
    files: { 'r/a.yaml': '- a\n- b\n' },
    says: ['r/a.yaml:1:1: the document is a list; expected a mapping with apiVersion and kind'],
  },
  {
    name: 'a document that is a text',
    files: { 'r/a.yaml': '# one\n\nhello\n' },
    says: ['r/a.yaml:3:1: the document is a text; expected a mapping with apiVersion and kind'],
  },
  {
    name: 'a list between two components',
    files: { 'r/a.yaml': `${component('a', 'local.env')}---\n- x\n---\n${component('b', 'local.env')}` },
    says: ['r/a.yaml:9:1: the document is a list; expected a mapping with apiVersion and kind'],
  },
  {
    name: 'a name with a slash',
    files: { 'r/a.yaml': component('a/b', 'local.env') },
    says: [
      'r/a.yaml:4:9: component \'a/b\': invalid name "a/b" for "Component": may not contain \'/\'',
      '    name: a/b',
      '          ^',
    ],
  },
  {
    name: 'a name with a percent sign',
    files: { 'r/a.yaml': component('a%b', 'local.env') },
    says: [
      'r/a.yaml:4:9: component \'a%b\': invalid name "a%b" for "Component": may not contain \'%\'',
      '    name: a%b',
      '          ^',
    ],
  },
  {
    name: 'a name that is a dot',
    files: { 'r/a.yaml': component('"."', 'local.env') },
    says: [
      'r/a.yaml:4:9: component \'.\': invalid name "." for "Component": may not be \'.\'',
      '    name: "."',
      '          ^',
    ],
  },
  {
    name: 'a name that is two dots',
    files: { 'r/a.yaml': component('..', 'local.env') },
    says: [
      'r/a.yaml:4:9: component \'..\': invalid name ".." for "Component": may not be \'..\'',
      '    name: ..',
      '          ^',
    ],
  },
  {
    name: 'an empty name',
    files: { 'r/a.yaml': component('', 'local.env') },
    says: ['r/a.yaml:4:9: a component must have a name (set metadata.name)', '    name: ', '          ^'],
  },
  {
    name: 'no name',
    files: {
      'r/a.yaml':
        'apiVersion: dapr.io/v1alpha1\nkind: Component\nspec:\n  type: secretstores.local.env\n  version: v1\n',
    },
    says: ['r/a.yaml:1:1: a component must have a name (set metadata.name)'],
  },
  {
    name: 'a type that is nearly known',
    files: { 'r/a.yaml': component('a', 'local.envs') },
    says: [
      "r/a.yaml:6:9: component 'a': couldn't find secret store secretstores.local.envs/v1; did you mean 'secretstores.local.env'?",
    ],
  },
  {
    name: 'a type that is not known',
    files: { 'r/a.yaml': component('a', 'tencentcloud.ssm') },
    says: [
      "r/a.yaml:6:9: component 'a': couldn't find secret store secretstores.tencentcloud.ssm/v1; known are secretstores.aws.parameterstore, secretstores.aws.secretmanager, secretstores.hashicorp.vault, secretstores.local.env, secretstores.local.file",
    ],
  },
  {
    name: 'a type of no building block',
    files: { 'r/a.yaml': component('a', 'x').replace('secretstores.x', 'secretstore.local.env') },
    says: [
      "r/a.yaml:6:9: component 'a': incorrect type secretstore.local.env; did you mean 'secretstores.local.env'?",
    ],
  },
  {
    name: 'no type',
    files: { 'r/a.yaml': 'apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n' },
    says: ["r/a.yaml:1:1: component 'a': a component must have a type (set 'spec.type')"],
  },
  {
    name: 'a version that is not known',
    files: { 'r/a.yaml': component('a', 'local.env').replace('version: v1', 'version: v2') },
    says: [
      "r/a.yaml:6:9: component 'a': couldn't find secret store secretstores.local.env/v2; its version is v1",
    ],
  },
  {
    name: 'no value for metadata that is required',
    files: { 'r/a.yaml': component('a', 'local.file') },
    says: [
      "r/a.yaml:4:9: component 'a': missing local secrets file in metadata (set metadata 'secretsFile')",
    ],
  },
  {
    name: 'metadata given twice in different case',
    files: {
      'r/a.yaml': component(
        'a',
        'local.env',
        metadata('{name: prefix, value: A}', '{name: PREFIX, value: B}'),
      ),
    },
    says: [
      "r/a.yaml:10:27: component 'a': failed to resolve aliases: key prefix is duplicate in the metadata",
    ],
  },
  {
    name: 'a secrets file that is missing',
    files: { 'r/a.yaml': component('a', 'local.file', metadata('name: secretsFile\n    value: none.json')) },
    says: [
      "r/a.yaml:10:12: component 'a': metadata 'secretsFile': the file cannot be read: no such file or directory",
    ],
  },
  {
    name: 'a secrets file that is no JSON',
    files: {
      'r/a.yaml': component('a', 'local.file', metadata('name: secretsFile\n    value: s.json')),
      's.json': '{\n  "a": "canary" "b"\n}',
    },
    says: [
      "r/a.yaml:10:12: component 'a': metadata 'secretsFile': the secrets file is not valid JSON, see its line 2, column 17",
    ],
  },
  {
    name: 'a secrets file that holds a list',
    files: {
      'r/a.yaml': component('a', 'local.file', metadata('name: secretsFile\n    value: s.json')),
      's.json': '["canary"]',
    },
    says: [
      "r/a.yaml:10:12: component 'a': metadata 'secretsFile': cannot unmarshal array into an object of secrets",
    ],
  },
  {
    name: 'a secrets file that is a folder',
    files: { 'r/a.yaml': component('a', 'local.file', metadata('name: secretsFile\n    value: r')) },
    says: ["r/a.yaml:10:12: component 'a': metadata 'secretsFile': the file cannot be read: is a directory"],
  },
  {
    name: 'a name given three times',
    files: {
      'r/a.yaml': `${component('a', 'local.env')}---\n${component('a', 'local.file')}`,
      'r/b.yaml': component('a', 'local.env'),
    },
    says: [
      'r/a.yaml:12:9: duplicate definition of Component name a (secretstores.local.file/v1) with existing a (secretstores.local.env/v1), which is at r/a.yaml:4',
      'r/b.yaml:4:9: duplicate definition of Component name a (secretstores.local.env/v1) with existing a (secretstores.local.env/v1), which is at r/a.yaml:4',
    ],
  },
  {
    name: 'a reference to a secret of no store',
    files: { 'r/a.yaml': component('a', 'local.env', metadata('name: prefix\n    secretKeyRef: {name: x}')) },
    says: [
      "r/a.yaml:10:26: component 'a': secretKeyRef needs a store to read from: set 'auth.secretStore' to the name of a secret store",
    ],
  },
  {
    name: 'a reference to a store that is not there',
    files: {
      'r/a.yaml': component('store', 'local.env'),
      'r/b.yaml': component('a', 'local.env', reference('{name: x}', 'stoer')),
    },
    says: [
      "r/b.yaml:11:16: component 'a': there is no secret store 'stoer' to resolve its secretKeyRefs; did you mean 'store'?",
    ],
  },
  {
    name: 'a reference to a secret that is not there',
    files: {
      'r/a.yaml': component('store', 'local.file', metadata('name: secretsFile\n    value: s.json')),
      's.json': '{"one":"canary"}',
      'r/b.yaml': component('a', 'local.env', reference('{name: two}', 'store')),
    },
    says: [
      "r/b.yaml:9:41: component 'a': secretKeyRef: cannot read secret 'two' from secret store 'store': secret two not found",
    ],
  },
  {
    name: 'a reference to a key that is not there',
    files: {
      'r/a.yaml': component('store', 'local.file', metadata('name: secretsFile\n    value: s.json')),
      's.json': '{"one":"canary"}',
      'r/b.yaml': component('a', 'local.env', reference('{name: one, key: two}', 'store')),
    },
    says: ["r/b.yaml:9:41: component 'a': secretKeyRef: secret 'one' has no key 'two'; it has 'one'"],
  },
  {
    name: 'a reference to a variable that is not set',
    files: {
      'r/a.yaml': component('store', 'local.env'),
      'r/b.yaml': component('a', 'local.env', reference('{name: NOT_SET}', 'store')),
    },
    says: [
      "r/b.yaml:9:41: component 'a': secretKeyRef: secret 'NOT_SET' does not exist in secret store 'store'",
    ],
  },
  {
    name: 'stores that refer to each other',
    files: {
      'r/a.yaml': component('a', 'local.env', reference('{name: x}', 'b')),
      'r/b.yaml': component('b', 'local.env', reference('{name: x}', 'a')),
    },
    says: ["r/a.yaml:11:16: component 'a': secret stores refer to each other in a cycle: 'a' → 'b' → 'a'"],
  },
  {
    name: 'a store that refers to itself',
    files: {
      'r/a.yaml': component('a', 'local.env', reference('{name: x}', 'a')),
    },
    says: ["r/a.yaml:11:16: component 'a': secret stores refer to each other in a cycle: 'a' → 'a'"],
  },
  {
    name: 'a template without its variable',
    files: { 'r/a.yaml': component('a', 'local.env', metadata('name: prefix\n    value: "{podName}"')) },
    says: [
      "r/a.yaml:10:12: component 'a': failed to parse metadata: property prefix refers to {podName} but podName is not set (set the environment variable POD_NAME)",
    ],
  },
  {
    name: 'unknown fields where a Configuration restricts access',
    files: {
      'r/a.yaml': component('a', 'local.env'),
      'config.yaml': configuration(
        '  secrets:\n    scopes:\n    - storeName: a\n      defaultAcess: deny\n      allowedSecret: [x]\n  api:\n    allow: []\n',
      ),
    },
    says: [
      "config.yaml:9:7: unknown field 'defaultAcess' in spec.secrets.scopes[0]; did you mean 'defaultAccess'?",
      "config.yaml:10:7: unknown field 'allowedSecret' in spec.secrets.scopes[0]; did you mean 'allowedSecrets'?",
      "config.yaml:12:5: unknown field 'allow' in spec.api; did you mean 'allowed'?",
    ],
  },
  {
    name: 'values that restrict nothing',
    files: {
      'r/a.yaml': component('a', 'local.env'),
      'config.yaml': configuration(
        '  secrets:\n    scopes:\n    - storeName: a\n      defaultAccess: denied\n    - storeName: a\n',
      ),
    },
    says: [
      'config.yaml:9:22: defaultAccess denied can be either allow or deny',
      '        defaultAccess: denied',
      '                       ^',
      'config.yaml:10:18: a storeName is repeated in secrets configuration',
      '      - storeName: a',
      '                   ^',
    ],
  },
  {
    name: 'a mistake behind a variable that is long',
    files: {
      'r/a.yaml': component('a', 'local.env'),
      'config.yaml': configuration(
        '  secrets:\n    scopes:\n    - {storeName: "$LONG", defaultAccess: deny, allowedSecret: [x]}\n',
      ),
    },
    says: [
      "config.yaml:8:49: unknown field 'allowedSecret' in spec.secrets.scopes[0]; did you mean 'allowedSecrets'?",
      'config.yaml:8:19: warning: this scope names a secret store that is not there, so it protects nothing',
    ],
  },
  {
    name: 'a Configuration that is missing',
    files: { 'r/a.yaml': component('a', 'local.env') },
    args: ['--config=none.yaml'],
    says: ['none.yaml:1:1: open none.yaml: no such file or directory'],
  },
  {
    name: 'a folder that is missing',
    files: { x: '' },
    says: ['r:1:1: failed to load components: open r: no such file or directory'],
  },
  {
    name: 'a trip expression with an unknown counter',
    files: {
      'r/a.yaml': component('a', 'local.env'),
      'r/b.yaml': resiliency(
        '  policies:\n    circuitBreakers:\n      cb:\n        trip: failures > 1\n  targets:\n    components:\n      a:\n        outbound:\n          circuitBreaker: cbb\n          retry: none\n',
      ),
    },
    says: [
      'r/b.yaml:9:15: spec.policies.circuitBreakers.cb.trip: unknown counter; known are requests, totalSuccesses, totalFailures, consecutiveSuccesses, consecutiveFailures',
    ],
  },
  {
    name: 'a document that is too deep',
    files: { 'r/a.yaml': '['.repeat(3000) },
    says: ['r/a.yaml:1:102: nested deeper than 100 levels'],
  },
  {
    name: 'a file that is too large',
    files: { 'r/a.yaml': `# ${'x'.repeat(1 << 20)}` },
    says: ['r/a.yaml:1:1: the file is larger than 1 MiB'],
  },
]

/** What daprd ignores, and what `--strict` does not let pass. */
const warnings: readonly Case[] = [
  {
    name: 'stores that may fail',
    files: {
      'r/a.yaml': component(
        'a',
        'local.file',
        `  ignoreErrors: true\n${metadata('name: secretsFile\n    value: none.json')}`,
      ),
      'r/b.yaml': component('b', 'local.envs', '  ignoreErrors: true\n'),
    },
    says: [
      "r/a.yaml:11:12: warning: component 'a': metadata 'secretsFile': the file cannot be read: no such file or directory",
      "r/b.yaml:6:9: warning: component 'b': couldn't find secret store secretstores.local.envs/v1; did you mean 'secretstores.local.env'?",
    ],
  },
  {
    name: 'metadata that is not known',
    files: {
      'r/a.yaml': component(
        'a',
        'local.env',
        metadata('name: prefx\n    value: canary', 'name: zzzzzzzz\n    value: canary'),
      ),
    },
    says: [
      "r/a.yaml:9:11: warning: component 'a': metadata 'prefx' is not known and has no effect; did you mean 'prefix'?",
      "r/a.yaml:11:11: warning: component 'a': metadata 'zzzzzzzz' is not known and has no effect; known are prefix",
    ],
  },
  {
    name: 'fields that are not known',
    files: { 'r/a.yaml': component('a', 'local.env', '  ignoreError: true\n  zzzzzzzz: canary\n') },
    says: [
      "r/a.yaml:8:3: warning: component 'a': unknown field 'ignoreError' in spec; did you mean 'ignoreErrors'?",
      "r/a.yaml:9:3: warning: component 'a': unknown field in spec; known are type, version, ignoreErrors, initTimeout, metadata",
    ],
  },
  {
    name: 'variables that are not set or not allowed',
    files: {
      'r/a.yaml': component(
        'a',
        'local.env',
        metadata('name: prefix\n    envRef: NOT_SET', 'name: x\n    envRef: DAPR_API_TOKEN'),
      ),
    },
    says: [
      "r/a.yaml:10:13: warning: component 'a': envRef 'NOT_SET' is not set in the environment; the value stays empty",
      "r/a.yaml:12:13: warning: component 'a': envRef 'DAPR_API_TOKEN' is a variable that components may not read; the value stays empty",
      "r/a.yaml:11:11: warning: component 'a': metadata 'x' is not known and has no effect; known are prefix",
    ],
  },
  {
    name: 'a time-out that is no duration',
    files: { 'r/a.yaml': component('a', 'local.env', '  initTimeout: soon\n') },
    says: [
      "r/a.yaml:8:16: warning: component 'a': spec.initTimeout must be a duration such as 10s; 5s is used",
    ],
  },
  {
    name: 'a kind and an apiVersion that are nearly right',
    files: {
      'r/a.yaml': component('a', 'local.env').replace('Component', 'component'),
      'r/b.yaml': component('b', 'local.env').replace('v1alpha1', 'v1'),
    },
    says: [
      "r/a.yaml:2:7: warning: kind must be exactly 'Component', so this document is ignored",
      '  kind: component',
      '        ^',
      "r/b.yaml:1:13: warning: apiVersion must be exactly 'dapr.io/v1alpha1', so this document is ignored",
      '  apiVersion: dapr.io/v1',
      '              ^',
    ],
  },
  {
    name: 'a file that is no YAML',
    files: { 'r/note.txt': 'canary' },
    says: ['r/note.txt:1:1: warning: A non-YAML Component file note.txt was detected, it will not be loaded'],
  },
  {
    name: 'a component that a Configuration denies',
    files: {
      'r/a.yaml': component('a', 'local.env'),
      'config.yaml': configuration('  components:\n    deny: [secretstores.local.env]\n'),
    },
    says: [
      "r/a.yaml:6:9: warning: component 'a' cannot be loaded because components of type 'a (secretstores.local.env/v1)' are not allowed",
    ],
  },
]

describe('check', () => {
  it.each(errors)('reports $name as an error', async ({ files, says, args }) => {
    const { outcome, milliseconds } = await check(files, args)
    expect(outcome.stderr.split('\n')).toEqual([...says, expect.stringMatching(/serve would not start$/), ''])
    expect(outcome.exit).toBe(1)
    expect(outcome.stdout + outcome.stderr).not.toContain('canary')
    expect(milliseconds).toBeLessThan(1000)
  })

  it.each(warnings)('reports $name as a warning, and as an error with --strict', async ({ files, says }) => {
    const { outcome } = await check(files)
    const count = says.filter((line) => line.includes(': warning: ')).length
    const counts = `no errors, ${count} warning${count === 1 ? '' : 's'}; serve would start`
    expect(outcome.stderr.split('\n')).toEqual([...says, counts, ''])
    expect(outcome.exit).toBe(0)
    expect(outcome.stdout + outcome.stderr).not.toContain('canary')
    const strict = await check(files, ['--strict'])
    expect(strict.outcome.exit).toBe(1)
    expect(strict.outcome.stderr).toContain('strict: warnings count as errors')
  })

  it('reports aliases of aliases of aliases as an error, wherever it loses its patience', async () => {
    const { outcome, milliseconds } = await check({ 'r/a.yaml': laughs() })
    expect(outcome.exit).toBe(1)
    expect(outcome.stderr).toMatch(/^r\/a\.yaml:\d+:\d+: aliases repeat too much\n1 error, /)
    expect(milliseconds).toBeLessThan(1000)
  })

  it('reports a file that cannot be opened as an error', async () => {
    const cwd = folderWith({ 'r/a.yaml': component('a', 'local.env') })
    symlinkSync('nowhere', join(cwd, 'r/b.yaml'))
    const { exit, stderr } = await run(['check', 'r'], { cwd })
    expect({ exit, line: stderr.split('\n')[0] }).toEqual({
      exit: 1,
      line: 'r/b.yaml:1:1: open r/b.yaml: no such file or directory',
    })
  })

  it('passes over folders in a folder, and links to them, as Kubernetes mounts them', async () => {
    const cwd = folderWith({ 'r/..data/a.yaml': component('a', 'local.env') })
    symlinkSync('..data', join(cwd, 'r/..link.yaml'))
    symlinkSync('..data/a.yaml', join(cwd, 'r/a.yaml'))
    mkdirSync(join(cwd, 'r/folder.yaml'))
    expect(await run(['check', 'r'], { cwd })).toEqual({
      exit: 0,
      stdout: `STORE  TYPE                    VERSION  STATE  FILE
a      secretstores.local.env  v1       ok     r/a.yaml:4
`,
      stderr: 'no errors, no warnings; serve would start\n',
    })
  })

  it('says that all is well in two lines and a table', async () => {
    const cwd = folderWith({
      'one/a.yaml': component('orders', 'local.env'),
      'two/b.yaml': component('a', 'local.file', metadata('{name: secretsFile, value: s.json}')),
      's.json': '{"a":"canary"}',
    })
    expect(await run(['check', 'one', '--resources-path', 'two'], { cwd })).toEqual({
      exit: 0,
      stdout: `STORE   TYPE                     VERSION  STATE  FILE
a       secretstores.local.file  v1       ok     two/b.yaml:4
orders  secretstores.local.env   v1       ok     one/a.yaml:4
`,
      stderr: 'no errors, no warnings; serve would start\n',
    })
  })

  it('says when there is no store', async () => {
    expect(await run(['check', '.'])).toMatchObject({ exit: 0, stdout: 'no secret stores\n' })
  })

  it('keeps a name over several lines on one', async () => {
    const { outcome } = await check({ 'r/a.yaml': component('"a\\nb\\e[31m"', 'local.envs') })
    expect(outcome.stdout.split('\n')).toHaveLength(3)
    expect(outcome.stderr.split('\n')).toHaveLength(3)
    expect(outcome.stdout + outcome.stderr).not.toContain('\u001b')
  })

  it('looks only at what is for the application', async () => {
    const files = { 'r/a.yaml': `${component('a', 'local.envs')}scopes: [orders]\n` }
    expect((await check(files)).outcome.exit).toBe(0)
    expect((await check(files, ['--app-id=orders'])).outcome.exit).toBe(1)
  })

  it('reports everything at once, and leaves every file as it is', async () => {
    const files: Record<string, string> = {}
    const all = [...errors, ...warnings].filter(
      (one) => !('config.yaml' in one.files) && one.name !== noFolder,
    )
    for (const [index, { files: written }] of all.entries()) {
      for (const [path, text] of Object.entries(written)) {
        const unique = path.startsWith('r/')
          ? path.replace('r/', `r/${String(index).padStart(3, '0')}-`)
          : path
        files[unique] = text
      }
    }
    const cwd = folderWith(files)
    const started = performance.now()
    const { exit, stdout, stderr } = await run(['check', 'r'], { cwd })
    expect(performance.now() - started).toBeLessThan(1000)
    expect(exit).toBe(1)
    const reported = new Set(stderr.match(/^r\/\d+/gm))
    const silent = all.filter((_, index) => !reported.has(`r/${String(index).padStart(3, '0')}`))
    expect(silent.map(({ name }) => name)).toEqual([])
    expect(stdout + stderr).not.toContain('canary')
    for (const [path, text] of Object.entries(files)) expect(readFileSync(join(cwd, path), 'utf8')).toBe(text)
  })

  it('agrees with serve about what starts', async () => {
    for (const { files } of errors.slice(0, 3)) {
      const cwd = folderWith(files)
      expect((await run(['serve', '--resources-path=r', '--dapr-http-port=0'], { cwd })).exit).toBe(1)
    }
  })
})

const noFolder = 'a folder that is missing'

async function check(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<{ outcome: Outcome; milliseconds: number }> {
  const cwd = folderWith(files)
  const config = 'config.yaml' in files ? ['--config=config.yaml'] : []
  const started = performance.now()
  const outcome = await run(['check', 'r', ...config, ...args], { cwd, env: { LONG: 'a'.repeat(40) } })
  return { outcome, milliseconds: performance.now() - started }
}

/** A prefix that is read from another store. */
function reference(secretKeyRef: string, store: string): string {
  return `${metadata(`{name: prefix, secretKeyRef: ${secretKeyRef}}`)}auth:\n  secretStore: ${store}\n`
}

/** A text that is small, and stands for ten thousand million texts. */
function laughs(): string {
  const lines = Array.from({ length: 9 }, (_, depth) => {
    return `level${depth + 1}: &level${depth + 1} [${Array(10).fill(`*level${depth}`).join(', ')}]`
  })
  return ['level0: &level0 [x, x, x, x, x, x, x, x, x, x]', ...lines, ''].join('\n')
}

function configuration(spec: string): string {
  return `apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: config\nspec:\n${spec}`
}

function resiliency(spec: string): string {
  return `apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata:\n  name: resiliency\nspec:\n${spec}`
}
