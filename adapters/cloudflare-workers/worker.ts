/**
 * The contract as a Worker.
 *
 * @module
 */
import type { CompiledSecrets } from '../compiled.ts'
import { startOnFirstRequest } from '../compiled.ts'
import { sendWithFetch } from '../send-with-fetch.ts'

/** What a module Worker exports by default. */
export interface Worker {
  fetch(request: Request, env: Readonly<Record<string, unknown>>): Promise<Response>
}

/**
 * A Worker whose environment is its text bindings (`vars` and secrets), `DAPR_API_TOKEN` among them.
 *
 * @example
 * ```ts
 * export default createWorker({ appId: 'orders', components, drivers: [localEnv] })
 * ```
 */
export function createWorker(compiled: CompiledSecrets): Worker {
  const app = startOnFirstRequest(compiled, { sharesStart: false, send: sendWithFetch() })
  return { fetch: async (request, env) => (await app(env)).fetch(request) }
}
