import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tokenAccepted } from '../../src/contract/token.ts'

describe('tokenAccepted', () => {
  it.each([
    [undefined, 'tok', false],
    ['', 'tok', false],
    ['tok', 'tok', true],
    ['TOK', 'tok', false],
    ['tokk', 'tok', false],
    ['to', 'tok', false],
    ['toktok', 'tok', false],
    ['tok ', 'tok', false],
    ['tok\u0000', 'tok', false],
    ['aa', 'a', false],
    ['a', 'aa', false],
    ['', '', false],
    ['x', '', false],
    ['tökén😀', 'tökén😀', true],
    ['token', 'tökén', false],
  ])('takes %j for %j: %j', (given, expected, accepted) => {
    expect(tokenAccepted(given, expected)).toBe(accepted)
  })

  it('accepts equal text alone', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', 'ā', '\uffff'), maxLength: 4 })
    fc.assert(
      fc.property(text, text, (given, expected) => {
        expect(tokenAccepted(given, expected)).toBe(given === expected && expected !== '')
      }),
      { numRuns: 1000 },
    )
  })
})
