/**
 * What `npm test` runs: a build, type check, lint, the import check, and every test. With `--servers`: the tests
 * against real servers, and nothing else.
 *
 * The real servers are installed first where they are required: with `--servers`, and with `CI=true`. Elsewhere
 * absent ones are told of, and their tests count as skipped.
 *
 * Prints a line for each gate and each file of tests, what failed, and at the very end one line with the
 * counts: `N passed, N failed`, and `, N skipped` where there are any. A gate counts as one. Exits with 1 when
 * anything failed, or when no test ran.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startVitest, type TestModule } from 'vitest/node'
import { findInstallation, howToInstall, installServers, serversAreRequired } from './servers/install.ts'
import { serverNames } from './servers/start.ts'
import { type Counts, countTests, type Failure, FileReporter, failureText } from './test-report.ts'

/** Commands that must succeed, each line of them a gate. */
const gates: readonly (readonly [name: string, ...commands: readonly (readonly string[])[]])[] = [
  ['typecheck', ['tsc', '-p', 'src'], ['tsc', '-p', '.']],
  ['lint', ['biome', 'check', '--colors=off', '--diagnostic-level=warn', '.']],
  ['imports', ['node', 'scripts/check-imports.ts']],
  ['docs', ['node', 'scripts/docs.ts', '--check']],
]

const root = fileURLToPath(new URL('../', import.meta.url))

/** Lines of a failed command, and failed tests, that are printed in full. */
const shownLines = 40
const shownFailures = 25

async function main(): Promise<Counts> {
  process.chdir(root)
  // Tests reach nothing beyond this machine, and neither do the tools.
  process.env['WRANGLER_SEND_METRICS'] = 'false'
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false'
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true'
  process.env['PATH'] = [`${root}node_modules/.bin`, process.env['PATH'] ?? ''].join(delimiter)

  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  if (process.argv.includes('--servers')) {
    process.env['SIDECARLESS_SERVERS'] = 'required'
    if (await haveServers()) await runTests(counts, ['servers'])
    else counts.failed += 1
    return counts
  }
  if (!(await haveServers())) counts.failed += 1
  const isBuilt =
    !existsSync('scripts/build.ts') ||
    (await gate('build', ['node', 'scripts/build.ts', '--types', '--quiet']))
  if (!isBuilt) counts.failed += 1
  for (const [name, ...commands] of gates) {
    if (await gate(name, ...commands)) counts.passed += 1
    else counts.failed += 1
  }
  if (isBuilt) await runTests(counts)
  else console.log('tests: not run, because there is nothing they could run against')
  return counts
}

/** Whether the real servers are there, or need not be. */
async function haveServers(): Promise<boolean> {
  try {
    if (serversAreRequired()) await installServers((line) => console.log(line))
    else if (findInstallation() === undefined) {
      console.log(
        `! servers: ${serverNames.join(', ')} ABSENT, tests that need one are skipped: ${howToInstall}`,
      )
    }
    return true
  } catch (error) {
    console.log(`✗ servers: ${error instanceof Error ? error.message : error}`)
    return false
  }
}

async function gate(name: string, ...commands: readonly (readonly string[])[]): Promise<boolean> {
  const start = Date.now()
  for (const [program = '', ...args] of commands) {
    const { exit, output } = await run(program, args)
    if (exit !== 0) {
      console.log(`✗ ${name}: ${[program, ...args].join(' ')} ended with ${exit}`)
      printSome(output.trimEnd().split('\n'), shownLines, 'lines')
      return false
    }
  }
  console.log(`✓ ${name} (${seconds(Date.now() - start)})`)
  return true
}

async function run(
  program: string,
  args: readonly string[],
): Promise<{ exit: number | string; output: string }> {
  return new Promise((resolve) => {
    const command = program === 'node' ? process.execPath : program
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.once('error', (error) => resolve({ exit: error.message, output }))
    child.once('close', (code, signal) => resolve({ exit: code ?? signal ?? 'no exit code', output }))
  })
}

/** @param projects those of vitest.config.ts; all when there are none */
async function runTests(counts: Counts, projects: readonly string[] = []): Promise<void> {
  const failures: Failure[] = []
  const start = Date.now()
  const reporter = new FileReporter((line) => console.log(line))
  const vitest = await startVitest('test', [], {
    run: true,
    watch: false,
    reporters: [reporter],
    project: [...projects],
  })
  const modules: readonly TestModule[] = vitest.state.getTestModules()
  const tests = countTests(modules, reporter.unhandledErrors, failures)
  await vitest.close()

  if (tests.passed + tests.failed === 0) {
    tests.failed += 1
    console.log('✗ tests: none ran')
  }
  printSome(failures.map(failureText), shownFailures, 'failures')
  console.log(`tests took ${seconds(Date.now() - start)}`)
  counts.passed += tests.passed
  counts.failed += tests.failed
  counts.skipped += tests.skipped
}

function printSome(texts: readonly string[], limit: number, what: string): void {
  for (const text of texts.slice(0, limit)) console.log(text)
  if (texts.length > limit) console.log(`… and ${texts.length - limit} more ${what}`)
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

const { passed, failed, skipped } = await main()
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
// Not by exitCode: whatever a tool left running must not keep a finished run alive.
process.exit(failed > 0 ? 1 : 0)
