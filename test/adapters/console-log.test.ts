import { afterEach, describe, expect, it, vi } from 'vitest'
import { consoleLog } from '../../adapters/console-log.ts'

afterEach(() => vi.restoreAllMocks())

describe('the console log', () => {
  it.each([
    ['debug', 'debug'],
    ['info', 'info'],
    ['warn', 'warn'],
    ['error', 'error'],
    ['fatal', 'error'],
  ] as const)('writes %s with console.%s', (level, method) => {
    const write = vi.spyOn(console, method).mockReturnValue()
    consoleLog(level, 'a message')
    expect(write.mock.calls).toEqual([['a message']])
  })

  it('keeps a message on one line, whatever name stands in it', () => {
    const write = vi.spyOn(console, 'warn').mockReturnValue()
    consoleLog('warn', 'Access to env var DAPR_\n\r\u001b[2J\u0085\u2028x is forbidden')
    expect(write.mock.calls).toEqual([
      ['Access to env var DAPR_\\u000a\\u000d\\u001b[2J\\u0085\\u2028x is forbidden'],
    ])
  })
})
