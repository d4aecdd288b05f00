/**
 * The resiliency policies of each secret store, made ready to run: retry( breaker( timeout( call ))).
 *
 * @module
 */
import type { Runtime } from '../runtime.ts'
import { allButAnswers, type Breaker, createBreaker, everyError } from './breaker.ts'
import type {
  CircuitBreakerPolicy,
  ComponentTarget,
  Resiliency,
  RetryPolicy,
  TimeoutPolicy,
} from './policy.ts'
import { withRetry } from './retry.ts'
import { withTimeout } from './timeout.ts'

/** The policies of every component. */
export interface Policies {
  /**
   * The policy of a secret store, always the same object for the same name; `undefined` is none at all.
   * Ask only for components that exist: each name asked for is remembered.
   *
   * @param reads where the store has its secrets. That a remote store finds nothing or denies it never trips its
   * breaker; for a local one it does, as in daprd. Default `locally`
   */
  for(component: string, reads?: 'locally' | 'remotely'): Policy | undefined
}

/** The policies of one secret store. Its circuit breaker is shared by single and bulk reads of all secrets. */
export interface Policy {
  /**
   * The outcome of the call under the policy. The signal handed to `call` aborts when an attempt's time is
   * up or `signal` aborts.
   *
   * @throws {StoreError} of kind `unavailable` with `context deadline exceeded`, `context canceled`,
   * `circuit breaker is open` or `too many requests`; what the last attempt threw comes through unchanged
   */
  run<Result>(
    call: (signal: AbortSignal | undefined) => Result | Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result>
}

/** What policies ask of their runtime. */
export type PolicyRuntime = Pick<Runtime, 'clock' | 'random' | 'log'>

/**
 * Policies from Resiliency documents in the order they were read: a policy or target of a later document
 * replaces one of the same name as a whole (dapr/dapr `pkg/resiliency/resiliency.go`).
 *
 * @example
 * ```ts
 * const policies = createPolicies(documents, runtime)
 * const policy = policies.for('vault')
 * const secret = policy === undefined
 *   ? await store.getSecret(request)
 *   : await policy.run((signal) => store.getSecret({ ...request, signal }), request.signal)
 * ```
 */
export function createPolicies(resiliency: readonly Resiliency[], runtime: PolicyRuntime): Policies {
  const find = finder(resiliency)
  const known = new Map<string, Policy | undefined>()
  return {
    for(component, reads = 'locally') {
      if (!known.has(component))
        known.set(component, createPolicy(component, find(component), reads, runtime))
      return known.get(component)
    },
  }
}

/** The three policies of a component, each of them optional. */
interface Chosen {
  readonly timeout: TimeoutPolicy | undefined
  readonly retry: RetryPolicy | undefined
  readonly circuitBreaker: CircuitBreakerPolicy | undefined
}

function finder(resiliency: readonly Resiliency[]): (component: string) => Chosen {
  const timeouts = byName(resiliency.flatMap((document) => document.timeouts))
  const retries = byName(resiliency.flatMap((document) => document.retries))
  const circuitBreakers = byName(resiliency.flatMap((document) => document.circuitBreakers))
  const targets = new Map<string, ComponentTarget>()
  for (const target of resiliency.flatMap((document) => document.targets))
    targets.set(target.component, target)

  return (component) => {
    const target = targets.get(component)
    // A target switches the defaults off, even one that names no policy.
    if (target === undefined) {
      return {
        timeout: defaultOf(timeouts, 'Timeout'),
        retry: defaultOf(retries, 'Retry'),
        circuitBreaker: defaultOf(circuitBreakers, 'CircuitBreaker'),
      }
    }
    return {
      timeout: named(timeouts, target.timeout),
      retry: named(retries, target.retry),
      circuitBreaker: named(circuitBreakers, target.circuitBreaker),
    }
  }
}

function byName<Named extends { readonly name: string }>(list: readonly Named[]): ReadonlyMap<string, Named> {
  return new Map(list.map((policy) => [policy.name, policy]))
}

function named<Named>(policies: ReadonlyMap<string, Named>, name: string | undefined): Named | undefined {
  return name === undefined ? undefined : policies.get(name)
}

/** The first default policy that exists, most particular name first; `Secretstore` is Dapr's spelling. */
function defaultOf<Named>(
  policies: ReadonlyMap<string, Named>,
  kind: 'Retry' | 'Timeout' | 'CircuitBreaker',
): Named | undefined {
  const levels = ['SecretstoreComponentOutbound', 'ComponentOutbound', 'Component', '']
  const name = levels
    .map((level) => `Default${level}${kind}Policy`)
    .find((candidate) => policies.has(candidate))
  return named(policies, name)
}

function createPolicy(
  component: string,
  chosen: Chosen,
  reads: 'locally' | 'remotely',
  runtime: PolicyRuntime,
): Policy | undefined {
  const { retry, circuitBreaker } = chosen
  const milliseconds = Math.max(0, chosen.timeout?.milliseconds ?? 0)
  if (retry === undefined && circuitBreaker === undefined && milliseconds === 0) return undefined

  const { clock, log } = runtime
  const who = `secret store '${component}'`
  const breaker: Breaker | undefined =
    circuitBreaker &&
    createBreaker(
      circuitBreaker,
      clock,
      (from, to) => {
        log('info', `${who}: circuit breaker '${circuitBreaker.name}' changed from ${from} to ${to}`)
      },
      reads === 'remotely' ? allButAnswers : everyError,
    )
  const observer = {
    failed: () => log('warn', `${who}: a call failed and is retried`),
    recovered: () => log('info', `${who}: a retried call succeeded`),
  }

  return {
    async run(call, signal) {
      const timed = async () =>
        milliseconds === 0 ? call(signal) : withTimeout(milliseconds, clock, call, signal)
      const guarded = breaker === undefined ? timed : () => breaker.run(timed)
      return retry === undefined ? guarded() : withRetry(retry, runtime, guarded, observer, signal)
    },
  }
}
