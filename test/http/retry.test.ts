import { describe, expect, it } from 'vitest'
import { httpClient } from '../../src/http/client.ts'
import type { HttpRequest, HttpResponse } from '../../src/http/exchange.ts'
import { SendError } from '../../src/http/exchange.ts'
import type { RetryingOptions } from '../../src/http/retry.ts'
import { retrying } from '../../src/http/retry.ts'
import { fakeClock } from '../fakes/clock.ts'
import { fakeServer, response, silence } from './fake-server.ts'

function ask(
  answer: (request: HttpRequest, count: number) => HttpResponse | Promise<HttpResponse>,
  {
    random = 0.5,
    signal,
    ...options
  }: Partial<RetryingOptions> & { random?: number; signal?: AbortSignal } = {},
) {
  const clock = fakeClock()
  const start = clock.now()
  const times: number[] = []
  const { send } = fakeServer((request, count) => {
    times.push(clock.now() - start)
    return answer(request, count)
  })
  const runtime = { clock, send, random: () => random }
  const client = retrying(httpClient({ origin: 'https://vault.example', runtime }), { runtime, ...options })
  const outcome = client.request({ method: 'GET', path: '/', signal }).then(
    ({ status }) => ({ end: status, at: clock.now() - start }),
    (error: unknown) => ({ end: error instanceof Error ? error.message : '', at: clock.now() - start }),
  )
  return { clock, times, outcome }
}

describe('a request to a busy server', () => {
  it.each([429, 503])('is repeated after status %d', async (status) => {
    const { clock, times, outcome } = ask((_, count) => response(count === 1 ? status : 200))
    await clock.advance(5000)
    expect((await outcome).end).toBe(200)
    expect(times.length).toBe(2)
    expect(clock.sleeping).toBe(0)
  })

  it.each([200, 400, 401, 403, 404, 408, 500, 502, 504])(
    'is not repeated after status %d',
    async (status) => {
      const { clock, times, outcome } = ask(() => response(status))
      await clock.advance(5000)
      expect((await outcome).end).toBe(status)
      expect(times).toEqual([0])
    },
  )

  it('is not repeated when there is no answer', async () => {
    const { clock, times, outcome } = ask(() => {
      throw new SendError('unreachable')
    })
    await clock.advance(5000)
    expect((await outcome).end).toBe('the store cannot be reached')
    expect(times).toEqual([0])
  })

  it('is repeated twice, then the answer is what it is', async () => {
    const { clock, times, outcome } = ask(() => response(429))
    await clock.advance(5000)
    expect((await outcome).end).toBe(429)
    expect(times.length).toBe(3)
  })

  it.each([
    [0, [0, 0, 0]],
    [0.5, [0, 125, 375]],
    [0.999, [0, 249.75, 749.25]],
  ])('waits a random part of a growing span: with %d', async (random, expected) => {
    const { clock, times } = ask(() => response(503), { random })
    await clock.advance(5000)
    expect(times).toEqual(expected)
  })

  it('waits as long as it is asked to', async () => {
    const { clock, times, outcome } = ask((_, count) =>
      count === 1 ? response(429, { 'retry-after': '3' }) : response(200),
    )
    await clock.advance(5000)
    expect(times).toEqual([0, 3000])
    expect((await outcome).end).toBe(200)
  })

  it('is answered at once when it is asked to wait beyond its deadline', async () => {
    const { clock, times, outcome } = ask(() => response(429, { 'retry-after': '5' }))
    await clock.advance(0)
    expect(await outcome).toEqual({ end: 429, at: 0 })
    expect(times).toEqual([0])
    expect(clock.sleeping).toBe(0)
  })

  it('has one deadline for all attempts', async () => {
    const { clock, outcome } = ask((request, count) =>
      count === 1 ? response(429, { 'retry-after': '3' }) : silence(request),
    )
    await clock.advance(5000)
    expect(await outcome).toEqual({ end: 'context deadline exceeded', at: 5000 })
    expect(clock.sleeping).toBe(0)
  })

  it('is given up when the caller leaves during a pause', async () => {
    const caller = new AbortController()
    const { clock, times, outcome } = ask(() => response(503), { signal: caller.signal })
    await clock.advance(10)
    caller.abort()
    expect(await outcome).toEqual({ end: 'context canceled', at: 10 })
    await clock.advance(5000)
    expect(times).toEqual([0])
    expect(clock.sleeping).toBe(0)
  })

  it('is recognised by what the store says of the answer', async () => {
    const { clock, times } = ask((_, count) => response(count === 1 ? 400 : 503), {
      isBusy: ({ status }) => status === 400,
    })
    await clock.advance(5000)
    expect(times.length).toBe(2)
  })
})
