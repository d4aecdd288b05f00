/**
 * From validated components and compiled-in drivers to running secret stores.
 *
 * Every store that can start is started and every problem is reported; whether an error ends the start is the
 * caller's decision, and it always does (dapr/dapr `pkg/runtime/processor/components.go`).
 *
 * @module
 */
import type { Component } from '../component/component.ts'
import { isSecretStore } from '../component/component.ts'
import type { Diagnostic, Location } from '../diagnostic.ts'
import { nearest } from '../did-you-mean.ts'
import type { Runtime } from '../runtime.ts'
import { decodeOptions } from '../stores/options.ts'
import type { NamedStore, SecretStoreDriver } from '../stores/store.ts'
import { OptionError } from '../stores/store.ts'
import { isKnownCategory } from './category.ts'
import { startOrder, usesReferences } from './order.ts'
import { resolveProperties } from './properties.ts'

/** A secret store that is ready to be read, and the component it was made from. */
export interface ActiveStore extends NamedStore {
  readonly component: Component
}

/** What {@link activate} needs. */
export interface ActivateOptions {
  readonly appId: string
  readonly runtime: Runtime
  /** `local` stays off the network: a reference into a remote store is only checked for its store. Default `all`. */
  readonly references?: 'all' | 'local'
}

/** The stores that started, in the order in which they did, and what is wrong with the others. */
export interface Activation {
  readonly stores: readonly ActiveStore[]
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Starts the secret stores among the components.
 *
 * @param components as `loadResources` gives them; components of other building blocks are only checked
 * @param drivers compiled in for this target
 *
 * @example
 * ```ts
 * const { stores, diagnostics } = await activate(components, [localEnv, localFile], { appId: 'orders', runtime })
 * if (hasErrors(diagnostics)) throw new Error(diagnostics.map(formatDiagnostic).join('\n'))
 * ```
 */
export async function activate(
  components: readonly Component[],
  drivers: readonly SecretStoreDriver[],
  { appId, runtime, references = 'all' }: ActivateOptions,
): Promise<Activation> {
  const diagnostics: Diagnostic[] = []
  const secretStores = components.filter(isSecretStore)
  const stores = new Map<string, ActiveStore>()
  const failed = new Set<string>()

  for (const component of components) checkReferences(component)
  const { ordered, cycles } = startOrder(secretStores)
  for (const cycle of cycles) reportCycle(cycle)
  for (const component of ordered) {
    if (failed.has(component.name)) continue
    const active = await start(component)
    if (active === undefined) failed.add(component.name)
    else stores.set(component.name, active)
  }
  return { stores: [...stores.values()], diagnostics }

  function report(
    severity: Diagnostic['severity'],
    component: Component,
    at: Location,
    message: string,
  ): void {
    diagnostics.push({ severity, at, component: component.name, message })
  }

  /** Problems that are seen without reading anything. */
  function checkReferences(component: Component): void {
    if (!isSecretStore(component) && !isKnownCategory(component.type)) {
      fail(component, component.typeAt, `incorrect type ${component.type}`)
    }
    const reference = component.metadata.find((item) => item.secretKeyRef !== undefined)?.secretKeyRef
    if (reference === undefined) return
    const { secretStore } = component
    if (secretStore === '') {
      const message =
        "secretKeyRef needs a store to read from: set 'auth.secretStore' to the name of a secret store"
      report('error', component, reference.at, message)
    } else if (!secretStores.some(({ name }) => name === secretStore)) {
      const near = nearest(
        secretStore,
        secretStores.map(({ name }) => name),
      )
      const hint = near === undefined ? '' : `; did you mean '${near}'?`
      const message = `there is no secret store '${secretStore}' to resolve its secretKeyRefs${hint}`
      report('error', component, component.secretStoreAt ?? reference.at, message)
    } else return
    failed.add(component.name)
  }

  function reportCycle(cycle: readonly Component[]): void {
    const [first] = cycle
    if (first === undefined) return
    const path = [...cycle, first].map(({ name }) => `'${name}'`).join(' → ')
    report(
      'error',
      first,
      first.secretStoreAt ?? first.at,
      `secret stores refer to each other in a cycle: ${path}`,
    )
    for (const { name } of cycle) failed.add(name)
  }

  async function start(component: Component): Promise<ActiveStore | undefined> {
    const driver = driverOf(component)
    if (driver === undefined) return undefined
    const deadline = new AbortController()
    try {
      return await withinInitTimeout(component, deadline, startWith(driver, component, deadline.signal))
    } finally {
      // Ends what is left of the time-out, or of a start that was too late.
      deadline.abort()
    }
  }

  function driverOf(component: Component): SecretStoreDriver | undefined {
    const type = component.type.toLowerCase()
    const driver = drivers.find((candidate) => candidate.type === type)
    if (driver !== undefined && baseVersions.has(component.version.toLowerCase())) return driver
    const wanted = `couldn't find secret store ${component.type}${component.version === '' ? '' : `/${component.version}`}`
    if (driver !== undefined) {
      fail(component, component.typeAt, `${wanted}; its version is v1`)
      return undefined
    }
    const near = nearest(
      type,
      drivers.map((candidate) => candidate.type),
    )
    const known = drivers.map((candidate) => candidate.type).join(', ')
    fail(
      component,
      component.typeAt,
      `${wanted}; ${near === undefined ? `known are ${known}` : `did you mean '${near}'?`}`,
    )
    return undefined
  }

  async function startWith(
    driver: SecretStoreDriver,
    component: Component,
    signal: AbortSignal,
  ): Promise<ActiveStore | undefined> {
    const source = usesReferences(component) ? stores.get(component.secretStore) : undefined
    if (usesReferences(component) && source === undefined) return undefinedAfterSource(component)
    const readable = references === 'all' || source?.driver.reads === 'locally'
    const resolved = await resolveProperties(component, {
      env: runtime.env,
      templates: {
        uuid: () => runtime.uuid(),
        podName: runtime.env.get('POD_NAME'),
        namespace: runtime.env.get('NAMESPACE') || 'default',
        appId,
      },
      store: readable ? source?.store : undefined,
      signal,
    })
    const decoded = decodeOptions(driver.metadata, resolved.properties, component)
    const problems = [...resolved.diagnostics, ...decoded.diagnostics]
    diagnostics.push(...(component.ignoreErrors ? problems.map(asWarning) : problems))
    if (problems.some(({ severity }) => severity === 'error')) return undefined
    try {
      const store = await driver.create(decoded.options, { runtime, signal })
      return { name: component.name, component, driver, store }
    } catch (error) {
      if (signal.aborted) return undefined
      const field = error instanceof OptionError ? error.field : undefined
      const at = component.metadata.findLast(({ name }) => name.toLowerCase() === field?.toLowerCase())?.at
      // An OptionError's text is written to be shown; anything else may quote what it refused.
      const reason = error instanceof OptionError ? error.message : 'the store could not start'
      fail(component, at ?? component.at, field === undefined ? reason : `metadata '${field}': ${reason}`)
      return undefined
    }
  }

  /** The store it refers to has its own diagnostic; a second one helps only where that was ignored. */
  function undefinedAfterSource(component: Component): undefined {
    const source = components.find(({ name }) => name === component.secretStore)
    if (source?.ignoreErrors === true) {
      const message = `secret store '${component.secretStore}' did not start, so its secretKeyRefs cannot be resolved`
      report('error', component, component.secretStoreAt ?? component.at, message)
    }
    return undefined
  }

  async function withinInitTimeout(
    component: Component,
    deadline: AbortController,
    starting: Promise<ActiveStore | undefined>,
  ): Promise<ActiveStore | undefined> {
    const timedOut = Symbol()
    const winner = await Promise.race([
      starting,
      runtime.clock.sleep(component.initTimeout, deadline.signal).then(
        () => timedOut,
        () => undefined,
      ),
    ])
    if (typeof winner !== 'symbol') return winner
    const version = component.version === '' ? '' : `/${component.version}`
    fail(
      component,
      component.at,
      `init timeout for component ${component.name} (${component.type}${version})`,
    )
    return undefined
  }

  /** A failed start: an error, or a warning where the component says that errors are to be ignored. */
  function fail(component: Component, at: Location, message: string): void {
    report(component.ignoreErrors ? 'warning' : 'error', component, at, message)
  }
}

/** An empty version, v0 and v1 select the base implementation (dapr/dapr `pkg/components/versioning.go`). */
const baseVersions: ReadonlySet<string> = new Set(['', 'v0', 'v1'])

function asWarning(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, severity: 'warning' }
}
