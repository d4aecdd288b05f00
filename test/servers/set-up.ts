/**
 * The real servers, each started once for all tests of this folder; see vitest.config.ts.
 *
 * @module
 */
import type { TestProject } from 'vitest/node'
import { findInstallation, howToInstall } from '../../scripts/servers/install.ts'
import {
  type ServerAddress,
  type ServerName,
  type StartedServer,
  serverNames,
  startServer,
} from '../../scripts/servers/start.ts'

/** Each server's address, or why there is none. */
export type Servers = Readonly<Record<ServerName, ServerAddress | { readonly absent: string }>>

declare module 'vitest' {
  interface ProvidedContext {
    servers: Servers
  }
}

/** Runs once before the first test file; what it returns runs after the last. */
export default async function setUp(vitest: TestProject): Promise<() => Promise<void>> {
  const programs = findInstallation()
  const started: StartedServer[] = []
  const entries = serverNames.map(async (name) => {
    if (programs === undefined) return [name, { absent: `${name} is not installed: ${howToInstall}` }]
    try {
      const server = await startServer(name, programs)
      started.push(server)
      return [name, server.address]
    } catch (error) {
      return [name, { absent: error instanceof Error ? error.message : String(error) }]
    }
  })
  vitest.provide('servers', Object.fromEntries(await Promise.all(entries)))
  return async () => {
    await Promise.all(started.map((server) => server.stop()))
  }
}
