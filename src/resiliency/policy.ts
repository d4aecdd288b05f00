/**
 * Resiliency policies as data: what a `kind: Resiliency` document says of secret stores, after validation.
 *
 * Plain and serialisable, so that a build can write it beside a bundle; a `trip` expression is already a
 * tree. Defaults are daprd's (dapr/dapr `pkg/resiliency/resiliency.go`).
 *
 * @module
 */
import type { TripExpression } from './trip.ts'

/** A named duration; zero or less means no timeout. */
export interface TimeoutPolicy {
  readonly name: string
  readonly milliseconds: number
}

/** How often and how far apart a failed call is repeated. */
export interface RetryPolicy {
  readonly name: string
  readonly policy: 'constant' | 'exponential'
  /** Pause between attempts of a constant policy, in milliseconds. Default 5000. */
  readonly duration: number
  /** Longest pause of an exponential policy, in milliseconds. Default 60000. */
  readonly maxInterval: number
  /** Further attempts after the first; -1 (the default) is unlimited. */
  readonly maxRetries: number
}

/** When to stop calling a store that keeps failing. */
export interface CircuitBreakerPolicy {
  readonly name: string
  /** Trial calls let through when half open. Default 1. */
  readonly maxRequests: number
  /** Period after which a closed breaker forgets its counts, in milliseconds; 0 (the default) is never. */
  readonly interval: number
  /** How long it stays open, in milliseconds. Default 60000. */
  readonly timeout: number
  /** `undefined` is daprd's default: more than five failures in a row. */
  readonly trip?: TripExpression
}

/** Which policies a component's outbound calls use; a name that is not defined is no policy. */
export interface ComponentTarget {
  readonly component: string
  readonly timeout?: string
  readonly retry?: string
  readonly circuitBreaker?: string
}

/** One Resiliency document. */
export interface Resiliency {
  readonly name: string
  readonly timeouts: readonly TimeoutPolicy[]
  readonly retries: readonly RetryPolicy[]
  readonly circuitBreakers: readonly CircuitBreakerPolicy[]
  readonly targets: readonly ComponentTarget[]
}
