import { describe, expect, it } from 'vitest'
import type { ApiRule } from '../../src/access/api-rule.ts'
import { httpEndpointAllowed } from '../../src/access/api-rule.ts'

const single = { group: 'v1/secrets', pattern: 'v1.0/secrets/{secretStoreName}/{key}' }
const bulk = { group: 'v1/secrets', pattern: 'v1.0/secrets/{secretStoreName}/bulk' }
const metadata = { group: 'v1/metadata', pattern: 'v1.0/metadata' }

const rule = (version: string, name: string, protocol = 'http'): ApiRule => ({ version, name, protocol })

describe('httpEndpointAllowed', () => {
  it.each([
    ['v1', 'secrets', true, true],
    ['v1.0', 'secrets', true, true],
    ['v1.0', 'sec', true, true],
    ['v1.0', '', true, true],
    ['v1.0', 'secrets/{secretStoreName}/bulk', false, true],
    ['v1.0', 'secrets/mystore', false, false],
    ['v1', 'Secrets', false, false],
    ['V1', 'secrets', false, false],
    ['v1', 'sec', false, false],
    ['', '', false, false],
  ])('a deny rule for version %j and name %j matches a get: %s, a bulk: %s', (version, name, get, all) => {
    const isAllowed = httpEndpointAllowed({ allowed: [], denied: [rule(version, name)] })
    expect(isAllowed(single)).toBe(!get)
    expect(isAllowed(bulk)).toBe(!all)
  })

  it('allows only what an allow list names', () => {
    const isAllowed = httpEndpointAllowed({ allowed: [rule('v1', 'secrets')], denied: [] })
    expect([single, bulk, metadata].map(isAllowed)).toEqual([true, true, false])
  })

  it('lets a deny rule win over an allow rule', () => {
    const isAllowed = httpEndpointAllowed({
      allowed: [rule('v1', 'secrets')],
      denied: [rule('v1', 'secrets')],
    })
    expect(isAllowed(single)).toBe(false)
  })

  it.each(['grpc', ''])('ignores rules whose protocol is %j', (protocol) => {
    expect(httpEndpointAllowed({ allowed: [rule('v1', 'metadata', protocol)], denied: [] })(single)).toBe(
      true,
    )
    expect(httpEndpointAllowed({ allowed: [], denied: [rule('v1', 'secrets', protocol)] })(single)).toBe(true)
  })

  it('compares the protocol without regard to letter case', () => {
    expect(httpEndpointAllowed({ allowed: [], denied: [rule('v1', 'secrets', 'HTTP')] })(single)).toBe(false)
  })
})
