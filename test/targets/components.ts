/**
 * The components of the fixtures, as a build puts them into a bundle.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { Component } from '../../src/component/component.ts'
import { loadResources } from '../../src/component/load-resources.ts'
import { formatDiagnostic } from '../../src/diagnostic.ts'

/** The YAML files of test/fixtures/targets/components, validated. */
export function compiledComponents(): readonly Component[] {
  const files = readdirSync(folder).map((name) => ({
    path: `components/${name}`,
    text: readFileSync(new URL(name, folder), 'utf8'),
  }))
  const { components, diagnostics } = loadResources(files, { appId: 'orders', deniedComponents: [] })
  if (diagnostics.length > 0) throw new Error(diagnostics.map(formatDiagnostic).join('\n'))
  return components
}

const folder = new URL('../fixtures/targets/components/', import.meta.url)
