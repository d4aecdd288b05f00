import { describe, expect, it } from 'vitest'
import { isLoopback } from '../../adapters/node/listen.ts'

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', 'LOCALHOST', '::1', '[::1]', '::ffff:127.0.0.1'])(
    '%s can only be reached from this machine',
    (host) => {
      expect(isLoopback(host)).toBe(true)
    },
  )

  it.each([
    '0.0.0.0',
    '::',
    '8.8.8.8',
    '::ffff:8.8.8.8',
    '[::ffff:8.8.8.8]',
    '127.0.0.1.example',
    '127.1',
    '',
  ])('%j may be reached from elsewhere', (host) => {
    expect(isLoopback(host)).toBe(false)
  })
})
