/**
 * Help texts.
 *
 * @module
 */
import type { Flag } from './flags.ts'

/** `sidecarless --help` */
export const mainHelp = `sidecarless: Dapr's secrets API without the sidecar

Usage
  sidecarless serve   answer GET /v1.0/secrets/{store}/{key} on daprd's port, with daprd's flags
  sidecarless check   say what is wrong with component YAML, and list its secret stores

Each command has --help. Start here:
  sidecarless serve --resources-path ./components
  curl http://127.0.0.1:3500/v1.0/secrets/STORE/NAME
`

/** The help of a command: how it is used, its flags, and what follows. */
export function commandHelp(usage: string, flags: readonly Flag[], after: string): string {
  const shown = flags.filter((flag) => flag.help !== undefined)
  const left = shown.map(({ name, value }) => `--${name}${value === undefined ? '' : ` ${value}`}`)
  const width = Math.max(...left.map(({ length }) => length))
  const lines = shown.map(({ help }, index) => `  ${left[index]?.padEnd(width)}  ${help}`)
  return `${usage}\n\nFlags\n${lines.join('\n')}\n\n${after}\n`
}
