import { describe, expect, it } from 'vitest'
import { marshal } from '../../src/go/marshal.ts'

describe('a JSON value written back by Go', () => {
  it.each([
    ['{"b":1,"a":{"d":[],"c":{}}}', '{"a":{"c":{},"d":[]},"b":1}'],
    ['[1, 2.50, -0, 1e21, 1e20, 1e-6, 1e-7]', '[1,2.5,-0,1e+21,100000000000000000000,0.000001,1e-7]'],
    ['12345678901234567890', '12345678901234567000'],
    ['[true,false,null]', '[true,false,null]'],
    ['"<a href=\\"x\\">&\\u2028\\u2029/é😀"', '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028\\u2029/é😀"'],
    ['{"\\ud800":"\\udc00x"}', '{"\ufffd":"\ufffdx"}'],
    ['{"__proto__":1,"constructor":2}', '{"__proto__":1,"constructor":2}'],
    // U+FF61 comes before U+1F600 in UTF-8, and after its first half in UTF-16.
    ['{"😀":1,"｡":2,"a":3,"aa":4}', '{"a":3,"aa":4,"｡":2,"😀":1}'],
  ])('of %s is %s', (json, written) => {
    expect(marshal(JSON.parse(json))).toBe(written)
  })

  it('is nothing for a number beyond float64', () => {
    expect(marshal(JSON.parse('{"a":[1e999]}'))).toBeUndefined()
  })

  it('goes as deep as Go, and no deeper', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    const parse = (depth: number): unknown => {
      let value: unknown[] = []
      for (let level = 1; level < depth; level++) value = [value]
      return value
    }
    expect(marshal(parse(10_000))).toBe(nested(10_000))
    expect(marshal(parse(10_001))).toBeUndefined()
  })
})
