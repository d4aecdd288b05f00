/**
 * Where the token comes from that a vault is read with: given, kept in a file, or issued by a login.
 *
 * @module
 */
import type { HttpClient } from '../http/client.ts'
import type { HttpResponse } from '../http/exchange.ts'
import { fieldOf, jsonOf, numberOf, textOf } from '../http/json.ts'
import { kindOfStatus } from '../http/status.ts'
import type { Runtime } from '../runtime.ts'
import { FileError } from '../runtime.ts'
import type { SecretErrorKind } from '../secret-error.ts'
import { StoreError } from '../secret-error.ts'
import type { Loaded } from './refreshing.ts'
import { refreshing } from './refreshing.ts'

/** Who reads the vault. */
export type VaultIdentity =
  | { readonly method: 'token'; readonly token: string }
  /** Read before each call: whoever renews the token writes the new one there. */
  | { readonly method: 'token file'; readonly path: string }
  | VaultLogin

/** Who logs in with something that is no token; `mountPath` is the auth method's, percent-encoded. */
export type VaultLogin =
  | {
      readonly method: 'kubernetes' | 'jwt'
      readonly mountPath: string
      readonly role: string
      readonly jwt: GivenOrFile
    }
  | {
      readonly method: 'approle'
      readonly mountPath: string
      readonly roleId: string
      /** Empty for a role that binds none. */
      readonly secretId: string
    }

/** A text, or the file that it is read from whenever it is needed. */
export type GivenOrFile = { readonly text: string } | { readonly path: string }

/** The tokens of an identity, one at a time. */
export interface VaultTokens {
  /** @throws {StoreError} when there is none to be had */
  get(signal?: AbortSignal): Promise<string>
  /**
   * The token after one that the vault refused; that one again where there is no other.
   *
   * A token that was issued in the last ten seconds is not replaced: a vault that refuses it refuses its
   * successor too, and every read would log in.
   */
  replace(refused: string, signal?: AbortSignal): Promise<string>
}

/** The tokens of an identity. Nothing is read and nobody is asked before the first is needed. */
export function vaultTokens(
  identity: VaultIdentity,
  runtime: Pick<Runtime, 'clock' | 'isolatesRequests' | 'readFile'>,
  client: HttpClient,
): VaultTokens {
  switch (identity.method) {
    case 'token': {
      const { token } = identity
      return { get: async () => token, replace: async () => token }
    }
    case 'token file': {
      const read = (signal?: AbortSignal) => readFileOf('the vault token', identity.path, runtime, signal)
      return { get: read, replace: (_, signal) => read(signal) }
    }
    default:
      return issuedTokens(identity, runtime, client)
  }
}

/**
 * The token in a file, without the blanks around it.
 *
 * @throws {StoreError} of kind `unauthenticated` when there is none; it does not name the file, whose path may
 * come from a reference
 */
export async function readTokenFile(
  path: string,
  { readFile }: Pick<Runtime, 'readFile'>,
  signal?: AbortSignal,
): Promise<string> {
  if (readFile === undefined) throw new StoreError('unauthenticated', 'this target has no disk')
  let bytes: Uint8Array
  try {
    bytes = await readFile(path, signal)
  } catch (error) {
    const reason = error instanceof FileError ? error.reason : 'it cannot be read'
    throw new StoreError('unauthenticated', reason)
  }
  const token = new TextDecoder().decode(bytes).trim()
  if (token === '') throw new StoreError('unauthenticated', 'it is empty')
  return token
}

function issuedTokens(
  login: VaultLogin,
  runtime: Pick<Runtime, 'clock' | 'isolatesRequests' | 'readFile'>,
  client: HttpClient,
): VaultTokens {
  const { clock } = runtime
  let latest: { readonly token: string; readonly issuedAt: number } | undefined
  const tokens = refreshing(async (signal): Promise<Loaded<string>> => {
    // Before the request: what it takes is part of the token's life.
    const issuedAt = clock.now()
    const { token, seconds } = await logIn(login, runtime, client, signal)
    latest = { token, issuedAt }
    return { value: token, expiresAt: seconds === 0 ? undefined : issuedAt + seconds * 1000 }
  }, runtime)
  return {
    get: (signal) => tokens.get(signal),
    replace(refused, signal) {
      const isNew = latest?.token === refused && clock.now() - latest.issuedAt < newFor
      if (!isNew) tokens.refuse(refused)
      return tokens.get(signal)
    },
  }
}

const newFor = 10_000

/** A token and how long it lives; 0 seconds when it does not end. */
interface IssuedToken {
  readonly token: string
  readonly seconds: number
}

async function logIn(
  login: VaultLogin,
  runtime: Pick<Runtime, 'readFile'>,
  client: HttpClient,
  signal: AbortSignal,
): Promise<IssuedToken> {
  try {
    const response = await client.request({
      method: 'POST',
      path: `/v1/auth/${login.mountPath}/login`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(await credentialsOf(login, runtime, signal)),
      signal,
    })
    if (response.status !== 200) {
      throw new StoreError(kindOfRefusal(response.status), `status code ${response.status}`)
    }
    return issuedToken(response)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new StoreError(error.kind, `couldn't log in to vault using ${login.method} auth: ${error.message}`)
  }
}

async function credentialsOf(
  login: VaultLogin,
  runtime: Pick<Runtime, 'readFile'>,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  if (login.method === 'approle') {
    const { roleId, secretId } = login
    return { role_id: roleId, ...(secretId === '' ? {} : { secret_id: secretId }) }
  }
  const { role, jwt } = login
  return { role, jwt: 'text' in jwt ? jwt.text : await readFileOf('the JWT', jwt.path, runtime, signal) }
}

async function readFileOf(
  what: string,
  path: string,
  runtime: Pick<Runtime, 'readFile'>,
  signal: AbortSignal | undefined,
): Promise<string> {
  try {
    return await readTokenFile(path, runtime, signal)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new StoreError(error.kind, `the file of ${what}: ${error.message}`)
  }
}

/** A login never fails because a secret is missing, whatever is: the role, the mount or the namespace. */
function kindOfRefusal(status: number): SecretErrorKind {
  if (status === 400 || status === 403) return 'unauthenticated'
  return status === 404 ? 'invalid' : kindOfStatus(status)
}

function issuedToken(response: HttpResponse): IssuedToken {
  const auth = fieldOf(jsonOf(response), 'auth')
  const token = textOf(fieldOf(auth, 'client_token'))
  const seconds = numberOf(fieldOf(auth, 'lease_duration'))
  if (token === undefined || token === '' || seconds === undefined) {
    throw new StoreError('unavailable', 'the answer holds no token')
  }
  return { token, seconds }
}
