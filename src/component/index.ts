/**
 * Dapr's YAML as validated data: for build scripts and for programs that load components at start.
 *
 * @module
 */
export { defaultConfiguration } from './configuration.ts'
export type { LoadedConfiguration } from './load-configuration.ts'
export { loadConfiguration } from './load-configuration.ts'
export type { ResourceOptions, Resources } from './load-resources.ts'
export { loadResources } from './load-resources.ts'
export type { SourceFile } from './source.ts'
