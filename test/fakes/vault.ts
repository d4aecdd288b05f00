/**
 * A vault that behaves: one key-value engine of version 2, tokens that live and die, policies, logins, a seal.
 *
 * What it answers was seen on OpenBao 2.7.2, but for the states that a server started for a test cannot be in.
 * Unlike a vault, it gives back JSON exactly as it was put in.
 */
import type { HttpRequest, HttpResponse, Send } from '../../src/http/exchange.ts'
import { SendError } from '../../src/http/exchange.ts'
import type { Clock } from '../../src/runtime.ts'

/** The address it is reached at. */
export const vaultAddr = 'https://vault.test:8200'

/** One version of a secret. */
export interface FakeVersion {
  /** The object as JSON. */
  readonly json: string
  state: 'there' | 'deleted' | 'destroyed'
}

/** A token, until when it lives and what its policies allow. */
export interface FakeToken {
  /** Milliseconds since the epoch; absent for ever. */
  readonly expiresAt?: number
  /** Default everything. */
  allows?(operation: 'read' | 'list', path: string): boolean
}

/** A login: what must be sent, and how long its tokens live. */
export interface FakeLogin {
  readonly body: Readonly<Record<string, string>>
  /** 0 for ever. */
  readonly seconds: number
}

export interface FakeVaultOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Path of the engine with that of its namespace. Default `secret`. */
  readonly engine?: string
  /** The path in front of `/v1`, as a proxy has it. Default none. */
  readonly basePath?: string
}

export interface FakeVault {
  readonly send: Send
  /** What came in, oldest first. */
  readonly requests: readonly HttpRequest[]
  /** By token. There is `root` to begin with. */
  readonly tokens: Map<string, FakeToken>
  /** By mount path. */
  readonly logins: Map<string, FakeLogin>
  /** By path in the engine: `dapr/db`. */
  readonly secrets: Map<string, FakeVersion[]>
  /** Answers every request instead of the vault while it is set. */
  override: ((request: HttpRequest) => HttpResponse | Promise<HttpResponse> | undefined) | undefined
  isSealed: boolean
  /** Adds a version to a secret. */
  put(path: string, values: Readonly<Record<string, string>> | { readonly raw: string }): void
  /** The requests of which the path contains this. */
  requestsTo(part: string): readonly HttpRequest[]
  /** How many are being answered, at most. */
  readonly mostAtOnce: number
}

export function fakeVault({ clock, engine = 'secret', basePath = '' }: FakeVaultOptions): FakeVault {
  const requests: HttpRequest[] = []
  let issued = 0
  let atOnce = 0
  let mostAtOnce = 0

  const vault: FakeVault = {
    requests,
    tokens: new Map([['root', {}]]),
    logins: new Map(),
    secrets: new Map(),
    override: undefined,
    isSealed: false,
    get mostAtOnce() {
      return mostAtOnce
    },
    async send(request) {
      if (request.signal.aborted) throw new SendError('aborted')
      requests.push(request)
      atOnce += 1
      mostAtOnce = Math.max(mostAtOnce, atOnce)
      try {
        return (await vault.override?.(request)) ?? handle(request)
      } finally {
        atOnce -= 1
      }
    },
    put(path, values) {
      const json = typeof values['raw'] === 'string' ? values['raw'] : JSON.stringify(values)
      vault.secrets.set(path, [...(vault.secrets.get(path) ?? []), { json, state: 'there' }])
    },
    requestsTo: (part) => requests.filter(({ url }) => url.includes(part)),
  }
  return vault

  function handle(request: HttpRequest): HttpResponse {
    const { method, headers, body = '' } = request
    if (!request.url.startsWith(`${vaultAddr}${basePath}/v1/`)) return answer(404, '404 page not found')
    const [encoded = '', query = ''] = request.url.slice(`${vaultAddr}${basePath}/v1/`.length).split('?')
    if (encoded.includes('//')) {
      const location = `${basePath}/v1/${encoded.replaceAll(/\/+/g, '/')}`
      return { ...answer(307, ''), headers: new Map([['location', location]]) }
    }
    if (vault.isSealed) return answer(503, '{"errors":["Vault is sealed"]}')
    const namespace = headers['x-vault-namespace']
    const path = `${namespace === undefined ? '' : `${namespace}/`}${decodeURIComponent(encoded)}`
    const login = /^(?:.*\/)?auth\/(.+)\/login$/.exec(path)?.[1]
    if (method === 'POST' && login !== undefined) return logIn(login, body)
    if (method !== 'GET') return answer(405, '{"errors":["unsupported operation"]}')

    const token = vault.tokens.get(headers['x-vault-token'] ?? '')
    if (token === undefined || (token.expiresAt ?? Number.POSITIVE_INFINITY) <= clock.now()) {
      return answer(403, '{"errors":["permission denied"]}')
    }
    const isList = query === 'list=true'
    if (token.allows?.(isList ? 'list' : 'read', path) === false) {
      return answer(403, '{"errors":["1 error occurred:\\n\\t* permission denied\\n\\n"]}')
    }
    if (path.endsWith('auth/token/lookup-self')) return answer(200, '{"data":{"ttl":60}}')
    const [, area = '', inner = ''] = /^(data|metadata)\/(.*)$/s.exec(below(`${engine}/`, path) ?? '') ?? []
    if (area === 'data') return read(inner, new URLSearchParams(query).get('version') ?? '')
    if (area === 'metadata' && isList) return list(inner)
    return answer(404, `{"errors":["no handler for route \\"${path}\\". route entry not found."]}`)
  }

  function read(path: string, version: string): HttpResponse {
    const versions = vault.secrets.get(path) ?? []
    if (!/^-?\d*$/.test(version)) return answer(400, '{"errors":["Field validation failed: …"]}')
    const number = Number(version) > 0 ? Number(version) : versions.length
    const found = versions[number - 1]
    if (found === undefined) return answer(404, '{"errors":[]}')
    const { state, json } = found
    const metadata = `{"deletion_time":"","destroyed":${state === 'destroyed'},"version":${number}}`
    const data = `{"data":${state === 'there' ? json : 'null'},"metadata":${metadata}}`
    const text = `{"request_id":"r","lease_id":"","data":${data},"warnings":null,"auth":null}\n`
    return answer(state === 'there' ? 200 : 404, text)
  }

  function list(folder: string): HttpResponse {
    const path = folder === '' || folder.endsWith('/') ? folder : `${folder}/`
    const keys = new Set<string>()
    for (const name of vault.secrets.keys()) {
      const inner = below(path, name)
      if (inner !== undefined) keys.add(inner.includes('/') ? `${inner.split('/', 1)[0]}/` : inner)
    }
    if (keys.size === 0) return answer(404, '{"errors":[]}')
    return answer(200, JSON.stringify({ data: { keys: [...keys].sort() } }))
  }

  function logIn(mountPath: string, body: string): HttpResponse {
    const login = vault.logins.get(mountPath)
    if (login === undefined) return answer(403, '{"errors":["permission denied"]}')
    const sent: unknown = JSON.parse(body)
    if (JSON.stringify(sent) !== JSON.stringify(login.body)) {
      return answer(400, '{"errors":["invalid role or secret ID"]}')
    }
    issued += 1
    const token = `issued-${issued}`
    const { seconds } = login
    vault.tokens.set(token, seconds === 0 ? {} : { expiresAt: clock.now() + seconds * 1000 })
    return answer(200, JSON.stringify({ auth: { client_token: token, lease_duration: seconds } }))
  }
}

/** An answer with a body of text. */
export function answer(status: number, body: string): HttpResponse {
  return {
    status,
    headers: new Map([['content-type', 'application/json']]),
    body: new TextEncoder().encode(body),
  }
}

function below(start: string, path: string): string | undefined {
  return path.startsWith(start) ? path.slice(start.length) : undefined
}
