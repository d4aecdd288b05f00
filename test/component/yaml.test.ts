import { describe, expect, it } from 'vitest'
import {
  componentDialect,
  configurationDialect,
  parseYaml,
  type YamlDialect,
  type YamlNode,
  YamlSyntaxError,
} from '../../src/component/yaml.ts'

/** Maps and lists as plain data, every scalar as its text. */
function plain(node: YamlNode | undefined): unknown {
  if (node === undefined) return undefined
  if (node.kind === 'scalar') return node.text
  if (node.kind === 'sequence') return node.items.map(plain)
  return node.entries.map(({ key, value }) => [key.text, plain(value)])
}

/** Milliseconds: what is unbounded takes minutes, and a busy machine is no reason to fail. */
const tooLong = 4000

function problemOf(text: string, dialect: YamlDialect = componentDialect): string {
  try {
    parseYaml(text, dialect)
    return 'none'
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error
    return `${error.offset}: ${error.message}`
  }
}

describe('reading YAML', () => {
  it('keeps order, repeated keys and offsets', () => {
    const text = 'a: "x"\nb:\n- c\na: d'
    const { root } = parseYaml(text, componentDialect)
    expect(plain(root)).toEqual([
      ['a', 'x'],
      ['b', ['c']],
      ['a', 'd'],
    ])
    if (root?.kind !== 'mapping') throw new Error('no mapping')
    expect(
      root.entries.map(({ key, value }) => [key.start, value.start, text.slice(value.start, value.end)]),
    ).toEqual([
      [0, 3, '"x"'],
      [7, 10, '- c\n'],
      [14, 17, 'd'],
    ])
  })

  it.each(['', '\n', '# only a comment\n', '---', '---\n# x', '~', 'null', '\ufeff'])(
    'finds nothing in %j',
    (text) => {
      expect(parseYaml(text, componentDialect).root).toBeUndefined()
    },
  )

  it.each([
    ['a: b\n', undefined],
    ['a: b\n---\n# x\n', undefined],
    ['a: b\n---\nc: d', 5],
    ['a: b\n...\n---\nc: [', 9],
  ])('reads the first document of %j', (text, next) => {
    expect(plain(parseYaml(text, componentDialect).root)).toEqual([['a', 'b']])
    expect(parseYaml(text, componentDialect).next).toBe(next)
  })

  it('gives an alias its own place and the text of its anchor', () => {
    const { root } = parseYaml('a: &x y\nb: *x', componentDialect)
    expect(plain(root)).toEqual([
      ['a', 'y'],
      ['b', 'y'],
    ])
    expect(root?.kind === 'mapping' && root.entries[1]?.value.start).toBe(11)
  })

  it('merges in order for components, and under the keys for a Configuration', () => {
    const text = 'a: &a {x: 1}\nb: {x: 0, <<: *a, y: 2}'
    const merged = (dialect: YamlDialect) => {
      const { root } = parseYaml(text, dialect)
      return root?.kind === 'mapping' ? plain(root.entries[1]?.value) : undefined
    }
    expect(merged(componentDialect)).toEqual([
      ['x', '0'],
      ['x', '1'],
      ['y', '2'],
    ])
    expect(merged(configurationDialect)).toEqual([
      ['x', '1'],
      ['x', '0'],
      ['y', '2'],
    ])
  })

  it('lets the first of several merged mappings win', () => {
    const { root } = parseYaml('<<: [{a: 1}, {a: 2}]', componentDialect)
    expect(plain(root)).toEqual([
      ['a', '2'],
      ['a', '1'],
    ])
  })

  it('takes a slash for an escape only in a Configuration', () => {
    expect(plain(parseYaml('"\\/"', configurationDialect).root)).toBe('/')
    expect(problemOf('"\\/"')).toBe('1: this escape is not known; a slash needs none')
    expect(plain(parseYaml('"\\\\/"', componentDialect).root)).toBe('\\/')
  })
})

describe('what is wrong with YAML', () => {
  it.each([
    ['a: b: c', '3: a mapping or list cannot begin on this line; put it on the next one, or quote the text'],
    ['a: [', '4: the indentation does not fit the lines above, or a bracket or brace is not closed'],
    ['a: "x', '5: a closing quote, bracket, brace, comma, colon or line end is missing'],
    ['a:\n\tb: c', '3: tabs cannot indent; use spaces'],
    ['a: %x', '3: a text cannot begin with this character unless it is quoted'],
    ['a: *x', '3: this alias stands for nothing; a text that begins with * must be quoted'],
    ['a: &x [*x]', '7: this alias stands for nothing; a text that begins with * must be quoted'],
    ['a: "\\q"', '4: this escape is not known; inside double quotes a backslash is written \\\\'],
    ['a: "\\ud83d\\ude00"', '4: an escape cannot be half of a pair; use \\U and eight digits'],
    ['a: "\\U0000d83d"', '4: an escape cannot be half of a pair; use \\U and eight digits'],
    ['a\nb: c', '0: a key must stand on one line; a colon may be missing'],
    ['%YAML 1.1', '9: a closing quote, bracket, brace, comma, colon or line end is missing'],
    ['[a]: b', '0: a key must be a text'],
    ['<<: x', '4: a merge key needs a mapping, or a list of mappings'],
    ['<<: [x]', '5: a merge key needs a mapping, or a list of mappings'],
    ['a: \0', '3: this character cannot stand in YAML; write it as an escape inside double quotes'],
    ['a: \ufeff', '3: this character cannot stand in YAML; write it as an escape inside double quotes'],
    ['a: \ud800', '3: this character cannot stand in YAML; write it as an escape inside double quotes'],
    ['a: b\rc: d', '4: a line must end with LF or CRLF'],
    ['a: # x\u2028b: c', '6: a line must end with LF or CRLF'],
  ])('is said of %j', (text, problem) => {
    expect(problemOf(text)).toBe(problem)
  })

  it.each([['\ufeffa: b'], ['a: b\r\nc: d\r\n'], ['a: [\n]'], ['a: é日本😀'], ['a: {b: [c, {d: e}]}']])(
    'is nothing in %j',
    (text) => {
      expect(problemOf(text)).toBe('none')
    },
  )

  it('is nesting beyond 100 levels, in brackets, lists and through aliases', () => {
    expect(problemOf('['.repeat(100) + ']'.repeat(100))).toBe('none')
    expect(problemOf('['.repeat(102))).toBe('101: nested deeper than 100 levels')
    expect(problemOf('- '.repeat(200))).toContain('nested deeper than 100 levels')
    const chain = ['a0: &a0 x', ...Array.from({ length: 120 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`)]
    expect(problemOf(chain.join('\n'))).toContain('nested deeper than 100 levels')
  })

  it.each([
    [
      'laughs',
      (i: number) =>
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(',')}]`,
    ],
    ['merges', (i: number) => `a${i}: &a${i} {<<: [*a${i - 1}, *a${i - 1}]}`],
  ])('is what aliases repeat: a billion %s', (_, line) => {
    const lines = ['a0: &a0 {x: y}', ...Array.from({ length: 40 }, (__, i) => line(i + 1))]
    const start = Date.now()
    expect(problemOf(lines.join('\n'))).toContain('aliases repeat too much')
    expect(Date.now() - start).toBeLessThan(tooLong)
  })

  it('is what aliases repeat in a list, and in one mapping', () => {
    const list = [
      '- &a0 [x]',
      ...Array.from({ length: 40 }, (_, i) => `- &a${i + 1} [${`*a${i},`.repeat(10)}]`),
    ]
    expect(problemOf(list.join('\n'))).toContain('aliases repeat too much')
    const start = Date.now()
    expect(problemOf(`a: &a {${'k: 1, '.repeat(20_000)}}\nb: {${'<<: *a, '.repeat(5000)}}`)).toContain(
      'aliases repeat too much',
    )
    expect(Date.now() - start).toBeLessThan(tooLong)
  })

  it('is too many parts', () => {
    expect(problemOf('a: b\n'.repeat(100_000))).toContain('the document has too many parts')
  })
})
