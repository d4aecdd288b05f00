/**
 * Where a text stops being JSON.
 *
 * `JSON.parse` quotes its input in most of its messages and gives a position in few; a secrets file must be
 * spoken of by position alone.
 *
 * @module
 */

/** A place in a text, both numbers one-based. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

/**
 * The place of the first token that cannot stand where it does (RFC 8259), or of the end of a text that is
 * cut short. Only asked for a text that `JSON.parse` refused.
 *
 * @example
 * ```ts
 * jsonMistake('{"a": nope}') // { line: 1, column: 7 }
 * ```
 */
export function jsonMistake(text: string): TextPosition {
  const before = text.slice(0, mistakeOffset(text))
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') }
}

/** What may stand next: `close` stands for the bracket that ends the innermost object or array. */
type Expected = 'value' | 'value or close' | 'name' | 'name or close' | 'colon' | 'comma or close' | 'end'

const space = /[ \t\r\n]*/y

const token =
  /(?<string>"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?<scalar>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\d.a-zA-Z+-])|(?:true|false|null)\b)|(?<mark>[{}[\],:])/y

function mistakeOffset(text: string): number {
  const closers: string[] = []
  let expected: Expected = 'value'
  let offset = 0
  for (;;) {
    space.lastIndex = offset
    space.test(text)
    const start = space.lastIndex
    token.lastIndex = start
    const found = token.exec(text)
    if (found === null) return start
    const next = after(expected, found.groups ?? {}, closers)
    if (next === undefined) return start
    expected = next
    offset = token.lastIndex
  }
}

/** What may follow the token, `undefined` when it may not stand here. */
function after(
  expected: Expected,
  { string, scalar, mark }: Readonly<Record<string, string | undefined>>,
  closers: string[],
): Expected | undefined {
  const afterValue = (): Expected => (closers.length === 0 ? 'end' : 'comma or close')
  if (mark !== undefined && mark === closers.at(-1) && expected.endsWith('close')) {
    closers.pop()
    return afterValue()
  }
  switch (expected) {
    case 'value':
    case 'value or close':
      if (string !== undefined || scalar !== undefined) return afterValue()
      if (mark === '{') {
        closers.push('}')
        return 'name or close'
      }
      if (mark !== '[') return undefined
      closers.push(']')
      return 'value or close'
    case 'name':
    case 'name or close':
      return string === undefined ? undefined : 'colon'
    case 'colon':
      return mark === ':' ? 'value' : undefined
    case 'comma or close':
      if (mark !== ',') return undefined
      return closers.at(-1) === '}' ? 'name' : 'value'
    case 'end':
      return undefined
  }
}
