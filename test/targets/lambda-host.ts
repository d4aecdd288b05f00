/**
 * What the Lambda runtime client does with a bundle: import it once, call `handler` for each event.
 *
 * @module
 */
import { pathToFileURL } from 'node:url'
import { serveParent } from './host.ts'

const bundle: { handler(event: unknown, context: unknown): Promise<unknown> } = await import(
  pathToFileURL(process.argv[2] ?? '').href
)
serveParent((event) => bundle.handler(event, { functionName: 'secrets', awsRequestId: '1' }))
