import { expect, it } from 'vitest'
import { loggedTarget } from '../../cli/logged-target.ts'

it.each([
  ['GET', '/v1.0/secrets/a/b@c?x=1', '/v1.0/secrets/a/b@c'],
  ['GET', 'http://localhost/v1.0/metadata?x', '/v1.0/metadata'],
  ['GET', 'http://user:canary@localhost/v1.0/metadata', '/v1.0/metadata'],
  ['GET', 'ht+tp://user:canary@h/x', '/x'],
  ['GET', 'a-b.c://user:canary@h', ''],
  ['GET', 'http:user:canary@h/x', ''],
  ['GET', 'http://user:can/ary@h/x', ''],
  ['GET', 'user:canary@h', ''],
  ['GET', '1user:canary@h/x', ''],
  ['OPTIONS', '*', '*'],
  ['CONNECT', 'localhost:80', 'localhost:80'],
  ['CONNECT', 'user:canary@localhost:80', 'localhost:80'],
  ['CONNECT', 'user:can?ary/@localhost:80/x?y', 'localhost:80/x'],
  ['CONNECT', '/v1.0/a@b', '/v1.0/a@b'],
])('of %s %s the log shows %j', (method, target, shown) => {
  expect(loggedTarget(method, target)).toBe(shown)
})
