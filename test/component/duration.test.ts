import { describe, expect, it } from 'vitest'
import { parseMillisecondsOrDuration } from '../../src/component/duration.ts'
import { parseDuration } from '../../src/go/duration.ts'

describe('a Go duration', () => {
  it.each([
    ['0', 0],
    ['-0', 0],
    ['5s', 5000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['.5s', 500],
    ['5.s', 5000],
    ['+250ms', 250],
    ['-1m', -60_000],
    ['1us', 0.001],
    ['1µs', 0.001],
    ['1μs', 0.001],
    ['1ns', 0.000001],
    ['2562047h', 9_223_369_200_000],
    ['2562048h', undefined],
    ['', undefined],
    ['5', undefined],
    ['s', undefined],
    ['.s', undefined],
    ['5 s', undefined],
    ['5S', undefined],
    ['1d', undefined],
    ['--5s', undefined],
    ['5s ', undefined],
  ])('is read from %j', (text, milliseconds) => {
    if (milliseconds === undefined) expect(parseDuration(text)).toBeUndefined()
    else expect(parseDuration(text)).toBeCloseTo(milliseconds, 6)
  })

  it.each([
    ['30', 30],
    ['-1', -1],
    ['5s', 5000],
    ['1.5', undefined],
    ['99999999999999999999', undefined],
    ['', undefined],
  ])('or a number of milliseconds is read from %j', (text, milliseconds) => {
    expect(parseMillisecondsOrDuration(text)).toBe(milliseconds)
  })
})
