import { describe, expect, it } from 'vitest'
import { mayReference } from '../../src/activation/environment-reference.ts'
import { environment } from '../../src/runtime.ts'

describe('mayReference', () => {
  it.each([
    ['MY', true],
    ['MY OTHER', true],
    ['OTHER MY', true],
    ['MYX', false],
    ['XMY', false],
    ['MYX MY', false],
  ])('looks for the whole of MY in the list %j: %s', (keys, allowed) => {
    expect(mayReference('MY', environment({ DAPR_ENV_KEYS: keys }))).toBe(allowed)
  })
})
