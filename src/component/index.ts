/**
 * Dapr's YAML as validated data: for build scripts and for programs that load components at start.
 *
 * @module
 */
export { defaultConfiguration, loadConfiguration } from './configuration.ts'
export type { ResourceOptions, Resources } from './load.ts'
export { loadResources } from './load.ts'
export type { SourceFile } from './source.ts'
