/**
 * What is measured: an environment variable, and a file of 1,000 secrets, as Dapr components in a folder.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Program } from './process.ts'

/** The variable that is read, and its value. */
export const variable = { name: 'DATABASE_URL', value: 'postgres://orders:5432/orders' } as const

/** The two routes, and the bodies they answer with. */
export const routes = { get: `/v1.0/secrets/env/${variable.name}`, bulk: '/v1.0/secrets/file/bulk' } as const

/** A folder with everything on disk, gone when the process ends. */
export interface Fixture {
  readonly folder: string
  /** `sidecarless serve` over the components. */
  readonly sidecarless: Program
  /** The same with a compile cache that nobody has filled. */
  sidecarlessWithoutCache(): Program
  /** A bare node:http server with the same bodies. */
  readonly bare: Program
}

/**
 * Writes the files.
 *
 * @param bin the program, `dist/bin/sidecarless.cjs`
 */
export function writeFixture(bin: string): Fixture {
  const folder = mkdtempSync(join(tmpdir(), 'sidecarless-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

  const secrets = Array.from({ length: 1000 }, (_, index) => [
    `secret-${String(index).padStart(4, '0')}`,
    `value-${index}-${'x'.repeat(20)}`,
  ])
  const secretsFile = join(folder, 'secrets.json')
  writeFileSync(secretsFile, JSON.stringify(Object.fromEntries(secrets)))
  const components = join(folder, 'components')
  mkdirSync(components)
  writeFileSync(join(components, 'env.yaml'), component('env', 'secretstores.local.env', {}))
  writeFileSync(
    join(components, 'file.yaml'),
    component('file', 'secretstores.local.file', { secretsFile, nestedSeparator: ':' }),
  )

  const bodies = join(folder, 'bodies.json')
  const bulk = Object.fromEntries(secrets.map(([name = '', value]) => [name, { [name]: value }]))
  writeFileSync(
    bodies,
    JSON.stringify({
      [routes.get]: `${JSON.stringify({ [variable.name]: variable.value })}\n`,
      [routes.bulk]: `${JSON.stringify(bulk)}\n`,
    }),
  )

  const serve = (home: string): Program => ({
    args: (port) => [bin, 'serve', '--resources-path', components, '--dapr-http-port', String(port)],
    readyPath: '/v1.0/healthz',
    env: { [variable.name]: variable.value, HOME: home },
  })
  let homes = 0
  return {
    folder,
    sidecarless: serve(join(folder, 'home')),
    sidecarlessWithoutCache: () => serve(join(folder, `home-${homes++}`)),
    bare: {
      args: (port) => [join(import.meta.dirname, 'bare-server.cjs'), String(port), bodies],
      readyPath: routes.get,
    },
  }
}

function component(name: string, type: string, metadata: Readonly<Record<string, string>>): string {
  const items = Object.entries(metadata).map(([item, value]) => ({ name: item, value }))
  // JSON is YAML.
  return JSON.stringify({
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name },
    spec: { type, version: 'v1', metadata: items },
  })
}
