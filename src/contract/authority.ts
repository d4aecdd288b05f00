/**
 * Whether Go's `net/url` accepts the `user@host:port` part of a request target in absolute form.
 *
 * Nothing is done with the authority; a target whose authority Go refuses is a `400 Bad Request`.
 *
 * @module
 */

import { decodePercent } from './percent.ts'

/** Whether an authority is one that Go accepts. `scheme` is in lower case. */
export function isValidAuthority(scheme: string, authority: string): boolean {
  const at = authority.lastIndexOf('@')
  if (at !== -1 && !isUserInformation(authority.slice(0, at))) return false
  return isHost(scheme, authority.slice(at + 1))
}

function isUserInformation(text: string): boolean {
  return /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(text) && decodePercent(text) !== undefined
}

function isHost(scheme: string, text: string): boolean {
  const bracket = text.lastIndexOf('[')
  if (bracket > 0) return false
  if (bracket === 0) return isBracketedHost(text)
  const colon = scheme === 'http' || scheme === 'https' ? text.indexOf(':') : text.lastIndexOf(':')
  return (colon === -1 || isPort(text.slice(colon))) && isHostText(text)
}

function isBracketedHost(text: string): boolean {
  const close = text.lastIndexOf(']')
  if (close === -1 || !isPort(text.slice(close + 1))) return false
  const address = text.slice(1, close)
  const zone = address.indexOf('%25')
  if (zone === -1) return isIpv6(address)
  return isIpv6(address.slice(0, zone)) && isZone(address.slice(zone))
}

function isPort(text: string): boolean {
  return text === '' || /^:[0-9]*$/.test(text)
}

/** Host text may escape bytes beyond ASCII and `%` itself, nothing else. */
function isHostText(text: string): boolean {
  return HOST_TEXT.test(text.replace(/%(?:25|[89A-Fa-f][0-9A-Fa-f])/g, ''))
}

/** A zone: `%25` and at least one more byte. An escape may stand for what a host may hold, `%` or a blank. */
function isZone(text: string): boolean {
  const zone = text.slice('%25'.length).replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16))
    return character === '%' || character === ' ' ? '-' : character < '\u0080' ? character : ' '
  })
  return zone !== '' && HOST_TEXT.test(zone)
}

const HOST_TEXT = /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\u0080-\uffff]*$/

/** An IPv6 address in the forms of Go's `netip.ParseAddr`, without a zone. */
function isIpv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const [head = '', tail] = halves
  const before = groups(head, tail === undefined)
  if (tail === undefined) return before === 8
  const after = groups(tail, true)
  return before !== undefined && after !== undefined && before + after < 8
}

/** How many 16-bit groups a part of an address holds; a trailing dotted quad counts as two. */
function groups(text: string, mayEndInQuad: boolean): number | undefined {
  if (text === '') return 0
  const parts = text.split(':')
  const last = parts.at(-1) ?? ''
  const quad = mayEndInQuad && last.includes('.')
  if (quad && !isDottedQuad(last)) return undefined
  const plain = quad ? parts.slice(0, -1) : parts
  if (!plain.every((part) => /^[0-9A-Fa-f]{1,4}$/.test(part))) return undefined
  return plain.length + (quad ? 2 : 0)
}

function isDottedQuad(text: string): boolean {
  const numbers = text.split('.')
  return (
    numbers.length === 4 &&
    numbers.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)
  )
}
