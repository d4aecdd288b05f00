import { describe, expect, it } from 'vitest'
import { createPolicies, type Policy } from '../../src/resiliency/policies.ts'
import type { CircuitBreakerPolicy, Resiliency, RetryPolicy } from '../../src/resiliency/policy.ts'
import { parseTrip } from '../../src/resiliency/trip-syntax.ts'
import { type SecretErrorKind, StoreError } from '../../src/secret-error.ts'
import { fakeClock } from '../fakes/clock.ts'

const nothing: Resiliency = { name: 'res', timeouts: [], retries: [], circuitBreakers: [], targets: [] }

function retry(name: string, maxRetries: number, duration = 10): RetryPolicy {
  return { name, policy: 'constant', duration, maxInterval: 60_000, maxRetries }
}

function tripsAfter(name: string, failures: number): CircuitBreakerPolicy {
  const trip = parseTrip(`consecutiveFailures >= ${failures}`)
  return { name, maxRequests: 1, interval: 0, timeout: 60_000, trip }
}

function setUp(...documents: Partial<Resiliency>[]) {
  const clock = fakeClock()
  const lines: string[] = []
  const policies = createPolicies(
    documents.map((document) => ({ ...nothing, ...document })),
    { clock, random: () => 0.5, log: (level, message) => lines.push(`${level} ${message}`) },
  )
  return { clock, lines, policies }
}

function required(policy: Policy | undefined): Policy {
  if (policy === undefined) throw new Error('no policy')
  return policy
}

const notFound = () => {
  throw new StoreError('not-found', 'secret nope not found')
}

/** How many attempts a failing call is given, once all waiting is over. */
async function attemptsOf(policy: Policy | undefined, clock: ReturnType<typeof fakeClock>): Promise<number> {
  let attempts = 0
  const done = required(policy)
    .run(() => {
      attempts += 1
      return notFound()
    })
    .catch(() => undefined)
  await clock.advance(1000)
  await done
  return attempts
}

describe('the breaker of a store', () => {
  const documents = {
    circuitBreakers: [tripsAfter('cb', 1)],
    targets: [{ component: 'vault', circuitBreaker: 'cb' }],
  }
  const outcomeOf = async (policy: Policy, kind: SecretErrorKind): Promise<string> => {
    await policy.run(() => Promise.reject(new StoreError(kind, 'the first'))).catch(() => undefined)
    return policy.run(() => 'answered').catch((error: unknown) => String(error))
  }

  it.each(['not-found', 'denied'] as const)(
    'that is read remotely is not tripped by %s, and one that is read locally is',
    async (kind) => {
      expect(await outcomeOf(required(setUp(documents).policies.for('vault', 'remotely')), kind)).toBe(
        'answered',
      )
      for (const local of [
        setUp(documents).policies.for('vault', 'locally'),
        setUp(documents).policies.for('vault'),
      ]) {
        expect(await outcomeOf(required(local), kind)).toContain('circuit breaker is open')
      }
    },
  )

  it.each(['unauthenticated', 'unavailable', 'throttled', 'invalid'] as const)(
    'is tripped by %s',
    async (kind) => {
      const policy = required(setUp(documents).policies.for('vault', 'remotely'))
      expect(await outcomeOf(policy, kind)).toContain('circuit breaker is open')
    },
  )

  it('that is read remotely counts a missing secret as an answer when it is half open', async () => {
    const { policies, clock } = setUp(documents)
    const policy = required(policies.for('vault', 'remotely'))
    await policy.run(() => Promise.reject(new StoreError('unavailable', 'down'))).catch(() => undefined)
    await clock.advance(60_001)
    await policy.run(notFound).catch(() => undefined)
    expect(await policy.run(() => 'answered')).toBe('answered')
  })
})

describe('createPolicies', () => {
  it('has no policy for anything without a document', () => {
    expect(setUp().policies.for('vault')).toBeUndefined()
    expect(setUp({}).policies.for('vault')).toBeUndefined()
  })

  it('has no policy for a component that no target names', () => {
    const { policies } = setUp({ retries: [retry('r', 1)], targets: [{ component: 'vault', retry: 'r' }] })
    expect(policies.for('vault')).toBeDefined()
    expect(policies.for('Vault')).toBeUndefined()
    expect(policies.for('constructor')).toBeUndefined()
  })

  it('has no policy where a target names none that is defined', () => {
    const { policies } = setUp({
      targets: [
        { component: 'empty' },
        { component: 'ghosts', timeout: 'ghost', retry: 'ghost', circuitBreaker: 'ghost' },
      ],
    })
    expect(policies.for('empty')).toBeUndefined()
    expect(policies.for('ghosts')).toBeUndefined()
  })

  it.each([0, -1])('takes a timeout of %i milliseconds for none', (milliseconds) => {
    const { policies } = setUp({
      timeouts: [{ name: 't', milliseconds }],
      targets: [{ component: 'vault', timeout: 't' }],
    })
    expect(policies.for('vault')).toBeUndefined()
  })

  it('lets a later document replace a policy and, as a whole, a target', async () => {
    const { clock, policies } = setUp(
      {
        retries: [retry('r', 1), retry('s', 2)],
        circuitBreakers: [tripsAfter('cb', 1)],
        targets: [
          { component: 'one', retry: 'r' },
          { component: 'two', retry: 's', circuitBreaker: 'cb' },
        ],
      },
      { retries: [retry('r', 4)], targets: [{ component: 'two', retry: 's' }] },
    )
    expect(await attemptsOf(policies.for('one'), clock)).toBe(5)
    expect(await attemptsOf(policies.for('two'), clock)).toBe(3)
  })

  it('answers with the same policy each time', () => {
    const { policies } = setUp({ retries: [retry('r', 1)], targets: [{ component: 'vault', retry: 'r' }] })
    expect(policies.for('vault')).toBe(policies.for('vault'))
  })

  describe('defaults', () => {
    const names = [
      'DefaultSecretstoreComponentOutboundRetryPolicy',
      'DefaultComponentOutboundRetryPolicy',
      'DefaultComponentRetryPolicy',
      'DefaultRetryPolicy',
    ]

    it.each([0, 1, 2, 3])('prefer the more particular name: %i', async (from) => {
      // The name at index i retries i times; those before `from` are not defined.
      const retries = names.map((name, index) => retry(name, index)).slice(from)
      const { clock, policies } = setUp({ retries: retries.reverse() })
      expect(await attemptsOf(policies.for('vault'), clock)).toBe(from + 1)
    })

    it('are looked up for each kind by itself', async () => {
      const { clock, policies } = setUp({
        timeouts: [{ name: 'DefaultTimeoutPolicy', milliseconds: 100 }],
        retries: [retry('DefaultComponentRetryPolicy', 1)],
        circuitBreakers: [tripsAfter('DefaultComponentOutboundCircuitBreakerPolicy', 2)],
      })
      const policy = required(policies.for('vault'))
      const slow = expect(policy.run(() => clock.sleep(1000))).rejects.toThrow('context deadline exceeded')
      await clock.advance(210)
      await slow
      await expect(policy.run(() => 'value')).rejects.toThrow('circuit breaker is open')
    })

    it('are switched off by a target for the component, even an empty one', () => {
      const { policies } = setUp({
        retries: [retry('DefaultRetryPolicy', 1)],
        targets: [{ component: 'vault' }],
      })
      expect(policies.for('vault')).toBeUndefined()
      expect(policies.for('other')).toBeDefined()
    })

    it.each([
      'DefaultSecretStoreComponentOutboundRetryPolicy',
      'DefaultComponentInboundRetryPolicy',
      'DefaultAppRetryPolicy',
    ])('are not named %s', (name) => {
      expect(setUp({ retries: [retry(name, 1)] }).policies.for('vault')).toBeUndefined()
    })
  })
})

describe('Policy.run', () => {
  it('passes a result through, and hands the signal to the call when there is no timeout', async () => {
    const { policies } = setUp({ retries: [retry('r', 1)], targets: [{ component: 'vault', retry: 'r' }] })
    const { signal } = new AbortController()
    const policy = required(policies.for('vault'))
    await expect(policy.run((given) => given, signal)).resolves.toBe(signal)
    await expect(policy.run((given) => given)).resolves.toBeUndefined()
  })

  it('throws what the last attempt threw', async () => {
    const { clock, policies } = setUp({
      retries: [retry('r', 2)],
      targets: [{ component: 'vault', retry: 'r' }],
    })
    const rejection = expect(required(policies.for('vault')).run(notFound)).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'not-found',
      message: 'secret nope not found',
    })
    await clock.advance(20)
    await rejection
  })

  it('limits the time of each attempt, not of all together', async () => {
    const { clock, policies } = setUp({
      timeouts: [{ name: 't', milliseconds: 100 }],
      retries: [retry('r', 3)],
      targets: [{ component: 'vault', timeout: 't', retry: 'r' }],
    })
    let attempts = 0
    const result = required(policies.for('vault')).run(async () => {
      attempts += 1
      await clock.sleep(attempts < 3 ? 1000 : 50)
      return 'value'
    })
    await clock.advance(100 + 10 + 100 + 10 + 50)
    await expect(result).resolves.toBe('value')
    expect(attempts).toBe(3)
  })

  it('counts each attempt in the breaker, and ends the attempts when it opens', async () => {
    const { clock, policies } = setUp({
      retries: [retry('r', -1)],
      circuitBreakers: [tripsAfter('cb', 3)],
      targets: [{ component: 'vault', retry: 'r', circuitBreaker: 'cb' }],
    })
    let attempts = 0
    const rejection = expect(
      required(policies.for('vault')).run(() => {
        attempts += 1
        return notFound()
      }),
    ).rejects.toMatchObject({ kind: 'unavailable', message: 'circuit breaker is open' })
    await clock.advance(1000)
    await rejection
    expect(attempts).toBe(3)
  })

  it('ends the attempts when all trials are taken', async () => {
    const { clock, policies } = setUp({
      retries: [retry('r', -1)],
      circuitBreakers: [tripsAfter('cb', 1)],
      targets: [{ component: 'vault', retry: 'r', circuitBreaker: 'cb' }],
    })
    const policy = required(policies.for('vault'))
    const opening = expect(policy.run(notFound)).rejects.toThrow('circuit breaker is open')
    await clock.advance(10)
    await opening
    await clock.advance(60_001)
    const trial = policy.run(() => clock.sleep(100))
    await expect(policy.run(() => 'value')).rejects.toThrow('too many requests')
    await clock.advance(100)
    await trial
    await expect(policy.run(() => 'value')).resolves.toBe('value')
  })

  it('counts a timeout as a failure', async () => {
    const { clock, policies } = setUp({
      timeouts: [{ name: 't', milliseconds: 100 }],
      circuitBreakers: [tripsAfter('cb', 1)],
      targets: [{ component: 'vault', timeout: 't', circuitBreaker: 'cb' }],
    })
    const policy = required(policies.for('vault'))
    const slow = expect(policy.run(() => clock.sleep(1000))).rejects.toThrow('context deadline exceeded')
    await clock.advance(100)
    await slow
    await expect(policy.run(() => 'value')).rejects.toThrow('circuit breaker is open')
  })

  it('keeps one breaker for each component, though two share its policy', async () => {
    const { policies } = setUp({
      circuitBreakers: [tripsAfter('cb', 1)],
      targets: [
        { component: 'one', circuitBreaker: 'cb' },
        { component: 'two', circuitBreaker: 'cb' },
      ],
    })
    await expect(required(policies.for('one')).run(notFound)).rejects.toThrow('secret nope not found')
    await expect(required(policies.for('one')).run(() => 'value')).rejects.toThrow('circuit breaker is open')
    await expect(required(policies.for('two')).run(() => 'value')).resolves.toBe('value')
  })

  it('logs the first failure, the recovery and the states of the breaker, and nothing a store said', async () => {
    const { clock, lines, policies } = setUp({
      retries: [retry('r', -1, 40_000)],
      circuitBreakers: [tripsAfter('cb', 3)],
      targets: [{ component: 'vault', retry: 'r', circuitBreaker: 'cb' }],
    })
    let attempts = 0
    const result = required(policies.for('vault')).run(() => {
      attempts += 1
      if (attempts < 3) notFound()
      return 'value'
    })
    await clock.advance(80_000)
    await expect(result).resolves.toBe('value')
    expect(lines).toEqual([
      "warn secret store 'vault': a call failed and is retried",
      "info secret store 'vault': a retried call succeeded",
    ])

    lines.length = 0
    const failing = expect(required(policies.for('vault')).run(notFound)).rejects.toThrow(
      'circuit breaker is open',
    )
    await clock.advance(120_000)
    await failing
    await clock.advance(60_001)
    await required(policies.for('vault')).run(() => 'value')
    expect(lines).toEqual([
      "warn secret store 'vault': a call failed and is retried",
      "info secret store 'vault': circuit breaker 'cb' changed from closed to open",
      "info secret store 'vault': circuit breaker 'cb' changed from open to half-open",
      "info secret store 'vault': circuit breaker 'cb' changed from half-open to closed",
    ])
  })

  it('stops as soon as the caller leaves, in the middle of an attempt or between two', async () => {
    const { clock, policies } = setUp({
      timeouts: [{ name: 't', milliseconds: 1000 }],
      retries: [retry('r', -1, 1000)],
      targets: [{ component: 'vault', timeout: 't', retry: 'r' }],
    })
    const policy = required(policies.for('vault'))
    for (const passed of [500, 1500]) {
      const controller = new AbortController()
      const rejection = expect(
        policy.run(() => new Promise(() => undefined), controller.signal),
      ).rejects.toThrow('context canceled')
      await clock.advance(passed)
      controller.abort()
      await rejection
      expect(clock.sleeping).toBe(0)
    }
  })
})
