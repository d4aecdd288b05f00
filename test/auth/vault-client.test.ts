import { describe, expect, it } from 'vitest'
import { vaultClient } from '../../src/auth/vault-client.ts'
import type { VaultIdentity } from '../../src/auth/vault-token.ts'
import { StoreError } from '../../src/secret-error.ts'
import { fakeClock } from '../fakes/clock.ts'
import { fakeRuntime } from '../fakes/runtime.ts'
import { answer, fakeVault, vaultAddr } from '../fakes/vault.ts'

const appRole: VaultIdentity = { method: 'approle', mountPath: 'approle', roleId: 'r', secretId: 's' }
const path = '/v1/secret/data/db?version=0'

function open(
  identity: VaultIdentity,
  { files = {}, seconds = 60, isolatesRequests = false }: OpenOptions = {},
) {
  const clock = fakeClock()
  const vault = fakeVault({ clock })
  vault.put('db', { key: 'x' })
  vault.logins.set('approle', { body: { role_id: 'r', secret_id: 's' }, seconds })
  const runtime = {
    ...fakeRuntime({ clock, files }),
    send: vault.send,
    ...(isolatesRequests ? ({ isolatesRequests: true } as const) : {}),
  }
  return { client: vaultClient({ origin: vaultAddr, identity, runtime }), vault, clock }
}

interface OpenOptions {
  readonly files?: Readonly<Record<string, string>>
  readonly seconds?: number
  readonly isolatesRequests?: boolean
}

/** Of the requests: `login`, `lookup` or the token that read. */
function steps(vault: ReturnType<typeof fakeVault>): readonly string[] {
  return vault.requests.map(({ url, headers }) => {
    if (url.endsWith('/login')) return 'login'
    const token = headers['x-vault-token'] ?? 'nobody'
    return url.endsWith('/lookup-self') ? `${token} looks itself up` : token
  })
}

const failure = (work: Promise<unknown>): Promise<StoreError> =>
  work.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => (error instanceof StoreError ? error : expect.fail(`it threw ${error}`)),
  )

describe('a vault client that logs in', () => {
  it('logs in once for many reads at once', async () => {
    const { client, vault } = open(appRole)
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.get(path)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(vault.requestsTo('/login')).toHaveLength(1)
  })

  it('shares tokens and no login in flight where requests are isolated', async () => {
    const { client, vault } = open(appRole, { isolatesRequests: true })
    await Promise.all([client.get(path), client.get(path)])
    expect(vault.requestsTo('/login')).toHaveLength(2)
    await client.get(path)
    expect(vault.requestsTo('/login')).toHaveLength(2)
  })

  it('sends no token along with a login', async () => {
    const { client, vault } = open(appRole)
    await client.get(path)
    expect(vault.requests[0]?.headers).toEqual({
      'content-type': 'application/json',
      'x-vault-request': 'true',
    })
  })

  it('sends no secret id where the role binds none', async () => {
    const { client, vault } = open({ ...appRole, secretId: '' })
    vault.logins.set('approle', { body: { role_id: 'r' }, seconds: 60 })
    expect((await client.get(path)).status).toBe(200)
  })

  it('logs in again before the lease ends', async () => {
    const { client, vault, clock } = open(appRole)
    await client.get(path)
    clock.jump(44_000)
    await client.get(path)
    expect(vault.requestsTo('/login')).toHaveLength(1)
    clock.jump(2000)
    await client.get(path)
    expect(steps(vault)).toEqual(['login', 'issued-1', 'issued-1', 'login', 'issued-2'])
  })

  it('counts the lease from the request on, however long the answer took', async () => {
    const { client, vault, clock } = open(appRole)
    vault.override = ({ url }) => {
      if (url.endsWith('/login')) clock.jump(50_000)
      return undefined
    }
    await client.get(path)
    clock.jump(8000)
    await client.get(path)
    expect(vault.requestsTo('/login')).toHaveLength(2)
  })

  it('keeps a token without a lease until it is refused', async () => {
    const { client, vault, clock } = open(appRole, { seconds: 0 })
    await client.get(path)
    clock.jump(10 * 365 * 24 * 3600_000)
    await client.get(path)
    expect(vault.requestsTo('/login')).toHaveLength(1)
  })

  it('logs in once more when its token has died, and reads again', async () => {
    const { client, vault, clock } = open(appRole)
    await client.get(path)
    clock.jump(11_000)
    vault.tokens.delete('issued-1')
    expect((await client.get(path)).status).toBe(200)
    expect(steps(vault)).toEqual([
      'login',
      'issued-1',
      'issued-1',
      'issued-1 looks itself up',
      'login',
      'issued-2',
    ])
  })

  it('logs in once for a hundred reads whose token has died', async () => {
    const { client, vault, clock } = open(appRole)
    await client.get(path)
    clock.jump(11_000)
    vault.tokens.delete('issued-1')
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.get(path)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(vault.requestsTo('/login')).toHaveLength(2)
  })

  it('does not log in again for what a policy denies', async () => {
    const { client, vault, clock } = open(appRole)
    await client.get(path)
    vault.tokens.set('issued-1', { allows: (_, asked) => asked.endsWith('lookup-self') })
    clock.jump(11_000)
    expect((await client.get(path)).status).toBe(403)
    expect(vault.requestsTo('/login')).toHaveLength(1)
  })

  it('logs in at most once in ten seconds where a token may not even look itself up', async () => {
    const { client, vault, clock } = open(appRole)
    const deny = () => {
      for (const token of vault.tokens.keys()) vault.tokens.set(token, { allows: () => false })
    }
    await client.get(path)
    deny()
    for (let reads = 0; reads < 20; reads += 1) {
      expect(await failure(client.get(path))).toMatchObject({ kind: 'unauthenticated' })
      deny()
    }
    expect(vault.requestsTo('/login')).toHaveLength(1)
    clock.jump(11_000)
    vault.override = ({ url }) => (url.endsWith('/login') ? undefined : answer(403, ''))
    expect(await failure(client.get(path))).toMatchObject({ kind: 'unauthenticated' })
    expect(vault.requestsTo('/login')).toHaveLength(2)
  })

  it('tries a read twice at most', async () => {
    const { client, vault, clock } = open(appRole)
    await client.get(path)
    clock.jump(11_000)
    const before = vault.requestsTo(path).length
    vault.override = ({ url }) => (url.endsWith('/login') ? undefined : answer(403, ''))
    expect(await failure(client.get(path))).toMatchObject({ kind: 'unauthenticated' })
    expect(vault.requestsTo(path).length - before).toBe(2)
  })

  it.each([
    [400, 'unauthenticated'],
    [403, 'unauthenticated'],
    [404, 'invalid'],
    [500, 'unavailable'],
  ] as const)(
    'calls a login that is answered with %i %s, and shows nothing of the answer',
    async (status, kind) => {
      const { client, vault } = open(appRole)
      vault.override = () => answer(status, '{"errors":["hunter2"]}')
      expect(await failure(client.get(path))).toEqual(
        new StoreError(kind, `couldn't log in to vault using approle auth: status code ${status}`),
      )
    },
  )

  it.each([
    '{}',
    '{"auth":null}',
    '{"auth":{"client_token":"","lease_duration":1}}',
    '{"auth":{"client_token":"t"}}',
  ])('takes no token from %s', async (body) => {
    const { client, vault } = open(appRole)
    vault.override = () => answer(200, body)
    expect(await failure(client.get(path))).toEqual(
      new StoreError('unavailable', "couldn't log in to vault using approle auth: the answer holds no token"),
    )
  })

  it('does not keep a login that failed', async () => {
    const { client, vault } = open(appRole)
    vault.override = () => answer(500, '')
    await failure(client.get(path))
    vault.override = undefined
    expect((await client.get(path)).status).toBe(200)
  })

  it('reads the JWT anew for each login', async () => {
    const files = { jwt: 'first\n' }
    const { client, vault, clock } = open(
      { method: 'kubernetes', mountPath: 'kubernetes', role: 'orders', jwt: { path: 'jwt' } },
      { files },
    )
    vault.logins.set('kubernetes', { body: { role: 'orders', jwt: 'first' }, seconds: 60 })
    await client.get(path)
    files.jwt = 'second'
    vault.logins.set('kubernetes', { body: { role: 'orders', jwt: 'second' }, seconds: 60 })
    clock.jump(50_000)
    expect((await client.get(path)).status).toBe(200)
    expect(vault.requestsTo('/login')).toHaveLength(2)
  })

  it('says what is the matter with the file of a JWT, and not where it is', async () => {
    const login = { method: 'kubernetes', mountPath: 'kubernetes', role: 'orders' } as const
    const missing = open({ ...login, jwt: { path: '/hunter2' } })
    expect(await failure(missing.client.get(path))).toEqual(
      new StoreError(
        'unauthenticated',
        "couldn't log in to vault using kubernetes auth: the file of the JWT: no such file or directory",
      ),
    )
    const empty = open({ ...login, jwt: { path: 'jwt' } }, { files: { jwt: ' \n' } })
    expect((await failure(empty.client.get(path))).message).toContain('the file of the JWT: it is empty')
    expect(empty.vault.requests).toEqual([])
  })
})

describe('a vault client with a token', () => {
  it('does not try again with a token that has no successor', async () => {
    const { client, vault } = open({ method: 'token', token: 'dead' })
    expect(await failure(client.get(path))).toMatchObject({ kind: 'unauthenticated', retryable: false })
    expect(steps(vault)).toEqual(['dead', 'dead looks itself up'])
  })

  it('takes a token from its file that was written while it read', async () => {
    const files = { token: 'old' }
    const { client, vault } = open({ method: 'token file', path: 'token' }, { files })
    vault.tokens.set('new', {})
    vault.override = () => {
      files.token = 'new'
      vault.override = undefined
      return undefined
    }
    expect((await client.get(path)).status).toBe(200)
    expect(steps(vault)).toEqual(['old', 'new'])
  })

  it('is unauthenticated while the file is away, and reads on when it is back', async () => {
    const files: Record<string, string> = {}
    const { client } = open({ method: 'token file', path: 'token' }, { files })
    expect(await failure(client.get(path))).toEqual(
      new StoreError('unauthenticated', 'the file of the vault token: no such file or directory'),
    )
    files['token'] = 'root'
    expect((await client.get(path)).status).toBe(200)
  })

  it('refuses a token that no header can hold, without showing it', async () => {
    const { client, vault } = open({ method: 'token', token: 'hunter2\nx: y' })
    const { kind, message } = await failure(client.get(path))
    expect([kind, message.includes('hunter2')]).toEqual(['invalid', false])
    expect(vault.requests).toEqual([])
  })
})
