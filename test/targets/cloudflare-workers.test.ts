import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RawClient } from '../conformance/raw-http.ts'
import type { RunningTarget } from '../conformance/target-contract.ts'
import { describeTarget } from '../conformance/target-contract.ts'
import type { Bundle } from './build.ts'
import { buildTarget } from './build.ts'
import { askOver } from './raw-ask.ts'
import type { WorkerOptions } from './workerd.ts'
import { startWorker } from './workerd.ts'

let bundle: Bundle
beforeAll(async () => {
  bundle = await buildTarget('cloudflare-workers')
})
afterAll(() => bundle?.remove())

/** The newest date the pinned workerd knows; nodejs_compat is on from 2026-08-04. */
const compatibilityDate = '2026-10-23'

const compatibilities = {
  'with nodejs_compat': { compatibilityDate, compatibilityFlags: [] },
  'without nodejs_compat': { compatibilityDate, compatibilityFlags: ['no_nodejs_compat'] },
  'at a date before nodejs_compat was the default': {
    compatibilityDate: '2026-07-01',
    compatibilityFlags: [],
  },
} as const

for (const [name, compatibility] of Object.entries(compatibilities)) {
  describeTarget(`the Worker in workerd ${name}`, {
    start: (variables) => start({ ...compatibility, variables }),
    withoutToken: 'refuses',
    dotSegments: 'as sent',
    bodyOfGet: 'read',
    repeatedToken: 'joined',
  })
}

describe('the bindings of a Worker', () => {
  let running: RunningTarget
  beforeAll(async () => {
    running = await start({
      compatibilityDate,
      compatibilityFlags: [],
      variables: { DAPR_API_TOKEN: 't', APP_TEXT: 'text' },
      objects: { APP_OBJECT: { hidden: 1 }, APP_NUMBER: 7, APP_LIST: ['x'] },
    })
  })
  afterAll(() => running?.close())

  it('are secrets when they are texts', async () => {
    const headers = [['dapr-api-token', 't']] as const
    const { body } = await running.ask({ method: 'GET', target: '/v1.0/secrets/env/bulk', headers })
    expect(body).toBe('{"TEXT":{"TEXT":"text"}}\n')
  })
})

/** Requests that come together each start for themselves; all are answered. */
it('answers requests that come before the first one has been', async () => {
  const worker = await startWorker({
    file: bundle.file,
    compatibilityDate,
    compatibilityFlags: [],
    variables: { DAPR_API_TOKEN: 't', APP_X: 'x' },
  })
  try {
    const clients = Array.from({ length: 20 }, () => new RawClient(worker.port))
    const answers = await Promise.all(
      clients.map((client) =>
        client.exchange({ method: 'GET', target: '/v1.0/secrets/env/X', headers: [['dapr-api-token', 't']] }),
      ),
    )
    for (const client of clients) client.close()
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  } finally {
    await worker.close()
  }
})

async function start(options: Omit<WorkerOptions, 'file'>): Promise<RunningTarget> {
  const worker = await startWorker({ ...options, file: bundle.file })
  const client = new RawClient(worker.port)
  return {
    ask: askOver(client),
    log: worker.output,
    async close() {
      client.close()
      await worker.close()
    },
  }
}
