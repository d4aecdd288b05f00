import { describe, expect, it } from 'vitest'
import { createApp } from '../../src/contract/hono.ts'
import { answerFace, fetchFace, lostInFetch } from './faces.ts'
import { openInProcess } from './in-process.ts'
import { describeReplay } from './replay.ts'
import { recordedSetups } from './vectors.ts'

describe('answer(), asked in process', () => {
  describeReplay(recordedSetups(), (setup) => openInProcess(setup, ({ answer }) => answerFace(answer)), {
    atOnce: 1,
  })
})

describe('the Hono app, asked through fetch', () => {
  it('is spared only what a WHATWG Request cannot carry', () => {
    const lost = recordedSetups().flatMap(({ cases }) =>
      cases.flatMap(({ request }) => (request === undefined ? [] : (lostInFetch(request) ?? []))),
    )
    const count = (wanted: string) => lost.filter((reason) => reason === wanted).length
    expect(count('the body of a GET or HEAD')).toBe(64)
    expect(count('the letter case of a method')).toBe(11)
    expect(count('a target that a URL rewrites')).toBe(235)
    expect(lost).toHaveLength(64 + 11 + 235)
  })

  describeReplay(
    recordedSetups(),
    (setup) =>
      openInProcess(setup, ({ answer }) => {
        const app = createApp(answer)
        return fetchFace((request) => app.fetch(request))
      }),
    { atOnce: 1, cannotCarry: (request) => lostInFetch(request) !== undefined },
  )
})
