import { describe, expect, it } from 'vitest'
import { remember } from '../../src/read/remember.ts'

function counted() {
  const asked: string[] = []
  const length = remember((text) => {
    asked.push(text)
    return text.length
  })
  return { asked, length }
}

describe('a remembered answer', () => {
  it('is given without asking again, for its own text only', () => {
    const { asked, length } = counted()
    expect(['a', 'bb', 'a', 'bb'].map(length)).toEqual([1, 2, 1, 2])
    expect(asked).toEqual(['a', 'bb'])
  })

  it.each(['__proto__', 'constructor', ''])('is not known for %j beforehand', (text) => {
    const { asked, length } = counted()
    expect(length(text)).toBe(text.length)
    expect(asked).toEqual([text])
  })

  it('is forgotten with all others when there are a thousand', () => {
    const { asked, length } = counted()
    for (let index = 0; index < 1000; index += 1) length(`name-${index}`)
    expect(length('name-0')).toBe(6)
    expect(asked).toHaveLength(1000)
    length('one more')
    expect(length('name-0')).toBe(6)
    expect(asked).toHaveLength(1002)
  })

  it('is not kept for a text longer than 512 characters', () => {
    const { asked, length } = counted()
    for (const text of ['x'.repeat(512), 'x'.repeat(512), 'y'.repeat(513), 'y'.repeat(513)]) length(text)
    expect(asked.map((text) => text.length)).toEqual([512, 513, 513])
  })
})
