/**
 * The Node server under load, and its memory, against a bare node:http server with the same answers.
 *
 * @module
 */
import { join } from 'node:path'
import { againstDaprd, daprd, daprdHeadings } from './daprd.ts'
import type { Fixture } from './fixture.ts'
import { routes } from './fixture.ts'
import type { LoadReport } from './load.ts'
import { outputOf, type RunningServer, startServer } from './process.ts'
import { interleavedAll } from './statistics.ts'
import { figure, ratio, table } from './table.ts'

const rounds = 5
const milliseconds = 1_500

/** The table: a get at 1 and 16 connections, a bulk read of 1,000, memory before and after. */
export async function measureServer(fixture: Fixture): Promise<string> {
  const [ours, bare] = [await startServer(fixture.sidecarless), await startServer(fixture.bare)]
  const started = { ours: ours.memory(), bare: bare.memory() }
  await sameBodies(ours, bare)

  const compare = (path: string, connections: number) =>
    interleavedAll(rounds, {
      ours: () => load(ours, path, connections),
      bare: () => load(bare, path, connections),
    })
  const one = await compare(routes.get, 1)
  const sixteen = await compare(routes.get, 16)
  const bulk = await compare(routes.bulk, 1)
  const loaded = { ours: ours.memory(), bare: bare.memory() }
  await ours.stop()
  await bare.stop()

  const row = (name: string, of: { ours: number; bare: number }, against: readonly string[] = []) => [
    name,
    figure(of.ours),
    figure(of.bare),
    ratio(of.ours / of.bare),
    ...against,
  ]
  const latency = (pair: typeof one, name: 'rate' | 'p50' | 'p99' | 'busy') => ({
    ours: pair.ours[name],
    bare: pair.bare[name],
  })
  const served = (name: string, pair: typeof one, recorded: typeof daprd.one | typeof daprd.sixteen) => [
    row(
      `${name}: requests/s`,
      latency(pair, 'rate'),
      againstDaprd(pair.ours.rate, recorded.rate, pair.bare.rate),
    ),
    row('  p50 (us)', latency(pair, 'p50'), againstDaprd(pair.ours.p50, recorded.p50, 1 / pair.bare.rate)),
    row('  p99 (us)', latency(pair, 'p99'), againstDaprd(pair.ours.p99, recorded.p99, 1 / pair.bare.rate)),
    row('  load generator (cores)', latency(pair, 'busy')),
  ]
  const bulkTime = { ours: 1000 / bulk.ours.rate, bare: 1000 / bulk.bare.rate }
  return table([
    ['Node server, own process', 'sidecarless', 'bare node:http', 'ratio', ...daprdHeadings],
    ...served('get, 1 connection', one, daprd.one),
    ...served('get, 16 connections', sixteen, daprd.sixteen),
    row('bulk of 1,000, 1 connection: requests/s', latency(bulk, 'rate')),
    row('  each (ms)', bulkTime, againstDaprd(bulkTime.ours, daprd.bulk, 1 / one.bare.rate)),
    row('  load generator (cores)', latency(bulk, 'busy')),
    row('memory after start (MB)', started, againstDaprd(started.ours, daprd.memoryAfterStart, loaded.bare)),
    row('memory after load (MB)', loaded, againstDaprd(loaded.ours, daprd.memoryAfterLoad, loaded.bare)),
  ])
}

async function load({ port }: RunningServer, path: string, connections: number): Promise<LoadReport> {
  const program = join(import.meta.dirname, 'load.ts')
  const report = await outputOf([program, String(port), path, String(connections), String(milliseconds)])
  return JSON.parse(report) as LoadReport
}

async function sameBodies(...servers: readonly RunningServer[]): Promise<void> {
  for (const path of Object.values(routes)) {
    const texts = servers.map(async ({ port }) => (await fetch(`http://127.0.0.1:${port}${path}`)).text())
    if (new Set(await Promise.all(texts)).size !== 1) throw new Error(`${path} is answered differently`)
  }
}
