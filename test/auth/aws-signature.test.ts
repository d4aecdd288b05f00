import { describe, expect, it } from 'vitest'
import type { UnsignedRequest } from '../../src/auth/aws-signature.ts'
import { awsSigner } from '../../src/auth/aws-signature.ts'

const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const time = Date.UTC(2015, 7, 30, 12, 36, 0)

async function signatureOf(
  service: string,
  request: Partial<UnsignedRequest>,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = keys,
): Promise<string | undefined> {
  const signer = awsSigner({ service, region: 'us-east-1' })
  const headers = await signer.sign(
    { method: 'GET', host: 'example.amazonaws.com', headers: {}, body: '', ...request },
    credentials,
    time,
  )
  return headers['authorization']
}

const suite = (names: string, signature: string, service = 'service') =>
  `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/${service}/aws4_request, SignedHeaders=${names}, Signature=${signature}`

describe('an AWS signature', () => {
  // The names are those of AWS's "Signature Version 4 test suite".
  it('is that of get-vanilla', async () => {
    expect(await signatureOf('service', {})).toBe(
      suite('host;x-amz-date', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'),
    )
  })

  it('is that of post-vanilla', async () => {
    expect(await signatureOf('service', { method: 'POST' })).toBe(
      suite('host;x-amz-date', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'),
    )
  })

  it('is that of get-vanilla-query-order-key-case', async () => {
    const query = [
      ['Param2', 'value2'],
      ['Param1', 'value1'],
    ] as const
    expect(await signatureOf('service', { query })).toBe(
      suite('host;x-amz-date', 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500'),
    )
  })

  it('is that of post-x-www-form-urlencoded', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(await signatureOf('service', { method: 'POST', headers, body: 'Param1=value1' })).toBe(
      suite(
        'content-type;host;x-amz-date',
        'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
      ),
    )
  })

  it('is that of get-header-value-trim', async () => {
    const headers = { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' }
    expect(await signatureOf('service', { headers })).toBe(
      suite(
        'host;my-header1;my-header2;x-amz-date',
        'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
      ),
    )
  })

  it('is that of the ListUsers example in the IAM User Guide', async () => {
    const query = [
      ['Action', 'ListUsers'],
      ['Version', '2010-05-08'],
    ] as const
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    expect(await signatureOf('iam', { host: 'iam.amazonaws.com', query, headers })).toBe(
      suite(
        'content-type;host;x-amz-date',
        '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
        'iam',
      ),
    )
  })

  it('is that of a read of Secrets Manager, computed by hand', async () => {
    const request = {
      method: 'POST',
      host: 'secretsmanager.us-east-1.amazonaws.com',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'secretsmanager.GetSecretValue',
      },
      body: '{"SecretId":"my-secret"}',
    }
    expect(await signatureOf('secretsmanager', request)).toBe(
      suite(
        'content-type;host;x-amz-date;x-amz-target',
        'e9a09c35dcafd34fb79e44114f5217db24d38b405d59186cc53ef311b33bc7a1',
        'secretsmanager',
      ),
    )
  })

  it('covers the session token, which is sent with it', async () => {
    const signer = awsSigner({ service: 'service', region: 'us-east-1' })
    const request = { method: 'GET', host: 'example.amazonaws.com', headers: {}, body: '' }
    const headers = await signer.sign(request, { ...keys, sessionToken: 'token' }, time)
    expect(headers['x-amz-security-token']).toBe('token')
    expect(headers['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,')
  })

  it('follows the day and the keys, though the derived key is kept', async () => {
    const signer = awsSigner({ service: 'service', region: 'us-east-1' })
    const request = { method: 'GET', host: 'example.amazonaws.com', headers: {}, body: '' }
    const sign = async (secretAccessKey: string, at: number) =>
      (await signer.sign(request, { ...keys, secretAccessKey }, at))['authorization']
    const first = await sign(keys.secretAccessKey, time)
    const others = [await sign('other', time), await sign(keys.secretAccessKey, time + 86_400_000)]
    expect(new Set([first, ...others]).size).toBe(3)
    expect(await sign(keys.secretAccessKey, time)).toBe(first)
    expect(first).toContain('5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31')
  })
})
