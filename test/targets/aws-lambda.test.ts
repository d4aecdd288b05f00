import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningTarget, TargetAnswer, TargetRequest } from '../conformance/target-contract.ts'
import { describeTarget } from '../conformance/target-contract.ts'
import type { Bundle } from './build.ts'
import { buildTarget } from './build.ts'
import { Host } from './child.ts'

let bundle: Bundle
beforeAll(async () => {
  bundle = await buildTarget('aws-lambda')
})
afterAll(() => bundle?.remove())

/** A JSON object of the fixtures, and what a front makes of a request for it. */
type Event = Readonly<Record<string, unknown>>
type Front = (event: Event, request: TargetRequest) => Event

const fronts: Readonly<Record<string, Front>> = {
  'function-url': (event, request) => version2(event, request, ''),
  'http-api-v2': (event, request) => version2(event, request, '/live'),
  'rest-api-v1': (event, request) => {
    const query = decodedQuery(request)
    return {
      ...event,
      httpMethod: request.method,
      path: pathOf(request),
      headers: { ...record(event['headers']), ...Object.fromEntries(request.headers) },
      multiValueHeaders: { ...record(event['multiValueHeaders']), ...grouped(request.headers) },
      queryStringParameters: query.length === 0 ? null : Object.fromEntries(query),
      multiValueQueryStringParameters: query.length === 0 ? null : grouped(query),
      ...bodyOf(request, null),
    }
  },
  alb: (event, request) => ({
    ...event,
    httpMethod: request.method,
    path: pathOf(request),
    headers: { ...record(event['headers']), ...joined(request.headers) },
    queryStringParameters: Object.fromEntries(rawQuery(request)),
    ...bodyOf(request, ''),
  }),
  'alb-multi-value': (event, request) => ({
    ...event,
    httpMethod: request.method,
    path: pathOf(request),
    multiValueHeaders: { ...record(event['multiValueHeaders']), ...grouped(request.headers) },
    multiValueQueryStringParameters: grouped(rawQuery(request)),
    ...bodyOf(request, ''),
  }),
  'vpc-lattice-v2': (event, request) => ({
    ...event,
    method: request.method,
    path: request.target,
    headers: { ...record(event['headers']), ...grouped(request.headers) },
    queryStringParameters: grouped(decodedQuery(request)),
    ...bodyOf(request, ''),
  }),
}

for (const [fixture, front] of Object.entries(fronts)) {
  describeTarget(`the Lambda function, asked with events like ${fixture}.json`, {
    start: (variables) => start(variables, (request) => front(eventIn(fixture), request)),
    withoutToken: 'refuses',
    dotSegments: 'rewritten',
    bodyOfGet: 'dropped',
    repeatedToken: 'joined',
  })
}

describe('events that are no request', () => {
  let host: Host
  beforeAll(() => {
    host = startHost({ DAPR_API_TOKEN: 't', APP_DATABASE_URL: 'postgres://db' })
  })
  afterAll(() => host?.close())

  it('answers 501 to version 1 of VPC Lattice, which would be read as a request for /', async () => {
    const answer = await host.ask(eventIn('vpc-lattice-v1'))
    expect(answer).toEqual({
      statusCode: 501,
      headers: { 'content-type': 'application/json' },
      body: expect.stringContaining('set the event structure version to V2'),
      isBase64Encoded: false,
    })
  })

  it.each([
    ['a schedule', eventIn('schedule')],
    ['nothing', {}],
    ['a text', 'GET /v1.0/secrets/env/DATABASE_URL'],
    ['half of an HTTP event', { rawPath: '/v1.0/healthz', requestContext: {} }],
  ])('fails the invocation for %s', async (_name, event) => {
    await expect(host.ask(event)).rejects.toThrow('UnsupportedEventError: the event is no HTTP request')
  })
})

it("leaves a path alone that does not begin with the HTTP API's stage", async () => {
  const target = await start({ DAPR_API_TOKEN: 't' }, (request) =>
    version2(eventIn('http-api-v2'), request, ''),
  )
  try {
    const { status } = await target.ask({ method: 'GET', target: '/v1.0/healthz', headers: [] })
    expect(status).toBe(204)
  } finally {
    await target.close()
  }
})

function startHost(variables: Readonly<Record<string, string>>): Host {
  return new Host(new URL('./lambda-host.ts', import.meta.url), bundle.file, variables)
}

async function start(
  variables: Readonly<Record<string, string>>,
  eventFor: (request: TargetRequest) => Event,
): Promise<RunningTarget> {
  const host = startHost(variables)
  return {
    ask: async (request) => answerOf(await host.ask(eventFor(request))),
    log: () => host.output,
    close: () => host.close(),
  }
}

/** What a client gets for what the function returned. */
function answerOf(result: unknown): TargetAnswer {
  const { statusCode, headers = {}, multiValueHeaders = {}, body, isBase64Encoded } = record(result)
  const single = Object.entries(record(headers))
  const multiple = Object.entries(record(multiValueHeaders)).map(([name, values]) => [name, String(values)])
  const pairs = [...single, ...multiple].map(([name, value]): [string, string] => [
    String(name).toLowerCase(),
    String(value),
  ])
  const text = String(body ?? '')
  return {
    status: Number(statusCode),
    headers: new Map(pairs),
    body: isBase64Encoded === true ? Buffer.from(text, 'base64').toString() : text,
  }
}

function version2(event: Event, request: TargetRequest, stage: string): Event {
  const context = record(event['requestContext'])
  const rawPath = stage + pathOf(request)
  return {
    ...event,
    rawPath,
    rawQueryString: request.target.split('?')[1] ?? '',
    headers: { ...record(event['headers']), ...joined(request.headers) },
    requestContext: {
      ...context,
      http: { ...record(context['http']), method: request.method, path: rawPath },
    },
    ...(request.body === undefined ? {} : bodyOf(request, '')),
  }
}

function pathOf({ target }: TargetRequest): string {
  return target.split('?')[0] ?? ''
}

function rawQuery({ target }: TargetRequest): [string, string][] {
  const query = target.split('?')[1]
  if (query === undefined) return []
  return query.split('&').map((pair): [string, string] => {
    const [name = '', value = ''] = pair.split('=')
    return [name, value]
  })
}

function decodedQuery(request: TargetRequest): [string, string][] {
  return rawQuery(request).map(([name, value]) => [decodeURIComponent(name), decodeURIComponent(value)])
}

/** Bodies come as base64 where the front cannot know that they are text. */
function bodyOf({ body }: TargetRequest, absent: string | null): Event {
  if (body === undefined) return { body: absent, isBase64Encoded: false }
  return { body: Buffer.from(body).toString('base64'), isBase64Encoded: true }
}

function grouped(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const groups: Record<string, string[]> = {}
  for (const [name, value] of pairs) groups[name] = [...(groups[name] ?? []), value]
  return groups
}

function joined(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(Object.entries(grouped(pairs)).map(([name, values]) => [name, values.join(',')]))
}

function eventIn(fixture: string): Event {
  const file = new URL(`../fixtures/events/aws-lambda/${fixture}.json`, import.meta.url)
  return record(JSON.parse(readFileSync(file, 'utf8')))
}

function record(value: unknown): Event {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
