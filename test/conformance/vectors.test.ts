import { describe, expect, it } from 'vitest'
import { contractSetups, corpusSetups, recordedSetups } from './vectors.ts'

describe('the recorded cases', () => {
  it('are all there: 178 named ones, 2,707 generated ones, and 68 starts that fail', () => {
    const generated = corpusSetups().flatMap((setup) => setup.cases)
    expect(contractSetups().flatMap((setup) => setup.cases)).toHaveLength(178)
    expect(generated.filter(({ request }) => request !== undefined)).toHaveLength(2707)
    expect(generated.filter(({ expect: expected }) => expected.startup === 'fatal')).toHaveLength(68)
    expect(generated).toHaveLength(2707 + 68)
  })

  it('have names of their own', () => {
    const names = recordedSetups().flatMap((setup) => setup.cases.map(({ name }) => name))
    expect(new Set(names).size).toBe(names.length)
  })

  it('each expect something of the answer, or of the start', () => {
    const blind = recordedSetups().flatMap((setup) =>
      setup.cases.filter(({ request, expect: expected }) =>
        request === undefined ? expected.startup === undefined : expected.status === undefined,
      ),
    )
    expect(blind.map(({ name }) => name)).toEqual([])
  })

  it('share a server only when none of them changes it', () => {
    const shared = contractSetups().filter(({ cases }) => cases.length > 1)
    expect(shared.length).toBeGreaterThan(5)
    for (const { cases, resources, startup } of shared) {
      expect(resources).toEqual([])
      expect(startup).toBe('started')
      for (const { before, request } of cases) {
        expect(before).toEqual([])
        expect(request?.method).not.toBe('PUT')
      }
    }
  })

  it('refer to fixtures that have been put in their place', () => {
    expect(JSON.stringify(contractSetups())).not.toContain('"ref:')
  })
})
