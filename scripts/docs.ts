/**
 * Writes the documentation pages whose tables would drift if they were kept by hand.
 *
 *   node scripts/docs.ts           writes them
 *   node scripts/docs.ts --check   fails when one is not up to date
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { drivers } from '../adapters/node/stores.ts'
import { serveFlags } from '../cli/serve-options.ts'
import { settingFields } from '../src/read/settings.ts'
import type { Field, SecretStoreDriver, TargetName } from '../src/stores/store.ts'

const pages: Readonly<Record<string, string>> = {
  'docs/stores.md': storesPage(drivers),
  ...Object.fromEntries(drivers.map((driver) => [`docs/stores/${fileName(driver)}.md`, storePage(driver)])),
  'docs/serve.md': servePage(),
  'docs/cache.md': cachePage(),
}

const root = join(import.meta.dirname, '..')
const stale = Object.entries(pages).filter(([path, text]) => textOf(join(root, path)) !== text)
if (process.argv.includes('--check')) {
  for (const [path] of stale) process.stderr.write(`${path} is not up to date: run node scripts/docs.ts\n`)
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    process.stdout.write(`wrote ${path}\n`)
  }
}

function storesPage(all: readonly SecretStoreDriver[]): string {
  const targets: readonly TargetName[] = ['node', 'aws-lambda', 'cloudflare-workers', 'azure-functions']
  const matrix = table(
    ['type', ...targets],
    all.map((driver) => [
      `[\`${driver.type}\`](stores/${fileName(driver)}.md)`,
      ...targets.map((target) => (driver.targets.includes(target) ? 'yes' : 'no')),
    ]),
  )
  return page('Stores', [
    'Made from the declarations in `src/stores/`. Where a target column says yes, the driver can be compiled into it.',
    matrix,
  ])
}

function storePage({
  type,
  description,
  metadata,
  requestMetadata,
  permissions = [],
}: SecretStoreDriver): string {
  const fields = Object.entries<Field>(metadata).map(([name, field]) => [
    `\`${name}\``,
    field.type,
    needed(field),
    field.sensitive === true ? 'yes' : '',
    field.description,
  ])
  const perCall = requestMetadata.map((name) => `\`metadata.${name}\``).join(', ')
  const rights = permissions.map(({ operation, needs, note = '' }) => [operation, `\`${needs}\``, note])
  return page(type, [
    description,
    '## Component metadata',
    table(['name', 'type', 'default', 'is a secret', 'meaning'], fields),
    '## Metadata of a call',
    requestMetadata.length === 0 ? 'None.' : `${perCall}.`,
    ...(rights.length === 0 ? [] : ['## Permissions', table(['operation', 'needs', 'on'], rights)]),
  ])
}

/** The name of the store's file in `src/stores/`. */
function fileName({ type }: SecretStoreDriver): string {
  return type.replace('secretstores.', '').replaceAll('.', '-')
}

function needed(field: Field): string {
  if (field.required !== undefined) return 'required'
  if (field.default !== undefined) return `\`${field.default}\``
  return field.type === 'boolean' ? '`false`' : 'empty'
}

function cachePage(): string {
  const local = new Map(Object.entries<Field>(settingFields('locally')))
  const fields = Object.entries<Field>(settingFields('remotely')).map(([name, field]) => {
    const [remotely, locally] = [needed(field), needed(local.get(name) ?? field)]
    const byDefault = remotely === locally ? remotely : `${remotely}, local stores ${locally}`
    return [`\`${name}\``, field.type, byDefault, field.description]
  })
  return page('Cache', [
    'How long a store is not asked again. Each component says it in its own metadata; daprd ignores these names.',
    table(['metadata', 'type', 'default', 'meaning'], fields),
    [
      '```yaml',
      'spec:',
      '  type: secretstores.hashicorp.vault',
      '  version: v1',
      '  metadata:',
      '  - name: sidecarless.cacheTTL',
      '    value: 5m',
      '  - name: sidecarless.maxStale',
      '    value: "0"',
      '```',
    ].join('\n'),
    '## What a read gives',
    table(
      ['the value kept is', 'and the store', 'answer', '`X-Sidecarless-Source`'],
      [
        ['younger than its TTL', 'is not asked', 'the kept value', '`cache`'],
        ['older, or there is none', 'answers', 'the new value', '`store`'],
        [
          'older, but younger than `maxStale`',
          'is unavailable, throttles, is behind an open circuit breaker or takes more than a second',
          'the kept value',
          '`stale`',
        ],
        [
          'older, of any age',
          'denies, finds nothing, refuses our credentials or the request',
          'the error; the kept value is dropped',
          '',
        ],
        ['older than `maxStale`', 'does not answer', 'the error', ''],
      ],
    ),
    '`Age` is how many seconds ago the store was asked for it. Both headers are there only when the store has a cache.',
    [
      '- Concurrent reads share one call, except on Workers, where a request may not wait for what another one does.',
      '- The TTL varies by a tenth, so that what was read together is not read again together.',
      '- When a store is slow, the call goes on and its value is there for the next read.',
      '- A version that was asked for by its number or id never changes and is kept up to `maxStale`.',
      '- `Cache-Control: no-cache` in a request asks the store, at most once a second for each secret; within that second the outcome is shared. It is never answered with an old value, and fails when the store does.',
      '- Two spellings of one name, and any difference in request metadata, are kept apart.',
      '- A bulk answer is kept as one entry, beside single secrets and with the same limit in bytes; reading a secret does not look into it. A bulk read fails as a whole; there are no partial results.',
      '- Names that were not found or are denied are kept in a small room of their own, so that random names cannot push values out.',
      '- `maxStale` below the TTL never comes into play. When the clock is set back, everything is forgotten.',
      '- There are no timers: age is decided at a read, by the wall clock, so a function that was frozen stays right.',
    ].join('\n'),
  ])
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
