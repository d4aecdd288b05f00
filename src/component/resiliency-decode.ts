/**
 * The fields of a `kind: Resiliency` document that concern components (dapr/dapr
 * `pkg/apis/resiliency/v1alpha1/types.go`, decoded as in `pkg/resiliency/resiliency.go`).
 *
 * daprd drops what it cannot read with a log line; a lost policy leaves a store without its protection, so
 * here it is an error.
 *
 * @module
 */
import type {
  CircuitBreakerPolicy,
  ComponentTarget,
  Resiliency,
  RetryPolicy,
  TimeoutPolicy,
} from '../resiliency/policy.ts'
import type { TripExpression } from '../resiliency/trip.ts'
import { parseTrip, TripSyntaxError } from '../resiliency/trip-syntax.ts'
import { decodeName, decodeScopes } from './component-decode.ts'
import { parseMillisecondsOrDuration } from './duration.ts'
import type { Field, FieldReader } from './fields.ts'
import type { YamlMapping, YamlScalar } from './yaml.ts'

/** A Resiliency as it stands in a file: whom it is for, and what its targets refer to. */
export interface ResiliencyDocument {
  readonly resiliency: Resiliency
  /** App ids that it is for; empty means all. */
  readonly scopes: readonly string[]
  readonly references: readonly PolicyReference[]
  /** The reader of the document, to say that a reference is of no use. */
  readonly reader: FieldReader
}

/** The name of a policy in a target. */
export interface PolicyReference {
  readonly policy: PolicyKind
  readonly name: string
  readonly field: Field
}

/** The three kinds of policies, by the field of a target. */
export type PolicyKind = 'timeout' | 'retry' | 'circuitBreaker'

/**
 * The Resiliency a document holds; `undefined` when something is wrong with it, which the reader then knows.
 *
 * @param text the document's text, for places inside a `trip` expression
 */
export function decodeResiliency(
  root: YamlMapping,
  text: string,
  reader: FieldReader,
): ResiliencyDocument | undefined {
  const fields = reader.fields(root, '', ['apiVersion', 'kind', 'metadata', 'spec', 'scopes'])
  const { name } = decodeName(fields, reader)
  const spec = reader.fields(fields.get('spec')?.entry.value, 'spec', ['policies', 'targets'])
  const policies = reader.fields(spec.get('policies')?.entry.value, 'spec.policies', [
    'timeouts',
    'retries',
    'circuitBreakers',
  ])
  const timeouts = each(policies.get('timeouts'), reader, (field, policy) =>
    decodeTimeout(policy, field, reader),
  )
  const retries = each(policies.get('retries'), reader, (field, policy) => decodeRetry(policy, field, reader))
  const circuitBreakers = each(policies.get('circuitBreakers'), reader, (field, policy) =>
    decodeCircuitBreaker(policy, field, text, reader),
  )
  const { targets, references } = decodeTargets(spec.get('targets'), reader)
  const scopes = decodeScopes(fields, reader)
  if (!reader.isSound) return undefined
  return { resiliency: { name, timeouts, retries, circuitBreakers, targets }, scopes, references, reader }
}

function each<Policy>(
  field: Field | undefined,
  reader: FieldReader,
  decode: (field: Field, name: string) => Policy,
): readonly Policy[] {
  return [...reader.named(field)].map(([name, policy]) => decode(policy, name))
}

function decodeTimeout(name: string, field: Field, reader: FieldReader): TimeoutPolicy {
  const text = reader.text(field)
  const milliseconds = parseMillisecondsOrDuration(text ?? '')
  // What is no scalar has been reported as such.
  if (milliseconds === undefined && field.entry.value.kind === 'scalar') reportDuration(field, reader)
  return { name, milliseconds: milliseconds ?? 0 }
}

function decodeRetry(name: string, field: Field, reader: FieldReader): RetryPolicy {
  const fields = reader.fields(field.entry.value, field.path, [
    'policy',
    'duration',
    'maxInterval',
    'maxRetries',
    'matching',
  ])
  const matching = reader.fields(fields.get('matching')?.entry.value, `${field.path}.matching`, [
    'httpStatusCodes',
    'gRPCStatusCodes',
  ])
  for (const [, codes] of matching) reader.text(codes)
  const maxRetries = reader.wholeNumber(fields.get('maxRetries')) ?? -1
  return {
    name,
    policy: decodeRetryKind(fields.get('policy'), reader),
    duration: decodeDuration(fields.get('duration'), 5000, reader),
    maxInterval: decodeDuration(fields.get('maxInterval'), 60_000, reader),
    maxRetries: Math.max(-1, maxRetries),
  }
}

function decodeRetryKind(field: Field | undefined, reader: FieldReader): RetryPolicy['policy'] {
  const text = (reader.text(field) ?? '').toLowerCase()
  if (text === 'exponential') return text
  if (field !== undefined && text !== '' && text !== 'constant') {
    reader.reportValue('error', field, `${field.path} must be constant or exponential`)
  }
  return 'constant'
}

function decodeCircuitBreaker(
  name: string,
  field: Field,
  text: string,
  reader: FieldReader,
): CircuitBreakerPolicy {
  const fields = reader.fields(field.entry.value, field.path, ['maxRequests', 'interval', 'timeout', 'trip'])
  const maxRequests = reader.wholeNumber(fields.get('maxRequests')) ?? 0
  const maxRequestsField = fields.get('maxRequests')
  if (maxRequestsField !== undefined && (maxRequests < 0 || maxRequests > 0xffff_ffff)) {
    reader.reportValue(
      'error',
      maxRequestsField,
      `${maxRequestsField.path} must be a whole number of 32 bits`,
    )
  }
  const timeout = decodeDuration(fields.get('timeout'), 0, reader)
  const trip = decodeTrip(fields.get('trip'), text, reader)
  // sony/gobreaker `gobreaker.go`, NewTwoStepCircuitBreaker: what is not positive is the default.
  return {
    name,
    maxRequests: Math.max(1, maxRequests),
    interval: Math.max(0, decodeDuration(fields.get('interval'), 0, reader)),
    timeout: timeout > 0 ? timeout : 60_000,
    ...(trip === undefined ? {} : { trip }),
  }
}

function decodeTrip(field: Field | undefined, text: string, reader: FieldReader): TripExpression | undefined {
  const expression = reader.text(field) ?? ''
  if (field === undefined || expression === '') return undefined
  try {
    return parseTrip(expression)
  } catch (error) {
    if (!(error instanceof TripSyntaxError)) throw error
    const { value } = field.entry
    const offset = value.kind === 'scalar' ? offsetInside(value, text, error.column) : value.start
    reader.report('error', offset, `${field.path}: ${error.message}`)
    return undefined
  }
}

/** Where a column of a scalar's text stands in the document, if it is written there as it is. */
function offsetInside(scalar: YamlScalar, text: string, column: number): number {
  const written = text.slice(scalar.start, scalar.end)
  const isQuoted = written.length === scalar.text.length + 2 && written.slice(1, -1) === scalar.text
  if (!isQuoted && written !== scalar.text) return scalar.start
  return scalar.start + (isQuoted ? 1 : 0) + column - 1
}

function decodeDuration(field: Field | undefined, byDefault: number, reader: FieldReader): number {
  const text = reader.text(field) ?? ''
  if (field === undefined || text === '') return byDefault
  const milliseconds = parseMillisecondsOrDuration(text)
  if (milliseconds === undefined) reportDuration(field, reader)
  return milliseconds ?? byDefault
}

function reportDuration(field: Field, reader: FieldReader): void {
  const message = `${field.path} must be a duration such as 5s, or a whole number of milliseconds`
  reader.reportValue('error', field, message)
}

function decodeTargets(
  field: Field | undefined,
  reader: FieldReader,
): { readonly targets: readonly ComponentTarget[]; readonly references: readonly PolicyReference[] } {
  const kinds = reader.fields(field?.entry.value, 'spec.targets', ['apps', 'actors', 'components'])
  const references: PolicyReference[] = []
  const targets = each(kinds.get('components'), reader, (target, component) => {
    const directions = reader.fields(target.entry.value, target.path, ['inbound', 'outbound'])
    const outbound = directions.get('outbound')
    const names = reader.fields(outbound?.entry.value, `${target.path}.outbound`, policyKinds)
    let decoded: ComponentTarget = { component }
    for (const policy of policyKinds) {
      const reference = names.get(policy)
      const name = reader.text(reference) ?? ''
      if (reference === undefined || name === '') continue
      references.push({ policy, name, field: reference })
      decoded = { ...decoded, [policy]: name }
    }
    return decoded
  })
  return { targets, references }
}

const policyKinds: readonly PolicyKind[] = ['timeout', 'retry', 'circuitBreaker']
