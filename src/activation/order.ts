/**
 * The order in which secret stores start: one whose metadata refers to another store comes after it.
 *
 * daprd parks a component until the store it refers to has started (dapr/dapr
 * `pkg/runtime/processor/components.go`) and never starts one that is part of a cycle; here a cycle is found
 * beforehand and named.
 *
 * @module
 */
import type { Component } from '../component/component.ts'

/** Components in starting order, and the cycles that keep the rest from starting. */
export interface StartOrder {
  readonly ordered: readonly Component[]
  /** Each a path of components that refer to the next, the last one to the first. */
  readonly cycles: readonly (readonly Component[])[]
}

/**
 * Orders components by their references; among those that are free to start, load order is kept.
 *
 * @param components secret stores, each with a name of its own
 */
export function startOrder(components: readonly Component[]): StartOrder {
  const byName = new Map(components.map((component) => [component.name, component]))
  const ordered: Component[] = []
  const cycles: (readonly Component[])[] = []
  const settled = new Set<Component>()

  // Each component refers to at most one store, so what it waits for is a chain.
  for (const start of components) {
    const chain: Component[] = []
    let next: Component | undefined = start
    while (next !== undefined && !settled.has(next) && !chain.includes(next)) {
      chain.push(next)
      next = usesReferences(next) ? byName.get(next.secretStore) : undefined
    }
    const cycle = next !== undefined && chain.includes(next) ? chain.slice(chain.indexOf(next)) : []
    if (cycle.length > 0) cycles.push(cycle)
    for (const component of chain.reverse()) {
      settled.add(component)
      if (!cycle.includes(component)) ordered.push(component)
    }
  }
  return { ordered, cycles }
}

/** Whether starting the component reads from its `auth.secretStore`. */
export function usesReferences(component: Component): boolean {
  return component.metadata.some((item) => item.secretKeyRef !== undefined)
}
