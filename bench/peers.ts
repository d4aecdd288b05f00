/**
 * How else secrets of AWS are read and kept in a function: Powertools' provider and Middy's middleware, both over
 * AWS's SDK.
 *
 * @module
 */
import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets'
import middy from '@middy/core'
import secretsManager from '@middy/secrets-manager'

/** Reads a secret; resolves to its value, or rejects. */
export type ReadSecret = (name: string) => Promise<unknown>

/** A provider with an empty cache, which keeps values for an hour. */
export function powertools(endpoint: string): ReadSecret {
  const provider = new SecretsProvider({ clientConfig: sdkOptions(endpoint) })
  return (name) => provider.get(name, { maxAge: 3600 })
}

/**
 * A handler behind the middleware with an empty cache, for one secret; called for each read. Values are kept for good:
 * for less, Middy starts a timer that keeps the process alive.
 */
export function middyHandler(endpoint: string, name: string): () => Promise<unknown> {
  caches += 1
  const handler = middy()
    .use(
      secretsManager({
        fetchData: { secret: name },
        awsClientOptions: sdkOptions(endpoint),
        cacheKey: `cache-${caches}`,
        cacheExpiry: -1,
        disablePrefetch: true,
        setToContext: true,
      }),
    )
    .handler(async (_event: unknown, context: { readonly secret?: unknown }) => context.secret)
  return async () => handler({}, context())
}

/** Middy keeps the values of all handlers in one place, by this number. */
let caches = 0

/** The parts of AWS Lambda's context that Middy looks at. */
function context(): never {
  return { getRemainingTimeInMillis: () => 60_000 } as never
}

function sdkOptions(endpoint: string) {
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' }
  return { endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 }
}
