/**
 * Addresses, taken apart so strictly that no other parser can read them differently.
 *
 * A request's URL is always an origin that stood this test, followed by a path that begins with `/`: whatever
 * the path holds, the host is told by then.
 *
 * @module
 */

/** An address in two. */
export interface SplitUrl {
  /** In its one spelling: lower case, no default port. */
  readonly origin: string
  /** With the query; begins with `/`. */
  readonly path: string
}

/**
 * The origin and the path of an absolute http or https URL; `undefined` for everything else, user names,
 * fragments and odd spellings of hosts included.
 *
 * @example
 * ```ts
 * splitUrl('https://Vault.example:443/v1/x?y') // { origin: 'https://vault.example', path: '/v1/x?y' }
 * ```
 */
export function splitUrl(url: string): SplitUrl | undefined {
  const match = /^(https?):\/\/([a-z\d._-]+|\[[a-f\d:.]+\])(?::(\d{1,5}))?([/?].*)?$/is.exec(url)
  if (match === null) return undefined
  const scheme = (match[1] ?? '').toLowerCase()
  const host = (match[2] ?? '').toLowerCase()
  const port = match[3] === undefined ? defaultPorts[scheme] : Number(match[3])
  if (!isHost(host) || port === undefined || port < 1 || port > 65535) return undefined
  const rest = match[4] ?? ''
  const path = rest.startsWith('/') ? rest : `/${rest}`
  if (!isPath(path)) return undefined
  return { origin: `${scheme}://${host}${port === defaultPorts[scheme] ? '' : `:${port}`}`, path }
}

/**
 * Whether a path can be sent as it is: begins with `/`, holds nothing that a URL must have percent-encoded, and
 * has no `.` or `..` among its segments, which `fetch` would resolve even when they are percent-encoded.
 */
export function isPath(path: string): boolean {
  const [segments = ''] = path.split('?', 1)
  return (
    /^\/(?:[\w.~!$&'()*+,;=:@/?[\]|-]|%[\da-f]{2})*$/i.test(path) &&
    !/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(segments)
  )
}

/** Whether an origin's host is this machine: `localhost`, 127.0.0.0/8 or `[::1]`. */
export function isLoopback(origin: string): boolean {
  return /^https?:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/.test(origin)
}

/**
 * Where a `Location` leads from a request (RFC 3986, section 5.2); `undefined` when it is no http address.
 *
 * @param location an absolute or a relative reference
 */
export function resolveReference(location: string, from: SplitUrl): SplitUrl | undefined {
  const [reference = ''] = location.split('#', 1)
  const [basePath = ''] = from.path.split('?', 1)
  if (reference === '') return from
  if (reference.startsWith('?')) return withoutDots(`${from.origin}${basePath}${reference}`)
  if (reference.startsWith('//')) return withoutDots(`${from.origin.split('//', 1)[0]}${reference}`)
  if (/^[a-z][a-z\d+.-]*:/i.test(reference)) return withoutDots(reference)
  const folder = basePath.slice(0, basePath.lastIndexOf('/') + 1)
  return withoutDots(`${from.origin}${reference.startsWith('/') ? '' : folder}${reference}`)
}

/** An absolute URL with its dot segments resolved. */
function withoutDots(url: string): SplitUrl | undefined {
  const match = /^(\w+:\/\/[^/?]*)([^?]*)(.*)$/s.exec(url)
  const [, origin = '', path = '', query = ''] = match ?? []
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === '..') kept.pop()
    if (segment !== '.' && segment !== '..') kept.push(segment)
    else if (isLast) kept.push('')
  }
  return splitUrl(`${origin}/${kept.join('/')}${query}`)
}

const defaultPorts: Readonly<Record<string, number>> = { http: 80, https: 443 }

/** A host name, or an IP address in its usual form: no `127.1`, no `0x7f000001`, no leading zeros. */
function isHost(host: string): boolean {
  if (host.startsWith('[')) return true
  const labels = host.replace(/\.$/, '').split('.')
  if (!/^(?:\d+|0x[a-f\d]*)$/.test(labels.at(-1) ?? '')) {
    return host.length <= 254 && labels.every((label) => /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/.test(label))
  }
  const isByte = (label: string) => /^(?:0|[1-9]\d{0,2})$/.test(label) && Number(label) <= 255
  return !host.endsWith('.') && labels.length === 4 && labels.every(isByte)
}
