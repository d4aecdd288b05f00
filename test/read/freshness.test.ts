import { describe, expect, it } from 'vitest'
import { freshFor } from '../../src/read/freshness.ts'

const settings = { ttl: 1000, negativeTtl: 100, maxStale: 5000, entries: 1, bytes: 1 }

describe('how long a value is fresh', () => {
  it.each([
    ['a tenth less', 0, 900],
    ['its TTL', 0.5, 1000],
    ['a tenth more', 1, 1100],
  ])('is %s with chance %d', (_what, chance, milliseconds) => {
    expect(freshFor(settings, false, chance)).toBeCloseTo(milliseconds)
  })

  it('is never more than a maxStale that is not below the TTL', () => {
    expect(freshFor({ ...settings, maxStale: 1050 }, false, 1)).toBe(1050)
    expect(freshFor({ ...settings, maxStale: 1000 }, false, 1)).toBe(1000)
  })

  it('is the TTL where maxStale is below it or off', () => {
    expect(freshFor({ ...settings, maxStale: 10 }, false, 0.5)).toBe(1000)
    expect(freshFor({ ...settings, maxStale: 0 }, false, 1)).toBeCloseTo(1100)
  })

  it('is maxStale for a pinned version, without a spread, or the TTL where that is longer', () => {
    expect(freshFor(settings, true, 0)).toBe(5000)
    expect(freshFor({ ...settings, maxStale: 0 }, true, 1)).toBe(1000)
  })
})
