import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningTarget, TargetRequest } from '../conformance/target-contract.ts'
import { describeTarget } from '../conformance/target-contract.ts'
import type { Bundle } from './build.ts'
import { buildTarget } from './build.ts'
import { Host } from './child.ts'
import type { RpcHttp } from './functions-host.ts'

let bundle: Bundle
beforeAll(async () => {
  bundle = await buildTarget('azure-functions')
})
afterAll(() => bundle?.remove())

for (const [title, prefix] of [
  ['below /api', '/api'],
  ['with an empty route prefix', ''],
] as const) {
  describeTarget(`the Azure function ${title}`, {
    start: (variables) => start(variables, prefix),
    withoutToken: 'refuses',
    dotSegments: 'rewritten',
    bodyOfGet: 'dropped',
    repeatedToken: 'joined',
  })
}

describe('the registered function', () => {
  let host: Host
  beforeAll(() => {
    host = startHost({})
  })
  afterAll(() => host?.close())

  it('takes every path and every method, without a function key', async () => {
    expect(await host.ask('triggers')).toEqual([
      expect.objectContaining({
        type: 'httpTrigger',
        authLevel: 'anonymous',
        route: '{*path}',
        methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      }),
    ])
  })
})

function startHost(variables: Readonly<Record<string, string>>): Host {
  return new Host(new URL('./functions-host.ts', import.meta.url), bundle.file, variables)
}

async function start(variables: Readonly<Record<string, string>>, prefix: string): Promise<RunningTarget> {
  const host = startHost(variables)
  return {
    async ask({ method, target, headers, body }: TargetRequest) {
      const message: RpcHttp = {
        method,
        url: `https://secrets.azurewebsites.net${prefix}${target}`,
        headers: joined(headers),
        ...(body === undefined ? {} : { body: Buffer.from(body).toString('base64') }),
      }
      const answer = readRpcHttp(await host.ask(message))
      return {
        status: Number(answer.statusCode),
        headers: new Map(Object.entries(answer.headers)),
        body: Buffer.from(answer.body ?? '', 'base64').toString(),
      }
    },
    log: () => host.output,
    close: () => host.close(),
  }
}

/** The host's map has a header once. */
function joined(headers: TargetRequest['headers']): Record<string, string> {
  const map = new Map<string, string>()
  for (const [name, value] of headers)
    map.set(name, [map.get(name), value].filter((text) => text !== undefined).join(','))
  return Object.fromEntries(map)
}

function readRpcHttp(message: unknown): RpcHttp {
  if (typeof message === 'object' && message !== null && 'statusCode' in message && 'headers' in message) {
    // What functions-host.ts answers with.
    return message as RpcHttp
  }
  throw new Error('the host sent no HTTP response')
}
