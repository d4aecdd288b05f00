import { describe, expect, it } from 'vitest'
import { localFile } from '../../src/stores/local-file.ts'
import type { SecretStore } from '../../src/stores/store.ts'
import { OptionError } from '../../src/stores/store.ts'
import { describeSecretStore } from '../conformance/secret-store.ts'
import { fakeRuntime } from '../fakes/runtime.ts'

interface OpenOptions {
  readonly nestedSeparator?: string
  readonly multiValued?: boolean
}

async function open(file: string | Uint8Array, options: OpenOptions = {}): Promise<SecretStore> {
  const runtime = fakeRuntime({ files: { 'secrets.json': file } })
  return localFile.create(
    { secretsFile: 'secrets.json', nestedSeparator: ':', multiValued: false, ...options },
    { runtime, signal: new AbortController().signal },
  )
}

/** What bulk gives, as plain objects. */
async function bulk(file: string | Uint8Array, options: OpenOptions = {}): Promise<unknown> {
  const secrets = await (await open(file, options)).getBulkSecret({ metadata: new Map() })
  return Object.fromEntries(
    [...(secrets ?? [])].map(([name, values]) => [name, Object.fromEntries(values ?? [])]),
  )
}

describeSecretStore('local.file', {
  driver: localFile,
  severalKeys: false,
  missing: 'error',
  make: (secrets) =>
    open(
      JSON.stringify(Object.fromEntries(Object.entries(secrets).map(([name, keys]) => [name, keys[name]]))),
    ),
})

describeSecretStore('local.file with several keys', {
  driver: localFile,
  severalKeys: true,
  missing: 'error',
  make: (secrets) => open(JSON.stringify(secrets), { multiValued: true }),
})

describe('local.file', () => {
  it('joins the names of nested objects and the indexes of arrays', async () => {
    const file = '{"redis":{"password":"p","nodes":["a",["b"]]},"none":{},"list":[]}'
    expect(await bulk(file)).toEqual({
      'redis:password': { 'redis:password': 'p' },
      'redis:nodes:0': { 'redis:nodes:0': 'a' },
      'redis:nodes:1:0': { 'redis:nodes:1:0': 'b' },
    })
  })

  it('joins with the separator it is given, and with a colon when that is empty', async () => {
    expect(await bulk('{"a":{"b":"v"}}', { nestedSeparator: '.' })).toEqual({ 'a.b': { 'a.b': 'v' } })
    expect(await bulk('{"a":{"b":"v"}}', { nestedSeparator: '' })).toEqual({ 'a:b': { 'a:b': 'v' } })
  })

  it('keeps empty names as path parts', async () => {
    expect(await bulk('{"":{"a":"v"},"b":{"":"w"}}')).toEqual({ ':a': { ':a': 'v' }, 'b:': { 'b:': 'w' } })
  })

  it.each([
    ['6379', '%!s(float64=6379)'],
    ['6379.0', '%!s(float64=6379)'],
    ['999999', '%!s(float64=999999)'],
    ['1000000', '%!s(float64=1e+06)'],
    ['1234567', '%!s(float64=1.234567e+06)'],
    ['0.0001', '%!s(float64=0.0001)'],
    ['0.00001', '%!s(float64=1e-05)'],
    ['-0', '%!s(float64=-0)'],
    ['1e21', '%!s(float64=1e+21)'],
    ['12345678901234567890', '%!s(float64=1.2345678901234567e+19)'],
    ['true', '%!s(bool=true)'],
    ['null', '%!s(<nil>)'],
  ])('renders %s as Go renders it with the wrong verb', async (json, text) => {
    expect(await bulk(`{"v":${json}}`)).toEqual({ v: { v: text } })
  })

  it('does not know the parent of nested names', async () => {
    const store = await open('{"redis":{"password":"p"}}')
    await expect(async () => store.getSecret({ name: 'redis', metadata: new Map() })).rejects.toThrow(
      'secret redis not found',
    )
  })

  it('gives objects as one secret each when multi-valued, keeps strings and drops the rest', async () => {
    const file = '{"db":{"user":"u","net":{"port":1}},"plain":"s","list":["a"],"n":1,"none":null,"empty":{}}'
    expect(await bulk(file, { multiValued: true })).toEqual({
      db: { user: 'u', 'net:port': '%!s(float64=1)' },
      plain: { plain: 's' },
      empty: {},
    })
  })

  it('lets the last of equal names win, as Go does', async () => {
    expect(await bulk('{"a":"1","a":"2"}')).toEqual({ a: { a: '2' } })
  })

  it('turns lone surrogates and bytes that are not UTF-8 into U+FFFD, one for each byte', async () => {
    expect(await bulk('{"a":"\\ud800x"}')).toEqual({ a: { a: '\ufffdx' } })
    const bytes = Uint8Array.from(
      [...'{"a":"']
        .map((c) => c.charCodeAt(0))
        .concat(
          [0xe2, 0x82],
          [...'"}'].map((c) => c.charCodeAt(0)),
        ),
    )
    expect(await bulk(bytes)).toEqual({ a: { a: '\ufffd\ufffd' } })
  })

  it('keeps the first of two leaves with one path, whole-number keys before all others', async () => {
    expect(await bulk('{"a":{"b":"1"},"a:b":"2"}')).toEqual({ 'a:b': { 'a:b': '1' } })
    expect(await bulk('{"a:b":"2","a":{"b":"1"}}')).toEqual({ 'a:b': { 'a:b': '2' } })
    expect(await bulk('{"1:b":"2","1":{"b":"1"}}')).toEqual({ '1:b': { '1:b': '1' } })
  })

  it('turns a lone surrogate in a name into U+FFFD when multi-valued', async () => {
    expect(await bulk('{"\\ud800":{"k":"v"}}', { multiValued: true })).toEqual({ '\ufffd': { k: 'v' } })
  })

  it('accepts null as an empty store', async () => {
    expect(await bulk('null')).toEqual({})
  })

  it('reads a file that is nested ten thousand levels deep', async () => {
    const depth = 10_000
    const file = `${'{"a":'.repeat(depth)}"v"${'}'.repeat(depth)}`
    expect(Object.keys((await bulk(file)) as object)).toHaveLength(1)
  })

  it.each([
    ['', 'not valid JSON, see its line 1, column 1'],
    ['{"a":\n  hunter2}', 'not valid JSON, see its line 2, column 3'],
    ['{"a":"hunter2"', 'not valid JSON, see its line 1, column 15'],
    ['{"a":"hunter2\n"}', 'not valid JSON, see its line 1, column 6'],
    ['\ufeff{}', 'not valid JSON, see its line 1, column 1'],
    ['{"a":1,}', 'not valid JSON, see its line 1, column 8'],
    ['{"a":[1 2]}', 'not valid JSON, see its line 1, column 9'],
    ['{"a":01}', 'not valid JSON, see its line 1, column 6'],
    ['{}\n\n x', 'not valid JSON, see its line 3, column 2'],
    ['["hunter2"]', 'cannot unmarshal array'],
    ['"hunter2"', 'cannot unmarshal string'],
    ['17', 'cannot unmarshal number'],
    ['true', 'cannot unmarshal bool'],
    ['{"a":[1e400]}', 'beyond the range of a float64'],
    ['{"a":-1e999}', 'beyond the range of a float64'],
  ])('refuses a secrets file that is %j and quotes nothing of it', async (file, reason) => {
    const opening = open(file)
    await expect(opening).rejects.toBeInstanceOf(OptionError)
    await expect(opening).rejects.toMatchObject({
      field: 'secretsFile',
      message: expect.stringContaining(reason),
    })
    await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') })
    expect(await opening.catch((error: Error) => error.cause)).toBeUndefined()
  })

  it('says why a secrets file cannot be read, and not its path, which may come from a secret', async () => {
    const runtime = fakeRuntime()
    const options = { secretsFile: 'gone.json', nestedSeparator: ':', multiValued: false }
    const opening = localFile.create(options, { runtime, signal: new AbortController().signal })
    await expect(opening).rejects.toThrow(/^the file cannot be read: no such file or directory$/)
  })

  it('says so where a target has no disk', async () => {
    const { readFile: _, ...runtime } = fakeRuntime()
    const options = { secretsFile: 'secrets.json', nestedSeparator: ':', multiValued: false }
    const opening = localFile.create(options, { runtime, signal: new AbortController().signal })
    await expect(opening).rejects.toThrow('this target has no disk')
  })
})
