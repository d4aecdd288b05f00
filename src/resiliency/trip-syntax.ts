/**
 * The text of a `trip` expression, and what is wrong with one: a subset of CEL over the five counters.
 *
 * Grammar and precedence are CEL's (google/cel-go `parser/gen/CEL.g4`); so are the type errors, with a
 * counter's type unknown until it is read, as in dapr/dapr `pkg/expr/expr.go`.
 *
 * @module
 */
import { nearest } from '../did-you-mean.ts'
import type { TripCounter, TripExpression, TripOperator } from './trip.ts'

/**
 * The tree of an expression: whole numbers (decimal or `0x…`), `true`, `false`, the counters, `&& || !`,
 * `== != < <= > >=`, `+ - * / %`, `? :` and parentheses. Comments start with `//`.
 *
 * At most 2000 characters and 50 levels of nesting.
 *
 * @throws {TripSyntaxError} when the text is no such expression, or can never be evaluated (`1 + true`)
 *
 * @example
 * ```ts
 * parseTrip('consecutiveFailures >= 5')
 * // { op: '>=', left: { op: 'counter', name: 'consecutiveFailures' }, right: { op: 'literal', value: 5 } }
 * ```
 */
export function parseTrip(text: string): TripExpression {
  if (text.length > longest) throw new TripSyntaxError(longest + 1, `expected at most ${longest} characters`)
  const reader = new Reader(tokenize(text))
  const { expression } = parseExpression(reader)
  if (reader.next.kind !== 'end') throw reader.expected('an operator or the end')
  return expression
}

/** What is wrong with a `trip` expression, without a quotation of it. */
export class TripSyntaxError extends Error {
  override readonly name = 'TripSyntaxError'
  /** Where in the expression, one-based, in UTF-16 units. */
  readonly column: number

  /** @param message what was expected, without a final period */
  constructor(column: number, message: string) {
    super(message)
    this.column = column
  }
}

const longest = 2000
const deepest = 50

const counters: readonly TripCounter[] = [
  'requests',
  'totalSuccesses',
  'totalFailures',
  'consecutiveSuccesses',
  'consecutiveFailures',
]

const supported = 'only counters, whole numbers, true, false, operators and parentheses are supported'

type Punctuation = TripOperator | '!' | '?' | ':' | '(' | ')'

type Token =
  | { readonly kind: 'number'; readonly value: number; readonly column: number }
  | { readonly kind: 'name'; readonly name: string; readonly column: number }
  | { readonly kind: 'punctuation'; readonly text: Punctuation; readonly column: number }
  | { readonly kind: 'end'; readonly column: number }

const blank = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y
const number = /0x[0-9a-fA-F]+|[0-9]+/y
const word = /[A-Za-z_][A-Za-z0-9_]*/y
const partOfNumber = /[A-Za-z0-9_.]/
const punctuation: readonly Punctuation[] = [
  ...(['&&', '||', '==', '!=', '<=', '>=', '<', '>', '+', '-', '*', '/', '%'] as const),
  ...(['!', '?', ':', '(', ')'] as const),
]

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = []
  let index = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = index
    const found = pattern.exec(text)?.[0]
    index += found?.length ?? 0
    return found
  }
  for (;;) {
    match(blank)
    const column = index + 1
    if (index === text.length) {
      tokens.push({ kind: 'end', column })
      return tokens
    }
    const digits = match(number)
    if (digits !== undefined) {
      tokens.push({ kind: 'number', value: wholeNumber(digits, text.charAt(index), column), column })
      continue
    }
    const name = match(word)
    if (name !== undefined) {
      tokens.push({ kind: 'name', name, column })
      continue
    }
    const mark = punctuation.find((candidate) => text.startsWith(candidate, index))
    if (mark === undefined) throw strayCharacter(text.charAt(index), column)
    index += mark.length
    tokens.push({ kind: 'punctuation', text: mark, column })
  }
}

function wholeNumber(digits: string, following: string, column: number): number {
  if (partOfNumber.test(following)) {
    throw new TripSyntaxError(column, 'expected a whole number, without fraction, exponent or suffix')
  }
  const value = Number(digits)
  if (!Number.isSafeInteger(value)) {
    throw new TripSyntaxError(column, `expected a number of at most ${Number.MAX_SAFE_INTEGER}`)
  }
  return value
}

function strayCharacter(character: string, column: number): TripSyntaxError {
  const whole = { '&': "'&&'", '|': "'||'", '=': "'=='" }[character]
  return new TripSyntaxError(column, whole === undefined ? supported : `expected ${whole}`)
}

/**
 * What is known of an expression before any counter has a value. A conditional with one unknown side counts
 * as unknown, where cel-go knows a little more and refuses a few texts that are accepted here.
 */
type Kind = 'number' | 'boolean' | 'unknown'

interface Typed {
  readonly expression: TripExpression
  readonly kind: Kind
}

/** A position in a list of tokens. */
class Reader {
  private readonly tokens: readonly Token[]
  private position = 0
  private depth = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  get next(): Token {
    return this.tokens[this.position] ?? { kind: 'end', column: 1 }
  }

  advance(): void {
    this.position += 1
  }

  /** Takes the next token if it is one of these. */
  take<Text extends Punctuation>(...texts: readonly Text[]): { text: Text; column: number } | undefined {
    const token = this.next
    if (token.kind !== 'punctuation') return undefined
    const text = texts.find((candidate) => candidate === token.text)
    if (text === undefined) return undefined
    this.advance()
    return { text, column: token.column }
  }

  require(text: Punctuation): void {
    if (this.take(text) === undefined) throw this.expected(`'${text}'`)
  }

  nested<Result>(parse: () => Result): Result {
    if (this.depth === deepest) {
      throw new TripSyntaxError(this.next.column, `expected at most ${deepest} levels of nesting`)
    }
    this.depth += 1
    const result = parse()
    this.depth -= 1
    return result
  }

  expected(what: string): TripSyntaxError {
    return new TripSyntaxError(this.next.column, `expected ${what}`)
  }
}

/** `test ? whenTrue : whenFalse`. Only the last may be a conditional without parentheses. */
function parseExpression(reader: Reader): Typed {
  const test = parseOr(reader)
  const mark = reader.take('?')
  if (mark === undefined) return test
  const whenTrue = parseOr(reader)
  reader.require(':')
  const whenFalse = reader.nested(() => parseExpression(reader))
  requireKind('boolean', mark.column, "before '?'", test)
  requireSame(mark.column, "on both sides of ':'", whenTrue, whenFalse)
  return {
    expression: {
      op: '?:',
      test: test.expression,
      whenTrue: whenTrue.expression,
      whenFalse: whenFalse.expression,
    },
    kind: whenTrue.kind === whenFalse.kind ? whenTrue.kind : 'unknown',
  }
}

type Parse = (reader: Reader) => Typed

const parseOr: Parse = (reader) => parseChain(reader, parseAnd, '||')
const parseAnd: Parse = (reader) => parseChain(reader, parseRelation, '&&')
const parseRelation: Parse = (reader) => parseChain(reader, parseSum, '==', '!=', '<=', '>=', '<', '>')
const parseSum: Parse = (reader) => parseChain(reader, parseProduct, '+', '-')
const parseProduct: Parse = (reader) => parseChain(reader, parseUnary, '*', '/', '%')

/** Operands of one level of precedence, grouped from the left. */
function parseChain(reader: Reader, parseOperand: Parse, ...operators: readonly TripOperator[]): Typed {
  let left = parseOperand(reader)
  for (;;) {
    const operator = reader.take(...operators)
    if (operator === undefined) return left
    const right = parseOperand(reader)
    left = {
      expression: { op: operator.text, left: left.expression, right: right.expression },
      kind: kindOf(operator.text, operator.column, left, right),
    }
  }
}

function kindOf(op: TripOperator, column: number, left: Typed, right: Typed): Kind {
  const place = `on both sides of '${op}'`
  switch (op) {
    case '&&':
    case '||':
      requireKind('boolean', column, place, left, right)
      return 'boolean'
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      requireSame(column, place, left, right)
      return 'boolean'
    default:
      requireKind('number', column, place, left, right)
      return left.kind === 'number' || right.kind === 'number' ? 'number' : 'unknown'
  }
}

/** Any number of the same sign; CEL drops them in pairs, and so `!!` is no check for a boolean. */
function parseUnary(reader: Reader): Typed {
  const sign = reader.take('!', '-')
  if (sign === undefined) return parsePrimary(reader)
  let odd = true
  while (reader.take(sign.text) !== undefined) odd = !odd
  const operand = parsePrimary(reader)
  const kind = sign.text === '!' ? 'boolean' : 'number'
  if (!odd) return operand
  requireKind(kind, sign.column, `after '${sign.text}'`, operand)
  const { expression } = operand
  if (sign.text === '!') return { expression: { op: '!', of: expression }, kind }
  if (expression.op === 'literal' && typeof expression.value === 'number') {
    return { expression: { op: 'literal', value: 0 - expression.value }, kind }
  }
  return { expression: { op: 'negate', of: expression }, kind: operand.kind }
}

function parsePrimary(reader: Reader): Typed {
  const token = reader.next
  if (reader.take('(') !== undefined) {
    const inner = reader.nested(() => parseExpression(reader))
    reader.require(')')
    return inner
  }
  if (token.kind === 'number') {
    reader.advance()
    return { expression: { op: 'literal', value: token.value }, kind: 'number' }
  }
  if (token.kind === 'name') {
    reader.advance()
    return named(token.name, token.column, reader)
  }
  throw reader.expected("a counter, a number or '('")
}

function named(name: string, column: number, reader: Reader): Typed {
  if (name === 'true' || name === 'false') {
    return { expression: { op: 'literal', value: name === 'true' }, kind: 'boolean' }
  }
  const counter = counters.find((candidate) => candidate === name)
  if (counter !== undefined) return { expression: { op: 'counter', name: counter }, kind: 'unknown' }
  if (reader.take('(') !== undefined)
    throw new TripSyntaxError(column, `functions cannot be used; ${supported}`)
  const near = nearest(name, counters)
  const hint = near === undefined ? `known are ${counters.join(', ')}` : `did you mean '${near}'?`
  throw new TripSyntaxError(column, `unknown counter; ${hint}`)
}

function requireKind(kind: 'number' | 'boolean', column: number, place: string, ...operands: Typed[]): void {
  if (operands.every((operand) => operand.kind === kind || operand.kind === 'unknown')) return
  throw new TripSyntaxError(column, `expected ${kind === 'number' ? 'a number' : 'a condition'} ${place}`)
}

function requireSame(column: number, place: string, left: Typed, right: Typed): void {
  if (left.kind === right.kind || left.kind === 'unknown' || right.kind === 'unknown') return
  throw new TripSyntaxError(column, `expected two numbers or two conditions ${place}`)
}
