import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonMistake } from '../../src/json/mistake.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('jsonMistake', () => {
  it('points at the end of any JSON text that is cut short, or at where the cut token began', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, cut) => {
        const text = json.slice(0, cut % json.length)
        fc.pre(!isJson(text))
        const { line, column } = jsonMistake(text)
        // The text before the mistake can still become JSON: the whole text did.
        expect(line).toBe(1)
        expect(column).toBeLessThanOrEqual(text.length + 1)
        expect(json.startsWith(text.slice(0, column - 1))).toBe(true)
      }),
    )
  })

  it('never points past a character that JSON cannot hold', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, at) => {
        const index = at % (json.length + 1)
        const text = `${json.slice(0, index)}\u0001${json.slice(index)}`
        const { column } = jsonMistake(text)
        expect(column - 1).toBeLessThanOrEqual(index)
      }),
    )
  })

  it('ends for any text that is not JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!isJson(text))
        expect(jsonMistake(text).column).toBeGreaterThan(0)
      }),
    )
  })
})
