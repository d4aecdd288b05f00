/**
 * What a status means where a vendor says nothing more precise.
 *
 * @module
 */
import type { SecretErrorKind } from '../secret-error.ts'
import type { HttpResponse } from './exchange.ts'

/**
 * The kind of error that a status other than 2xx stands for (RFC 9110, section 15).
 *
 * 401 `unauthenticated`, 403 `denied`, 404 `not-found`, 408 and 429 `throttled`, any other 4xx `invalid`.
 * Everything else is `unavailable`: 5xx, and what no store should answer.
 */
export function kindOfStatus(status: number): SecretErrorKind {
  switch (status) {
    case 401:
      return 'unauthenticated'
    case 403:
      return 'denied'
    case 404:
      return 'not-found'
    case 408:
    case 429:
      return 'throttled'
    default:
      return status >= 400 && status < 500 ? 'invalid' : 'unavailable'
  }
}

/**
 * The pause that an answer asks for with `Retry-After` (RFC 9110, section 10.2.3), in milliseconds from now:
 * seconds, or a date. `undefined` when it asks for none, or in a form of its own; 0 for a date that is past.
 *
 * @param now milliseconds since the Unix epoch
 */
export function retryAfter(response: Pick<HttpResponse, 'headers'>, now: number): number | undefined {
  const text = response.headers.get('retry-after')?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = httpDate(text)
  return date === undefined ? undefined : Math.max(0, date - now)
}

/** The one form of a date that is still sent: `Sun, 06 Nov 1994 08:49:37 GMT`. `Date.parse` takes anything. */
function httpDate(text: string): number | undefined {
  const match = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/.exec(text)
  if (match === null) return undefined
  const [, day, month = '', year, hour, minute, second] = match
  const monthIndex = months.indexOf(month)
  if (monthIndex < 0) return undefined
  return Date.UTC(Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second))
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
