import { describe, expect, it } from 'vitest'
import { loadResources } from '../../src/component/load-resources.ts'
import { renderDiagnostic } from '../../src/diagnostic.ts'

function load(...texts: readonly string[]) {
  const files = texts.map((text, index) => ({ path: `${index + 1}.yaml`, text }))
  return loadResources(files, { appId: 'orders', deniedComponents: [] })
}

function said(...texts: readonly string[]): readonly string[] {
  return load(...texts).diagnostics.map(renderDiagnostic)
}

function policies(body: string): string {
  return `kind: Resiliency\nmetadata: {name: r}\nspec:\n  policies:\n${body}`
}

describe('loading a Resiliency', () => {
  it('keeps policies and targets of components', () => {
    const text = `apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata:
  name: myresiliency
scopes: [orders]
spec:
  policies:
    timeouts:
      general: 5s
      number: 30
      none: 0
    retries:
      constant: {}
      pubsubRetry:
        policy: Exponential
        maxInterval: 10s
        duration: "250"
        maxRetries: 3
        matching: {httpStatusCodes: 500-599, gRPCStatusCodes: "1"}
    circuitBreakers:
      plain:
      simple:
        maxRequests: 2
        interval: 8s
        timeout: 45s
        trip: consecutiveFailures >= 5
  targets:
    apps: {other: {retry: ghost}}
    components:
      vault:
        inbound: {retry: ghost}
        outbound:
          timeout: general
          retry: pubsubRetry
          circuitBreaker: simple
      bare:
`
    expect(load(text)).toEqual({
      components: [],
      resiliency: [
        {
          name: 'myresiliency',
          timeouts: [
            { name: 'general', milliseconds: 5000 },
            { name: 'number', milliseconds: 30 },
            { name: 'none', milliseconds: 0 },
          ],
          retries: [
            { name: 'constant', policy: 'constant', duration: 5000, maxInterval: 60_000, maxRetries: -1 },
            { name: 'pubsubRetry', policy: 'exponential', duration: 250, maxInterval: 10_000, maxRetries: 3 },
          ],
          circuitBreakers: [
            { name: 'plain', maxRequests: 1, interval: 0, timeout: 60_000 },
            {
              name: 'simple',
              maxRequests: 2,
              interval: 8000,
              timeout: 45_000,
              trip: {
                op: '>=',
                left: { op: 'counter', name: 'consecutiveFailures' },
                right: { op: 'literal', value: 5 },
              },
            },
          ],
          targets: [
            { component: 'vault', timeout: 'general', retry: 'pubsubRetry', circuitBreaker: 'simple' },
            { component: 'bare' },
          ],
        },
      ],
      diagnostics: [],
    })
  })

  it('asks for the kind alone, and for the application', () => {
    expect(load('apiVersion: whatever\nkind: Resiliency\n').resiliency).toHaveLength(1)
    expect(load('kind: Resiliency\nscopes: [billing]\n')).toMatchObject({ resiliency: [], diagnostics: [] })
  })

  it('reads only the first document of a file, comments above it aside', () => {
    expect(load('# license\n---\nkind: Resiliency\n')).toMatchObject({ resiliency: [{}], diagnostics: [] })
    expect(load('kind: x\n---\nkind: Resiliency\n').resiliency).toEqual([])
    expect(said('kind: x\n---\nkind: Resiliency\n')).toEqual([
      "1.yaml:3:1: warning: daprd reads a Resiliency only from a file's first document; this one is ignored",
    ])
  })
})

describe('what is wrong with a Resiliency', () => {
  it.each([
    [
      '    timeouts: {general: 5 seconds}\n',
      '1.yaml:5:25: spec.policies.timeouts.general must be a duration such as 5s, or a whole number of milliseconds',
    ],
    [
      '    timeouts: {general: }\n',
      '1.yaml:5:25: spec.policies.timeouts.general must be a duration such as 5s, or a whole number of milliseconds',
    ],
    [
      '    retries: {r: {policy: linear}}\n',
      '1.yaml:5:27: spec.policies.retries.r.policy must be constant or exponential',
    ],
    [
      '    retries: {r: {duration: x}}\n',
      '1.yaml:5:29: spec.policies.retries.r.duration must be a duration such as 5s, or a whole number of milliseconds',
    ],
    [
      '    retries: {r: {maxRetries: "3"}}\n',
      '1.yaml:5:31: spec.policies.retries.r.maxRetries must be a whole number, without quotes',
    ],
    [
      '    retries: {r: {maxRetries: 1.5}}\n',
      '1.yaml:5:31: spec.policies.retries.r.maxRetries must be a whole number, without quotes',
    ],
    ['    retries: {r: [x]}\n', '1.yaml:5:18: spec.policies.retries.r must be a mapping'],
    [
      '    circuitBreakers: {c: {maxRequests: -1}}\n',
      '1.yaml:5:40: spec.policies.circuitBreakers.c.maxRequests must be a whole number of 32 bits',
    ],
    [
      '    circuitBreakers:\n      c:\n        trip: consecutiveFailures >\n',
      "1.yaml:7:36: spec.policies.circuitBreakers.c.trip: expected a counter, a number or '('",
    ],
    [
      '    circuitBreakers:\n      c:\n        trip: "requests + x > 1"\n',
      '1.yaml:7:27: spec.policies.circuitBreakers.c.trip: unknown counter; known are requests, totalSuccesses, totalFailures, consecutiveSuccesses, consecutiveFailures',
    ],
  ])('is an error that names the field: %j', (body, problem) => {
    expect(said(policies(body))).toEqual([problem])
    expect(load(policies(body)).resiliency).toEqual([])
  })

  it('is all said at once', () => {
    const text = policies('    timeouts: {a: x, b: y}\n    retries: {r: {policy: z}}\n')
    expect(load(text).diagnostics.map(({ at }) => `${at.line}:${at.column}`)).toEqual([
      '5:19',
      '5:25',
      '6:27',
    ])
  })

  it('is an unknown field, as a warning', () => {
    const text = policies('    retries: {r: {maxRetry: 3}}\n')
    expect(said(text)).toEqual([
      "1.yaml:5:19: warning: unknown field 'maxRetry' in spec.policies.retries.r; did you mean 'maxRetries'?",
    ])
    expect(load(text).resiliency).toHaveLength(1)
  })

  it('is a name that no document of the application defines', () => {
    const target = (policy: string) =>
      `kind: Resiliency\nspec:\n  targets:\n    components:\n      vault:\n        outbound: {${policy}}\n`
    const defines = policies(
      '    retries: {r: {}}\n    timeouts: {t: 1}\n    circuitBreakers: {general: {}}\n',
    )
    expect(said(target('retry: r, timeout: t, circuitBreaker: general'), defines)).toEqual([])
    expect(said(target('retry: r'), `${defines}scopes: [billing]\n`)).toEqual([
      '1.yaml:6:27: warning: spec.targets.components.vault.outbound.retry names a retry policy that is not defined',
    ])
    expect(said(target('timeout: x'))).toEqual([
      '1.yaml:6:29: warning: spec.targets.components.vault.outbound.timeout names a timeout that is not defined',
    ])
    expect(said(target('circuitBreaker: genral'), defines)).toEqual([
      "1.yaml:6:36: spec.targets.components.vault.outbound.circuitBreaker names a circuit breaker that is not defined; did you mean 'general'?",
    ])
  })
})
