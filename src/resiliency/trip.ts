/**
 * A circuit breaker's `trip` expression: parsed once to a small tree, so that no expression parser is in a
 * bundle.
 *
 * @module
 */

/** The counters an expression may read (dapr/dapr `pkg/resiliency/breaker/circuitbreaker.go`). */
export type TripCounter =
  | 'requests'
  | 'totalSuccesses'
  | 'totalFailures'
  | 'consecutiveSuccesses'
  | 'consecutiveFailures'

/** What the counters stand at. */
export type TripCounts = Readonly<Record<TripCounter, number>>

/** A parsed expression: serialisable data. */
export type TripExpression =
  | { readonly op: 'literal'; readonly value: number | boolean }
  | { readonly op: 'counter'; readonly name: TripCounter }
  | { readonly op: '!' | 'negate'; readonly of: TripExpression }
  | {
      readonly op: '?:'
      readonly test: TripExpression
      readonly whenTrue: TripExpression
      readonly whenFalse: TripExpression
    }
  | { readonly op: TripOperator; readonly left: TripExpression; readonly right: TripExpression }

/** Two-sided operators of the subset of CEL that counters need. */
export type TripOperator = '&&' | '||' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%'

/**
 * Whether a breaker with these counts opens. What cannot be evaluated (a division by zero, a number too
 * large to be exact) and what is no boolean is `false`, as in dapr/dapr
 * `pkg/resiliency/breaker/circuitbreaker.go`.
 *
 * Numbers are whole, as CEL's `int` is: a quotient loses its fraction. `&&` and `||` forgive a side that
 * fails when the other decides (cel-spec `doc/langdef.md`, "Logical Operators").
 *
 * @example
 * ```ts
 * const counts = { requests: 20, totalSuccesses: 8, totalFailures: 12, consecutiveSuccesses: 0, consecutiveFailures: 3 }
 * evaluateTrip(parseTrip('requests > 10 && totalFailures * 100 / requests > 50'), counts) // true
 * ```
 */
export function evaluateTrip(expression: TripExpression, counts: TripCounts): boolean {
  return evaluate(expression, counts) === true
}

/** `undefined` is CEL's error value. */
type Value = number | boolean | undefined

function evaluate(expression: TripExpression, counts: TripCounts): Value {
  switch (expression.op) {
    case 'literal':
      return expression.value
    case 'counter':
      return counts[expression.name]
    case '!': {
      const value = evaluate(expression.of, counts)
      return typeof value === 'boolean' ? !value : undefined
    }
    case 'negate': {
      const value = evaluate(expression.of, counts)
      return typeof value === 'number' ? -value : undefined
    }
    case '?:': {
      const test = evaluate(expression.test, counts)
      if (typeof test !== 'boolean') return undefined
      return evaluate(test ? expression.whenTrue : expression.whenFalse, counts)
    }
    case '&&':
      return decide(expression, counts, false)
    case '||':
      return decide(expression, counts, true)
    default:
      return combine(expression.op, evaluate(expression.left, counts), evaluate(expression.right, counts))
  }
}

/** `&&` is decided by one `false`, `||` by one `true`; undecided, both sides must be booleans. */
function decide(
  { left, right }: { readonly left: TripExpression; readonly right: TripExpression },
  counts: TripCounts,
  decisive: boolean,
): Value {
  const first = evaluate(left, counts)
  if (first === decisive) return decisive
  const second = evaluate(right, counts)
  if (second === decisive) return decisive
  return typeof first === 'boolean' && typeof second === 'boolean' ? !decisive : undefined
}

function combine(op: Exclude<TripOperator, '&&' | '||'>, left: Value, right: Value): Value {
  if (left === undefined || right === undefined) return undefined
  // A number and a boolean are comparable for equality, and never equal.
  if (op === '==') return left === right
  if (op === '!=') return left !== right
  if (typeof left !== typeof right) return undefined
  switch (op) {
    // CEL orders booleans too, false before true, as JavaScript does.
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    default:
      return typeof left === 'number' && typeof right === 'number' ? calculate(op, left, right) : undefined
  }
}

function calculate(op: '+' | '-' | '*' | '/' | '%', left: number, right: number): number | undefined {
  switch (op) {
    case '+':
      return exact(left + right)
    case '-':
      return exact(left - right)
    case '*':
      return exact(left * right)
    case '/':
      return right === 0 ? undefined : (left - (left % right)) / right
    case '%':
      return right === 0 ? undefined : left % right
  }
}

function exact(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined
}
