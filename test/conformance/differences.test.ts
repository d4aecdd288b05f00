import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { differences, markedDifferences } from './differences.ts'
import { recordedSetups } from './vectors.ts'

const cases = recordedSetups().flatMap((setup) => setup.cases)
const marks = new Set(cases.flatMap(({ difference }) => (difference === undefined ? [] : [difference])))

describe('the list of deliberate differences', () => {
  it('names recorded cases, each once, none of which holds our answer already', () => {
    const unmarked = cases.filter(({ difference }) => difference === undefined).map(({ name }) => name)
    const listed = differences.map((difference) => difference.case)
    expect(listed.filter((name) => !unmarked.includes(name))).toEqual([])
    expect(new Set(listed).size).toBe(listed.length)
  })

  it('has a heading for every mark in the recordings and for nothing else', () => {
    expect([...markedDifferences.keys()].sort()).toEqual([...marks].sort())
  })

  it('is explained in docs/differences.md, heading by heading', async () => {
    const document = await readFile(new URL('../../docs/differences.md', import.meta.url), 'utf8')
    const ids = new Set(document.split('\n').flatMap((line) => headingId(line) ?? []))
    const named = [...differences.map(({ heading }) => heading), ...markedDifferences.values()]
    expect(named.filter((heading) => !ids.has(heading))).toEqual([])
  })
})

/** The id that GitHub gives a heading. */
function headingId(line: string): string | undefined {
  const heading = /^#+ +(.*?) *$/.exec(line)?.[1]
  return heading
    ?.toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-')
}
