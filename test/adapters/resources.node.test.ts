import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfigurationFiles, readResourceFolders } from '../../adapters/node/resources.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sidecarless-resources-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('resource folders', () => {
  it('are read in the byte order of their names', () => {
    for (const name of ['a.yaml', 'B.yaml']) writeFileSync(join(folder, name), '')
    expect(readResourceFolders([folder]).files.map(({ path }) => path)).toEqual([
      join(folder, 'B.yaml'),
      join(folder, 'a.yaml'),
    ])
  })

  it('say of a link to a pipe that it is no file, and do not wait for a writer', () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    symlinkSync('pipe', join(folder, 'x.yaml'))
    expect(readConfigurationFiles([join(folder, 'x.yaml')])).toMatchObject({
      files: [],
      diagnostics: [{ severity: 'error', message: `open ${join(folder, 'x.yaml')}: not a regular file` }],
    })
  })

  it('refuse a large file by its size, without reading it', () => {
    writeFileSync(join(folder, 'x.yaml'), '')
    truncateSync(join(folder, 'x.yaml'), 4 * 1024 ** 3)
    expect(readResourceFolders([folder])).toMatchObject({
      files: [],
      diagnostics: [{ severity: 'error', message: 'the file is larger than 1 MiB' }],
    })
  })
})
