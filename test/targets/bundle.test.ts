import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { CompiledTarget } from './build.ts'
import { buildTarget } from './build.ts'

/** What must not be in a bundle: inputs by path, imports of the platform by name, and texts. */
interface Forbidden {
  readonly inputs: readonly RegExp[]
  readonly imports: readonly RegExp[]
  readonly texts: readonly RegExp[]
}

/** Only what the compiled components need, and nothing that reads YAML. */
const everywhere = [
  /node_modules\/(yaml|zod)\//,
  /^src\/component\/(?!component\.ts$|configuration\.ts$)/,
  /^src\/stores\/local-file\.ts$/,
  /^adapters\/node\/(?!send\.ts$)/,
]

const forbidden: Readonly<Record<CompiledTarget, Forbidden>> = {
  'cloudflare-workers': {
    inputs: [...everywhere, /^adapters\/(aws-lambda|azure-functions|node)\//, /node_modules\/(?!hono\/)/],
    imports: [/./],
    texts: [/["']node:/, /process\.env/, /\brequire\(/],
  },
  'aws-lambda': {
    inputs: [...everywhere, /^adapters\/(cloudflare-workers|azure-functions)\//, /node_modules\/(?!hono\/)/],
    imports: [/^(?!node:stream\/promises$)/],
    texts: [],
  },
  'azure-functions': {
    inputs: [...everywhere, /^adapters\/(cloudflare-workers|aws-lambda)\//],
    imports: [/^undici/, /^node-fetch/],
    texts: [],
  },
}

describe.each(Object.entries(forbidden))('the bundle for %s', (target, { inputs, imports, texts }) => {
  it('holds nothing that the target does not need, and has this size', async () => {
    // The keys of `forbidden`.
    const { metafile, text, remove } = await buildTarget(target as CompiledTarget)
    await remove()
    // A file that is imported and then shaken off is among a bundle's inputs, with no bytes in its output.
    const files = Object.values(metafile.outputs).flatMap((output) =>
      Object.entries(output.inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
    )
    const external = Object.values(metafile.outputs).flatMap((output) =>
      output.imports.map(({ path }) => path),
    )
    console.log(
      `${target}: ${kilobytes(text.length)}, gzip ${kilobytes(gzipSync(text).length)}, ${files.length} files`,
    )
    expect(files).toContain('src/stores/local-env.ts')
    expect(files.filter((file) => inputs.some((pattern) => pattern.test(file)))).toEqual([])
    expect(external.filter((path) => imports.some((pattern) => pattern.test(path)))).toEqual([])
    expect(texts.filter((pattern) => pattern.test(text))).toEqual([])
  })

  it('holds nothing of the machine it was built on', async () => {
    const { text, remove } = await buildTarget(target as CompiledTarget)
    await remove()
    expect(text).not.toContain(process.cwd())
    expect(text).not.toContain(process.env['HOME'])
  })
})

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}
