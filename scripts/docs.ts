/**
 * Writes the documentation pages whose tables would drift if they were kept by hand.
 *
 *   node scripts/docs.ts           writes them
 *   node scripts/docs.ts --check   fails when one is not up to date
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drivers } from '../adapters/node/stores.ts'
import { serveFlags } from '../cli/serve-options.ts'
import type { Field, SecretStoreDriver, TargetName } from '../src/stores/store.ts'

const pages: Readonly<Record<string, string>> = {
  'docs/stores.md': storesPage(drivers),
  'docs/serve.md': servePage(),
}

const root = join(import.meta.dirname, '..')
const stale = Object.entries(pages).filter(([path, text]) => textOf(join(root, path)) !== text)
if (process.argv.includes('--check')) {
  for (const [path] of stale) process.stderr.write(`${path} is not up to date: run node scripts/docs.ts\n`)
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  for (const [path, text] of stale) {
    writeFileSync(join(root, path), text)
    process.stdout.write(`wrote ${path}\n`)
  }
}

function storesPage(all: readonly SecretStoreDriver[]): string {
  const targets: readonly TargetName[] = ['node', 'aws-lambda', 'cloudflare-workers', 'azure-functions']
  const matrix = table(
    ['type', ...targets],
    all.map(({ type, targets: runsOn }) => [
      `\`${type}\``,
      ...targets.map((target) => (runsOn.includes(target) ? 'yes' : 'no')),
    ]),
  )
  return page('Stores', [
    'Made from the declarations in `src/stores/`. Where a target column says yes, the driver can be compiled into it.',
    matrix,
    ...all.flatMap(storeSection),
  ])
}

function storeSection({
  type,
  description,
  metadata,
  requestMetadata,
}: SecretStoreDriver): readonly string[] {
  const fields = Object.entries<Field>(metadata).map(([name, field]) => [
    `\`${name}\``,
    field.type,
    needed(field),
    field.description,
  ])
  const perCall = requestMetadata.map((name) => `\`metadata.${name}\``).join(', ')
  return [
    `## ${type}`,
    description,
    table(['metadata', 'type', 'default', 'meaning'], fields),
    requestMetadata.length === 0 ? 'A call has no request metadata.' : `A call may say ${perCall}.`,
  ]
}

function needed(field: Field): string {
  if (field.required !== undefined) return 'required'
  if (field.default !== undefined) return `\`${field.default}\``
  return field.type === 'boolean' ? '`false`' : 'empty'
}

function servePage(): string {
  const known = serveFlags.filter(({ help }) => help !== undefined)
  const ignored = serveFlags.filter(({ help }) => help === undefined).map(({ name }) => `\`--${name}\``)
  return page('sidecarless serve', [
    'Made from the table in `cli/serve-options.ts`; `sidecarless serve --help` prints the same.',
    table(
      ['flag', 'meaning'],
      known.map(({ name, value, help }) => [
        `\`--${name}${value === undefined ? '' : ` ${value}`}\``,
        help ?? '',
      ]),
    ),
    `Flags of daprd that are accepted and have no effect here: ${ignored.join(', ')}.`,
    '## Environment',
    table(
      ['variable', 'meaning'],
      [
        ['`DAPR_API_TOKEN`', 'The token that every request must carry in `dapr-api-token`'],
        ['`NAMESPACE`', 'Components of other namespaces are left out; stands for `{namespace}` in metadata'],
        ['`POD_NAME`', 'Stands for `{podName}` in metadata'],
        ['`DAPR_ENV_KEYS`', 'The variables that an `envRef` may name, separated by spaces; all when not set'],
        ['`XDG_CACHE_HOME`, `HOME`', 'Where compiled code is kept, so that the next start is faster'],
      ],
    ),
  ])
}

function page(title: string, blocks: readonly string[]): string {
  return `${['<!-- Written by scripts/docs.ts; do not edit. -->', `# ${title}`, ...blocks].join('\n\n')}\n`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // A page that is not there is as stale as can be.
    return ''
  }
}
