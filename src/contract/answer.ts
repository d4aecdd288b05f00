/**
 * daprd's HTTP contract for secrets: a plain request in, a plain answer out.
 *
 * Mirrors the order of dapr/dapr `pkg/api/http/server.go`: malformed targets, tracing, CORS, token, routing,
 * body, handler.
 *
 * @module
 */
import type { ApiRules } from '../access/api-rule.ts'
import { httpEndpointAllowed } from '../access/api-rule.ts'
import type { Reader } from '../read/read.ts'
import type { MessageShape } from './body.ts'
import { bodyProblem } from './body.ts'
import { configurationEndpoints } from './configuration-endpoints.ts'
import { corsPolicy } from './cors.ts'
import type { Endpoint, EndpointCall } from './endpoint.ts'
import { endpointMatcher } from './endpoint.ts'
import { errorAnswer, refusedRequest, textAnswer } from './error-answer.ts'
import type { ContractAnswer, ContractRequest } from './exchange.ts'
import { headerValue } from './header.ts'
import { isForeignHost } from './host.ts'
import { runtimeEndpoints } from './runtime-endpoints.ts'
import type { RuntimeMetadata } from './runtime-metadata.ts'
import { secretEndpoints } from './secret-endpoints.ts'
import type { Target } from './target.ts'
import { parseTarget } from './target.ts'
import { tokenAccepted } from './token.ts'
import type { TraceMode } from './trace.ts'
import { baggageProblem, traceHeaders } from './trace.ts'
import type { AnswerUnmatched } from './unmatched.ts'
import { answerAsInvocation, answerAsRouter } from './unmatched.ts'

/** Answers one request. Never rejects. */
export type Answer = (request: ContractRequest) => Promise<ContractAnswer>

/** What the contract is served over. */
export interface ContractOptions {
  readonly reader: Reader
  readonly appId: string
  readonly metadata: RuntimeMetadata
  readonly api: ApiRules
  readonly trace: TraceMode
  /** A number in [0, 1); used for span ids. */
  readonly random: () => number
  /** The token every request must carry, health checks aside; none when empty or absent. */
  readonly token?: string | undefined
  /** What happens where there is no token. Default `serve`, as daprd does. */
  readonly withoutToken?: WithoutToken
  /** daprd's `--allowed-origins`; off when empty. Default off. */
  readonly allowedOrigins?: string
  /** Bytes; zero or less is no limit. Default 4 MiB. */
  readonly maxBodySize?: number
}

/**
 * How a face without a token is guarded: not at all (the caller is this process, or the platform lets nobody
 * else through), against pages whose DNS name was rebound to loopback, or by refusing everything (a face the
 * internet can reach).
 */
export type WithoutToken = 'serve' | 'refuse foreign hosts' | 'refuse'

/** daprd's default for `--max-body-size`. */
export const defaultMaxBodySize = 4 * 1024 * 1024

/**
 * The contract of the main listener.
 *
 * @example
 * ```ts
 * const answer = createAnswer({ reader, appId: 'orders', metadata, api, trace: { kind: 'echo' }, random: Math.random })
 * const { status, body } = await answer({ method: 'GET', target: '/v1.0/secrets/env/DATABASE_URL', headers: [] })
 * ```
 */
export function createAnswer(options: ContractOptions): Answer {
  const { reader, appId, metadata, api, trace, random, token = '', withoutToken = 'serve' } = options
  const body = bodyChecks(options.maxBodySize ?? defaultMaxBodySize)
  const cors = corsPolicy(options.allowedOrigins ?? '')
  const dispatch = dispatcher(
    [
      ...secretEndpoints({ reader, appId, checkBody: body.check }),
      ...runtimeEndpoints({ appId, metadata, checkBody: body.check, checkBodySize: body.checkSize }),
      ...configurationEndpoints,
    ],
    api,
    httpEndpointAllowed(api)(invokeEndpoint) ? answerAsInvocation : answerAsRouter,
  )

  return async (request) => {
    const target = parseTarget(targetText(request))
    if (target === 'malformed') return refusedRequest(400)
    if (request.target === '*' && request.method === 'OPTIONS') return { status: 200, headers: [], body: '' }

    const { headers } = request
    const isTraced = trace.kind !== 'off' && !target.decodedPath.includes('/healthz')
    const badBaggage = isTraced ? baggageProblem(headers) : undefined
    if (badBaggage !== undefined) return textAnswer(400, `invalid baggage header: ${badBaggage}`)
    const traced = isTraced ? traceHeaders(headers, trace, random) : []

    const preflight = request.method === 'OPTIONS' ? cors?.preflight(headers) : undefined
    if (preflight !== undefined) return { status: 200, headers: [...preflight, ...traced], body: '' }
    const allowedOrigin = cors === undefined ? [] : cors.headersFor(headers, request.method)

    const refused = refusal(request, target)
    const answer = refused ?? (await dispatch(request, target))
    if (traced.length === 0 && allowedOrigin.length === 0) return answer
    return { ...answer, headers: [...answer.headers, ...allowedOrigin, ...traced] }
  }

  function refusal(
    { method, headers }: ContractRequest,
    { decodedPath }: Target,
  ): ContractAnswer | undefined {
    if (token === '' && withoutToken === 'serve') return undefined
    if (token !== '' || withoutToken === 'refuse') {
      if (token !== '' && tokenAccepted(headerValue(headers, 'dapr-api-token'), token)) return undefined
      return isHealthCheck(method, decodedPath) ? undefined : textAnswer(401, 'invalid api token')
    }
    if (!isForeignHost(headerValue(headers, 'host')) || isHealthCheck(method, decodedPath)) return undefined
    const message = 'the Host header names a foreign host; set DAPR_API_TOKEN to serve it'
    return errorAnswer(403, 'ERR_PERMISSION_DENIED', message)
  }
}

/** What the public listener serves: health and metadata, without token, CORS, tracing or body limit. */
export type PublicContractOptions = Pick<ContractOptions, 'appId' | 'metadata' | 'api'>

/** The contract of the public listener (daprd's `--dapr-public-port`). */
export function createPublicAnswer({ appId, metadata, api }: PublicContractOptions): Answer {
  const body = bodyChecks(0)
  const endpoints = runtimeEndpoints({
    appId,
    metadata,
    checkBody: body.check,
    checkBodySize: body.checkSize,
  })
  const dispatch = dispatcher(endpoints, api, answerAsRouter)
  return async (request) => {
    const target = parseTarget(targetText(request))
    return target === 'malformed' ? refusedRequest(400) : dispatch(request, target)
  }
}

/** The target as Go's server parses it: CONNECT names a host and port instead of a path. */
function targetText({ method, target }: ContractRequest): string {
  return method === 'CONNECT' && !target.startsWith('/') ? `http://${target}` : target
}

/** Service invocation: it has no answer of its own here, but whether it is allowed decides what a 404 looks like. */
const invokeEndpoint = { group: 'v1/invoke', pattern: 'v1.0/invoke/*' }

function dispatcher(
  all: readonly Endpoint[],
  api: ApiRules,
  unmatched: AnswerUnmatched,
): (request: ContractRequest, target: Target) => ContractAnswer | Promise<ContractAnswer> {
  const isAllowed = httpEndpointAllowed(api)
  const match = endpointMatcher(all.filter((endpoint) => endpoint.always === true || isAllowed(endpoint)))

  return (request, { segments, query }) => {
    const found = match(request.method, segments)
    if (found === undefined || 'allow' in found) return unmatched(request, segments, found?.allow ?? [])
    return found.endpoint.answer({ request, query, parameters: found.parameters })
  }
}

/** The body of a GET is read and parsed too; a valid one never changes the outcome. */
function bodyChecks(maxBodySize: number) {
  const checkSize = ({ request }: EndpointCall): ContractAnswer | undefined => {
    const size = request.body?.length ?? 0
    if (maxBodySize <= 0 || size <= maxBodySize) return undefined
    const answer = errorAnswer(400, 'ERR_BODY_READ', 'failed to read request body: stream too large')
    return { ...answer, close: true }
  }
  const check = (call: EndpointCall, shape: MessageShape): ContractAnswer | undefined => {
    const { body } = call.request
    if (body === undefined || body.length === 0) return undefined
    const tooLarge = checkSize(call)
    if (tooLarge !== undefined) return tooLarge
    const problem = bodyProblem(body, shape)
    if (problem === undefined) return undefined
    return errorAnswer(400, 'ERR_MALFORMED_REQUEST', `failed deserializing HTTP body: ${problem}`)
  }
  return { check, checkSize }
}

/** The requests that need no token, their path compared as daprd does: decoded, with outer slashes trimmed. */
function isHealthCheck(method: string, decodedPath: string): boolean {
  if (method !== 'GET') return false
  const path = decodedPath.replace(/^\/+|\/+$/g, '')
  return path === 'v1.0/healthz' || path === 'v1.0/healthz/outbound'
}
