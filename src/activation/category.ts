/**
 * Dapr's building blocks, as the first part of a component type names them.
 *
 * @module
 */
import { categoryOf } from '../component/component.ts'

/** dapr/dapr `pkg/components/category.go`; compared with regard to letter case, as there. */
const categories: ReadonlySet<string> = new Set([
  'bindings',
  'configuration',
  'conversation',
  'crypto',
  'lock',
  'middleware',
  'nameresolution',
  'pubsub',
  'secretstores',
  'state',
  'workflowbackend',
])

/** Whether Dapr has a building block for components of this type. */
export function isKnownCategory(type: string): boolean {
  return categories.has(categoryOf(type))
}
