import { describe, expect, it } from 'vitest'
import { decodeSettings } from '../../src/read/settings.ts'
import type { Property } from '../../src/stores/options.ts'
import type { FieldTable } from '../../src/stores/store.ts'

const at = { file: 'vault.yaml', line: 3, column: 5 }
const component = { name: 'vault', at }

function decode(
  metadata: Readonly<Record<string, string>>,
  reads: 'locally' | 'remotely' = 'remotely',
  fields: FieldTable = {},
) {
  const properties: Property[] = Object.entries(metadata).map(([name, value]) => ({ name, value, at }))
  const decoded = decodeSettings({ metadata: fields, reads }, properties, component)
  return {
    cache: decoded.settings.cache,
    left: decoded.properties.map(({ name }) => name),
    problems: decoded.diagnostics.map(({ severity, message }) => `${severity}: ${message}`),
  }
}

describe('the settings of a store', () => {
  it('cache a remote store for a minute and a local one not at all, unless they say otherwise', () => {
    const defaults = { ttl: 60_000, negativeTtl: 5000, maxStale: 900_000, entries: 1000, bytes: 4_194_304 }
    expect(decode({})).toEqual({ cache: defaults, left: [], problems: [] })
    expect(decode({}, 'locally').cache).toBeUndefined()
    expect(decode({ 'sidecarless.cacheTTL': '10s' }, 'locally').cache?.ttl).toBe(10_000)
    expect(decode({ 'sidecarless.cacheTTL': '0' }).cache).toBeUndefined()
    expect(decode({ 'sidecarless.cacheTTL': '0s' }).cache).toBeUndefined()
  })

  it('are taken out of what the driver decodes, in any letter case', () => {
    const { cache, left, problems } = decode({
      vaultAddr: 'x',
      'SIDECARLESS.maxstale': '1h',
      'sidecarless.negativeCacheTTL': '0',
      'sidecarless.cacheEntries': '5',
      'sidecarless.cacheBytes': '70',
    })
    expect(cache).toEqual({ ttl: 60_000, negativeTtl: 0, maxStale: 3_600_000, entries: 5, bytes: 70 })
    expect(left).toEqual(['vaultAddr'])
    expect(problems).toEqual([])
  })

  it('leave a field of our prefix to the driver that declares it', () => {
    const fields: FieldTable = { 'sidecarless.batch': { type: 'boolean', description: 'D.' } }
    expect(decode({ 'Sidecarless.Batch': 'false' }, 'remotely', fields)).toMatchObject({
      left: ['Sidecarless.Batch'],
      problems: [],
    })
  })

  it.each(['60', '-5s', '1d', '', ' 5s', '5 minutes', '9999999999h'])('refuse %j as a duration', (value) => {
    const message =
      "metadata 'sidecarless.maxStale' must be a duration that is not negative, such as 0, 500ms or 1m30s"
    expect(decode({ 'sidecarless.maxStale': value }).problems).toEqual([`error: ${message}`])
  })

  it.each(['-1', '1.5', '1e3', '', 'many', '99999999999999999999'])('refuse %j as a number', (value) => {
    const message = "metadata 'sidecarless.cacheBytes' must be a whole number that is not negative"
    expect(decode({ 'sidecarless.cacheBytes': value }).problems).toEqual([`error: ${message}`])
  })

  it('do not let a misspelt one pass', () => {
    const fields: FieldTable = { 'sidecarless.batch': { type: 'boolean', description: 'D.' } }
    expect(decode({ 'sidecarless.bach': 'no' }, 'remotely', fields).problems).toEqual([
      "error: metadata 'sidecarless.bach' is not known; did you mean 'sidecarless.batch'?",
    ])
    expect(decode({ 'sidecarless.maxStal': '0' }).problems).toEqual([
      "error: metadata 'sidecarless.maxStal' is not known; did you mean 'sidecarless.maxStale'?",
    ])
  })
})
