import { describe, expect, it } from 'vitest'
import { decodeOptions } from '../../src/stores/options.ts'

const at = { file: 'x.yaml', line: 2, column: 5 }
const nameAt = { file: 'x.yaml', line: 1, column: 5 }
const fields = {
  path: { type: 'string', required: 'missing path', pattern: /[a-z]+/, description: '' },
  on: { type: 'boolean', description: '' },
} as const

function decode(...items: readonly (readonly [name: string, value: string])[]) {
  const properties = items.map(([name, value]) => ({ name, value, nameAt, at }))
  return decodeOptions(fields, properties, { name: 'x', at })
}

describe('decodeOptions', () => {
  it('takes an empty required field for a missing one', () => {
    expect(decode(['path', '']).diagnostics[0]).toMatchObject({
      severity: 'error',
      at,
      message: "missing path (set metadata 'path')",
    })
  })

  it('reads a boolean without the blanks around it', () => {
    expect(decode(['path', 'a'], ['on', ' TRUE ']).options.on).toBe(true)
    expect(decode(['path', 'a'], ['on', ' no ']).diagnostics).toEqual([])
  })

  it('wants a pattern to match the whole value', () => {
    expect(decode(['path', 'abc']).diagnostics).toEqual([])
    expect(decode(['path', 'abc1']).diagnostics).toHaveLength(1)
  })

  it('warns at the name of an item that is not known, and not of one without a name', () => {
    expect(decode(['path', 'a'], ['paht', 'b'], ['', 'c']).diagnostics).toMatchObject([
      { severity: 'warning', at: nameAt, message: expect.stringContaining("did you mean 'path'?") },
    ])
  })
})
