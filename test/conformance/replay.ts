/**
 * Replaying every recorded case through a face: one test a case, one server a set-up, a few at a time.
 *
 * @module
 */
import { afterAll, describe, expect, it } from 'vitest'
import { differences as allDifferences, type Difference } from './differences.ts'
import { mismatches } from './expectation.ts'
import type { OpenedFace, OpenFace, RefusedFace } from './faces.ts'
import { lastLines } from './server-process.ts'
import type { Expectation, RecordedCase, RecordedRequest, RecordedSetup } from './vectors.ts'

/** How to replay. */
export interface ReplayOptions {
  /** Set-ups open at the same time. */
  readonly atOnce: number
  /** Cases in which this face differs from the recorded answer on purpose; by default the list in `differences.ts`. */
  readonly differences?: readonly Difference[]
  /** Whether a request cannot be sent through this face at all; such a case gets no test. */
  readonly cannotCarry?: (request: RecordedRequest) => boolean
}

/** Declares a test for each case that the face can carry, and one for the way all of it was stopped. */
export function describeReplay(
  setups: readonly RecordedSetup[],
  open: OpenFace,
  { atOnce, differences = allDifferences, cannotCarry = () => false }: ReplayOptions,
): void {
  const replays = inOrder(
    setups.map((setup) => () => replay(setup, open, cannotCarry)),
    atOnce,
  )
  for (const [index, setup] of setups.entries()) {
    const carried = setup.cases.filter(({ request }) => request === undefined || !cannotCarry(request))
    if (carried.length === 0) continue
    describe(setup.name, () => {
      for (const recorded of carried) {
        const difference = differences.find(({ case: name }) => name === recorded.name)
        const name =
          difference === undefined ? recorded.name : `${recorded.name} differs: ${difference.reason}`
        it(name, async () => {
          const { cases, startedAsRecorded } = await replays.result(index)
          const found = cases.get(recorded.name)
          if (found === undefined) expect.fail('was not replayed')
          const isSupposedToDiffer = difference !== undefined && startedAsRecorded
          if (isSupposedToDiffer) expect(found, 'answers as recorded: take it off the list').not.toEqual([])
          else if (found.length > 0) expect.fail(found.join('\n'))
        })
      }
    })
  }
  it('stops cleanly every time', async () => {
    const ended = await replays.started()
    expect(ended.flatMap(({ stopping }) => stopping)).toEqual([])
  })
  // A filtered run has started a few set-ups more than it looked at.
  afterAll(() => replays.started())
}

/** What came of a set-up. */
export interface Replayed {
  /** By the name of the case, the points in which it differs from what was recorded. */
  readonly cases: ReadonlyMap<string, readonly string[]>
  /** Whether it started, or refused to, as daprd did: a server that is not there differs in no way that counts. */
  readonly startedAsRecorded: boolean
  /** What went wrong at the end. */
  readonly stopping: readonly string[]
}

/** Opens a set-up, sends its requests in order, and compares. Never rejects: a failure is a mismatch of each case. */
export async function replay(
  setup: RecordedSetup,
  open: OpenFace,
  cannotCarry: (request: RecordedRequest) => boolean = () => false,
): Promise<Replayed> {
  const cases = new Map<string, readonly string[]>()
  let face: OpenedFace | RefusedFace
  try {
    face = await open(setup)
  } catch (error) {
    for (const { name } of setup.cases) cases.set(name, [`cannot be started: ${error}`])
    return { cases, startedAsRecorded: false, stopping: [] }
  }
  for (const recorded of setup.cases) {
    if (recorded.request !== undefined && cannotCarry(recorded.request)) continue
    cases.set(recorded.name, await replayCase(recorded, face).catch((error: unknown) => [`${error}`]))
  }
  const problems = face.kind === 'opened' ? await face.close() : []
  const startedAsRecorded = (face.kind === 'opened') === (setup.startup === 'started')
  return { cases, startedAsRecorded, stopping: problems.map((problem) => `${setup.name}: ${problem}`) }
}

async function replayCase(
  recorded: RecordedCase,
  face: OpenedFace | RefusedFace,
): Promise<readonly string[]> {
  const expected = expectationIn(recorded.expect, face.dataFolder)
  if (face.kind === 'refused') return refusalMismatches(face, expected)
  if (expected.startup === 'fatal') return ['started, expected the start to fail']
  for (const request of recorded.before) {
    const { status } = await face.ask(request)
    if (status !== request.expectStatus) {
      return [
        `${request.method} ${request.target} first: status is ${status}, expected ${request.expectStatus}`,
      ]
    }
  }
  return recorded.request === undefined ? [] : mismatches(await face.ask(recorded.request), expected)
}

function refusalMismatches({ log, problems }: RefusedFace, expected: Expectation): readonly string[] {
  if (expected.startup !== 'fatal') return [`did not start: ${[...problems, lastLines(log)].join(': ')}`]
  const { logContains } = expected
  const missing = logContains === undefined || log.includes(logContains) ? [] : [logContains]
  return [...problems, ...missing.map((text) => `the log lacks ${JSON.stringify(text)}: ${lastLines(log)}`)]
}

/** The expectation with `/data/` standing for where the files are. */
function expectationIn(expected: Expectation, dataFolder: string): Expectation {
  const text = JSON.stringify(expected).replaceAll('/data/', JSON.stringify(dataFolder).slice(1, -1))
  // The same shape with other texts in it: only the inside of JSON strings has changed.
  return JSON.parse(text) as Expectation
}

interface InOrder<Result> {
  /** The result of a job. It and the next few are started when they are not. */
  result(index: number): Promise<Result>
  /** The results of all jobs that have been started. */
  started(): Promise<readonly Result[]>
}

/** Runs jobs a few at a time, a little ahead of whoever asks for their results in order. */
function inOrder<Result>(jobs: readonly (() => Promise<Result>)[], atOnce: number): InOrder<Result> {
  const results = new Map<number, Promise<Result>>()
  const waiting: (() => void)[] = []
  let active = 0
  async function run(job: () => Promise<Result>): Promise<Result> {
    if (active >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else active += 1
    try {
      return await job()
    } finally {
      // The place is handed on, so that nobody else can take it in between.
      const next = waiting.shift()
      if (next === undefined) active -= 1
      else next()
    }
  }
  return {
    result(index) {
      for (const [offset, job] of jobs.slice(index, index + 2 * atOnce).entries()) {
        if (!results.has(index + offset)) results.set(index + offset, run(job))
      }
      const asked = results.get(index)
      if (asked === undefined) throw new Error(`there is no job ${index}`)
      return asked
    },
    started: () => Promise.all(results.values()),
  }
}
