import { describe, expect, it } from 'vitest'
import type { Fetch } from '../../adapters/send-with-fetch.ts'
import { sendWithFetch } from '../../adapters/send-with-fetch.ts'
import type { HttpRequest } from '../../src/http/exchange.ts'
import { SendError } from '../../src/http/exchange.ts'

async function send(fetch: Fetch, init: Partial<HttpRequest> = {}): Promise<unknown> {
  const request: HttpRequest = {
    method: 'GET',
    url: 'https://vault.example/v1',
    headers: { 'x-token': 't' },
    maxBytes: 10,
    signal: new AbortController().signal,
    ...init,
  }
  try {
    const { status, headers, body } = await sendWithFetch(fetch)(request)
    return { status, headers: [...headers], body: new TextDecoder().decode(body) }
  } catch (error) {
    return error instanceof SendError ? error.failure : error
  }
}

/** A body in pieces, and whether the rest was called off. */
function pieces(...texts: readonly string[]) {
  const state = { isCancelled: false, read: 0 }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const text = texts[state.read]
        state.read += 1
        if (text === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(text))
      },
      cancel() {
        state.isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { body, state }
}

describe('sending over a fetch', () => {
  it('asks for no redirect and no cache, and sends what it was given', async () => {
    const calls: [string, RequestInit][] = []
    const { signal } = new AbortController()
    const fetch: Fetch = async (...call) => {
      calls.push(call)
      return new Response(pieces('a', 'b').body, { status: 201, headers: { 'X-A': '1' } })
    }
    expect(await send(fetch, { method: 'POST', body: 'b', signal })).toEqual({
      status: 201,
      headers: [['x-a', '1']],
      body: 'ab',
    })
    expect(await send(fetch, { signal })).toMatchObject({ status: 201 })
    const init = { method: 'GET', headers: { 'x-token': 't' }, redirect: 'manual', cache: 'no-store', signal }
    expect(calls).toEqual([
      ['https://vault.example/v1', { ...init, method: 'POST', body: 'b' }],
      ['https://vault.example/v1', init],
    ])
  })

  it('gives an empty body where there is none', async () => {
    expect(await send(async () => new Response(null, { status: 204 }))).toMatchObject({
      status: 204,
      body: '',
    })
  })

  it('reads to the limit, and calls the rest off beyond it', async () => {
    const whole = pieces('12345', '67890')
    expect(await send(async () => new Response(whole.body))).toMatchObject({ body: '1234567890' })
    const more = pieces('12345', '67890', '1', 'never read')
    expect(await send(async () => new Response(more.body))).toBe('too-large')
    expect(more.state).toEqual({ isCancelled: true, read: 3 })
  })

  it.each<[string, unknown]>([
    ['reset', new Error('Network connection lost.')],
    ['unreachable', new TypeError('canary')],
    ['unreachable', 'canary'],
  ])('fails as %s', async (failure, thrown) => {
    expect(await send(() => Promise.reject(thrown))).toBe(failure)
  })

  it('fails as broken when the body does', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('canary')) })
    expect(await send(async () => new Response(body))).toBe('broken')
  })

  it('fails as aborted when the signal aborts: before, during, and inside the body', async () => {
    let calls = 0
    const never: Fetch = async () => {
      calls += 1
      return new Response()
    }
    expect(await send(never, { signal: AbortSignal.abort() })).toBe('aborted')
    expect(calls).toBe(0)

    const head = new AbortController()
    const waiting: Fetch = () => {
      head.abort()
      return Promise.reject(new Error('Network connection lost.'))
    }
    expect(await send(waiting, { signal: head.signal })).toBe('aborted')

    const inside = new AbortController()
    const body = new ReadableStream({
      pull(controller) {
        inside.abort()
        controller.error(new Error('canary'))
      },
    })
    expect(await send(async () => new Response(body), { signal: inside.signal })).toBe('aborted')
  })

  it('sends nothing when it is told whom to trust', async () => {
    let calls = 0
    const fetch: Fetch = async () => {
      calls += 1
      return new Response()
    }
    for (const tls of [{ ca: '' }, { serverName: 'x' }, { skipVerify: true }]) {
      expect(await send(fetch, { tls })).toBe('untrusted')
    }
    expect(calls).toBe(0)
    expect(await send(fetch, { tls: { skipVerify: false } })).toMatchObject({ status: 200 })
  })
})
