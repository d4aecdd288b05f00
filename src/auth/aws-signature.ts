/**
 * AWS Signature Version 4 over Web Crypto: what turns a request and a pair of keys into headers.
 *
 * Written after AWS's "Create a signed AWS API request" (IAM User Guide), for services with a single path.
 * There is no `Headers`, no `URL` and no `node:crypto` in it, so that it is the same everywhere and costs
 * nothing to load.
 *
 * @module
 */
import { encodeUtf8 } from '../go/bytes.ts'

/** Keys of an AWS identity. Every part but `accessKeyId` is secret; none of them is ever shown. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Accompanies keys that expire. */
  readonly sessionToken?: string
}

/** A request before it is signed. Its path is `/`. */
export interface UnsignedRequest {
  readonly method: string
  /** With its port unless that is the scheme's own, exactly as it will be sent. */
  readonly host: string
  /** Not encoded yet. Default none. */
  readonly query?: readonly (readonly [name: string, value: string])[]
  /** By lower-case name; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Signatures for one service in one region. */
export interface AwsSigner {
  /**
   * The headers to send: the given ones, `x-amz-date`, `authorization`, and `x-amz-security-token` when the
   * credentials have one. `host` is the sender's to add.
   *
   * @param time milliseconds since the epoch, as the server counts them
   */
  sign(
    request: UnsignedRequest,
    credentials: AwsCredentials,
    time: number,
  ): Promise<Readonly<Record<string, string>>>
}

/**
 * A signer. It keeps the last key it derived, which is good for a day.
 *
 * @param service as it is written in a scope: `secretsmanager`, `ssm`, `sts`
 *
 * @example
 * ```ts
 * const signer = awsSigner({ service: 'ssm', region: 'eu-west-1' })
 * const headers = await signer.sign({ method: 'POST', host, headers: {}, body: '{}' }, credentials, Date.now())
 * ```
 */
export function awsSigner({
  service,
  region,
}: {
  readonly service: string
  readonly region: string
}): AwsSigner {
  let derived: DerivedKey | undefined

  async function signingKey(secret: string, date: string): Promise<CryptoKey> {
    if (derived?.secret === secret && derived.date === date) return derived.key
    let bytes: Bytes = utf8(`AWS4${secret}`)
    for (const part of [date, region, service, 'aws4_request']) {
      bytes = await hmac(await hmacKey(bytes), part)
    }
    const key = await hmacKey(bytes)
    derived = { secret, date, key }
    return key
  }

  return {
    async sign(
      { method, host, query = [], headers, body },
      { accessKeyId, secretAccessKey, sessionToken },
      time,
    ) {
      const timestamp = amzDate(time)
      const date = timestamp.slice(0, 8)
      const sent = {
        ...headers,
        'x-amz-date': timestamp,
        ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
      }
      const signed = Object.entries({ ...sent, host }).sort(([a], [b]) => (a < b ? -1 : 1))
      const names = signed.map(([name]) => name).join(';')
      const canonical = [
        method,
        '/',
        canonicalQuery(query),
        ...signed.map(([name, value]) => `${name}:${value.trim().replaceAll(/ +/g, ' ')}`),
        '',
        names,
        await sha256(body),
      ].join('\n')
      const scope = `${date}/${region}/${service}/aws4_request`
      const toSign = ['AWS4-HMAC-SHA256', timestamp, scope, await sha256(canonical)].join('\n')
      const signature = hex(await hmac(await signingKey(secretAccessKey, date), toSign))
      const credential = `Credential=${accessKeyId}/${scope}`
      return {
        ...sent,
        authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
      }
    },
  }
}

/** A text as RFC 3986 writes it in a query or a form: everything but `A-Za-z0-9-_.~` as `%XX`. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

interface DerivedKey {
  readonly secret: string
  readonly date: string
  readonly key: CryptoKey
}

/** What Web Crypto takes and gives; a view of a shared buffer would not do. */
type Bytes = Uint8Array<ArrayBuffer>

/** `20150830T123600Z` */
function amzDate(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

function canonicalQuery(query: readonly (readonly [name: string, value: string])[]): string {
  const pairs = query.map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
  pairs.sort(([nameA, valueA], [nameB, valueB]) =>
    nameA === nameB ? compare(valueA, valueB) : compare(nameA, nameB),
  )
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function utf8(text: string): Bytes {
  return new Uint8Array(encodeUtf8(text))
}

function hmacKey(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
}

async function hmac(key: CryptoKey, text: string): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text)))
}

async function sha256(text: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))))
}

function hex(bytes: Bytes): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
