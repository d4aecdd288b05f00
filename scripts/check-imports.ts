/**
 * The check that imports run in one direction, and says why when one does not.
 *
 * `node scripts/check-imports.ts` prints a line for each import that breaks a rule and exits with 1.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

/** A file of the project, by its path from the root with `/` in it. */
export interface SourceText {
  readonly path: string
  readonly text: string
}

/** One import or re-export. */
export interface Import {
  readonly from: string
  readonly line: number
  /** A path from the root for a file of the project, else the package as it is written: `hono`, `node:fs`. */
  readonly to: string
  /** Whether nothing of it is left when the code runs. */
  readonly isType: boolean
}

/** What some files may import. The first rule whose `files` fit decides. */
export interface Rule {
  readonly files: readonly Pattern[]
  /** Besides files under the same pattern. */
  readonly allowed: readonly Pattern[]
  /** Allowed as `import type` only. */
  readonly allowedTypes?: readonly Pattern[]
  /** Packages and `node:` modules; none when absent. */
  readonly packages?: readonly string[] | 'any'
  readonly because: string
}

/** `src/read/`: everything below; `src/*`: files right there; anything else: that very file. */
type Pattern = string

/** Files right below `src/` that are no ground to stand on but the roof. */
const roof: readonly Pattern[] = ['src/index.ts', 'src/secrets.ts', 'src/client.ts']

/** What `src/` gives everyone in it: files right below it, which know nothing else, and ways of writing text. */
const foundation: readonly Pattern[] = ['src/*', 'src/go/', 'src/json/']

/** Targets that send requests as Node does. */
const runOnNode: readonly string[] = ['aws-lambda', 'azure-functions']

/** Who may import whom. */
export const rules: readonly Rule[] = [
  {
    files: ['src/index.ts', 'src/secrets.ts'],
    allowed: ['src/'],
    because:
      'the public surface and the one place that puts everything together stand on all of src/, and on nothing else',
  },
  {
    files: ['src/client.ts'],
    allowed: [...foundation, 'src/read/'],
    because: 'the typed client is a view of one read, beside the HTTP contract and not on top of it',
  },
  {
    files: ['src/*'],
    allowed: ['src/go/', 'src/json/'],
    allowedTypes: ['src/http/exchange.ts', 'src/auth/aws-transport.ts'],
    because: 'files right below src/ are the ground that everything else stands on',
  },
  {
    files: ['src/go/', 'src/json/'],
    allowed: ['src/*'],
    because: 'ways of writing and reading text know nothing of secrets',
  },
  {
    files: ['src/http/'],
    allowed: [...foundation, 'src/resiliency/timeout.ts', 'src/resiliency/cancellation.ts'],
    because: 'sending a request has a time-out like any call, and knows nothing of stores and credentials',
  },
  {
    files: ['src/auth/'],
    allowed: [...foundation, 'src/http/'],
    because: 'credentials are shared by the stores of one vendor, and know none of them',
  },
  {
    files: ['src/stores/'],
    allowed: [...foundation, 'src/http/', 'src/auth/'],
    because:
      'a store knows its vendor and the interface in store.ts; the read path, the contract and YAML are above it',
  },
  {
    files: ['src/access/'],
    allowed: foundation,
    because: 'who may read what is decided on names alone',
  },
  {
    files: ['src/resiliency/'],
    allowed: foundation,
    because: 'policies run any call; they know neither stores nor YAML',
  },
  {
    files: ['src/component/yaml.ts'],
    allowed: [...foundation, 'src/component/'],
    packages: ['yaml'],
    because: 'reading YAML is the only thing that needs the yaml package',
  },
  {
    files: ['src/component/'],
    allowed: [...foundation, 'src/resiliency/trip-syntax.ts'],
    allowedTypes: ['src/access/', 'src/resiliency/'],
    because:
      'loading turns YAML into plain data: it parses trip expressions, and needs of the rest only the shapes',
  },
  {
    files: ['src/activation/'],
    allowed: [
      ...foundation,
      'src/stores/store.ts',
      'src/stores/options.ts',
      'src/component/component.ts',
      'src/read/settings.ts',
    ],
    because: 'activation makes stores from components; drivers are handed to it, files are loaded before it',
  },
  {
    files: ['src/read/'],
    allowed: [
      ...foundation,
      'src/stores/store.ts',
      'src/stores/options.ts',
      'src/access/',
      'src/resiliency/',
    ],
    because: 'the one read path asks whatever store it was given, behind scopes and policies',
  },
  {
    files: ['src/contract/hono.ts'],
    allowed: [...foundation, 'src/contract/', 'src/read/'],
    packages: ['hono'],
    because: 'mounting the contract is the only thing in src/ that needs Hono',
  },
  {
    files: ['src/contract/'],
    allowed: [...foundation, 'src/read/', 'src/access/'],
    allowedTypes: ['src/stores/store.ts'],
    because: "daprd's HTTP contract is a view of one read; it sees a store only through it",
  },
  ...['aws-lambda', 'azure-functions', 'cloudflare-workers', 'node'].map(
    (target): Rule => ({
      files: [`adapters/${target}/`],
      allowed: ['src/', 'adapters/*', ...(runOnNode.includes(target) ? ['adapters/node/send.ts'] : [])],
      packages: 'any',
      because: 'a target knows its platform and src/, and no other target',
    }),
  ),
  {
    files: ['adapters/*'],
    allowed: ['src/'],
    because: 'what several targets share knows none of their platforms',
  },
  {
    files: ['cli/'],
    allowed: ['src/', 'adapters/node/', 'adapters/*'],
    packages: 'any',
    because: 'commands run on Node, over src/',
  },
  {
    files: ['scripts/', 'bench/'],
    allowed: ['src/', 'adapters/', 'cli/', 'scripts/'],
    packages: 'any',
    because: 'what ships and what builds it must work without the tests',
  },
  {
    files: ['test/', '*'],
    allowed: ['src/', 'adapters/', 'cli/', 'scripts/', 'bench/', 'test/', 'dist/'],
    packages: 'any',
    because: 'tests may import anything of the project',
  },
]

/**
 * One line for each import that breaks a rule, and one for each ring of files that import each other.
 *
 * @example
 * ```ts
 * checkImports([{ path: 'src/read/read.ts', text: "import { readFile } from 'node:fs/promises'" }])
 * // ["src/read/read.ts:1: must not import node:fs/promises: src/ runs on every platform; …"]
 * ```
 */
export function checkImports(files: readonly SourceText[]): readonly string[] {
  const drivers = new Set(files.filter(declaresDriver).map(({ path }) => path))
  const imports = files.flatMap(importsOf)
  const broken = imports.flatMap((edge) => {
    const because = whyForbidden(edge, drivers)
    return because === undefined ? [] : [`${edge.from}:${edge.line}: must not import ${edge.to}: ${because}`]
  })
  const rings = cycles(imports).map(
    (ring) =>
      `${ring.join(' -> ')}: files that import each other are one file, or hide a third that both need`,
  )
  return [...broken, ...rings]
}

/**
 * The imports and re-exports of a file, `import()`, `require()` and `getBuiltinModule()` of a plain string too.
 *
 * Static ones are looked for at the beginning of a line, where the formatter puts them and a comment cannot.
 */
export function importsOf({ path, text }: SourceText): readonly Import[] {
  const found: Import[] = []
  const add = (index: number, specifier: string | undefined, isType: boolean) => {
    if (specifier === undefined) return
    found.push({
      from: path,
      line: text.slice(0, index).split('\n').length,
      to: resolve(path, specifier),
      isType,
    })
  }
  for (const match of text.matchAll(
    /^(?:import|export)\s+(type\s+)?(?:[^'"`;=()]*?\s)??from\s+['"]([^'"]+)['"]/gm,
  )) {
    const names = /\{([^}]*)\}/.exec(match[0])?.[1]
    const areTypes = names?.split(',').every((name) => /^\s*(?:type\s|$)/.test(name)) ?? false
    add(match.index, match[2], match[1] !== undefined || areTypes)
  }
  for (const match of text.matchAll(/^import\s+['"]([^'"]+)['"]/gm)) add(match.index, match[1], false)
  const lines = text.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, (line) => ' '.repeat(line.length))
  for (const match of lines.matchAll(
    /(?:(?<![.\w])(?:import|require)|\bgetBuiltinModule)\(\s*['"]([^'"]+)['"]/g,
  )) {
    add(match.index, match[1], false)
  }
  return found.sort((one, other) => one.line - other.line)
}

function whyForbidden({ from, to, isType }: Import, drivers: ReadonlySet<string>): string | undefined {
  const isFile = /^(?:src|adapters|cli|scripts|bench|test|dist)\//.test(to)
  if (to.startsWith('test/') && !from.startsWith('test/')) return 'nothing but a test imports test/'
  if (from.startsWith('src/') && to.startsWith('node:')) {
    return 'src/ runs on every platform; what a platform has is lent through Runtime'
  }
  if (from.startsWith('src/') && drivers.has(to)) {
    return 'a driver stands alone: targets choose which ones they hold, and hand them to the core'
  }
  if (roof.includes(to) && from.startsWith('src/') && !roof.includes(from)) {
    return 'it puts together what is below it; import the file that holds what you need'
  }
  const rule = rules.find(({ files }) => files.some((pattern) => fits(from, pattern)))
  if (rule === undefined) return 'no rule in scripts/check-imports.ts says what files there may import'
  const { allowed, allowedTypes = [], packages = [], files } = rule
  if (!isFile) return packages === 'any' || packages.includes(packageOf(to)) ? undefined : rule.because
  const open = isType ? [...files, ...allowed, ...allowedTypes] : [...files, ...allowed]
  return open.some((pattern) => fits(to, pattern)) ? undefined : rule.because
}

function fits(path: string, pattern: Pattern): boolean {
  if (pattern.endsWith('/')) return path.startsWith(pattern)
  if (pattern.endsWith('*'))
    return path.startsWith(pattern.slice(0, -1)) && !path.slice(pattern.length - 1).includes('/')
  return path === pattern
}

function declaresDriver({ path, text }: SourceText): boolean {
  return path.startsWith('src/stores/') && /^export const \w+ = defineStore\(/m.test(text)
}

function resolve(from: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : specifier
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}

/** Rings of imports, each once, beginning with its first file in alphabetical order. */
function cycles(imports: readonly Import[]): readonly (readonly string[])[] {
  const next = new Map<string, string[]>()
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to])
  const done = new Set<string>()
  const path: string[] = []
  const rings: string[][] = []
  const visit = (file: string) => {
    const start = path.indexOf(file)
    if (start >= 0) {
      const ring = path.slice(start)
      const first = ring.indexOf([...ring].sort()[0] ?? file)
      rings.push([...ring.slice(first), ...ring.slice(0, first), ring[first] ?? file])
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const to of new Set(next.get(file))) visit(to)
    path.pop()
    done.add(file)
  }
  for (const file of next.keys()) visit(file)
  return rings
}

function projectFiles(): readonly SourceText[] {
  const folders = ['src', 'adapters', 'cli', 'scripts', 'bench', 'test']
  const root = new URL('../', import.meta.url)
  const paths = readdirSync(root).filter((name) => name.endsWith('.ts'))
  for (const folder of folders) paths.push(...typescriptFiles(root, folder))
  return paths.map((path) => ({ path, text: readFileSync(new URL(path, root), 'utf8') }))
}

function typescriptFiles(root: URL, folder: string): readonly string[] {
  try {
    const names = readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    return names
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter((path) => /\.[cm]?ts$/.test(path) && !path.includes('/node_modules/'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

if (import.meta.main) {
  const problems = checkImports(projectFiles())
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length > 0 ? 1 : 0
}
