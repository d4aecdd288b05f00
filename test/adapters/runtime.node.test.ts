import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeRuntime } from '../../adapters/node/runtime.ts'
import { FileError } from '../../src/runtime.ts'

const folder = mkdtempSync(join(tmpdir(), 'sidecarless-runtime-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { listFiles } = nodeRuntime({}, () => undefined)

describe('the files that Node lists', () => {
  it('are those in a folder and below it, in the order of their paths', async () => {
    mkdirSync(join(folder, 'certificates', 'below'), { recursive: true })
    for (const name of ['two.pem', 'below/three.pem', 'one.pem']) {
      writeFileSync(join(folder, 'certificates', name), '')
    }
    expect(await listFiles?.(join(folder, 'certificates'))).toEqual(
      ['below/three.pem', 'one.pem', 'two.pem'].map((name) => join(folder, 'certificates', name)),
    )
  })

  it('are what links lead to, and not the folders, as Kubernetes mounts them', async () => {
    mkdirSync(join(folder, 'mount', '..2030'), { recursive: true })
    writeFileSync(join(folder, 'mount', '..2030', 'ca.pem'), '')
    symlinkSync('..2030', join(folder, 'mount', '..data'))
    symlinkSync('..data/ca.pem', join(folder, 'mount', 'ca.pem'))
    expect(await listFiles?.(join(folder, 'mount'))).toEqual(
      ['..2030/ca.pem', 'ca.pem'].map((name) => join(folder, 'mount', name)),
    )
  })

  it('are the one that is named, where it is no folder', async () => {
    writeFileSync(join(folder, 'ca.pem'), '')
    expect(await listFiles?.(join(folder, 'ca.pem'))).toEqual([join(folder, 'ca.pem')])
  })

  it('are none where nothing is, and the system says why', async () => {
    const path = join(folder, 'nowhere')
    await expect(listFiles?.(path)).rejects.toEqual(new FileError(path, 'no such file or directory'))
  })
})

describe('what Node lends', () => {
  it('refuses a path with a NUL as the system would', async () => {
    await expect(nodeRuntime({}, () => undefined).readFile?.('a\0b')).rejects.toEqual(
      new FileError('a\0b', 'invalid argument'),
    )
  })

  it('has no variable that only an object has', () => {
    expect(nodeRuntime(process.env, () => undefined).env.get('constructor')).toBeUndefined()
  })
})
