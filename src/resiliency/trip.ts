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

/** A parsed expression: serialisable data. */
export type TripExpression =
  | { readonly op: 'literal'; readonly value: number | boolean }
  | { readonly op: 'counter'; readonly name: TripCounter }
  | { readonly op: '!' | 'negate'; readonly of: TripExpression }
  | {
      readonly op: '?:'
      readonly test: TripExpression
      readonly then: TripExpression
      readonly else: TripExpression
    }
  | { readonly op: TripOperator; readonly left: TripExpression; readonly right: TripExpression }

/** Two-sided operators of the subset of CEL that counters need. */
export type TripOperator = '&&' | '||' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%'
