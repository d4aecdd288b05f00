/**
 * Tests that need a real server.
 *
 * @example
 * ```ts
 * withServer('openbao', ({ url }) => {
 *   it('answers', async () => {
 *     expect((await fetch(`${url}/v1/sys/health`)).status).toBe(200)
 *   })
 * })
 * ```
 */
import { describe, inject, it } from 'vitest'
import { findInstallation, serversAreRequired } from '../../scripts/servers/install.ts'
import type { ServerAddress, ServerName } from '../../scripts/servers/start.ts'

/**
 * Defines tests against a server that runs already and that other files use at the same time: what a test makes in
 * it, it makes under names of its own.
 *
 * Where the server is not installed there is one skipped test in their place, which says how to install it; one
 * failed test where servers are required, or when an installed one did not start.
 */
export function withServer(name: ServerName, define: (server: ServerAddress) => void): void {
  const server = inject('servers')[name]
  describe(`on ${name}`, () => {
    if (!('absent' in server)) define(server)
    else if (serversAreRequired() || findInstallation() !== undefined) {
      it('runs', () => {
        throw new Error(server.absent)
      })
    } else it.skip(server.absent)
  })
}
