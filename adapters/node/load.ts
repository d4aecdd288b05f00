/**
 * From folders and files on disk to validated components, Configuration and Resiliency.
 *
 * @module
 */
import type { Component } from '../../src/component/component.ts'
import type { Configuration } from '../../src/component/configuration.ts'
import { loadConfiguration } from '../../src/component/load-configuration.ts'
import { loadResources } from '../../src/component/load-resources.ts'
import type { Diagnostic } from '../../src/diagnostic.ts'
import type { Resiliency } from '../../src/resiliency/policy.ts'
import type { Environment } from '../../src/runtime.ts'
import { readConfigurationFiles, readResourceFolders } from './resources.ts'

/** What is loaded, and for which application. */
export interface LoadOptions {
  readonly appId: string
  readonly resourceFolders: readonly string[]
  readonly configurationFiles: readonly string[]
}

/** What was loaded, and everything that is wrong with it. */
export interface Loaded {
  readonly components: readonly Component[]
  readonly resiliency: readonly Resiliency[]
  readonly configuration: Configuration
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads and validates everything; nothing is started. */
export function loadFromDisk(options: LoadOptions, env: Environment): Loaded {
  const configurationFiles = readConfigurationFiles(options.configurationFiles)
  const { configuration, diagnostics: configurationProblems } = loadConfiguration(
    configurationFiles.files,
    env,
  )
  const resourceFiles = readResourceFolders(options.resourceFolders)
  const namespace = env.get('NAMESPACE')
  const resources = loadResources(resourceFiles.files, {
    appId: options.appId,
    deniedComponents: configuration.deniedComponents,
    ...(namespace === undefined ? {} : { namespace }),
  })
  return {
    components: resources.components,
    resiliency: resources.resiliency,
    configuration,
    diagnostics: [
      ...configurationFiles.diagnostics,
      ...configurationProblems,
      ...resourceFiles.diagnostics,
      ...resources.diagnostics,
    ],
  }
}
