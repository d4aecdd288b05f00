/**
 * From validated components and compiled-in drivers to running secret stores.
 *
 * Every store that can start is started and every problem is reported; whether an error ends the start is the
 * caller's decision, and it always does (dapr/dapr `pkg/runtime/processor/components.go`).
 *
 * @module
 */
import type { Component } from '../component/component.ts'
import { describeComponent, isSecretStore } from '../component/component.ts'
import type { Diagnostic, Location } from '../diagnostic.ts'
import { hasErrors } from '../diagnostic.ts'
import { nearest } from '../did-you-mean.ts'
import type { ReadSettings } from '../read/settings.ts'
import { decodeSettings } from '../read/settings.ts'
import type { Runtime } from '../runtime.ts'
import { decodeOptions } from '../stores/options.ts'
import type { NamedStore, SecretStoreDriver } from '../stores/store.ts'
import { OptionError } from '../stores/store.ts'
import { isKnownCategory } from './category.ts'
import { findDriver } from './find-driver.ts'
import { startOrder, usesReferences } from './order.ts'
import { resolveProperties } from './properties.ts'
import { referenceProblems } from './references.ts'

/** A secret store that is ready to be read, the component it was made from, and how that says it is read. */
export interface ActiveStore extends NamedStore {
  readonly component: Component
  readonly settings: ReadSettings
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
  const stores = new Map<string, ActiveStore>()
  const { ordered, cycles } = startOrder(components.filter(isSecretStore))
  const { diagnostics: unresolvable, unusable } = referenceProblems(components, cycles)
  const diagnostics: Diagnostic[] = [...unresolvable]

  for (const component of components) {
    if (!isKnownCategory(component.type)) {
      fail(component, component.typeAt, incorrectType(component.type, drivers))
    }
  }
  for (const component of ordered) {
    if (unusable.has(component.name)) continue
    const driver = findDriver(component, drivers)
    if ('problem' in driver) {
      fail(component, component.typeAt, driver.problem)
      continue
    }
    const active = await withinInitTimeout(component, (signal) => start(component, driver, signal))
    if (active !== undefined) stores.set(component.name, active)
  }
  return { stores: [...stores.values()], diagnostics }

  async function start(
    component: Component,
    driver: SecretStoreDriver,
    signal: AbortSignal,
  ): Promise<ActiveStore | undefined> {
    const source = stores.get(component.secretStore)
    if (usesReferences(component) && source === undefined) {
      reportMissingSource(component)
      return undefined
    }
    const mayRead = references === 'all' || source?.driver.reads === 'locally'
    const resolved = await resolveProperties(component, {
      env: runtime.env,
      templates: {
        uuid: () => runtime.uuid(),
        podName: runtime.env.get('POD_NAME'),
        namespace: runtime.env.get('NAMESPACE') || 'default',
        appId,
      },
      store: mayRead ? source?.store : undefined,
      signal,
    })
    if (hasErrors(resolved.diagnostics)) {
      // What could not be resolved is not there; that it is missing would be said wrongly.
      diagnostics.push(
        ...(component.ignoreErrors ? resolved.diagnostics.map(asWarning) : resolved.diagnostics),
      )
      return undefined
    }
    const { settings, ...own } = decodeSettings(driver, resolved.properties, component)
    const decoded = decodeOptions(driver.metadata, own.properties, component)
    const problems = [...resolved.diagnostics, ...own.diagnostics, ...decoded.diagnostics]
    diagnostics.push(...(component.ignoreErrors ? problems.map(asWarning) : problems))
    if (hasErrors(problems)) return undefined
    try {
      const store = await driver.create(decoded.options, { runtime, signal })
      return { name: component.name, component, driver, store, settings }
    } catch (error) {
      // Past its init timeout the component has its diagnostic already.
      if (!signal.aborted) failToCreate(component, error)
      return undefined
    }
  }

  /** The store it refers to has its own diagnostic; a second one helps only where that one was ignored. */
  function reportMissingSource(component: Component): void {
    const source = components.find(({ name }) => name === component.secretStore)
    if (source?.ignoreErrors !== true) return
    const message = `secret store '${component.secretStore}' did not start, so its secretKeyRefs cannot be resolved`
    fail(component, component.secretStoreAt ?? component.at, message)
  }

  function failToCreate(component: Component, error: unknown): void {
    if (error instanceof OptionError) {
      const { field, message } = error
      const item = component.metadata.findLast(({ name }) => name.toLowerCase() === field?.toLowerCase())
      fail(
        component,
        item?.at ?? component.at,
        field === undefined ? message : `metadata '${field}': ${message}`,
      )
    } else {
      // Its text is not written to be shown: it may quote what it refused.
      fail(component, component.at, 'the store could not start')
    }
  }

  async function withinInitTimeout(
    component: Component,
    starting: (signal: AbortSignal) => Promise<ActiveStore | undefined>,
  ): Promise<ActiveStore | undefined> {
    const deadline = new AbortController()
    const timedOut = Symbol()
    try {
      const winner = await Promise.race([
        starting(deadline.signal),
        runtime.clock.sleep(component.initTimeout, deadline.signal).then(
          () => timedOut,
          () => undefined,
        ),
      ])
      if (typeof winner !== 'symbol') return winner
      fail(component, component.at, `init timeout for component ${describeComponent(component)}`)
      return undefined
    } finally {
      // Ends what is left of the time-out, or of a start that was too late.
      deadline.abort()
    }
  }

  /** A failed start: an error, or a warning where the component says that errors are to be ignored. */
  function fail(component: Component, at: Location, message: string): void {
    diagnostics.push({
      severity: component.ignoreErrors ? 'warning' : 'error',
      at,
      component: component.name,
      message,
    })
  }
}

/** daprd's words, and what was probably meant. */
function incorrectType(type: string, drivers: readonly SecretStoreDriver[]): string {
  if (type === '') return "a component must have a type (set 'spec.type')"
  const types = drivers.map((driver) => driver.type)
  const near = nearest(type, types) ?? types.find((known) => known.endsWith(`.${type.toLowerCase()}`))
  return `incorrect type ${type}${near === undefined ? '' : `; did you mean '${near}'?`}`
}

function asWarning(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, severity: 'warning' }
}
