/**
 * The bundles that the tests of targets run: a fixture's entry with validated components put in.
 *
 * @module
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildOptions, Metafile } from 'esbuild'
import { build } from 'esbuild'
import { compiledComponents } from './components.ts'

/** A target with an entry under test/fixtures/targets/. */
export type CompiledTarget = 'cloudflare-workers' | 'aws-lambda' | 'azure-functions'

/** A bundle on disk. */
export interface Bundle {
  readonly file: string
  readonly text: string
  readonly metafile: Metafile
  /** Deletes it. */
  remove(): Promise<void>
}

/** Bundles a target's fixture into a folder of its own. */
export async function buildTarget(target: CompiledTarget): Promise<Bundle> {
  const { extension, ...options } = platforms[target]
  const name = `index.${extension}`
  const result = await build({
    ...options,
    entryPoints: [join(root, 'test', 'fixtures', 'targets', target, 'entry.ts')],
    absWorkingDir: root,
    outfile: name,
    bundle: true,
    minify: true,
    metafile: true,
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
    define: { compiledComponents: JSON.stringify(compiledComponents()) },
  })
  const text = result.outputFiles[0]?.text ?? ''
  const folder = await mkdtemp(join(tmpdir(), `sidecarless-${target}-`))
  const file = join(folder, name)
  await writeFile(file, text)
  return { file, text, metafile: result.metafile, remove: () => rm(folder, { recursive: true, force: true }) }
}

const root = fileURLToPath(new URL('../../', import.meta.url))

/** No `node:` module resolves where the platform is `browser`: an import of one fails the build. */
const platforms: Readonly<Record<CompiledTarget, BuildOptions & { readonly extension: string }>> = {
  'cloudflare-workers': {
    extension: 'js',
    platform: 'browser',
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
  },
  'aws-lambda': { extension: 'mjs', platform: 'node', format: 'esm', target: 'node22' },
  // The library is CommonJS and asks for a module that only the Functions worker has.
  'azure-functions': {
    extension: 'cjs',
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['@azure/functions-core'],
  },
}
