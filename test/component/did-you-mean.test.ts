import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/did-you-mean.ts'

describe('the nearest known word', () => {
  it.each([
    ['secretStor', ['secretStore'], 'secretStore'],
    ['SECRETSTORE', ['secretStore'], 'secretStore'],
    ['auht', ['auth', 'spec'], 'auth'],
    ['allow', ['allowed', 'denied'], 'allowed'],
    ['maxRetry', ['maxRetries', 'maxInterval'], 'maxRetries'],
    ['secret', ['secrets', 'scopes'], 'secrets'],
    ['nam', ['name', 'namespace'], 'name'],
    ['', ['a'], 'a'],
  ])('to %j among %j is %j', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected)
  })

  it.each([
    ['hunter2', ['name', 'value', 'secretKeyRef', 'envRef']],
    ['port', ['secretsFile', 'nestedSeparator']],
    ['ab', ['xy']],
    ['name', []],
    ['x'.repeat(101), ['x'.repeat(100)]],
  ])('to %j is none among %j', (word, candidates) => {
    expect(nearest(word, candidates)).toBeUndefined()
  })
})
