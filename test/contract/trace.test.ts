import { describe, expect, it } from 'vitest'
import { baggageProblem } from '../../src/contract/baggage.ts'
import { type TraceMode, traceHeaders } from '../../src/contract/trace.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const parent = `00-${traceId}-${spanId}-01`
const echo: TraceMode = { kind: 'echo' }

function never(): number {
  throw new Error('no random number is needed')
}

/** Numbers one after the other, the last one again and again. */
function sequence(...numbers: number[]): () => number {
  return () => (numbers.length > 1 ? numbers.shift() : numbers[0]) ?? 0
}

function echoed(...headers: string[]): readonly string[] {
  return traceHeaders(headers, echo, never)
}

describe('traceHeaders', () => {
  it('gives nothing at all when tracing is off', () => {
    expect(traceHeaders(['traceparent', parent, 'baggage', 'a=b'], { kind: 'off' }, never)).toEqual([])
  })

  describe('as echo', () => {
    it('gives nothing when nothing came in', () => {
      expect(echoed()).toEqual([])
      expect(echoed()).toBe(echoed('host', 'localhost'))
    })

    it('gives the context that came in', () => {
      expect(echoed('TraceParent', parent, 'TraceState', 'a=1')).toEqual([
        'traceparent',
        parent,
        'tracestate',
        'a=1',
      ])
    })

    it.each([
      [`00-${traceId}-${spanId}-00`, '00'],
      [`00-${traceId}-${spanId}-FF`, 'ff'],
      [`00-${traceId}-${spanId}-0100`, '01'],
      [`cc-${traceId}-${spanId}-01`, '01'],
      [`CC-${traceId}-${spanId}-01`, '01'],
      [`fe-${traceId}-${spanId}-01-what-else`, '01'],
      [`01-${traceId}-${spanId}-01-`, '01'],
    ])('renders %j anew as version 00', (header, flags) => {
      expect(echoed('traceparent', header)).toEqual(['traceparent', `00-${traceId}-${spanId}-${flags}`])
    })

    it.each([
      '',
      'x',
      `00-${traceId}-${spanId}`,
      `00-${traceId}-${spanId}-`,
      `00-${traceId}-${spanId}-1`,
      `00-${traceId}-${spanId}-0g`,
      `00-${traceId}-${spanId}-011`,
      `00-${traceId}-${spanId}-01-`,
      `00-${traceId}-${spanId}-01-more`,
      `ff-${traceId}-${spanId}-01`,
      `FF-${traceId}-${spanId}-01`,
      `0-${traceId}-${spanId}-01`,
      `0g-${traceId}-${spanId}-01`,
      `00-${traceId.toUpperCase()}-${spanId}-01`,
      `00-${traceId}-${spanId.toUpperCase()}-01`,
      `00-${traceId.slice(1)}-${spanId}-01`,
      `00-${traceId}-${spanId}0-01`,
      `00-${'0'.repeat(32)}-${spanId}-01`,
      `00-${traceId}-${'0'.repeat(16)}-01`,
      ` ${parent}`,
    ])('treats %j as if it were absent', (header) => {
      expect(echoed('traceparent', header, 'tracestate', 'a=1')).toEqual([])
    })

    it('looks at the first of several headers', () => {
      expect(echoed('traceparent', 'x', 'traceparent', parent)).toEqual([])
    })

    const longKey = 'k'.repeat(256)
    const longValue = 'v'.repeat(256)
    it.each([
      ['a=1,b=2', 'a=1,b=2'],
      [' a=1 ,\tb=2\t', 'a=1,b=2'],
      [',a=1,,', 'a=1'],
      ['a= 1', 'a= 1'],
      ['1t@sys-/*_=v', '1t@sys-/*_=v'],
      [`${longKey}=v`, `${longKey}=v`],
      [`k=${longValue}`, `k=${longValue}`],
      [
        Array.from({ length: 32 }, (_, index) => `k${index}=v`).join(','),
        Array.from({ length: 32 }, (_, index) => `k${index}=v`).join(','),
      ],
      [`a=${'v'.repeat(253)},b=${'v'.repeat(254)}`, `a=${'v'.repeat(253)},b=${'v'.repeat(254)}`],
    ])('renders the tracestate %j', (header, state) => {
      expect(echoed('traceparent', parent, 'tracestate', header)).toEqual([
        'traceparent',
        parent,
        'tracestate',
        state,
      ])
    })

    it.each([
      '',
      ',',
      ' ',
      'a',
      'a=',
      '=1',
      'A=1',
      '1=1',
      'a =1',
      'a=1=2',
      'a=é',
      'a=1,a=2',
      'a=1,b',
      'a@=1',
      '@a=1',
      'a@1=1',
      `a@${'s'.repeat(15)}=1`,
      `${'t'.repeat(242)}@s=1`,
      `k${longKey}=v`,
      `k=v${longValue}`,
      Array.from({ length: 33 }, (_, index) => `k${index}=v`).join(','),
      `a=${'v'.repeat(254)},b=${'v'.repeat(255)}`,
    ])('drops the tracestate %j', (header) => {
      expect(echoed('traceparent', parent, 'tracestate', header)).toEqual(['traceparent', parent])
    })

    it('copies the baggage as it came, with or without a trace', () => {
      expect(echoed('baggage', 'a=%20b ; p')).toEqual(['baggage', 'a=%20b ; p'])
      expect(echoed('Baggage', 'a=1', 'traceparent', parent, 'baggage', 'b=2')).toEqual([
        'baggage',
        'a=1,b=2',
        'traceparent',
        parent,
      ])
      expect(echoed('baggage', '')).toEqual([])
    })
  })

  describe('with spans', () => {
    it('names a new trace and span when none came in', () => {
      const headers = traceHeaders([], { kind: 'spans', rate: 1 }, sequence(0.25, 0.5, 0.75, 1 / 16))
      expect(headers).toHaveLength(2)
      expect(headers[0]).toBe('traceparent')
      expect(headers[1]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    })

    it('keeps the trace, the flags and the state of a caller and names a span of its own', () => {
      for (const [flags, rate] of [
        ['00', 1],
        ['01', 0],
        ['03', 0],
      ] as const) {
        const incoming = [
          'traceparent',
          `00-${traceId}-${spanId}-${flags}`,
          'tracestate',
          'a=1',
          'baggage',
          'b=2',
        ]
        expect(traceHeaders(incoming, { kind: 'spans', rate }, sequence(0.5))).toEqual([
          'baggage',
          'b=2',
          'traceparent',
          `00-${traceId}-8000000080000000-${flags}`,
          'tracestate',
          'a=1',
        ])
      }
    })

    it('samples new traces by rate alone', () => {
      const flags = (rate: number, random: number) =>
        traceHeaders(['traceparent', 'x'], { kind: 'spans', rate }, sequence(random))[1]?.slice(-2)
      expect(flags(1, 0.999)).toBe('01')
      expect(flags(0, 0)).toBe('00')
      expect(flags(0.5, 0.49)).toBe('01')
      expect(flags(0.5, 0.51)).toBe('00')
      expect(flags(0.0001, 0.00009)).toBe('01')
      expect(flags(0.0001, 0.00011)).toBe('00')
    })

    it('never names an id of zeros', () => {
      const headers = traceHeaders([], { kind: 'spans', rate: 0 }, sequence(0))
      expect(headers[1]).toBe(`00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-00`)
    })

    it('does not take over the state of a trace it ignores', () => {
      const headers = traceHeaders(['tracestate', 'a=1'], { kind: 'spans', rate: 1 }, sequence(0.5))
      expect(headers).toHaveLength(2)
    })
  })
})

describe('baggageProblem', () => {
  const members = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=v`).join(',')

  it.each(['a=', 'a=b;p='])('reads any number of blanks after %s', (start) => {
    // A search that begins anew at each blank would take hours.
    const baggage = `${start}${' '.repeat(2_000_000)}x y`
    expect(baggageProblem(['baggage', baggage])).toMatch(/./)
  })

  it.each([
    'a=b',
    ' a = b , c=d ',
    'a \t= b ;\tp = 1 ',
    '\n a\r = \vb\f',
    'a=',
    'a=b=c',
    'a=%20%C3%A9%FF',
    'a=b;p;q=1; r = 2 ;;',
    "!#$%&'*+-.^_`|~09azAZ=!#$&'()*+-./:<=>?@[]^_`{|}~",
    'a=1,a=2',
    members(64),
    `a=${'x'.repeat(8190)}`,
  ])('takes %j', (baggage) => {
    expect(baggageProblem(['baggage', baggage])).toBeUndefined()
  })

  it.each([
    ['=nokey', 'invalid key'],
    ['a b=c', 'invalid key'],
    ['é=c', 'invalid key'],
    ['a(=c', 'invalid key'],
    ['invalid', 'invalid baggage list-member'],
    ['a=b,', 'invalid baggage list-member'],
    ['a=b,,c=d', 'invalid baggage list-member'],
    ['a;b=c', 'invalid baggage list-member'],
    ['a="b"', 'invalid value'],
    ['a=b c', 'invalid value'],
    ['a=\\', 'invalid value'],
    ['a=é', 'invalid value'],
    ['a=%zz', 'invalid value'],
    ['a=b;p q', 'invalid baggage list-member property'],
    ['a=b;=q', 'invalid baggage list-member property'],
    ['a=b; ', 'invalid baggage list-member property'],
    ['a=b;p=%2', 'invalid baggage list-member property'],
    ['a=b;p=1=2,', 'invalid baggage list-member'],
    [members(65), 'too many list-members in baggage-string'],
    [`${members(64)},k1=w`, 'too many list-members in baggage-string'],
    [`a=${'x'.repeat(8191)}`, 'baggage-string too large: 8193'],
    // Three characters become nine, because the byte is written again as U+FFFD.
    [`a=${'%FF'.repeat(1000)}`, 'baggage-string too large'],
  ])('refuses %j: %s', (baggage, problem) => {
    expect(baggageProblem(['baggage', baggage])).toBe(problem)
  })

  it('judges all the headers together', () => {
    expect(baggageProblem(['host', 'x', 'baggage', 'a=b', 'Baggage', 'c=d'])).toBeUndefined()
    expect(baggageProblem(['baggage', 'a=b', 'Baggage', 'c'])).toBe('invalid baggage list-member')
    expect(baggageProblem(['baggage', 'a=b', 'baggage', ''])).toBe('invalid baggage list-member')
  })

  it('has nothing to say without any', () => {
    expect(baggageProblem([])).toBeUndefined()
    expect(baggageProblem(['baggage', ''])).toBeUndefined()
  })
})
