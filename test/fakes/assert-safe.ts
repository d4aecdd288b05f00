/**
 * A failure that must not tell what it knows.
 */
import { expect } from 'vitest'
import { StoreError } from '../../src/secret-error.ts'

/** That work fails, with a `StoreError` in which a text is nowhere to be found, causes included. */
export async function assertSafe(work: Promise<unknown>, text: string): Promise<void> {
  const failure: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(failure).toBeInstanceOf(StoreError)
  if (!(failure instanceof StoreError)) return
  expect(failure.cause).toBeUndefined()
  expect(`${failure.message} ${failure.stack} ${JSON.stringify(failure)}`).not.toContain(text)
}
