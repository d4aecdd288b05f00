/**
 * From the spawn to the first answer.
 *
 * @module
 */
import { againstDaprd, daprd, daprdHeadings } from './daprd.ts'
import type { Fixture } from './fixture.ts'
import type { Program } from './process.ts'
import { startServer, timeToExit } from './process.ts'
import { interleaved } from './statistics.ts'
import { figure, ratio, table } from './table.ts'

const rounds = 21

/** The table. */
export async function measureStart(fixture: Fixture): Promise<string> {
  // The first start fills the cache, and is not measured.
  await timeToReady(fixture.sidecarless, 500)
  const took = await interleaved(rounds, {
    warm: () => timeToReady(fixture.sidecarless),
    cold: () => timeToReady(fixture.sidecarlessWithoutCache()),
    bare: () => timeToReady(fixture.bare),
    nothing: () => timeToExit(['-e', '0']),
  })
  const row = (name: string, ours: number, daprdCells: readonly string[] = []) => [
    name,
    figure(ours),
    ratio(ours / took.bare),
    ratio(ours / took.nothing),
    ...daprdCells,
  ]
  return table([
    ['Start to ready', 'ms', '/ bare node:http', '/ node -e 0', ...daprdHeadings],
    row('sidecarless serve', took.warm, againstDaprd(took.warm, daprd.start, took.nothing)),
    row('  with an empty compile cache', took.cold, againstDaprd(took.cold, daprd.start, took.nothing)),
    row('bare node:http, CommonJS', took.bare),
    row('node -e 0, to its end', took.nothing),
  ])
}

/** @param rest milliseconds the server is left alone once it is ready */
async function timeToReady(program: Program, rest = 0): Promise<number> {
  const server = await startServer(program)
  if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
  await server.stop()
  return server.readyAfter
}
