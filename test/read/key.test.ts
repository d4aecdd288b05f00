import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readKey } from '../../src/read/key.ts'

const text = fc.oneof(
  fc.constantFrom(
    '',
    '[',
    '["db"]',
    '["db",["version_id","1"]]',
    'db',
    'DB',
    '__proto__',
    'version_id',
    '\ud800',
  ),
  fc.string({ unit: 'binary' }),
)
const metadata = fc.uniqueArray(fc.tuple(text, text), { maxLength: 3, selector: ([name]) => name })

describe('the key of a read', () => {
  it('is one for two reads exactly when name and metadata are the same, whatever their order', () => {
    const request = fc.record({ name: text, metadata })
    const near = request.chain((one) =>
      fc.tuple(
        fc.constant(one),
        fc.oneof(
          request,
          fc.constant({ ...one, metadata: one.metadata.toReversed() }),
          // What a careless join would not tell apart.
          fc.constant({ name: JSON.stringify([one.name, ...one.metadata]), metadata: [] }),
          fc.constant({ name: one.name, metadata: one.metadata.slice(1) }),
          fc.constant({
            name: one.name,
            metadata: one.metadata.map(([name, value]) => [value, name] as const),
          }),
        ),
      ),
    )
    fc.assert(
      fc.property(near, ([one, other]) => {
        const [left, right] = [new Map(one.metadata), new Map(other.metadata)]
        const isSame =
          one.name === other.name &&
          left.size === right.size &&
          [...left].every(([name, value]) => right.get(name) === value && right.has(name))
        expect(readKey(one.name, left) === readKey(other.name, right)).toBe(isSame)
      }),
      { numRuns: 1000 },
    )
  })
})
