import { expect, it } from 'vitest'
import { failedReadAnswer } from '../../src/contract/error-answer.ts'

it('an error that nobody foresaw is answered without a word of it', () => {
  for (const error of [new Error('hunter2'), 'hunter2', undefined]) {
    expect(failedReadAnswer(error)).toEqual({
      status: 500,
      headers: ['Content-Type', 'application/json'],
      body: '{"errorCode":"ERROR","message":"internal error"}',
    })
  }
})
