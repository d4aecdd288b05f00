/**
 * The command line: picks a command and turns its outcome into an exit code.
 *
 * @module
 */
import { nearest } from '../src/did-you-mean.ts'
import { check } from './check.ts'
import { mainHelp } from './help.ts'
import { serve } from './serve.ts'
import { versionLine } from './version.ts'

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = { serve, check }

/** Runs a command line, without the program's own name; resolves with the exit code. */
export async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(mainHelp)
    return name === undefined ? 1 : 0
  }
  if (name === '--version' || name === 'version') {
    process.stdout.write(`${versionLine}\n`)
    return 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command !== undefined) return command(args)
  const near = nearest(name, Object.keys(commands))
  const hint =
    near === undefined ? `commands are ${Object.keys(commands).join(', ')}` : `did you mean '${near}'?`
  process.stderr.write(`sidecarless: unknown command '${name}'; ${hint}\n`)
  return 1
}
