/**
 * Whether a `Host` header names this machine. A page on the internet whose DNS name is rebound to 127.0.0.1
 * can reach a loopback listener, and then sends its own name.
 *
 * A deliberate difference from daprd, which answers any host.
 *
 * @module
 */

/**
 * Whether the host is a DNS name other than `localhost`. Addresses and an absent header are not foreign.
 *
 * @example
 * ```ts
 * isForeignHost('localhost:3500')    // false
 * isForeignHost('[::1]:3500')        // false
 * isForeignHost('evil.example:3500') // true
 * ```
 */
export function isForeignHost(host: string | undefined): boolean {
  if (host === undefined || host === '') return false
  return !(host.startsWith('[') || ownName.test(host))
}

/** An IPv4 address, `localhost` or a name below it, with or without a port. */
const ownName = /^(?:\d+\.\d+\.\d+\.\d+|(?:.*\.)?localhost)\.?(?::\d*)?$/is
