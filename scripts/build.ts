/**
 * Builds `dist/`: the command line as one bundle, and with `--types` the library with its declarations.
 *
 *   node scripts/build.ts [--types] [--quiet]
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const quiet = process.argv.includes('--quiet')

rmSync(join(dist, 'bin'), { recursive: true, force: true })
mkdirSync(join(dist, 'bin'), { recursive: true })
await bundleCommandLine()
if (process.argv.includes('--types')) emitLibrary()

/**
 * CommonJS: an ESM import of node:http loads undici. The yaml package comes from its ES modules, which esbuild
 * joins to one scope and frees of what is not used: 4 ms of a start.
 */
async function bundleCommandLine(): Promise<void> {
  const main = join(dist, 'bin', 'main.cjs')
  await build({
    entryPoints: [join(root, 'cli', 'main.ts')],
    outfile: main,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    // Loaded by the first call that asks for it, where a user has installed it.
    external: ['@aws-sdk/client-secrets-manager'],
    alias: { yaml: join(root, 'node_modules', 'yaml', 'browser', 'dist', 'index.js') },
    minify: true,
    legalComments: 'none',
    define: { SIDECARLESS_VERSION: JSON.stringify(packageVersion()) },
    logLevel: 'warning',
  })
  const bin = join(dist, 'bin', 'sidecarless.cjs')
  cpSync(join(root, 'cli', 'bin.cjs'), bin)
  chmodSync(bin, 0o755)
  say(`dist/bin/main.cjs  ${(statSync(main).size / 1024).toFixed(1)} KB`)
}

/** The library keeps one module a source file, so that a user's bundler takes only what is imported. */
function emitLibrary(): void {
  rmSync(join(dist, 'lib'), { recursive: true, force: true })
  const { status } = spawnSync(process.execPath, [tsc(), '-p', join(root, 'tsconfig.build.json')], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(1)
  say('dist/lib           the library and its types')
}

function tsc(): string {
  return join(root, 'node_modules', 'typescript', 'bin', 'tsc')
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version)
  throw new Error('package.json has no version')
}

function say(line: string): void {
  if (!quiet) process.stdout.write(`${line}\n`)
}
