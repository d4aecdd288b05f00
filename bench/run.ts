/**
 * `npm run bench`: figures as ratios against a peer in the same run. Nothing here passes or fails.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { daprdRemark } from './daprd.ts'
import { writeFixture } from './fixture.ts'
import { measureInProcess } from './in-process.ts'
import { measureServer } from './server.ts'
import { measureStart } from './start.ts'
import { measureUpstream } from './upstream.ts'

const root = join(import.meta.dirname, '..')

const help = `Usage: npm run bench [-- --only NAME] [--program FILE]

  --only NAME      only one of: in-process, upstream, server, start
  --program FILE   a built sidecarless.cjs to measure; by default dist/bin/sidecarless.cjs, built anew
  --help           this text

Every figure is a median of interleaved rounds. The machine should have nothing else to do.
`

const options = commandLine()
if (options.help) process.stdout.write(help)
else await run(options)

function commandLine() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        program: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    const { only } = values
    if (only === undefined || ['in-process', 'upstream', 'server', 'start'].includes(only)) return values
    process.stderr.write(`bench: there is no '${only}'; --only takes in-process, upstream, server or start\n`)
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`)
  }
  process.exit(1)
}

async function run({ only, program }: { only?: string; program?: string }): Promise<void> {
  print(machine())
  const bin = program === undefined ? builtProgram() : resolve(program)
  const fixture = writeFixture(bin)
  if (only === undefined || only === 'in-process') print(await measureInProcess())
  if (only === undefined || only === 'upstream') print(await measureUpstream())
  if (only === undefined || only === 'start') print(await measureStart(fixture))
  if (only === undefined || only === 'server') print(await measureServer(fixture))
  if (only !== 'in-process' && only !== 'upstream') print(daprdRemark)
}

/** The figures mean little without it. */
function machine(): string {
  const cores = cpus()
  const versions = [
    `sidecarless ${versionOf('package.json')}`,
    `Node ${process.versions.node}`,
    `hono ${versionOf('node_modules/hono/package.json')}`,
  ]
  const load = loadavg()[0]?.toFixed(1)
  const hardware = `${process.platform} ${process.arch}, ${cores.length} cores (${cores[0]?.model.trim()})`
  return `${versions.join(', ')}\non ${hardware}, load average ${load}; medians of interleaved rounds`
}

function versionOf(manifest: string): string {
  const { version } = JSON.parse(readFileSync(join(root, manifest), 'utf8')) as { version: string }
  return version
}

function builtProgram(): string {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.ts'), '--quiet'], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(1)
  return join(root, 'dist', 'bin', 'sidecarless.cjs')
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`)
}
