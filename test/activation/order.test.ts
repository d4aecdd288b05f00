import { describe, expect, it } from 'vitest'
import { startOrder } from '../../src/activation/order.ts'
import { fakeComponent } from '../fakes/component.ts'

const refersTo = (name: string, secretStore: string) =>
  fakeComponent({ name, secretStore, metadata: [{ name: 'prefix', secretKeyRef: { name: 'x' } }] })

describe('startOrder', () => {
  it('puts a store before what refers to it, and orders no member of a cycle', () => {
    const { ordered, cycles } = startOrder([
      refersTo('a', 'b'),
      refersTo('b', 'c'),
      refersTo('c', 'b'),
      refersTo('d', 'e'),
      fakeComponent({ name: 'e' }),
    ])
    expect(ordered.map(({ name }) => name)).toEqual(['a', 'e', 'd'])
    expect(cycles.map((cycle) => cycle.map(({ name }) => name))).toEqual([['b', 'c']])
  })
})
