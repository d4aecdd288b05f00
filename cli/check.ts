/**
 * `sidecarless check`: what is wrong with component YAML, and which stores it makes, without serving any.
 *
 * @module
 */
import { loadFromDisk } from '../adapters/node/load.ts'
import { nodeRuntime } from '../adapters/node/runtime.ts'
import { drivers } from '../adapters/node/stores.ts'
import { scopesWithoutStore } from '../src/access/scope.ts'
import { activate } from '../src/activation/activate.ts'
import type { Component } from '../src/component/component.ts'
import { isSecretStore } from '../src/component/component.ts'
import type { Diagnostic } from '../src/diagnostic.ts'
import { renderDiagnostic } from '../src/diagnostic.ts'
import { oneLine } from '../src/one-line.ts'
import type { Flag } from './flags.ts'
import { isSet, parseFlags } from './flags.ts'
import { commandHelp } from './help.ts'
import { loadFlags, loadOptions } from './serve-options.ts'

const checkFlags: readonly Flag[] = [
  ...loadFlags,
  { name: 'strict', type: 'boolean', help: 'Treat warnings as errors' },
  { name: 'help', type: 'boolean', help: 'Print this and stop' },
]

/**
 * Runs the command. Resolves with the exit code: 0 when `serve` would start, 1 otherwise.
 *
 * Folders can be given as arguments too: `sidecarless check components`.
 */
export async function check(args: readonly string[]): Promise<number> {
  const { values, positional, problems: flagProblems } = parseFlags(args, checkFlags)
  if (isSet(values, 'help')) {
    process.stdout.write(help())
    return 0
  }
  const options = loadOptions(values)
  const resourceFolders = [...options.resourceFolders, ...positional]
  const problems =
    resourceFolders.length > 0
      ? flagProblems
      : [...flagProblems, 'say which folder to check: sidecarless check ./components']
  if (problems.length > 0) {
    for (const problem of problems) process.stderr.write(`sidecarless check: ${problem}\n`)
    process.stderr.write('Run sidecarless check --help for the flags.\n')
    return 1
  }

  const runtime = nodeRuntime(process.env, () => {})
  const loaded = loadFromDisk({ ...options, resourceFolders }, runtime.env)
  const { stores, diagnostics } = await activate(loaded.components, drivers, {
    appId: options.appId,
    runtime,
    references: 'local',
  })
  const started = new Set(stores.map(({ name }) => name))
  const secretStores = loaded.components.filter(isSecretStore)
  const storeNames = secretStores.map(({ name }) => name)
  const ineffective = scopesWithoutStore(loaded.configuration.secretScopes, storeNames)
  const found = [...loaded.diagnostics, ...diagnostics, ...ineffective]
  process.stdout.write(storeTable(secretStores, started))
  return report(found, isSet(values, 'strict'))
}

function storeTable(components: readonly Component[], started: ReadonlySet<string>): string {
  if (components.length === 0) return 'no secret stores\n'
  const rows = components.map((component) => [
    component.name,
    component.type,
    component.version,
    started.has(component.name) ? 'ok' : 'does not start',
    `${component.at.file}:${component.at.line}`,
  ])
  const table = [['STORE', 'TYPE', 'VERSION', 'STATE', 'FILE'], ...rows].map((row) => row.map(oneLine))
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

function report(diagnostics: readonly Diagnostic[], strict: boolean): number {
  for (const diagnostic of diagnostics) process.stderr.write(`${renderDiagnostic(diagnostic)}\n`)
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const warnings = diagnostics.length - errors
  const failed = errors > 0 || (strict && warnings > 0)
  const counts = `${count(errors, 'error')}, ${count(warnings, 'warning')}`
  const next = failed ? 'serve would not start' : 'serve would start'
  process.stderr.write(
    `${counts}; ${strict && failed && errors === 0 ? 'strict: warnings count as errors' : next}\n`,
  )
  return failed ? 1 : 0
}

function count(number: number, noun: string): string {
  return `${number === 0 ? 'no' : number} ${noun}${number === 1 ? '' : 's'}`
}

function help(): string {
  const usage = 'Usage: sidecarless check [DIR ...] [--config FILE] [flags]'
  const after = `Reads what serve would read, and local secrets files; asks no remote store.
Exit code 1 when there is an error, or with --strict also for a warning.`
  return commandHelp(usage, checkFlags, after)
}
