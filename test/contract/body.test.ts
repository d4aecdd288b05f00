import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bodyProblem,
  getBulkSecretRequest,
  getMetadataRequest,
  getSecretRequest,
  type MessageShape,
} from '../../src/contract/body.ts'
import { encodeUtf8 } from '../../src/go/bytes.ts'

/** The problem of a body written as text, in which U+DC80–U+DCFF stand for bytes that are not UTF-8. */
function problem(body: string, message: MessageShape = getSecretRequest): string | undefined {
  return bodyProblem(encodeUtf8(body), message)
}

describe('bodyProblem', () => {
  it.each([
    '',
    '{}',
    ' \t\r\n{ } \n',
    '{"storeName":"x","key":"y","metadata":{"a":"b"}}',
    '{"store_name":"x"}',
    '{"anything":[1]}',
    '{"anything":{"a":[{},[],null,true,false,-1.5e+3,"x"]},"b":null}',
    '{"storeName":null,"key":null,"metadata":null}',
    '{"metadata":{}}',
    '{"a":1,"a":2}',
    '{"Key":1}',
    '{"@type":"x"}',
    '{"[a.b]":1}',
    '{"key":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\uDE00"}',
    '{"key":"é😀\u007f\u2028"}',
    // protobuf-go wants no digit after an exponent that something follows.
    '{"a":1e }',
  ])('takes %j', (body) => {
    expect(problem(body)).toBeUndefined()
  })

  // Each text is what google.golang.org/protobuf v1.36.11 says, the kind of blank after `proto:` aside.
  it.each([
    ['hello', 'syntax error (line 1:1): invalid value hello'],
    ['a'.repeat(40), `syntax error (line 1:1): invalid value ${'a'.repeat(32)}`],
    ['é1', 'syntax error (line 1:1): invalid value é'],
    ['\udcff', 'syntax error (line 1:1): invalid value \udcff'],
    ['nullx', 'syntax error (line 1:1): invalid value nullx'],
    ['[]', 'syntax error (line 1:1): unexpected token ['],
    ['null', 'syntax error (line 1:1): unexpected token null'],
    ['"x"', 'syntax error (line 1:1): unexpected token "x"'],
    ['1', 'syntax error (line 1:1): unexpected token 1'],
    ['true', 'syntax error (line 1:1): unexpected token true'],
    ['   ', 'syntax error (line 1:4): unexpected token '],
    ['\n \n', 'syntax error (line 3:1): unexpected token '],
    ['{', 'unexpected EOF'],
    ['{"key":', 'unexpected EOF'],
    ['{"key"', 'unexpected EOF'],
    ['{"key', 'unexpected EOF'],
    ['{"key":"a"', 'unexpected EOF'],
    ['{"x":[', 'unexpected EOF'],
    ['{"key":"\\', 'unexpected EOF'],
    ['{"key":"\\u12"}', 'syntax error (line 1:8): invalid escape code "\\\\u12\\"}" in string'],
    ['{"key":"\\u1"}', 'unexpected EOF'],
    ['{"key":"\\ud800"}', 'unexpected EOF'],
    ['{"key":"\\ud800\\u0041"}', 'syntax error (line 1:8): invalid escape code "\\\\u0041" in string'],
    ['{"key":"\\ude00abcdef"}', 'syntax error (line 1:8): invalid escape code "abcdef" in string'],
    ['{"key":"\\ude00\\ude00"}', 'syntax error (line 1:8): invalid escape code "\\\\ude00" in string'],
    ['{"key":"\\ud83dxxde00"}', 'syntax error (line 1:8): invalid escape code "xxde00" in string'],
    ['1e+', 'syntax error (line 1:1): invalid value 1e+'],
    ['1e', 'syntax error (line 1:1): invalid value 1e'],
    ['{"key":"\\q"}', 'syntax error (line 1:8): invalid escape code "\\\\q" in string'],
    ['{"key":"\\é"}', 'syntax error (line 1:8): invalid escape code "\\\\\\xc3" in string'],
    ['{"key":"\\u00é"}', 'syntax error (line 1:8): invalid escape code "\\\\u00é" in string'],
    ['{"key":"\udcff"}', 'syntax error (line 1:8): invalid UTF-8 in string'],
    ['{"key":"\n"}', "syntax error (line 1:8): invalid character '\\n' in string"],
    ['{"key":"\u0001"}', "syntax error (line 1:8): invalid character '\\x01' in string"],
    ['{"key":1}', '(line 1:8): invalid value for string field key: 1'],
    ['{"store_name":true}', '(line 1:15): invalid value for string field storeName: true'],
    ['{"key":{}}', '(line 1:8): invalid value for string field key: {'],
    ['{"key":[]}', '(line 1:8): invalid value for string field key: ['],
    ['{"key":"a","key":"b"}', '(line 1:12): duplicate field "key"'],
    ['{"key":null,"k\\u0065y":"b"}', '(line 1:13): duplicate field "k\\u0065y"'],
    ['{"storeName":"a","store_name":"b"}', '(line 1:18): duplicate field "store_name"'],
    ['{"metadata":[]}', 'syntax error (line 1:13): unexpected token ['],
    ['{"metadata":"x"}', 'syntax error (line 1:13): unexpected token "x"'],
    ['{"metadata":{"a":1}}', '(line 1:18): invalid value for string field value: 1'],
    ['{"metadata":{"a":null}}', '(line 1:18): invalid value for string field value: null'],
    ['{"metadata":{"a":"1","\\u0061":"2"}}', '(line 1:22): duplicate map key "\\u0061"'],
    ['{"key":"a"}x', 'syntax error (line 1:12): invalid value x'],
    ['{}{}', 'syntax error (line 1:3): unexpected token {'],
    ['{}"a"', 'syntax error (line 1:3): unexpected token "a"'],
    ['{},', 'syntax error (line 1:3): unexpected token ,'],
    ['{,}', 'syntax error (line 1:2): unexpected token ,'],
    ['{"a":1,}', 'syntax error (line 1:8): unexpected token }'],
    ['{"a":1,,"b":2}', 'syntax error (line 1:8): unexpected token ,'],
    ['{"a":1 "b":2}', 'syntax error (line 1:8): unexpected token "b"'],
    ['{"a":}', 'syntax error (line 1:6): unexpected token }'],
    ['{"a"::1}', 'syntax error (line 1:6): invalid value :'],
    ['{"a" 1}', 'syntax error (line 1:6): unexpected character 1, missing ":" after field name'],
    ['{"a"é}', 'syntax error (line 1:5): unexpected character Ã, missing ":" after field name'],
    ['{1:2}', 'syntax error (line 1:2): unexpected token 1'],
    ['{"a":[1,]}', 'syntax error (line 1:9): unexpected token ]'],
    ['{"a":[1 2]}', 'syntax error (line 1:9): unexpected token 2'],
    ['{"a":[1}}', 'syntax error (line 1:8): unexpected token }'],
    ['{"a":{]}', 'syntax error (line 1:7): unexpected token ]'],
    ['{"a":01}', 'syntax error (line 1:6): invalid value 01'],
    ['{"a":1.}', 'syntax error (line 1:6): invalid value 1.'],
    ['{"a":-}', 'syntax error (line 1:6): invalid value -'],
    ['{"a":NaN}', 'syntax error (line 1:6): invalid value NaN'],
    ["{'a':1}", "syntax error (line 1:2): invalid value '"],
    ['{"é":1,\n"😀\udcff": x}', 'syntax error (line 2:1): invalid UTF-8 in string'],
    ['{"é":\n"é", x}', 'syntax error (line 2:6): invalid value x'],
  ])('refuses %j: %j', (body, message) => {
    expect(problem(body)).toBe(`proto: ${message}`)
  })

  it('asks for the fields of the message at hand alone', () => {
    const body = '{"key":1,"metadata":{}}'
    expect(problem(body, getSecretRequest)).toContain('field key')
    expect(problem(body, getBulkSecretRequest)).toBeUndefined()
    expect(problem('{"storeName":1}', getBulkSecretRequest)).toContain('field storeName')
    expect(problem('{"storeName":1,"key":2,"metadata":3}', getMetadataRequest)).toBeUndefined()
    expect(problem('x', getMetadataRequest)).toBe('proto: syntax error (line 1:1): invalid value x')
  })

  it('goes 9,999 levels deep into an unknown field and no further', () => {
    const nested = (depth: number) => `{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(problem(nested(9_999))).toBeUndefined()
    expect(problem(nested(10_000))).toBe('proto: exceeded max recursion depth')
    expect(problem(`{"x":${'{"a":'.repeat(1_000_000)}`)).toBe('proto: exceeded max recursion depth')
  })

  it('takes every JSON object that does not use the names of the fields', () => {
    const names = /"(?:key|storeName|store_name|metadata)"/
    const value = fc
      .json({ stringUnit: 'binary' })
      .filter((json) => json.startsWith('{') && !names.test(json))
    fc.assert(
      fc.property(value, (json) => {
        expect(problem(json)).toBeUndefined()
        expect(problem(`${json.slice(0, -1)},}`)).toMatch(/^proto: syntax error/)
        expect(problem(json.slice(0, -1))).toBe('proto: unexpected EOF')
      }),
    )
  })

  it('has an answer for any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ max: 127 }), fc.uint8Array(), (ascii, bytes) => {
        expect(() => bodyProblem(ascii, getSecretRequest)).not.toThrow()
        expect(() => bodyProblem(bytes, getSecretRequest)).not.toThrow()
      }),
    )
  })
})
