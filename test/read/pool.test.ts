import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPool } from '../../src/read/pool.ts'

const item = (size: number) => ({ size })

describe('a pool', () => {
  it('lets the least recently used go when there are too many', () => {
    const pool = createPool({ entries: 2, bytes: 100 })
    pool.set('a', item(1))
    pool.set('b', item(1))
    pool.get('a')
    pool.set('c', item(1))
    expect(['a', 'b', 'c'].map((key) => pool.get(key) !== undefined)).toEqual([true, false, true])
  })

  it('counts every use, also of one that was the newest before', () => {
    const pool = createPool({ entries: 2, bytes: 100 })
    pool.set('a', item(1))
    pool.set('b', item(1))
    pool.get('a')
    pool.get('b')
    pool.set('c', item(1))
    expect(['a', 'b', 'c'].map((key) => pool.get(key) !== undefined)).toEqual([false, true, true])
  })

  it('lets as many go as the bytes of a new one need', () => {
    const pool = createPool({ entries: 10, bytes: 10 })
    for (const key of ['a', 'b', 'c']) pool.set(key, item(3))
    pool.set('d', item(6))
    expect(['a', 'b', 'c', 'd'].map((key) => pool.get(key) !== undefined)).toEqual([false, false, true, true])
  })

  it('does not keep what is larger than the bound, nor what stood in its place', () => {
    const pool = createPool({ entries: 10, bytes: 10 })
    pool.set('a', item(3))
    pool.set('b', item(3))
    pool.set('a', item(11))
    expect(pool.get('a')).toBeUndefined()
    expect(pool.get('b')).toBeDefined()
  })

  it.each(['__proto__', 'constructor'])('holds nothing under %s until it is put there', (key) => {
    const pool = createPool({ entries: 1, bytes: 1 })
    expect(pool.get(key)).toBeUndefined()
    pool.set(key, item(1))
    expect(pool.get(key)).toEqual(item(1))
  })

  it('keeps what a plain list in order of use would keep', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('get' as const), key, size: fc.constant(0) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('set' as const), key, size: fc.nat(6) }) },
      fc.record({ kind: fc.constantFrom('delete' as const, 'clear' as const), key, size: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const bounds = { entries: 3, bytes: 10 }
        const pool = createPool(bounds)
        let list: { key: string; size: number }[] = []
        for (const { kind, key: name, size } of steps) {
          const found = list.find((one) => one.key === name)
          if (kind === 'get') {
            expect(pool.get(name)?.size).toBe(found?.size)
            if (found !== undefined) list = [...list.filter((one) => one !== found), found]
          } else if (kind === 'set') {
            pool.set(name, item(size))
            list = [...list.filter((one) => one !== found), { key: name, size }]
            const total = () => list.reduce((sum, one) => sum + one.size, 0)
            while (list.length > bounds.entries || total() > bounds.bytes) list.shift()
          } else if (kind === 'delete') {
            pool.delete(name)
            list = list.filter((one) => one !== found)
          } else {
            pool.clear()
            list = []
          }
        }
        // Asked in order of use, which keeps that order.
        for (const { key: name, size } of list) expect(pool.get(name)?.size).toBe(size)
        for (const name of ['a', 'b', 'c', 'd', 'e']) {
          expect(pool.get(name) !== undefined).toBe(list.some((one) => one.key === name))
        }
      }),
    )
  })
})
