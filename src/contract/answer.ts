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
import { baggageProblem } from './baggage.ts'
import { configurationEndpoints } from './configuration-endpoints.ts'
import { corsPolicy } from './cors.ts'
import type { Endpoint, EndpointCall } from './endpoint.ts'
import { endpointMatcher } from './endpoint.ts'
import { errorAnswer, refusedRequest, textAnswer } from './error-answer.ts'
import type { BodyReader, ContractAnswer, ContractRequest } from './exchange.ts'
import { headerValue } from './header.ts'
import { isForeignHost } from './host.ts'
import { runtimeEndpoints } from './runtime-endpoints.ts'
import type { RuntimeMetadata } from './runtime-metadata.ts'
import { secretEndpoints } from './secret-endpoints.ts'
import type { Target } from './target.ts'
import { parseTarget } from './target.ts'
import { tokenAccepted } from './token.ts'
import type { TraceMode } from './trace.ts'
import { traceHeaders } from './trace.ts'
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
  const cors = corsPolicy(options.allowedOrigins ?? '')
  const dispatch = dispatcher(
    [
      ...secretEndpoints({ reader, appId }),
      ...runtimeEndpoints({ appId, metadata }),
      ...configurationEndpoints,
    ],
    api,
    httpEndpointAllowed(api)(invokeEndpoint) ? answerAsInvocation : answerAsRouter,
    options.maxBodySize ?? defaultMaxBodySize,
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

  function refusal(request: ContractRequest, target: Target): ContractAnswer | undefined {
    if (token === '') return refusalWithoutToken(request, target, withoutToken)
    if (tokenAccepted(headerValue(request.headers, 'dapr-api-token'), token)) return undefined
    return isHealthCheck(request, target) ? undefined : invalidToken
  }
}

/**
 * What the public listener serves: health and metadata, without CORS or tracing. It asks nobody for the token:
 * that there is one only means that nobody is refused for want of one.
 */
export type PublicContractOptions = Pick<
  ContractOptions,
  'appId' | 'metadata' | 'api' | 'maxBodySize' | 'token' | 'withoutToken'
>

/** The contract of the public listener (daprd's `--dapr-public-port`). */
export function createPublicAnswer(options: PublicContractOptions): Answer {
  const { appId, metadata, api, maxBodySize = defaultMaxBodySize, token = '' } = options
  const guard = token === '' ? (options.withoutToken ?? 'serve') : 'serve'
  const dispatch = dispatcher(runtimeEndpoints({ appId, metadata }), api, answerAsRouter, maxBodySize)
  return async (request) => {
    const target = parseTarget(targetText(request))
    if (target === 'malformed') return refusedRequest(400)
    return refusalWithoutToken(request, target, guard) ?? dispatch(request, target)
  }
}

const invalidToken = textAnswer(401, 'invalid api token')

function refusalWithoutToken(
  request: ContractRequest,
  target: Target,
  withoutToken: WithoutToken,
): ContractAnswer | undefined {
  if (withoutToken === 'serve' || isHealthCheck(request, target)) return undefined
  if (withoutToken === 'refuse') return invalidToken
  if (!isForeignHost(headerValue(request.headers, 'host'))) return undefined
  const message = 'the Host header names a foreign host; set DAPR_API_TOKEN to serve it'
  return errorAnswer(403, 'ERR_PERMISSION_DENIED', message)
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
  maxBodySize: number,
): (request: ContractRequest, target: Target) => ContractAnswer | Promise<ContractAnswer> {
  const isAllowed = httpEndpointAllowed(api)
  const match = endpointMatcher(all.filter((endpoint) => endpoint.always === true || isAllowed(endpoint)))

  return (request, { segments, query }) => {
    const found = match(request.method, segments)
    if (found === undefined || 'allow' in found) return unmatched(request, segments, found?.allow ?? [])
    const { endpoint, parameters } = found
    const call = { request, query, parameters, body: undefined }
    if (endpoint.readsBody !== true || request.body === undefined) return endpoint.answer(call)
    return answerWithBody(endpoint, call, request.body, maxBodySize)
  }
}

/** The body of a GET is read too, but only of a request that is going to be served. */
async function answerWithBody(
  endpoint: Endpoint,
  call: EndpointCall,
  given: Uint8Array | BodyReader,
  maxBodySize: number,
): Promise<ContractAnswer> {
  const body = typeof given === 'function' ? await given(maxBodySize) : given
  if (body === undefined) return unreadBody('unexpected EOF')
  if (maxBodySize > 0 && body.length > maxBodySize) return unreadBody('stream too large')
  return endpoint.answer({ ...call, body })
}

function unreadBody(reason: string): ContractAnswer {
  return { ...errorAnswer(400, 'ERR_BODY_READ', `failed to read request body: ${reason}`), close: true }
}

/** The requests that need no token, their path compared as daprd does: decoded, with outer slashes trimmed. */
function isHealthCheck({ method }: ContractRequest, { decodedPath }: Target): boolean {
  if (method !== 'GET') return false
  let start = 0
  let end = decodedPath.length
  while (decodedPath[start] === '/') start += 1
  while (end > start && decodedPath[end - 1] === '/') end -= 1
  const path = decodedPath.slice(start, end)
  return path === 'v1.0/healthz' || path === 'v1.0/healthz/outbound'
}
