/**
 * Certificates for tests, made while they run: X.509 version 3 (RFC 5280) with a P-256 key.
 *
 * @module
 */
import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate in PEM form with its key. */
export interface Certificate {
  readonly name: string
  readonly cert: string
  readonly key: string
}

/** A root that signs others. */
export function authority(name: string): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const isAuthority = extension('551d13', true, sequence(Buffer.from('0101ff', 'hex')))
  return issue(name, publicKey, privateKey, name, privateKey, isAuthority)
}

/** A server's certificate for host names and IPv4 addresses. */
export function certificateFor(names: readonly string[], issuer: Certificate): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const alternatives = names.map((name) =>
    isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
  )
  const subjectAlternatives = extension('551d11', false, sequence(...alternatives))
  return issue('server', publicKey, privateKey, issuer.name, issuer.key, subjectAlternatives)
}

function issue(
  subject: string,
  publicKey: KeyObject,
  privateKey: KeyObject,
  issuer: string,
  issuerKey: KeyObject | string,
  extensions: Buffer,
): Certificate {
  const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'))
  const day = 24 * 60 * 60 * 1000
  const contents = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    distinguishedName(issuer),
    sequence(time(Date.now() - day), time(Date.now() + day)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extensions)),
  )
  const signature = sign('sha256', contents, issuerKey)
  const whole = sequence(contents, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = whole.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    name: subject,
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Tag, length, value (X.690, section 8.1). */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const value = Buffer.concat(contents)
  const { length } = value
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), value])
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(0x30, ...contents)
}

function objectId(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [der(0x01, Buffer.from([0xff]))] : []
  return sequence(objectId(id), ...critical, der(0x04, value))
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(commonName)))))
}

/** Valid until 2049, as UTCTime is. */
function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replaceAll(/\D/g, '')
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`))
}
