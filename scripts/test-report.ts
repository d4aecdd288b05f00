/**
 * What is told of a test run: a line for each file while it runs, then what failed, and how many of each there were.
 *
 * @module
 */
import { stripVTControlCharacters } from 'node:util'
import type { Reporter, TestModule } from 'vitest/node'

/** How many tests, or gates, ended which way. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** A test, a file or a run that failed. */
export interface Failure {
  /** Project, file and test. */
  readonly where: string
  readonly errors: readonly TestError[]
}

/** The part of vitest's errors that is shown. */
interface TestError {
  readonly message?: string
  readonly diff?: string | undefined
}

/** A reporter that prints one line for each file of tests when it ends. */
export class FileReporter implements Reporter {
  readonly #print: (line: string) => void
  /** Errors outside of any test. */
  unhandledErrors: readonly TestError[] = []

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  onTestModuleEnd(module: TestModule): void {
    const { passed, failed, skipped } = countTests([module], [], [])
    const counts = [`${passed} passed`]
    if (failed > 0) counts.push(`${failed} failed`)
    if (skipped > 0) counts.push(`${skipped} skipped`)
    const duration = Math.round(module.diagnostic().duration)
    this.#print(`${failed > 0 ? '✗' : '✓'} ${nameOf(module)}: ${counts.join(', ')} (${duration} ms)`)
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandledErrors: readonly TestError[]): void {
    this.unhandledErrors = unhandledErrors
  }
}

/**
 * Counts the tests of some files. A file that failed as a whole, and an error outside of any test, count as
 * one that failed. What failed is added to `failures`.
 */
export function countTests(
  modules: readonly TestModule[],
  unhandledErrors: readonly TestError[],
  failures: Failure[],
): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  const fail = (where: string, errors: readonly TestError[]) => {
    counts.failed += 1
    failures.push({ where, errors })
  }
  for (const module of modules) {
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0) fail(`${nameOf(module)} > ${suite.fullName}`, suite.errors())
    }
    if (module.errors().length > 0) fail(nameOf(module), module.errors())
    for (const test of module.children.allTests()) {
      const { state, errors = [] } = test.result()
      if (state === 'passed') counts.passed += 1
      else if (state === 'skipped') counts.skipped += 1
      else fail(`${nameOf(module)} > ${test.fullName}`, errors)
    }
  }
  if (unhandledErrors.length > 0) fail('outside of any test', unhandledErrors)
  return counts
}

/** A failure as it is printed. */
export function failureText({ where, errors }: Failure): string {
  const told = errors.map(({ message = '', diff }) =>
    [message, diff ?? ''].filter((text) => text !== '').join('\n'),
  )
  const lines = stripVTControlCharacters(told.join('\n')).split('\n')
  const shown = lines.length > linesOfError ? [...lines.slice(0, linesOfError), '…'] : lines
  return [
    `✗ ${where}`,
    ...shown.map((line) => `    ${line.length > lineLength ? `${line.slice(0, lineLength)}…` : line}`),
  ].join('\n')
}

const linesOfError = 20
const lineLength = 400

function nameOf(module: TestModule): string {
  return `${module.project.name} ${module.relativeModuleId}`
}
