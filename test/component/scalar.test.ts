import { describe, expect, it } from 'vitest'
import { stringText, ValueError, valueText } from '../../src/component/value-text.ts'
import { componentDialect, parseYaml, type YamlNode } from '../../src/component/yaml.ts'

function nodeOf(text: string): YamlNode {
  const { root } = parseYaml(`v: ${text}\n`, componentDialect)
  if (root?.kind !== 'mapping' || root.entries[0] === undefined) throw new Error('no mapping')
  return root.entries[0].value
}

function asString(text: string): string | undefined {
  const node = nodeOf(text)
  if (node.kind !== 'scalar') throw new Error('no scalar')
  return stringText(node)
}

describe('the text of a metadata value', () => {
  it.each([
    // YAML 1.1 booleans
    ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [
      word,
      'true',
    ]),
    ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [
      word,
      'false',
    ]),
    ['yEs', 'yEs'],
    ['tRUE', 'tRUE'],
    // quotes make texts
    ['"yes"', 'yes'],
    ["'0777'", '0777'],
    ['""', ''],
    ['|-\n  0777', '0777'],
    // whole numbers
    ['7', '7'],
    ['-7', '-7'],
    ['+7', '7'],
    ['-0', '0'],
    ['0777', '511'],
    ['-0777', '-511'],
    ['0o17', '15'],
    ['0O17', '15'],
    ['0x1F', '31'],
    ['0X1f', '31'],
    ['0b101', '5'],
    ['1_000', '1000'],
    ['1__0', '10'],
    ['0x_1', '1'],
    ['9223372036854775807', '9223372036854775807'],
    ['18446744073709551615', '18446744073709551615'],
    ['-9223372036854775808', '-9223372036854775808'],
    // too large for 64 bits
    ['18446744073709551616', '18446744073709552000'],
    ['-9223372036854775809', '-9223372036854776000'],
    ['0x10000000000000000', '0x10000000000000000'],
    // floats
    ['08', '8'],
    ['1.0', '1'],
    ['0.', '0'],
    ['.5', '0.5'],
    ['-.5', '-0.5'],
    ['1e3', '1000'],
    ['1E3', '1000'],
    ['1e+21', '1e+21'],
    ['1e20', '100000000000000000000'],
    ['1e-7', '1e-7'],
    ['-0.0', '-0'],
    ['685.230_15e+03', '685230.15'],
    ['0.1', '0.1'],
    // what looks like a number and is none
    ['1e400', '1e400'],
    ['_1', '_1'],
    ['._5', '._5'],
    ['.5_0', '.5_0'],
    ['.', '.'],
    ['0xg', '0xg'],
    ['0o8', '0o8'],
    ['1:30', '1:30'],
    ['190:20:30', '190:20:30'],
    ['1.2.3', '1.2.3'],
    ['2001-01-01', '2001-01-01'],
    ['2001-01-01T00:00:00Z', '2001-01-01T00:00:00Z'],
    ['=', '='],
    ['<<', '<<'],
    // tags
    ['!!str 1', '1'],
    ['!!str yes', 'yes'],
    ['!!int "3"', '3'],
    ['!!float 1', '1'],
    ['!!bool "yes"', 'true'],
    ['!!binary aGk=', 'hi'],
    ['!!binary /w==', '\ufffd'],
    ['!!timestamp 2001-01-01', '2001-01-01'],
    ['!custom 1', '1'],
    ['! 1', '1'],
    // collections
    ['{}', '{}'],
    ['[]', '[]'],
    ['{b: 1, a: yes, "c": ~}', '{"a":true,"b":1,"c":null}'],
    ['{a: 1, a: 2}', '{"a":2}'],
    ['{1: a, yes: b, 1.5: c}', '{"1":"a","1.5":"c","true":"b"}'],
    ['["<a&b>", "\\u2028"]', '["\\u003ca\\u0026b\\u003e","\\u2028"]'],
    ['{"\\uffff": 1, "\\U00010000": 2, z: 3}', '{"z":3,"\uffff":1,"\u{10000}":2}'],
    ['[1.0, 0x10, "x", [2]]', '[1,16,"x",[2]]'],
    // escapes
    ['"\\x41\\u00e9\\U0001F600"', 'A\u00e9\u{1f600}'],
    ['"\\N\\_\\L\\P\\e"', '\x85\xa0\u2028\u2029\x1b'],
    ["'it''s'", "it's"],
    ['"a\\\\/b"', 'a\\/b'],
  ])('reads %s', (written, text) => {
    expect(valueText(nodeOf(written))).toBe(text)
  })

  it.each(['', '~', 'null', 'Null', 'NULL', '!!null ""', '# nothing'])('has no value for %j', (written) => {
    expect(valueText(nodeOf(written))).toBeUndefined()
  })

  it.each([
    '.inf',
    '-.inf',
    '+.Inf',
    '.NaN',
    '[.inf]',
    '!!int x',
    '!!float x',
    '!!bool 1',
    '!!null x',
    '!!timestamp x',
    '!!binary "a"',
    '{~: 1}',
  ])('refuses %s without a quotation', (written) => {
    const read = () => valueText(nodeOf(written))
    expect(read).toThrow(ValueError)
    expect(read).toThrow(
      /^(the text does not fit its tag|infinity and not-a-number .*|a null cannot be a key)$/,
    )
  })
})

describe('a scalar where a text is expected', () => {
  it.each([
    ['123', '123'],
    ['yes', 'true'],
    ['off', 'false'],
    ['0x1F', '31'],
    ['1e3', '1000'],
    ['1.0', '1'],
    ['1.5', '1.5'],
    ['0.1', '0.1'],
    ['100000.0', '100000'],
    ['1000000.0', '1e+06'],
    ['1234567.0', '1.234567e+06'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['16777217.0', '1.6777216e+07'],
    ['-0.0', '-0'],
    ['1e39', '+Inf'],
    ['x', 'x'],
  ])('is written as Go writes %s in 32 bits', (written, text) => {
    expect(asString(written)).toBe(text)
  })

  it('is nothing for a null', () => {
    expect(asString('~')).toBeUndefined()
  })
})
