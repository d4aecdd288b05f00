/**
 * What an AWS service says when it does not answer: its code, and what that means for us.
 *
 * The code decides, not the status: Secrets Manager denies with 400, its emulators with 403 or in XML. The
 * vendor's message is never shown; it may quote what it refused.
 *
 * @module
 */
import type { HttpResponse } from '../http/exchange.ts'
import { fieldOf, textOf } from '../http/json.ts'
import type { SecretErrorKind } from '../secret-error.ts'
import { StoreError } from '../secret-error.ts'

/** A refusal by an AWS service. Its text is daprd's without the vendor's sentence. */
export class AwsError extends StoreError {
  /** In AWS's spelling: `ResourceNotFoundException`; `undefined` when the answer held none. */
  readonly code: string | undefined

  constructor(operation: AwsOperation, problem: AwsProblem) {
    super(problem.kind, problemText(operation, problem))
    this.code = problem.code
  }
}

/** An operation of a service, in the words of the AWS SDK for Go and of IAM. */
export interface AwsOperation {
  /** `Secrets Manager` */
  readonly service: string
  /** `GetSecretValue` */
  readonly name: string
  /** `secretsmanager:GetSecretValue` */
  readonly action: string
}

/** What an answer that is no success says. */
export interface AwsProblem {
  readonly status: number
  readonly code: string | undefined
  readonly kind: SecretErrorKind
  readonly requestId: string
  /** The signature was made at another time than the server's: signing again may help. */
  readonly isUntimely: boolean
  /** The credentials were good once or never: fresh ones may help. */
  readonly isStale: boolean
  /** Asking again in a moment may help. */
  readonly isBusy: boolean
}

/** What is wrong with an answer; `undefined` when it is a success. */
export function awsProblem(response: HttpResponse): AwsProblem | undefined {
  const { status, headers } = response
  if (status >= 200 && status < 300) return undefined
  const requestId = headers.get('x-amzn-requestid') ?? headers.get('x-amz-request-id')
  return awsProblemOf({ status, requestId, ...vendorError(response) })
}

/** What a refusal says, whoever has read it. */
export interface AwsRefusal {
  readonly status: number
  readonly requestId: string | undefined
  /** A plain word; it may be shown. */
  readonly code: string | undefined
  /** The vendor's sentence; it is never shown. */
  readonly message: string
}

/** What a refusal means. */
export function awsProblemOf({ status, requestId, code, message }: AwsRefusal): AwsProblem {
  const kind = kindOf(code, status)
  return {
    status,
    code,
    kind,
    requestId: plainWord(requestId) ?? '',
    isUntimely:
      code !== undefined &&
      (untimely.has(code) || (unsigned.has(code) && /expired|not yet current/i.test(message))),
    isStale: code !== undefined && stale.has(code),
    isBusy: kind === 'throttled' || status >= 500,
  }
}

/** Whether a code is one of a wrong signature, which a wrong clock may be behind. */
export function isSignatureProblem({ code, isUntimely }: AwsProblem): boolean {
  return isUntimely || (code !== undefined && unsigned.has(code))
}

/** The operation as daprd's texts begin: `operation error Secrets Manager: GetSecretValue`. */
export function operationText({ service, name }: AwsOperation): string {
  return `operation error ${service}: ${name}`
}

function problemText(operation: AwsOperation, { status, code, kind, requestId }: AwsProblem): string {
  const answer = `https response error StatusCode: ${status}, RequestID: ${requestId}`
  const hint = kind === 'denied' ? `: a policy must allow ${operation.action}` : ''
  return `${operationText(operation)}, ${answer}, ${code ?? 'an answer without an AWS error code'}${hint}`
}

interface VendorError {
  readonly code: string | undefined
  readonly message: string
}

function vendorError({ headers, body }: HttpResponse): VendorError {
  const text = new TextDecoder().decode(body.subarray(0, longestError))
  const json = parsed(text)
  const type = textOf(fieldOf(json, '__type')) ?? textOf(fieldOf(json, 'code')) ?? elementText(text, 'Code')
  return {
    code: plainCode(headers.get('x-amzn-errortype')) ?? plainCode(type),
    message:
      textOf(fieldOf(json, 'message')) ??
      textOf(fieldOf(json, 'Message')) ??
      elementText(text, 'Message') ??
      '',
  }
}

/** Bytes of an error that are looked at. */
const longestError = 64 * 1024

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The text of the first XML element of this name that holds nothing but text. AWS's query protocol (STS) answers
 * a flat list of uniquely named elements, so this is all the XML there is.
 */
export function elementText(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  return text?.replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => entities[entity] ?? '')
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

/** `com.amazonaws.service#ThrottlingException:http://…` is `ThrottlingException`; no other word is ever shown. */
export function plainCode(type: string | undefined): string | undefined {
  const code = type?.split(':', 1)[0]?.split('#').at(-1)
  return code !== undefined && /^[A-Z][A-Za-z.]{1,99}$/.test(code) ? code : undefined
}

/** A word that can be shown: it came from outside. */
function plainWord(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w.-]{1,100}$/.test(text) ? text : undefined
}

function kindOf(code: string | undefined, status: number): SecretErrorKind {
  const kind = code === undefined ? undefined : kinds.get(code)
  if (kind !== undefined) return kind
  if (status === 429) return 'throttled'
  // Without a code it was not the service that answered, so nothing is known about the secret.
  return code === undefined || status >= 500 ? 'unavailable' : 'invalid'
}

/** The signature is wrong, for whatever reason. */
const unsigned: ReadonlySet<string> = new Set([
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'AuthFailure',
])

/** The signature's time is wrong. */
const untimely: ReadonlySet<string> = new Set([
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'RequestTimeTooSkewedException',
])

/** Keys that expired, were deleted, or belong to a session whose token is another. */
const stale: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidToken',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
])

const kinds: ReadonlyMap<string, SecretErrorKind> = new Map<string, SecretErrorKind>([
  ['ResourceNotFoundException', 'not-found'],
  ['ParameterNotFound', 'not-found'],
  ['ParameterVersionNotFound', 'not-found'],
  ['AccessDenied', 'denied'],
  ['AccessDeniedException', 'denied'],
  ['NotAuthorized', 'denied'],
  ['UnauthorizedOperation', 'denied'],
  ['BandwidthLimitExceeded', 'throttled'],
  ['PriorRequestNotComplete', 'throttled'],
  ['RequestLimitExceeded', 'throttled'],
  ['RequestThrottled', 'throttled'],
  ['RequestThrottledException', 'throttled'],
  ['SlowDown', 'throttled'],
  ['ThrottledException', 'throttled'],
  ['Throttling', 'throttled'],
  ['ThrottlingException', 'throttled'],
  ['TooManyRequestsException', 'throttled'],
  ['IDPCommunicationError', 'unavailable'],
  ['InternalError', 'unavailable'],
  ['InternalFailure', 'unavailable'],
  ['InternalServerError', 'unavailable'],
  ['InternalServiceError', 'unavailable'],
  ['RequestTimeout', 'unavailable'],
  ['RequestTimeoutException', 'unavailable'],
  ['ServiceUnavailable', 'unavailable'],
  ['ServiceUnavailableException', 'unavailable'],
  ['IDPRejectedClaim', 'unauthenticated'],
  ['IncompleteSignature', 'unauthenticated'],
  ['IncompleteSignatureException', 'unauthenticated'],
  ['InvalidIdentityToken', 'unauthenticated'],
  ['MissingAuthenticationToken', 'unauthenticated'],
  ['MissingAuthenticationTokenException', 'unauthenticated'],
  ['OptInRequired', 'unauthenticated'],
  ...[...unsigned, ...untimely, ...stale].map((code) => [code, 'unauthenticated'] as const),
])
