import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { root } from './packed.ts'
import { ask, cleanUp, folderWith, Program, run, serve } from './program.ts'

afterEach(cleanUp)

const component = `apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: env-secrets
spec:
  type: secretstores.local.env
  version: v1
`

describe('what serve has loaded after its first answer', () => {
  let builtIn: readonly string[] = []
  let files: readonly string[] = []

  beforeAll(async () => {
    const folder = folderWith({ 'r/a.yaml': component, 'loaded.cjs': tellLoaded })
    const { program, port } = await serve(['--resources-path', join(folder, 'r')], {
      cwd: folder,
      env: { NAME: 'value' },
      node: ['--require', join(folder, 'loaded.cjs')],
    })
    expect((await ask(port, '/v1.0/secrets/env-secrets/NAME')).status).toBe(200)
    await program.stop('SIGUSR2')
    const loaded = JSON.parse(readFileSync(join(folder, 'loaded.json'), 'utf8'))
    builtIn = loaded.builtIn
    files = loaded.files
  })

  it('includes node:http, and so is the list of what is loaded', () => {
    expect(builtIn).toContain('NativeModule http')
  })

  it.each([
    ['undici, which a Request or a Response would bring', /undici/],
    ['crypto, which nothing needs until a component asks for a UUID', /NativeModule crypto|internal\/crypto/],
    ['TLS and HTTP/2', /NativeModule (tls|https|http2|_tls)/],
    ['web streams', /webstreams/],
  ])('does not include %s', (_, unwanted) => {
    expect(builtIn.filter((name) => unwanted.test(name))).toEqual([])
  })

  it('is two files', () => {
    expect(files.map((path) => path.replace(/.*node_modules\//, ''))).toEqual([
      'sidecarless/dist/bin/sidecarless.cjs',
      'sidecarless/dist/bin/main.cjs',
    ])
  })

  it('holds one package, the YAML parser', async () => {
    const { metafile } = await build({
      entryPoints: [join(root, 'cli/main.ts')],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['@aws-sdk/client-secrets-manager'],
      write: false,
      metafile: true,
    })
    const packages = Object.keys(metafile.inputs).flatMap(
      (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
    )
    expect([...new Set(packages)]).toEqual(['yaml'])
  })
})

describe('the compile cache', () => {
  it.each([
    ['XDG_CACHE_HOME', ''],
    ['HOME', '.cache'],
  ])('is kept below %s, in a folder that is made for it', async (variable, below) => {
    const folder = join(folderWith({}), 'new')
    const { program } = await serve([], { env: { [variable]: folder } })
    expect((await program.stop()).exit).toBe(0)
    expect(filesBelow(join(folder, below, 'sidecarless', 'compile')).length).toBeGreaterThan(0)
  })

  it('is nowhere when neither is set', async () => {
    const cwd = folderWith({})
    expect((await (await serve([], { cwd })).program.stop()).exit).toBe(0)
    expect(readdirSync(cwd)).toEqual([])
  })

  it('is not looked for in the folder the program is started in', async () => {
    const cwd = folderWith({})
    await run(['--version'], { cwd, env: { XDG_CACHE_HOME: 'relative', HOME: '' } })
    expect(readdirSync(cwd)).toEqual([])
  })

  it.each([
    ['a file', () => join(folderWith({ file: '' }), 'file')],
    ['a folder of the system’s', () => '/sys'],
  ])('does no harm where it cannot be written, because the folder is %s', async (_, cache) => {
    const { program, port } = await serve([], { env: { XDG_CACHE_HOME: cache() } })
    expect((await ask(port, '/v1.0/healthz')).status).toBe(204)
    expect(await program.stop()).toMatchObject({ exit: 0, stderr: '' })
  })

  it('does no harm when what is in it is not what was written', async () => {
    const home = folderWith({})
    await (await serve([], { env: { HOME: home } })).program.stop()
    const [kept] = filesBelow(home)
    expect(kept).toBeDefined()
    folderWithin(join(home, '.cache/sidecarless/compile'), 'not-a-cache')
    const { program } = await serve([], { env: { HOME: home } })
    expect(await program.stop()).toMatchObject({ exit: 0, stderr: '' })
  })
})

describe('the end of a start', () => {
  it('comes at once after a mistake, with nothing left to wait for', async () => {
    const started = performance.now()
    const program = new Program(['serve', '--resources-path', '/nowhere'])
    expect((await program.end()).exit).toBe(1)
    expect(performance.now() - started).toBeLessThan(4000)
  })
})

/** Runs before the program: on SIGUSR2, writes down what is loaded and ends it. */
const tellLoaded = `
  process.once('SIGUSR2', () => {
    const files = Object.keys(require.cache).filter((path) => path !== __filename)
    const loaded = { builtIn: process.moduleLoadList, files }
    require('node:fs').writeFileSync('loaded.json', JSON.stringify(loaded))
    process.exit(0)
  })
`

function folderWithin(folder: string, name: string): void {
  mkdirSync(join(folder, name), { recursive: true })
}

function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
