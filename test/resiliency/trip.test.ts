import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  evaluateTrip,
  type TripCounter,
  type TripCounts,
  type TripExpression,
} from '../../src/resiliency/trip.ts'
import { parseTrip, TripSyntaxError } from '../../src/resiliency/trip-syntax.ts'

const counts: TripCounts = {
  requests: 20,
  totalSuccesses: 8,
  totalFailures: 12,
  consecutiveSuccesses: 0,
  consecutiveFailures: 3,
}

function trips(text: string): boolean {
  return evaluateTrip(parseTrip(text), counts)
}

function problem(text: string): Pick<TripSyntaxError, 'column' | 'message'> {
  try {
    parseTrip(text)
  } catch (error) {
    if (error instanceof TripSyntaxError) return { column: error.column, message: error.message }
    throw error
  }
  throw new Error('no TripSyntaxError')
}

describe('parseTrip', () => {
  it('makes a serialisable tree', () => {
    const tree = parseTrip('consecutiveFailures >= 5')
    expect(tree).toEqual({
      op: '>=',
      left: { op: 'counter', name: 'consecutiveFailures' },
      right: { op: 'literal', value: 5 },
    })
    expect(JSON.parse(JSON.stringify(tree))).toEqual(tree)
  })

  it.each([
    ['1 + 2 * 3 == 7', '(1 + (2 * 3)) == 7'],
    ['10 - 4 - 3 == 3', '((10 - 4) - 3) == 3'],
    ['100 / 10 * 2 % 7 == 6', '(((100 / 10) * 2) % 7) == 6'],
    ['true || false && false', 'true || (false && false)'],
    ['!true == false', '(!true) == false'],
    ['1 < 2 == true', '(1 < 2) == true'],
    [
      'requests > 1 && requests < 3 || requests == 20',
      '((requests > 1) && (requests < 3)) || (requests == 20)',
    ],
    ['-requests + 1 < 0', '((-requests) + 1) < 0'],
    ['true ? false : true ? true : false', 'true ? false : (true ? true : false)'],
    ['true || false ? 1 < 2 : false', '(true || false) ? (1 < 2) : false'],
    ['1 - -1 == 2', '(1 - (-1)) == 2'],
    ['!!true', 'true'],
    ['---requests', '-(requests)'],
    ['0x1F == 31', '31 == 31'],
    ['-0', '0'],
    ['007 == 7', '7 == 7'],
    ['requests\n\t>\r\f5 // more than five', 'requests > 5'],
  ])('reads %j with the precedence of CEL', (text, explicit) => {
    expect(parseTrip(text)).toEqual(parseTrip(explicit))
  })

  it.each([
    ['', 1, "expected a counter, a number or '('"],
    ['requests >', 11, "expected a counter, a number or '('"],
    ['requests > 5 5', 14, 'expected an operator or the end'],
    ['requests > 5)', 13, 'expected an operator or the end'],
    ['(requests > 5', 14, "expected ')'"],
    ['true ? false', 13, "expected ':'"],
    ['true ? true ? true : false : false', 13, "expected ':'"],
    ['requests = 5', 10, "expected '=='"],
    ['true & true', 6, "expected '&&'"],
    ['true | true', 6, "expected '||'"],
    ['!-requests', 2, "expected a counter, a number or '('"],
    ['requests > 5u', 12, 'expected a whole number, without fraction, exponent or suffix'],
    ['requests > 0.5', 12, 'expected a whole number, without fraction, exponent or suffix'],
    ['requests > 1e3', 12, 'expected a whole number, without fraction, exponent or suffix'],
    ['requests > 0x', 12, 'expected a whole number, without fraction, exponent or suffix'],
    ['requests > 9007199254740992', 12, 'expected a number of at most 9007199254740991'],
    ['consecutiveFailure > 5', 1, "unknown counter; did you mean 'consecutiveFailures'?"],
    [
      'xyz > 5',
      1,
      'unknown counter; known are requests, totalSuccesses, totalFailures, consecutiveSuccesses, consecutiveFailures',
    ],
    ['1 + true == 2', 3, "expected a number on both sides of '+'"],
    ['requests > 1 && 5', 14, "expected a condition on both sides of '&&'"],
    ['true < 1', 6, "expected two numbers or two conditions on both sides of '<'"],
    ['!5', 1, "expected a condition after '!'"],
    ['-true', 1, "expected a number after '-'"],
    ['5 ? true : false', 3, "expected a condition before '?'"],
    ['true ? 1 : false', 6, "expected two numbers or two conditions on both sides of ':'"],
  ])('says what is wrong with %j', (text, column, message) => {
    expect(problem(text)).toEqual({ column, message })
  })

  it.each([
    'requests > "5"',
    "requests == 'x'",
    'requests in [1, 2]',
    'double(requests) > 5',
    'a.b > 1',
    '[1] == [1]',
  ])('refuses other CEL: %s', (text) => {
    expect(() => parseTrip(text)).toThrow(TripSyntaxError)
  })

  it('names what is supported when it meets a string, a list or a function', () => {
    const supported = 'only counters, whole numbers, true, false, operators and parentheses are supported'
    expect(problem('requests > "5"')).toEqual({ column: 12, message: supported })
    expect(problem('[1] == [1]')).toEqual({ column: 1, message: supported })
    expect(problem('double(requests) > 5')).toEqual({
      column: 1,
      message: `functions cannot be used; ${supported}`,
    })
  })

  it('never quotes what it was given', () => {
    expect(problem('hunter2 > 5').message).not.toContain('hunter2')
    expect(problem('"hunter2"').message).not.toContain('hunter2')
  })

  it('bounds nesting and length', () => {
    expect(trips(`${'('.repeat(50)}true${')'.repeat(50)}`)).toBe(true)
    expect(problem(`${'('.repeat(51)}true${')'.repeat(51)}`).message).toBe(
      'expected at most 50 levels of nesting',
    )
    expect(problem(`${'true?true:'.repeat(51)}true`).message).toBe('expected at most 50 levels of nesting')
    expect(trips(`${'1+'.repeat(990)}1 == 991`)).toBe(true)
    expect(problem(' '.repeat(2001))).toEqual({ column: 2001, message: 'expected at most 2000 characters' })
  })

  it('fails with nothing but a TripSyntaxError, inside the text', () => {
    const fragments = fc.constantFrom(
      ...'&& || ! == != < <= > >= + - * / % ( ) ? : 1 0x1 true requests \n " . é'.split(' '),
    )
    const text = fc.oneof(
      fc.array(fragments).map((parts) => parts.join(' ')),
      fc.string(),
    )
    fc.assert(
      fc.property(text, (candidate) => {
        try {
          evaluateTrip(parseTrip(candidate), counts)
        } catch (error) {
          if (!(error instanceof TripSyntaxError)) throw error
          expect(error.column).toBeGreaterThanOrEqual(1)
          expect(error.column).toBeLessThanOrEqual(candidate.length + 1)
        }
      }),
    )
  })

  it('gives back the tree that was printed', () => {
    fc.assert(
      fc.property(conditions, (tree) => {
        for (const text of [print(tree), printBare(tree, 0)]) {
          fc.pre(text.length <= 2000)
          expect(parseTrip(text)).toEqual(tree)
        }
      }),
    )
  })
})

describe('evaluateTrip', () => {
  it.each([
    ['requests == 20 && totalSuccesses == 8 && totalFailures == 12', true],
    ['consecutiveSuccesses == 0 && consecutiveFailures == 3', true],
    ['requests > 10 && totalFailures * 100 / requests > 50', true],
    ['totalFailures / requests > 0', false],
    ['7 / 2 == 3 && -7 / 2 == -3 && 7 % -2 == 1 && -7 % 2 == -1', true],
    ['-consecutiveSuccesses == 0', true],
    ['false < true && !(true < false) && true <= true && true > false', true],
    ['consecutiveFailures > 5 ? true : requests > 5', true],
  ])('computes %j as CEL does', (text, expected) => {
    expect(trips(text)).toBe(expected)
  })

  it.each([
    'requests / consecutiveSuccesses >= 0',
    'requests % 0 == 0',
    '!(requests / 0 == 1)',
    'requests + 1',
    'requests',
    'requests && true',
    '!requests',
    'requests ? true : true',
    'consecutiveSuccesses < true',
    '9007199254740991 + requests > 0',
    '0 - 9007199254740991 - requests < 0',
    '9007199254740991 * 2 > 0',
    '-(requests == 20 ? 1 / 0 : 1) == 1',
  ])('does not trip on %j, which has no boolean value', (text) => {
    expect(trips(text)).toBe(false)
  })

  it.each([
    ['requests / 0 == 1 || true', true],
    ['true || requests / 0 == 1', true],
    ['!(requests / 0 == 1 && false)', true],
    ['!(false && requests / 0 == 1)', true],
    ['requests || true', true],
    ['!(requests && false)', true],
    ['requests / 0 == 1 && true', false],
    ['requests / 0 == 1 || false', false],
    ['true ? true : requests / 0 == 1', true],
  ])('lets the other side decide when one fails: %j', (text, expected) => {
    expect(trips(text)).toBe(expected)
  })

  it('calls a number and a boolean unequal', () => {
    expect(trips('requests == true')).toBe(false)
    expect(trips('requests != true')).toBe(true)
  })
})

/** Trees that parse back: well typed, and with each negative number a literal. */
const { conditions } = fc.letrec<{ numbers: TripExpression; conditions: TripExpression }>((tie) => {
  const counter = fc
    .constantFrom<TripCounter>('requests', 'totalSuccesses', 'totalFailures', 'consecutiveSuccesses')
    .map((name): TripExpression => ({ op: 'counter', name }))
  const number = fc.maxSafeInteger().map((value): TripExpression => ({ op: 'literal', value }))
  const boolean = fc.boolean().map((value): TripExpression => ({ op: 'literal', value }))
  const conditional = (kind: 'numbers' | 'conditions') =>
    fc.record({
      op: fc.constant('?:' as const),
      test: tie('conditions'),
      whenTrue: tie(kind),
      whenFalse: tie(kind),
    })
  const notNegated = tie('numbers').filter(({ op }) => op !== 'negate' && op !== 'literal')
  const notInverted = tie('conditions').filter(({ op }) => op !== '!')
  return {
    numbers: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      counter,
      number,
      fc.record({ op: fc.constant('negate' as const), of: notNegated }),
      fc.record({
        op: fc.constantFrom('+' as const, '-' as const, '*' as const, '/' as const, '%' as const),
        left: tie('numbers'),
        right: tie('numbers'),
      }),
      conditional('numbers'),
    ),
    conditions: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      boolean,
      fc.record({ op: fc.constant('!' as const), of: notInverted }),
      fc.record({
        op: fc.constantFrom('&&' as const, '||' as const),
        left: tie('conditions'),
        right: tie('conditions'),
      }),
      fc.record({
        op: fc.constantFrom(
          '==' as const,
          '!=' as const,
          '<' as const,
          '<=' as const,
          '>' as const,
          '>=' as const,
        ),
        left: tie('numbers'),
        right: tie('numbers'),
      }),
      conditional('conditions'),
    ),
  }
})

/** With parentheses around everything. */
function print(tree: TripExpression): string {
  switch (tree.op) {
    case 'literal':
      return `(${tree.value})`
    case 'counter':
      return tree.name
    case '!':
      return `!(${print(tree.of)})`
    case 'negate':
      return `-(${print(tree.of)})`
    case '?:':
      return `((${print(tree.test)}) ? (${print(tree.whenTrue)}) : (${print(tree.whenFalse)}))`
    default:
      return `(${print(tree.left)} ${tree.op} ${print(tree.right)})`
  }
}

const levels = [
  ['?:'],
  ['||'],
  ['&&'],
  ['==', '!=', '<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
  ['!', 'negate'],
  ['literal', 'counter'],
]

/** With as few parentheses as the grammar allows where an operator of at least this level is wanted. */
function printBare(tree: TripExpression, wanted: number): string {
  const level = levels.findIndex((operators) => operators.includes(tree.op))
  const text = bare(tree, level)
  return level < wanted ? `(${text})` : text
}

function bare(tree: TripExpression, level: number): string {
  switch (tree.op) {
    case 'literal':
      return String(tree.value)
    case 'counter':
      return tree.name
    case '!':
      return `!${printBare(tree.of, level + 1)}`
    case 'negate':
      return `-${printBare(tree.of, level + 1)}`
    case '?:':
      return `${printBare(tree.test, 1)}?${printBare(tree.whenTrue, 1)}:${printBare(tree.whenFalse, 0)}`
    default:
      return `${printBare(tree.left, level)}${tree.op}${printBare(tree.right, level + 1)}`
  }
}
