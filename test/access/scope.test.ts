import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SecretScope } from '../../src/access/scope.ts'
import { scopeDecision, scopesWithoutStore } from '../../src/access/scope.ts'

const same = (name: string): string => name

function scope(part: Partial<SecretScope>): SecretScope {
  return { storeName: 'vault', defaultAccess: 'allow', allowedSecrets: [], deniedSecrets: [], ...part }
}

/** The truth table of Dapr's secret scopes: default access, place in the allow list, in the deny list, outcome. */
const table = [
  ['allow', 'none', 'none', 'allow'],
  ['allow', 'none', 'in', 'deny'],
  ['allow', 'none', 'out', 'allow'],
  ['allow', 'in', 'none', 'allow'],
  ['allow', 'out', 'none', 'deny'],
  ['allow', 'in', 'in', 'allow'],
  ['allow', 'in', 'out', 'allow'],
  ['allow', 'out', 'in', 'deny'],
  ['allow', 'out', 'out', 'deny'],
  ['deny', 'none', 'none', 'deny'],
  ['deny', 'none', 'in', 'deny'],
  ['deny', 'none', 'out', 'deny'],
  ['deny', 'in', 'none', 'allow'],
  ['deny', 'out', 'none', 'deny'],
  ['deny', 'in', 'in', 'allow'],
  ['deny', 'in', 'out', 'allow'],
  ['deny', 'out', 'in', 'deny'],
  ['deny', 'out', 'out', 'deny'],
] as const

describe('scopeDecision', () => {
  it.each(table)(
    'with default %s, allow list %s and deny list %s says %s',
    (defaultAccess, allowed, denied, outcome) => {
      const list = (place: 'none' | 'in' | 'out'): string[] =>
        place === 'none' ? [] : place === 'in' ? ['other', 'db'] : ['other']
      const isAllowed = scopeDecision(
        scope({ defaultAccess, allowedSecrets: list(allowed), deniedSecrets: list(denied) }),
        same,
      )
      expect(isAllowed('db')).toBe(outcome === 'allow')
    },
  )

  it('agrees with the truth table for any names in any lists', () => {
    const names = fc.array(
      fc.oneof(fc.constantFrom('db', 'DB', '', '__proto__', 'constructor'), fc.string()),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(
        fc.constantFrom('allow' as const, 'deny' as const),
        names,
        names,
        fc.string(),
        (access, allowed, denied, name) => {
          const place = (list: readonly string[]): 'none' | 'in' | 'out' =>
            list.length === 0 ? 'none' : list.includes(name) ? 'in' : 'out'
          const row = table.find(([d, a, n]) => d === access && a === place(allowed) && n === place(denied))
          const isAllowed = scopeDecision(
            scope({ defaultAccess: access, allowedSecrets: allowed, deniedSecrets: denied }),
            same,
          )
          expect(isAllowed(name)).toBe(row?.[3] === 'allow')
        },
      ),
    )
  })

  it('allows everything where no scope names the store', () => {
    expect(scopeDecision(undefined, same)('db')).toBe(true)
  })

  it('compares names exactly', () => {
    expect(scopeDecision(scope({ deniedSecrets: ['db'] }), same)('DB')).toBe(true)
    expect(scopeDecision(scope({ deniedSecrets: ['d*'] }), same)('db')).toBe(true)
  })

  it('denies a name whose identity cannot be decided, whatever its lists say, unless there is no scope', () => {
    const undecided = (name: string) => (name === '?' ? undefined : name)
    for (const part of [{}, { deniedSecrets: ['db'] }, { allowedSecrets: ['?'] }, { deniedSecrets: ['?'] }]) {
      expect(scopeDecision(scope(part), undecided)(undefined)).toBe(false)
    }
    expect(scopeDecision(undefined, undecided)(undefined)).toBe(true)
  })

  it('still allows nothing else when no name of its allow list can be decided', () => {
    expect(scopeDecision(scope({ allowedSecrets: ['?'] }), () => undefined)('db')).toBe(false)
  })

  it('decides on the canonical form of the names in its lists', () => {
    const lower = (name: string): string => name.toLowerCase()
    expect(scopeDecision(scope({ deniedSecrets: ['DB'] }), lower)('db')).toBe(false)
    expect(scopeDecision(scope({ allowedSecrets: ['DB'] }), lower)('db')).toBe(true)
  })
})

describe('scopesWithoutStore', () => {
  it('names a store that is not there, and the one that was probably meant', () => {
    expect(scopesWithoutStore([scope({ storeName: 'vualt' }), scope({})], ['vault'])).toMatchObject([
      {
        severity: 'warning',
        message:
          "this scope names the secret store 'vualt' that is not there, so it protects nothing; did you mean 'vault'?",
      },
    ])
  })

  it('does not show a name that came out of a variable', () => {
    expect(
      scopesWithoutStore([scope({ storeName: 'vualt', isFromVariable: true })], ['vault']),
    ).toMatchObject([
      { message: 'this scope names a secret store that is not there, so it protects nothing' },
    ])
  })
})
