/**
 * What tests put into a real vault, and what they ask it without us.
 *
 * @module
 */
import { rootToken } from '../../scripts/servers/start.ts'
import { hashicorpVault } from '../../src/stores/hashicorp-vault.ts'
import { type Ground, type Outcome, type StoreOnGround, startStore } from './start-store.ts'

/** A vault as its root sees it, over plain `fetch`. */
export interface VaultRoot {
  readonly url: string
  /** The data of an answer; paths begin behind `/v1/` and are encoded already. */
  call(method: string, path: string, body?: unknown): Promise<Answered>
  /** Mounts an engine of its own for a test, and gives its path. */
  mount(version?: 1 | 2): Promise<string>
  /** Adds a version to each of the secrets by name, below the prefix `dapr`. */
  put(engine: string, secrets: Readonly<Record<string, unknown>>): Promise<void>
  /** A token for paths with what may be done there, and the default policy unless told otherwise. */
  token(allowed: Allowed, options?: Readonly<Record<string, unknown>>): Promise<string>
}

export type Allowed = Readonly<Record<string, readonly ('read' | 'list')[]>>

/** A body as text, since it may be no JSON. */
export interface Answered {
  readonly status: number
  readonly text: string
}

let made = 0

/** A name that no other test has. */
export function ownName(): string {
  made += 1
  return `own-${process.pid}-${Date.now()}-${made}`
}

/** @param namespace put in front of every path */
export function vaultRoot(url: string, namespace = ''): VaultRoot {
  const root: VaultRoot = {
    url,
    async call(method, path, body) {
      const response = await fetch(`${url}/v1/${namespace}${path}`, {
        method,
        headers: { 'x-vault-token': rootToken },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const answered = { status: response.status, text: await response.text() }
      if (method !== 'GET' && !response.ok) throw new Error(`${method} ${path}: ${answered.status}`)
      return answered
    },
    async mount(version = 2) {
      const path = ownName()
      await root.call('POST', `sys/mounts/${path}`, { type: 'kv', options: { version: `${version}` } })
      // An engine of version 2 is made ready after it is mounted, and says 400 until then.
      while ((await root.call('GET', `${path}/config`)).status === 400) await Promise.resolve()
      return path
    },
    async put(engine, secrets) {
      for (const [name, data] of Object.entries(secrets)) {
        await root.call('POST', `${engine}/data/dapr/${pathOf(name)}`, { data })
      }
    },
    async token(allowed, options = {}) {
      const policy = ownName()
      const paths = Object.entries(allowed).map(([path, capabilities]) => [path, { capabilities }])
      const rules = JSON.stringify({ path: Object.fromEntries(paths) })
      await root.call('POST', `sys/policies/acl/${policy}`, { policy: rules })
      const { text } = await root.call('POST', 'auth/token/create', { policies: [policy], ...options })
      return JSON.parse(text).auth.client_token
    },
  }
  return root
}

/** A name as it stands in a URL. */
export function pathOf(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}

/** A store on the vault; as root when nobody is named. */
export function vaultStore(
  { url }: { readonly url: string },
  metadata: Readonly<Record<string, string>>,
  ground?: Ground,
): Promise<StoreOnGround> {
  const isNamed = ['vaultToken', 'vaultTokenMountPath', 'vaultAuthMethod'].some((name) => name in metadata)
  const who = isNamed ? {} : { vaultToken: rootToken }
  return startStore(hashicorpVault, { vaultAddr: url, ...who, ...metadata }, ground)
}

/** What the vault itself says of a secret, as another client reads it. */
export async function secondOpinion(
  url: string,
  path: string,
  token = rootToken,
  version = 0,
): Promise<Outcome> {
  const response = await fetch(`${url}/v1/${path}?version=${version}`, {
    headers: { 'x-vault-token': token },
  })
  if (response.ok) return { values: (await response.json()).data.data }
  await response.text()
  const kinds: Readonly<Record<number, string>> = { 400: 'invalid', 403: 'denied', 404: 'not-found' }
  return { kind: kinds[response.status] ?? `${response.status}` }
}
