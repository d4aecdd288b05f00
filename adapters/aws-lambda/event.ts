/**
 * Which HTTP request a Lambda event stands for.
 *
 * @module
 */
import type { LambdaEvent } from 'hono/aws-lambda'

/** An event as hono/aws-lambda reads it, or why it is none. */
export type HttpEvent = LambdaEvent | 'VPC Lattice version 1' | 'another event'

/**
 * The HTTP request in an event, made ready for hono/aws-lambda:
 *
 * - without the body of a GET or HEAD: a WHATWG `Request` has none there, and the conversion would end in a 400
 * - without the stage that an HTTP API puts in front of the path, unless it is `$default`
 */
export function httpEvent(event: unknown): HttpEvent {
  if (!isRecord(event)) return 'another event'
  if (typeof event['raw_path'] === 'string') return 'VPC Lattice version 1'
  if (!isHttpEvent(event)) return 'another event'
  const method = methodOf(event).toUpperCase()
  const bodiless = method === 'GET' || method === 'HEAD' ? { ...event, body: null } : event
  return withoutStage(bodiless)
}

/** The shapes that AWS documents; hono/aws-lambda takes everything else for a REST API's event. */
function isHttpEvent(event: Readonly<Record<string, unknown>>): event is LambdaEvent & typeof event {
  const context = event['requestContext']
  if (!isRecord(context)) return false
  if (typeof event['rawPath'] === 'string') return isRecord(context['http'])
  if (typeof event['path'] !== 'string') return false
  const method = Object.hasOwn(context, 'serviceArn') ? event['method'] : event['httpMethod']
  return typeof method === 'string'
}

function methodOf(event: LambdaEvent): string {
  if ('rawPath' in event) return event.requestContext.http.method
  return 'httpMethod' in event ? event.httpMethod : (event.method ?? '')
}

function withoutStage(event: LambdaEvent): LambdaEvent {
  if (!('rawPath' in event)) return event
  const prefix = `/${event.requestContext.stage}`
  if (!event.rawPath.startsWith(`${prefix}/`)) return event
  return { ...event, rawPath: event.rawPath.slice(prefix.length) }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
