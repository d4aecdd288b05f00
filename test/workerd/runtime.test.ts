import { expect, it } from 'vitest'

it('runs inside workerd, so that the unit tests of this project prove what they claim', () => {
  expect(navigator.userAgent).toBe('Cloudflare-Workers')
})
