/**
 * Asking a target that listens on a port, with requests that stand on the wire as the suite writes them.
 *
 * @module
 */
import type { RawClient } from '../conformance/raw-http.ts'
import type { RunningTarget } from '../conformance/target-contract.ts'

/** The `ask` of a target that the client is connected to. */
export function askOver(client: RawClient): RunningTarget['ask'] {
  return async ({ body, ...request }) => {
    const bytes = body === undefined ? undefined : new TextEncoder().encode(body)
    const answer = await client.exchange({ ...request, body: bytes })
    return {
      status: answer.status,
      headers: new Map(answer.headers),
      body: new TextDecoder().decode(answer.body),
    }
  }
}
