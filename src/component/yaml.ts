/**
 * The nodes of a YAML document, with the offsets they stand at: the one place that needs the yaml package.
 *
 * Scalars keep their text and say whether they were quoted; what an unquoted one means (`yes`, `0777`) is
 * decided by whoever reads it, since daprd reads components and Configurations in two dialects. What the
 * parsers behind daprd refuse and the yaml package accepts is refused here (yaml/go-yaml `scannerc.go`,
 * `readerc.go`).
 *
 * @module
 */
import type { CST, Document, ErrorCode, Node, ParsedNode } from 'yaml'
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser } from 'yaml'

/** A node of a document. Nodes are shared where an alias stands for them. */
export type YamlNode = YamlScalar | YamlMapping | YamlSequence

/** Where a node stands: offsets of its first unit and of the one after its last, anchor and tag left out. */
interface Placed {
  readonly start: number
  readonly end: number
}

/** A text, whatever it means. */
export interface YamlScalar extends Placed {
  readonly kind: 'scalar'
  /** Without quotes, with escapes resolved and lines folded. */
  readonly text: string
  /** Whether it is neither quoted nor a block. */
  readonly isPlain: boolean
  /** An explicit tag in its long form, e.g. `tag:yaml.org,2002:str`. */
  readonly tag: string | undefined
}

/** Keys and values, in order, repeated keys included. */
export interface YamlMapping extends Placed {
  readonly kind: 'mapping'
  readonly entries: readonly YamlEntry[]
}

/** A key and its value. */
export interface YamlEntry {
  readonly key: YamlScalar
  readonly value: YamlNode
  /** Whether a merge key (`<<`) brought it here. */
  readonly isMerged: boolean
}

/** A list. */
export interface YamlSequence extends Placed {
  readonly kind: 'sequence'
  readonly items: readonly YamlNode[]
}

/** Which of daprd's two parsers is followed. */
export interface YamlDialect {
  /** What counts when a key stands beside a merge that has it too: the later of both, or always the key. */
  readonly mergedEntries: 'in-order' | 'first'
  /** Whether `\/` is an escape. */
  readonly escapesSlash: boolean
}

/** How components and Resiliency are read: the go-yaml v2 fork in sigs.k8s.io/yaml. */
export const componentDialect: YamlDialect = { mergedEntries: 'in-order', escapesSlash: false }

/** How a Configuration is read: go-yaml v3. */
export const configurationDialect: YamlDialect = { mergedEntries: 'first', escapesSlash: true }

/** The first document of a text. */
export interface YamlDocument {
  /** `undefined` when there is nothing but comments, or a null. */
  readonly root: YamlNode | undefined
  /** Where a further document begins, if there is one. */
  readonly next: number | undefined
  /** Where the first further document begins that holds a mapping. */
  readonly nextMapping: number | undefined
}

/** Why a text is no YAML document that can be read, without a quotation of it. */
export class YamlSyntaxError extends Error {
  override readonly name = 'YamlSyntaxError'
  /** Where in the text. */
  readonly offset: number

  /** @param message what is wrong, without a final period */
  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

/** The most levels of nesting, aliases followed. */
export const deepestNesting = 100

/** The longest text that is read, in UTF-16 units. */
export const longestText = 1024 * 1024

/**
 * The first document of a text. Time and memory are bounded: at most {@link deepestNesting} levels, and what
 * aliases repeat may not make it larger than twice the longest text.
 *
 * @throws {YamlSyntaxError} at the first thing that is wrong
 *
 * @example
 * ```ts
 * const { root } = parseYaml('kind: Component', componentDialect)
 * root?.kind // 'mapping'
 * ```
 */
export function parseYaml(text: string, dialect: YamlDialect): YamlDocument {
  checkCharacters(text)
  const composer = new Composer(composeOptions)
  let document: Document.Parsed | undefined
  let next: number | undefined
  let nextMapping: number | undefined
  let seen = 0
  let directives = 0
  for (const token of boundedTokens(text)) {
    if (token.type === 'directive') directives += 1
    if (seen < 2 && directives > mostDirectives && 'offset' in token) {
      throw new YamlSyntaxError(token.offset, reasons.BAD_DIRECTIVE)
    }
    if (token.type === 'document') {
      seen += 1
      if (seen > 1 && token.value !== undefined) {
        next ??= token.offset
        if (holdsMapping(token.value)) nextMapping ??= token.offset
      }
    }
    if (nextMapping !== undefined) break
    // What else stands behind the first document is not read.
    if (seen > 1) continue
    for (const composed of composer.next(token)) document ??= composed
  }
  for (const composed of composer.end(true, text.length)) document ??= composed
  if (document === undefined) return { root: undefined, next, nextMapping }
  const [error] = document.errors
  if (error !== undefined) throw new YamlSyntaxError(error.pos[0], reasons[error.code])
  const root = new Converter(text, dialect).convert(document.contents, 0).node
  return { root: isNull(root) ? undefined : root, next, nextMapping }
}

function holdsMapping(value: CST.Token): boolean {
  return (
    value.type === 'block-map' || (value.type === 'flow-collection' && value.start.type === 'flow-map-start')
  )
}

/** Whether a node is a null: `~`, `null` or nothing at all, unquoted. */
export function isNull(node: YamlNode): boolean {
  if (node.kind !== 'scalar') return false
  if (node.tag === tags.null) return true
  return node.isPlain && node.tag === undefined && nullWords.has(node.text)
}

/** Tags with a meaning (YAML 1.1 type repository). */
export const tags = {
  null: 'tag:yaml.org,2002:null',
  bool: 'tag:yaml.org,2002:bool',
  int: 'tag:yaml.org,2002:int',
  float: 'tag:yaml.org,2002:float',
  text: 'tag:yaml.org,2002:str',
  binary: 'tag:yaml.org,2002:binary',
  timestamp: 'tag:yaml.org,2002:timestamp',
  merge: 'tag:yaml.org,2002:merge',
} as const

const nullWords: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL'])

/** Every scalar stays a text: the schema knows no types. */
const composeOptions = {
  version: '1.1',
  schema: 'failsafe',
  merge: false,
  resolveKnownTags: false,
  uniqueKeys: false,
  keepSourceTokens: false,
  logLevel: 'silent',
} as const

/** The yaml package's own messages quote the text, so none of them is used. */
const reasons: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag of its own',
  BAD_ALIAS: 'this is no alias; a text that begins with * must be quoted',
  BAD_DIRECTIVE: 'this directive is not understood; a text that begins with % must be quoted',
  BAD_DQ_ESCAPE: 'this escape is not known; inside double quotes a backslash is written \\\\',
  BAD_INDENT: 'the indentation does not fit the lines above, or a bracket or brace is not closed',
  BAD_PROP_ORDER: 'an anchor or a tag must stand before what it belongs to',
  BAD_SCALAR_START: 'a text cannot begin with this character unless it is quoted',
  BLOCK_AS_IMPLICIT_KEY:
    'a mapping or list cannot begin on this line; put it on the next one, or quote the text',
  BLOCK_IN_FLOW: 'an indented mapping or list cannot stand inside brackets or braces',
  DUPLICATE_KEY: 'this key is given twice',
  IMPOSSIBLE: 'this cannot be read as YAML',
  KEY_OVER_1024_CHARS: 'a key has at most 1024 characters',
  MISSING_CHAR: 'a closing quote, bracket, brace, comma, colon or line end is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line; a colon may be missing',
  MULTIPLE_ANCHORS: 'there is more than one anchor',
  MULTIPLE_DOCS: 'there is more than one document',
  MULTIPLE_TAGS: 'there is more than one tag',
  NON_STRING_KEY: 'a key must be a text',
  RESOURCE_EXHAUSTION: 'the document asks for too much',
  TAB_AS_INDENT: 'tabs cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'this tag is not understood',
  UNEXPECTED_TOKEN: 'this is not expected here; a quote or the indentation may be wrong',
  BAD_COLLECTION_TYPE: 'this tag does not fit what follows it',
}

/** Outside the characters that YAML 1.1 allows; a byte order mark only at the start. */
const FORBIDDEN = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u
/** Line ends of YAML 1.1 that are plain characters to the yaml package. */
const OTHER_LINE_END = /\r(?!\n)|[\x85\u2028\u2029]/

function checkCharacters(text: string): void {
  const start = text.startsWith('\ufeff') ? 1 : 0
  const body = start === 0 ? text : text.slice(start)
  const forbidden = FORBIDDEN.exec(body)
  if (forbidden !== null) {
    const reason = 'this character cannot stand in YAML; write it as an escape inside double quotes'
    throw new YamlSyntaxError(start + forbidden.index, reason)
  }
  const lineEnd = OTHER_LINE_END.exec(body)
  if (lineEnd !== null) throw new YamlSyntaxError(start + lineEnd.index, 'a line must end with LF or CRLF')
}

/** The tokens of a text, as long as they are neither too deep nor too many for the yaml package to compose. */
function* boundedTokens(text: string): Generator<CST.Token> {
  const parser = new Parser()
  let lexemes = 0
  for (const lexeme of new Lexer().lex(text)) {
    const { offset } = parser
    yield* parser.next(lexeme)
    lexemes += 1
    // The outermost is the document itself; composing is recursive.
    if (parser.stack.length > deepestNesting + 2) throw tooDeep(offset)
    if (lexemes > mostLexemes) throw new YamlSyntaxError(offset, 'the document has too many parts')
  }
  yield* parser.end()
}

/** YAML knows two. */
const mostDirectives = 10

/** Words, marks and line ends of a document: about half a megabyte of ordinary YAML. */
const mostLexemes = 250_000

function tooDeep(offset: number): YamlSyntaxError {
  return new YamlSyntaxError(offset, `nested deeper than ${deepestNesting} levels`)
}

/** A node, and what it costs to walk it with aliases followed. */
interface Measured {
  readonly node: YamlNode
  /** Levels below it. */
  readonly depth: number
  /** Nodes in it, and the units of their texts. */
  readonly size: number
}

class Converter {
  readonly #text: string
  readonly #dialect: YamlDialect
  readonly #anchors = new Map<string, Measured>()

  constructor(text: string, dialect: YamlDialect) {
    this.#text = text
    this.#dialect = dialect
  }

  /** @param emptyAt where a missing node would stand */
  convert(node: ParsedNode | Node | null, emptyAt: number): Measured {
    if (node === null) return { node: emptyScalar(emptyAt), depth: 0, size: 1 }
    const [start, end] = node.range ?? [emptyAt, emptyAt]
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source)
      if (target === undefined) {
        const reason = 'this alias stands for nothing; a text that begins with * must be quoted'
        throw new YamlSyntaxError(start, reason)
      }
      return { ...target, node: { ...target.node, start, end } }
    }
    const measured = this.#bounded(this.#content(node, start, end), start)
    const { anchor } = node
    if (anchor !== undefined) this.#anchors.set(anchor, measured)
    return measured
  }

  #content(node: Node, start: number, end: number): Measured {
    if (isScalar(node)) {
      if (node.type === 'QUOTE_DOUBLE') this.#checkEscapes(start, end)
      const text = node.source ?? ''
      const isPlain = node.type === undefined || node.type === 'PLAIN'
      return {
        node: { kind: 'scalar', text, isPlain, tag: node.tag, start, end },
        depth: 0,
        size: 1 + text.length,
      }
    }
    if (isMap<Node | null, Node | null>(node)) {
      return this.#mapping(node.items, start, end)
    }
    if (isSeq<Node | null>(node)) {
      const items = node.items.map((item) => this.convert(item, start))
      return {
        node: { kind: 'sequence', items: items.map((item) => item.node), start, end },
        ...sumOf(items),
      }
    }
    throw new YamlSyntaxError(start, reasons.IMPOSSIBLE)
  }

  #mapping(
    pairs: readonly { readonly key: Node | null; readonly value: Node | null }[],
    start: number,
    end: number,
  ): Measured {
    const entries: YamlEntry[] = []
    const fromMerges: YamlEntry[] = []
    const parts: Measured[] = []
    let size = 0
    for (const pair of pairs) {
      const key = this.convert(pair.key, start)
      const keyNode = key.node
      if (keyNode.kind !== 'scalar') throw new YamlSyntaxError(keyNode.start, 'a key must be a text')
      const value = this.convert(pair.value, keyNode.end)
      parts.push(key, value)
      size += key.size + value.size
      // Before merged entries are copied: copies of copies grow without bound.
      if (size > mostSize) throw tooLarge(value.node.start)
      if (isMergeKey(keyNode)) {
        const merged = this.#dialect.mergedEntries === 'first' ? fromMerges : entries
        for (const entry of mergedEntries(value.node)) merged.push({ ...entry, isMerged: true })
      } else {
        entries.push({ key: keyNode, value: value.node, isMerged: false })
      }
    }
    return {
      node: { kind: 'mapping', entries: [...fromMerges, ...entries], start, end },
      ...sumOf(parts),
    }
  }

  #bounded(measured: Measured, offset: number): Measured {
    if (measured.depth > deepestNesting) throw tooDeep(offset)
    if (measured.size > mostSize) throw tooLarge(offset)
    return measured
  }

  #checkEscapes(start: number, end: number): void {
    for (const match of this.#text.slice(start, end).matchAll(ESCAPE)) {
      const [, slash, surrogate] = match
      if (surrogate !== undefined || (slash !== undefined && !this.#dialect.escapesSlash)) {
        const reason =
          slash === undefined
            ? 'an escape cannot be half of a pair; use \\U and eight digits'
            : 'this escape is not known; a slash needs none'
        throw new YamlSyntaxError(start + match.index, reason)
      }
    }
  }
}

/** What a document may add up to with aliases followed; without any it cannot reach that. */
const mostSize = 2 * longestText

/** Every escape, so that `\\/` is not taken for one; the groups are the ones that may be refused. */
const ESCAPE = /\\(?:(\/)|(u[dD][89a-fA-F][0-9a-fA-F]{2}|U0000[dD][89a-fA-F][0-9a-fA-F]{2})|[\s\S])/g

function tooLarge(offset: number): YamlSyntaxError {
  return new YamlSyntaxError(offset, 'aliases repeat too much')
}

function emptyScalar(offset: number): YamlScalar {
  return { kind: 'scalar', text: '', isPlain: true, tag: undefined, start: offset, end: offset }
}

function sumOf(parts: readonly Measured[]): { readonly depth: number; readonly size: number } {
  let depth = 0
  let size = 1
  for (const part of parts) {
    depth = Math.max(depth, part.depth)
    size += part.size
  }
  return { depth: depth + 1, size }
}

function isMergeKey(key: YamlScalar): boolean {
  return key.text === '<<' && (key.tag === undefined ? key.isPlain : key.tag === tags.merge)
}

/** What a merge key's value brings; of several mappings the first one counts. */
function mergedEntries(value: YamlNode): readonly YamlEntry[] {
  if (value.kind === 'mapping') return value.entries
  if (value.kind === 'sequence') {
    return value.items.toReversed().flatMap((item) => {
      if (item.kind === 'mapping') return item.entries
      throw new YamlSyntaxError(item.start, mergeReason)
    })
  }
  throw new YamlSyntaxError(value.start, mergeReason)
}

const mergeReason = 'a merge key needs a mapping, or a list of mappings'
