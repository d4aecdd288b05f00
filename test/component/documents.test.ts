import { describe, expect, it } from 'vitest'
import { splitDocuments } from '../../src/component/documents.ts'

describe('splitting a file into documents', () => {
  it.each([
    ['', ['']],
    ['a', ['a']],
    ['a\n---\nb', ['a', 'b']],
    ['a\n--- \nb', ['a', 'b']],
    ['a\n--- # c\nb', ['a', 'b']],
    ['a\n---b\nc', ['a', 'c']],
    ['a\n---', ['a']],
    ['a\n---\n', ['a', '']],
    ['a\n--- x', ['a']],
    ['---\na', ['---\na']],
    ['---\n---\na\n---\n', ['---', 'a', '']],
    ['a: |\n  x\n---\n  y', ['a: |\n  x', '  y']],
    ['a\r\n---\r\nb', ['a\r', 'b']],
    [' ---\na', [' ---\na']],
  ])('cuts %j where daprd does', (text, expected) => {
    const documents = splitDocuments(text)
    expect(documents.map((document) => document.text)).toEqual(expected)
    for (const { text: part, start } of documents) expect(text.slice(start, start + part.length)).toBe(part)
  })

  it.each([
    ['a\n---\nb', [true, false]],
    ['# license\n\n---\na\n---\nb', [true, true, false]],
    ['---\n---\na', [true, false]],
    ['---\na\n---\nb', [true, false]],
  ])('knows which of %j is the first for a reader of one document', (text, expected) => {
    expect(splitDocuments(text).map(({ isFirst }) => isFirst)).toEqual(expected)
  })

  it.each([
    ['a\n--- # x\nb', undefined],
    ['a\n---\nb', undefined],
    ['a\n--- x\nb', 5],
    ['a\n---x\nb', 5],
  ])('notices a text behind a separator of %j', (text, at) => {
    expect(splitDocuments(text)[1]?.ignoredAt).toBe(at)
  })
})
