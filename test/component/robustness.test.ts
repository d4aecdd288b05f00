import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadConfiguration } from '../../src/component/load-configuration.ts'
import { loadResources } from '../../src/component/load-resources.ts'
import { type Diagnostic, formatDiagnostic, renderDiagnostic } from '../../src/diagnostic.ts'
import { environment } from '../../src/runtime.ts'

const canary = 'CANARYhunter2'

const componentText = `# a store
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: vault
  labels: {app: orders}
spec:
  type: secretstores.hashicorp.vault
  version: v1
  initTimeout: 10s
  metadata:
  - name: vaultAddr
    value: http://127.0.0.1:8200
  - name: vaultToken
    value: "${canary}"
  - {name: skipVerify, value: &no no}
  - name: block
    value: |
      ${canary}
  - name: nested
    value: {a: [${canary}, *no]}
  - name: ref
    secretKeyRef:
      name: root
      key: token
auth:
  secretStore: file
scopes: [app]
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: env}
`

const configurationText = `apiVersion: dapr.io/v1alpha1
kind: Configuration
spec:
  tracing: {samplingRate: "1"}
  secrets:
    scopes:
    - storeName: vault
      defaultAccess: $ACCESS
      allowedSecrets: [db, $VALUE, \${VALUE}]
    - storeName: file
      defaultAccess: deny
  api:
    allowed:
    - name: secrets
      version: v1
      protocol: http
`

const resiliencyText = `kind: Resiliency
metadata: {name: r}
spec:
  policies:
    timeouts: {general: 5s}
    retries:
      r: {policy: exponential, maxRetries: 3}
    circuitBreakers:
      cb: {trip: consecutiveFailures >= 5 && requests > 10, timeout: 45s}
  targets:
    components:
      vault: {outbound: {timeout: general, retry: r, circuitBreaker: cb}}
`

function loadComponents(text: string): readonly Diagnostic[] {
  return loadResources([{ path: 'c.yaml', text }], { appId: 'app', deniedComponents: [] }).diagnostics
}

function loadConfigured(text: string): readonly Diagnostic[] {
  const env = environment({ VALUE: canary, ACCESS: canary })
  return loadConfiguration([{ path: 'c.yaml', text }], env).diagnostics
}

/** Marks that mean something in YAML, and a few that are odd. */
const mark = fc.constantFrom(
  ...[...'-:?,[]{}#&*!|>\'"%@` \n\t\\~<=$.0a'],
  ...[
    '\r',
    '\0',
    '\ufeff',
    '\u2028',
    '\ud800',
    'é',
    '😀',
    '---',
    '\n---\n',
    '\n  ',
    ': ',
    '- ',
    '<<: ',
    '"\n',
    '!!int ',
    '${',
    '\\u',
  ],
)

/** Changes a text at a place: puts a mark in, takes some units out, repeats or swaps lines. */
const change = fc.record({
  kind: fc.constantFrom('insert', 'delete', 'replace', 'repeat line', 'swap lines', 'cut off'),
  at: fc.nat(2000),
  length: fc.integer({ min: 1, max: 6 }),
  mark,
})

/** Never inside a canary: half of one would go unnoticed. */
function apply(
  text: string,
  { kind, at, length, mark: inserted }: typeof change extends fc.Arbitrary<infer T> ? T : never,
): string {
  const index = at % (text.length + 1)
  const isInside = (place: number) => {
    const start = text.lastIndexOf(canary, place)
    return start >= 0 && place > start && place < start + canary.length
  }
  const lines = text.split('\n')
  const line = at % lines.length
  switch (kind) {
    case 'repeat line':
      return lines.toSpliced(line, 0, lines[line] ?? '').join('\n')
    case 'swap lines':
      return lines.toSpliced(line, 2, lines[line + 1] ?? '', lines[line] ?? '').join('\n')
    case 'cut off':
      return isInside(index) ? text : text.slice(0, index)
    default: {
      const end = kind === 'insert' ? index : Math.min(text.length, index + length)
      const touches = Array.from({ length: end - index + 1 }, (_, offset) => isInside(index + offset)).some(
        Boolean,
      )
      return touches ? text : text.slice(0, index) + (kind === 'delete' ? '' : inserted) + text.slice(end)
    }
  }
}

const changes = fc.array(change, { minLength: 1, maxLength: 5 })

function expectSafe(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) {
    expect(formatDiagnostic(diagnostic)).not.toMatch(/[\r\n]/)
    expect(diagnostic.at.line).toBeGreaterThanOrEqual(1)
    expect(diagnostic.at.column).toBeGreaterThanOrEqual(1)
  }
}

/** Milliseconds: what is unbounded takes minutes, and a busy machine is no reason to fail. */
const tooLong = 4000

/** Loads at once, whatever the text. */
function timed(load: (text: string) => readonly Diagnostic[], text: string): void {
  const start = Date.now()
  expectSafe(load(text))
  expect(Date.now() - start).toBeLessThan(tooLong)
}

describe('loading anything at all', { timeout: 60_000 }, () => {
  it('neither throws nor takes long, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        timed(loadComponents, text)
        timed(loadConfigured, text)
      }),
      { numRuns: 1000 },
    )
  })

  it('neither throws nor takes long, for any marks of YAML', () => {
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 200 }), (marks) => {
        timed(loadComponents, marks.join(''))
        timed(loadConfigured, marks.join(''))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['components', componentText, loadComponents],
    ['a Configuration', configurationText, loadConfigured],
    ['a Resiliency', resiliencyText, loadComponents],
  ])('neither throws nor takes long, for damaged %s', (_, text, load) => {
    fc.assert(
      fc.property(changes, (list) => timed(load, list.reduce(apply, text))),
      { numRuns: 1000 },
    )
  })
})

describe('a value in a damaged document', { timeout: 60_000 }, () => {
  it('never shows up in what is said of the document', () => {
    let spoken = 0
    fc.assert(
      fc.property(changes, (list) => {
        const diagnostics = loadComponents(list.reduce(apply, componentText))
        spoken += diagnostics.length
        for (const diagnostic of diagnostics) expect(renderDiagnostic(diagnostic)).not.toContain(canary)
      }),
      { numRuns: 3000 },
    )
    expect(spoken).toBeGreaterThan(1000)
  })

  it('never shows up when it came out of a variable', () => {
    let spoken = 0
    fc.assert(
      fc.property(changes, (list) => {
        const diagnostics = loadConfigured(list.reduce(apply, configurationText))
        spoken += diagnostics.length
        for (const diagnostic of diagnostics) expect(renderDiagnostic(diagnostic)).not.toContain(canary)
      }),
      { numRuns: 3000 },
    )
    expect(spoken).toBeGreaterThan(1000)
  })

  it('never shows up where a value slipped out of its place', () => {
    for (const slip of [
      `${canary}: x`,
      `value ${canary}`,
      `value:\n      ${canary}`,
      `value:\n    ${canary}:`,
      `valu: ${canary}`,
      `value: [${canary}`,
      `value: "${canary}`,
      `value: !!int ${canary}`,
      `value: *${canary}`,
      `value: !${canary} [`,
      `value: @${canary}`,
      `value: "\\q${canary}"`,
      `value: x: ${canary}`,
      `secretKeyRef: ${canary}`,
      `envRef: [${canary}]`,
      `envRef: {${canary}: x}`,
    ]) {
      const text = componentText.replace('value: http://127.0.0.1:8200', () => slip)
      for (const diagnostic of loadComponents(text))
        expect(renderDiagnostic(diagnostic)).not.toContain(canary)
    }
  })
})
