import { describe, expect, it } from 'vitest'
import { expandVariables } from '../../src/component/expand.ts'
import { environment } from '../../src/runtime.ts'

const env = environment({
  A: 'one',
  B_2: 'two',
  '1': 'digit',
  $: 'dollar',
  '*': 'star',
  'a b': 'odd',
  é: 'accent',
  LINES: 'x\ny',
})

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: they are what is expanded
describe('expanding variables', () => {
  it.each([
    ['', ''],
    ['no variable', 'no variable'],
    ['$A', 'one'],
    ['${A}', 'one'],
    ['x$A.y', 'xone.y'],
    ['$A$A', 'oneone'],
    ['$B_2-', 'two-'],
    ['$Ab', ''],
    ['$NOPE', ''],
    ['${NOPE}', ''],
    ['$1A', 'digitA'],
    ['${1}', 'digit'],
    ['$$A', 'dollarA'],
    ['$*', 'star'],
    ['${*}', 'star'],
    ['${a b}', 'odd'],
    ['${é}', 'accent'],
    ['$é', '$é'],
    ['${}x', 'x'],
    ['${A', 'A'],
    ['${', ''],
    ['$', '$'],
    ['a$', 'a$'],
    ['$ A', '$ A'],
    ['\\$A', '\\one'],
    ['$-', ''],
    ['${${A}}', '}'],
  ])('reads %j as Go does', (source, text) => {
    expect(expandVariables(source, env).text).toBe(text)
  })

  it('finds the way back to the text as written', () => {
    const { toSource, text, isExpanded } = expandVariables('a $A b ${NOPE} c $LINES d', env)
    expect(text).toBe('a one b  c x\ny d')
    expect([0, 2, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15].map(toSource)).toEqual([
      0, 2, 2, 4, 5, 14, 15, 17, 17, 17, 23, 24,
    ])
    expect([
      isExpanded(0, 2),
      isExpanded(0, 3),
      isExpanded(4, 5),
      isExpanded(6, 7),
      isExpanded(15, 16),
    ]).toEqual([false, true, true, false, false])
  })

  it('takes no time over braces that are never closed', () => {
    const start = Date.now()
    expect(expandVariables('${'.repeat(500_000), env).text).toBe('')
    expect(Date.now() - start).toBeLessThan(4000)
  })
})
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above
