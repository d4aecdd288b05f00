import { describe, expect, it } from 'vitest'
import { checkImports, importsOf, type SourceText } from '../../scripts/check-imports.ts'

/** A file with one import. */
function file(path: string, specifier: string, form = 'import { x } from'): SourceText {
  return { path, text: `/** A file. */\n${form} '${specifier}'\n` }
}

describe('the import check', () => {
  it.each([
    ['src/contract/answer.ts', '../read/read.ts'],
    ['src/contract/hono.ts', 'hono'],
    ['src/contract/hono.ts', 'hono/tiny'],
    ['src/component/yaml.ts', 'yaml'],
    ['src/component/resiliency.ts', '../resiliency/trip-syntax.ts'],
    ['src/read/read.ts', '../stores/store.ts'],
    ['src/stores/local-env.ts', './store.ts'],
    ['src/stores/aws-secretmanager.ts', '../auth/aws.ts'],
    ['src/index.ts', './secrets.ts'],
    ['src/secrets.ts', './contract/answer.ts'],
    ['adapters/node/serve.ts', '../../src/contract/answer.ts'],
    ['adapters/node/serve.ts', 'node:net'],
    ['adapters/aws-lambda/handler.ts', '../system-clock.ts'],
    ['adapters/aws-lambda/handler.ts', '../node/send.ts'],
    ['src/http/client.ts', '../resiliency/timeout.ts'],
    ['cli/serve.ts', '../adapters/node/serve.ts'],
    ['test/cli/serve.test.ts', '../../scripts/build.ts'],
    ['vitest.config.ts', 'vitest/config'],
  ])('lets %s import %s', (path, specifier) => {
    expect(checkImports([file(path, specifier)])).toEqual([])
  })

  it.each([
    ['src/read/read.ts', 'node:fs', 'src/ runs on every platform'],
    ['src/read/read.ts', '../contract/answer.ts', 'the one read path'],
    ['src/read/read.ts', '../component/component.ts', 'the one read path'],
    ['src/contract/answer.ts', '../stores/store.ts', 'a view of one read'],
    ['src/contract/answer.ts', 'hono', 'a view of one read'],
    ['src/contract/answer.ts', '../component/component.ts', 'a view of one read'],
    ['src/contract/answer.ts', '../../adapters/node/serve.ts', 'a view of one read'],
    ['src/component/load-resources.ts', 'yaml', 'needs of the rest only the shapes'],
    ['src/component/load-resources.ts', '../access/scope.ts', 'needs of the rest only the shapes'],
    ['src/activation/activate.ts', '../component/yaml.ts', 'activation makes stores'],
    ['src/stores/options.ts', '../read/read.ts', 'a store knows its vendor'],
    ['src/stores/options.ts', '@aws-sdk/client-ssm', 'a store knows its vendor'],
    ['src/secret-error.ts', './read/read.ts', 'the ground that everything else stands on'],
    ['src/read/read.ts', '../index.ts', 'it puts together what is below it'],
    ['src/contract/answer.ts', '../secrets.ts', 'it puts together what is below it'],
    ['src/secrets.ts', 'hono', 'and on nothing else'],
    ['src/read/read.ts', '../../test/fakes/clock.ts', 'nothing but a test imports test/'],
    ['bench/run.ts', '../test/fakes/clock.ts', 'nothing but a test imports test/'],
    ['adapters/node/serve.ts', '../aws-lambda/event.ts', 'no other target'],
    ['adapters/node/serve.ts', '../../cli/serve.ts', 'no other target'],
    ['adapters/system-clock.ts', 'node:timers/promises', 'what several targets share'],
    ['adapters/system-clock.ts', './node/serve.ts', 'what several targets share'],
    ['adapters/aws-lambda/handler.ts', '../node/load.ts', 'no other target'],
    ['adapters/cloudflare-workers/worker.ts', '../node/send.ts', 'no other target'],
    ['cli/serve.ts', '../adapters/aws-lambda/event.ts', 'commands run on Node'],
    ['src/new-folder/thing.ts', '../runtime.ts', 'no rule in scripts/check-imports.ts'],
  ])('refuses that %s imports %s', (path, specifier, because) => {
    const [problem, ...more] = checkImports([file(path, specifier)])
    expect(problem).toContain(`${path}:2: must not import `)
    expect(problem).toContain(because)
    expect(more).toEqual([])
  })

  it('lets a shape through where the code is kept out', () => {
    const type = 'import type { x } from'
    expect(checkImports([file('src/contract/answer.ts', '../stores/store.ts', type)])).toEqual([])
    expect(checkImports([file('src/runtime.ts', './http/exchange.ts', type)])).toEqual([])
    expect(checkImports([file('src/component/load-resources.ts', '../access/scope.ts', type)])).toEqual([])
  })

  it('knows a driver by what it declares, and keeps the core and other drivers away from it', () => {
    const driver = { path: 'src/stores/local-env.ts', text: 'export const localEnv = defineStore({})\n' }
    const isRefused = (path: string) =>
      checkImports([driver, file(path, '../stores/local-env.ts')]).length > 0
    expect(isRefused('src/stores/local-file.ts')).toBe(true)
    expect(isRefused('src/read/read.ts')).toBe(true)
    expect(isRefused('src/activation/activate.ts')).toBe(true)
    expect(checkImports([driver, file('adapters/node/stores.ts', '../../src/stores/local-env.ts')])).toEqual(
      [],
    )
  })

  it('finds a ring of files, and names it once', () => {
    const ring = [
      file('src/b.ts', './c.ts'),
      file('src/c.ts', './a.ts'),
      file('src/a.ts', './b.ts', 'export * from'),
      file('src/d.ts', './a.ts'),
    ]
    expect(checkImports(ring)).toEqual([
      expect.stringMatching(/^src\/a\.ts -> src\/b\.ts -> src\/c\.ts -> src\/a\.ts: /),
    ])
  })
})

describe('reading imports', () => {
  const read = (text: string) =>
    importsOf({ path: 'src/read/read.ts', text }).map(({ to, isType, line }) => [line, to, isType])

  it.each([
    ["import x from 'a'", 'a', false],
    ["import * as x from 'a'", 'a', false],
    ["import x, { y } from 'a'", 'a', false],
    ["import { x, type Y } from 'a'", 'a', false],
    ["import { type X, type Y } from 'a'", 'a', true],
    ["import type { X } from 'a'", 'a', true],
    ["import type X from 'a'", 'a', true],
    ["import {\n  x,\n  y,\n} from '../stores/store.ts'", 'src/stores/store.ts', false],
    ["import {\n  type X,\n  type Y,\n} from '../stores/store.ts'", 'src/stores/store.ts', true],
    ["import 'a'", 'a', false],
    ["export { x } from 'a'", 'a', false],
    ["export type { X } from 'a'", 'a', true],
    ["export * from './b.ts'", 'src/read/b.ts', false],
    ["export * as b from './b.ts'", 'src/read/b.ts', false],
    ["const a = await import('a')", 'a', false],
    ["const a = require('a')", 'a', false],
    ["const a = process.getBuiltinModule('node:http')", 'node:http', false],
  ])('sees the one in %j', (text, to, isType) => {
    expect(read(text)).toEqual([[1, to, isType]])
  })

  it('sees none in comments, in texts and in exports of the file itself', () => {
    const text = [
      '/**',
      " * import { x } from 'a'",
      ' */',
      "// import { x } from 'a'",
      'const text = "import { x } from \'a\'"',
      'export const from = 1',
      "export function x() { return `from 'a'` }",
      "export type Wanted = 'a' | 'b'",
      "reader.require(')')",
    ]
    expect(read(text.join('\n'))).toEqual([])
  })

  it('says which line, past imports that came before', () => {
    expect(read("import a from 'a'\nimport b from 'b'\n\nexport * from 'c'\n")).toEqual([
      [1, 'a', false],
      [2, 'b', false],
      [4, 'c', false],
    ])
  })
})
