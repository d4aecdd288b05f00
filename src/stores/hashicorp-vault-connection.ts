/**
 * How a component says where its vault is, whom to trust there and who reads it.
 *
 * Mirrors dapr/components-contrib `secretstores/hashicorp/vault/vault.go`; `vaultAuthMethod` and `kubernetes` are
 * spelt as in its open change for the official Go client, AppRole and JWT are ours.
 *
 * @module
 */
import type { VaultClient } from '../auth/vault-client.ts'
import { vaultClient } from '../auth/vault-client.ts'
import type { GivenOrFile, VaultIdentity } from '../auth/vault-token.ts'
import { readTokenFile } from '../auth/vault-token.ts'
import { originProblem } from '../http/client.ts'
import { mapBounded } from '../http/concurrency.ts'
import type { TlsOptions } from '../http/exchange.ts'
import { isPath } from '../http/url.ts'
import type { Runtime } from '../runtime.ts'
import { FileError } from '../runtime.ts'
import { StoreError } from '../secret-error.ts'
import type { CreateContext, FieldTable, Options } from './store.ts'
import { OptionError } from './store.ts'

/** The component metadata that makes a connection. */
export const connectionFields = {
  vaultAddr: {
    type: 'string',
    default: 'https://127.0.0.1:8200',
    description: 'Address of the vault; a path in it is put in front of `/v1`.',
  },
  vaultToken: {
    type: 'string',
    sensitive: true,
    description: 'The token; exactly one of this and `vaultTokenMountPath`.',
  },
  vaultTokenMountPath: {
    type: 'string',
    description: 'File that holds the token; read before each call, so that a renewed token is used at once.',
  },
  caPem: {
    type: 'string',
    description: 'Certificates to trust in PEM form; wins over `caPath`. Not on Cloudflare Workers.',
  },
  caPath: {
    type: 'string',
    description: 'Folder of certificates to trust; wins over `caCert`. Node only.',
  },
  caCert: {
    type: 'string',
    description: 'File of certificates to trust. Node only.',
  },
  skipVerify: {
    type: 'string',
    default: 'false',
    description: "With exactly `true` the vault's certificate is not looked at. Not on Cloudflare Workers.",
  },
  tlsServerName: {
    type: 'string',
    description: "Name that the vault's certificate must have. Not on Cloudflare Workers.",
  },
  vaultAuthMethod: {
    type: 'string',
    default: 'token',
    description: 'How to come by a token: `token`, `kubernetes`, `approle` or `jwt`.',
  },
  vaultKubernetesRole: {
    type: 'string',
    description: 'Role to log in as with `kubernetes`.',
  },
  vaultKubernetesMountPath: {
    type: 'string',
    default: 'kubernetes',
    description: 'Where the Kubernetes auth method is mounted.',
  },
  vaultServiceAccountTokenPath: {
    type: 'string',
    default: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    description: "File of the service account's token; read for each login.",
  },
  'sidecarless.vaultRoleId': {
    type: 'string',
    description: 'Role id to log in with `approle`.',
  },
  'sidecarless.vaultSecretId': {
    type: 'string',
    sensitive: true,
    description: 'Secret id to log in with `approle`; empty for a role that binds none.',
  },
  'sidecarless.vaultAppRoleMountPath': {
    type: 'string',
    default: 'approle',
    description: 'Where the AppRole auth method is mounted.',
  },
  'sidecarless.vaultJwtRole': {
    type: 'string',
    description: "Role to log in as with `jwt`; empty for the auth method's default role.",
  },
  'sidecarless.vaultJwt': {
    type: 'string',
    sensitive: true,
    description: 'The JWT to log in with; exactly one of this and `sidecarless.vaultJwtPath`.',
  },
  'sidecarless.vaultJwtPath': {
    type: 'string',
    description: 'File that holds the JWT; read for each login.',
  },
  'sidecarless.vaultJwtMountPath': {
    type: 'string',
    default: 'jwt',
    description: 'Where the JWT auth method is mounted.',
  },
  'sidecarless.vaultNamespace': {
    type: 'string',
    description: 'Namespace of the engine and the auth method, sent as `X-Vault-Namespace`.',
  },
  'sidecarless.allowPlainHttp': {
    type: 'boolean',
    description:
      'Whether `vaultAddr` may be an http address of another machine, which anyone on the way can read.',
  },
} as const satisfies FieldTable

/** Those fields, decoded. */
export type ConnectionOptions = Options<typeof connectionFields>

/**
 * The client that a component asks for. Files are read for it, nothing is sent.
 *
 * @throws {OptionError} when the options make none
 */
export async function openVault(
  options: ConnectionOptions,
  { runtime, signal }: CreateContext,
): Promise<VaultClient> {
  const identity = identityOf(options)
  if (identity.method === 'token file') await checkTokenFile(identity.path, runtime, signal)
  return vaultClient({
    ...addressOf(options),
    identity,
    namespace: options['sidecarless.vaultNamespace'],
    tls: await tlsOf(options, runtime, signal),
    runtime,
  })
}

/**
 * The one spelling of a path in a vault; `undefined` where it has none.
 *
 * Vault takes paths apart at `/` and drops what is empty, redirecting. Dot segments it resolves or refuses
 * depending on how they are spelt, so they are no paths here; neither is what it calls unprintable.
 */
export function canonicalPath(path: string): string | undefined {
  const segments = path.split('/').filter((segment) => segment !== '')
  if (segments.length === 0 || segments.includes('.') || segments.includes('..')) return undefined
  return unprintable.test(path) ? undefined : segments.join('/')
}

/** A canonical path as it stands in a URL: every segment encoded once. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/**
 * A field that holds a path; an empty one counts as absent.
 *
 * @throws {OptionError} when it is none
 */
export function pathOption(field: string, value: string, absent: string): string {
  const path = canonicalPath(value || absent)
  if (path === undefined) {
    throw new OptionError(field, "must be a path without '.', '..' and control characters")
  }
  return path
}

/** Control characters, and surrogates that are no pair: bytes that are not UTF-8. */
const unprintable = /[\p{Cc}\p{Cs}]/u

interface VaultAddress {
  readonly origin: string
  readonly basePath: string
  readonly allowPlainHttp: boolean
}

function addressOf(options: ConnectionOptions): VaultAddress {
  const address = options.vaultAddr || connectionFields.vaultAddr.default
  const allowPlainHttp = options['sidecarless.allowPlainHttp']
  const [, origin = address, path = ''] = /^(https?:\/\/[^/?#]*)(\/.*)?$/is.exec(address) ?? []
  const problem = originProblem(origin, allowPlainHttp)
  if (problem !== undefined) throw new OptionError('vaultAddr', problem)
  const basePath = path.replace(/\/+$/, '')
  if (basePath !== '' && (!isPath(basePath) || basePath.includes('?'))) {
    throw new OptionError('vaultAddr', 'must be the address of a vault, without a query')
  }
  return { origin, basePath, allowPlainHttp }
}

function identityOf(options: ConnectionOptions): VaultIdentity {
  const { vaultAuthMethod, vaultToken, vaultTokenMountPath } = options
  const method = vaultAuthMethod || 'token'
  if (method === 'token') return tokenIdentity(options)
  const isLogin = method === 'kubernetes' || method === 'approle' || method === 'jwt'
  // The method may come from a reference, so only a known one is named.
  if (isLogin && (vaultToken !== '' || vaultTokenMountPath !== '')) {
    const message = `vaultToken and vaultTokenMountPath must not be set when vaultAuthMethod is ${method}`
    throw new OptionError(vaultToken === '' ? 'vaultTokenMountPath' : 'vaultToken', message)
  }
  switch (method) {
    case 'kubernetes':
      return {
        method,
        mountPath: mountPath(options, 'vaultKubernetesMountPath'),
        role: needed(options, 'vaultKubernetesRole', method),
        jwt: {
          path: options.vaultServiceAccountTokenPath || connectionFields.vaultServiceAccountTokenPath.default,
        },
      }
    case 'approle':
      return {
        method,
        mountPath: mountPath(options, 'sidecarless.vaultAppRoleMountPath'),
        roleId: needed(options, 'sidecarless.vaultRoleId', method),
        secretId: options['sidecarless.vaultSecretId'],
      }
    case 'jwt':
      return {
        method,
        mountPath: mountPath(options, 'sidecarless.vaultJwtMountPath'),
        role: options['sidecarless.vaultJwtRole'],
        jwt: jwtOf(options),
      }
    default:
      throw new OptionError(
        'vaultAuthMethod',
        'vault init error, invalid auth method, accepted values are token, kubernetes, approle or jwt',
      )
  }
}

function tokenIdentity({ vaultToken, vaultTokenMountPath }: ConnectionOptions): VaultIdentity {
  if (vaultToken !== '' && vaultTokenMountPath !== '') {
    throw new OptionError('vaultTokenMountPath', 'token mount path and token both set')
  }
  if (vaultToken !== '') return { method: 'token', token: vaultToken }
  if (vaultTokenMountPath !== '') return { method: 'token file', path: vaultTokenMountPath }
  throw new OptionError(undefined, 'token mount path and token not set')
}

function mountPath(
  options: ConnectionOptions,
  field: 'vaultKubernetesMountPath' | 'sidecarless.vaultAppRoleMountPath' | 'sidecarless.vaultJwtMountPath',
): string {
  return encodePath(pathOption(field, options[field], connectionFields[field].default))
}

function needed(
  options: ConnectionOptions,
  field: 'vaultKubernetesRole' | 'sidecarless.vaultRoleId',
  method: string,
): string {
  const value = options[field]
  if (value === '') throw new OptionError(field, `${field} is required when vaultAuthMethod is ${method}`)
  return value
}

function jwtOf(options: ConnectionOptions): GivenOrFile {
  const text = options['sidecarless.vaultJwt']
  const path = options['sidecarless.vaultJwtPath']
  if ((text === '') === (path === '')) {
    throw new OptionError(
      'sidecarless.vaultJwt',
      'exactly one of sidecarless.vaultJwt and sidecarless.vaultJwtPath must be set when vaultAuthMethod is jwt',
    )
  }
  return path === '' ? { text } : { path }
}

/** daprd reads the file once, when it starts; that it can be read is known at the same moment here. */
async function checkTokenFile(path: string, runtime: Runtime, signal: AbortSignal): Promise<void> {
  try {
    await readTokenFile(path, runtime, signal)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new OptionError(
      'vaultTokenMountPath',
      `couldn't read vault token from mount path: ${error.message}`,
    )
  }
}

async function tlsOf(options: ConnectionOptions, runtime: Runtime, signal: AbortSignal): Promise<TlsOptions> {
  if (options.skipVerify === 'true') return { skipVerify: true }
  const { tlsServerName } = options
  const ca = await trustedCertificates(options, runtime, signal)
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(tlsServerName === '' ? {} : { serverName: tlsServerName }),
  }
}

/** `undefined` where the platform's own are trusted. */
async function trustedCertificates(
  { caPem, caPath, caCert }: ConnectionOptions,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (caPem !== '') return certificates('caPem', caPem)
  const field = caPath === '' ? 'caCert' : 'caPath'
  const path = caPath || caCert
  if (path === '') return undefined
  const { readFile, listFiles = async () => [path] } = runtime
  if (readFile === undefined) {
    throw new OptionError(field, 'this target has no disk to read certificates from')
  }
  try {
    const files = field === 'caPath' ? await listFiles(path, signal) : [path]
    const texts = await mapBounded(files, filesAtOnce, async (file) =>
      certificates(field, new TextDecoder().decode(await readFile(file, signal))),
    )
    return texts.length === 0 ? certificates(field, '') : texts.join('\n')
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    throw new OptionError(field, `the certificates cannot be read: ${error.reason}`)
  }
}

function certificates(field: 'caPem' | 'caPath' | 'caCert', pem: string): string {
  if (!/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.test(pem)) {
    throw new OptionError(field, "couldn't read PEM: there is no certificate in it")
  }
  return pem
}

const filesAtOnce = 10
