import { describe, expect, it } from 'vitest'
import { loadConfiguration } from '../../src/component/load-configuration.ts'
import { loadResources } from '../../src/component/load-resources.ts'
import type { Diagnostic } from '../../src/diagnostic.ts'
import { formatDiagnostic } from '../../src/diagnostic.ts'
import { environment } from '../../src/runtime.ts'
import { type RecordedSetup, recordedSetups } from '../conformance/vectors.ts'

function load({ components, resources, configuration, env, args }: RecordedSetup) {
  const configurationFiles = configuration === undefined ? [] : [{ path: 'config.yaml', text: configuration }]
  const loaded = loadConfiguration(configurationFiles, environment(env))
  const files = [...components, ...resources].map((text, index) => ({
    path: `components/${index}.yaml`,
    text,
  }))
  const namespace = env['NAMESPACE']
  const result = loadResources(files, {
    appId: args.appId,
    deniedComponents: loaded.configuration.deniedComponents,
    ...(namespace === undefined ? {} : { namespace }),
  })
  return { ...result, diagnostics: [...loaded.diagnostics, ...result.diagnostics] }
}

function errorsOf(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.filter(({ severity }) => severity === 'error').map(formatDiagnostic)
}

const setups = recordedSetups()
const unreadable = [
  'daprd logs an error and starts without the document; a document that cannot be read must end the start',
  'daprd logs the document that cannot be read and starts without it; it must end the start with a diagnostic',
  'daprd loads a component without a name; nothing can ever reach it, so it must end the start',
]

describe('loading what a real daprd loaded', () => {
  it('finds no error where daprd started', () => {
    const started = setups.filter(({ startup }) => startup === 'started')
    expect(started.length).toBeGreaterThan(400)
    for (const setup of started) {
      expect({ name: setup.name, errors: errorsOf(load(setup).diagnostics) }).toEqual({
        name: setup.name,
        errors: [],
      })
    }
  })

  it('finds an error in every document that cannot be read', () => {
    const refused = setups.filter(({ cases }) =>
      cases.some(({ difference }) => unreadable.includes(difference ?? '')),
    )
    expect(refused.length).toBe(22)
    for (const setup of refused) {
      expect({ setup, errors: errorsOf(load(setup).diagnostics).length }).not.toEqual({ setup, errors: 0 })
    }
  })

  it('finds the errors that ended the start of daprd, in its words', () => {
    const words = /duplicate definition of Component|storeName is repeated|can be either allow or deny/
    const fatal = setups.filter(({ cases }) =>
      cases.some(({ expect: { logContains = '' } }) => words.test(logContains)),
    )
    expect(fatal.length).toBeGreaterThan(2)
    for (const setup of fatal) {
      const [text] = setup.cases.flatMap((recorded) => recorded.expect.logContains ?? [])
      expect(errorsOf(load(setup).diagnostics).join('\n')).toContain(text)
    }
    const repeated = setups.filter(
      ({ startup, configuration = '' }) => startup === 'fatal' && configuration !== '',
    )
    expect(repeated.length).toBeGreaterThan(10)
    for (const setup of repeated) expect(errorsOf(load(setup).diagnostics).join('\n')).toMatch(words)
  })

  it('loads the components that daprd lists', () => {
    let compared = 0
    for (const setup of setups) {
      // A component that ignores errors is loaded here, and may still not start.
      if (setup.components.some((text) => text.includes('ignoreErrors'))) continue
      for (const { expect: expected } of setup.cases) {
        const listed = componentsIn(expected.bodyJsonSubset)
        if (listed.length === 0) continue
        const loaded = load(setup).components.map(({ name, type, version }) => `${name} ${type} ${version}`)
        expect({ setup, loaded: loaded.toSorted() }).toEqual({ setup, loaded: listed.toSorted() })
        compared += 1
      }
    }
    expect(compared).toBeGreaterThan(130)
  })

  it('reads every scalar as daprd does', () => {
    let compared = 0
    for (const setup of setups) {
      const [text = '', ...others] = setup.components
      if (!setup.name.startsWith('corpus') || others.length > 0 || !text.includes('/data/y.json')) continue
      const answer = setup.cases.find(({ request }) => request?.target === '/v1.0/secrets/f/bulk')?.expect
        .bodyText
      const key = /^\{"((?:[^"\\]|\\.)*)":/.exec(answer ?? '')?.[1]
      if (key === undefined) continue
      const name: unknown = JSON.parse(`"${key}"`)
      const item = load(setup).components[0]?.metadata.findLast(
        (candidate) => candidate.name === 'nestedSeparator',
      )
      const separator = (item?.value ?? ':')
        .replaceAll('{appID}', 'myapp')
        .replaceAll('{namespace}', 'default.myapp')
      if (text.includes('{uuid}')) continue
      expect({ text, name: `a${separator}b` }).toEqual({ text, name })
      compared += 1
    }
    expect(compared).toBeGreaterThan(60)
  })
})

function componentsIn(body: unknown): readonly string[] {
  const { components } = (typeof body === 'object' ? body : {}) as {
    components?: readonly { name: string; type: string; version?: string }[]
  }
  return (components ?? []).map(({ name, type, version = '' }) => `${name} ${type} ${version}`)
}
