import { expect, it } from 'vitest'
import type { ContractRequest } from '../../src/contract/exchange.ts'
import { secretEndpoints } from '../../src/contract/secret-endpoints.ts'
import type { ReadContext } from '../../src/read/read.ts'

it.each([
  [{}, 'myapp'],
  [{ caller: 'other' }, 'other'],
])(
  'with %j a read, of one secret or of all, is made for %s',
  async (request: Partial<ContractRequest>, caller) => {
    const callers: string[] = []
    const origin = { age: 0, source: 'store', isCached: false } as const
    const note = (context: ReadContext) => callers.push(context.caller)
    const endpoints = secretEndpoints({
      appId: 'myapp',
      reader: {
        async read(context) {
          note(context)
          return { ...origin, values: new Map() }
        },
        async readBulk(context) {
          note(context)
          return { ...origin, secrets: new Map() }
        },
      },
    })
    for (const endpoint of endpoints) {
      await endpoint.answer({
        request: { method: 'GET', target: '', headers: [], ...request },
        query: '',
        parameters: ['vault', 'db'],
        body: undefined,
      })
    }
    expect(callers).toEqual([caller, caller])
  },
)
