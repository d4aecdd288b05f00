/**
 * What the stores of AWS have in common when they read: pages, batches, and names that are not asked for.
 *
 * @module
 */
import { mapBounded } from '../http/concurrency.ts'
import { fieldOf, textOf } from '../http/json.ts'
import { StoreError } from '../secret-error.ts'

/**
 * Every page of a list. A page may be empty and not be the last; the last one has no `NextToken`, or `null`.
 *
 * @param call given `{ NextToken }`, or `{}` for the first page
 * @throws {StoreError} `unavailable` when a token leads to itself
 */
export async function* awsPages(call: (token: object) => Promise<unknown>): AsyncGenerator<unknown> {
  let token = ''
  do {
    const page = await call(token === '' ? {} : { NextToken: token })
    yield page
    const next = textOf(fieldOf(page, 'NextToken')) ?? ''
    if (next !== '' && next === token) throw new StoreError('unavailable', 'the list of secrets does not end')
    token = next
  } while (token !== '')
}

/** How many secrets are read at once, and by which calls. */
export interface BatchReaderOptions<Value> {
  /** The most names that the batch call takes. */
  readonly size: number
  /** Calls that go on at a time. */
  readonly atOnce: number
  readonly isEnabled: boolean
  /** What the batch call gives of these names; the others are read alone, to learn why they are missing. */
  readBatch(names: readonly string[], signal: AbortSignal | undefined): Promise<ReadonlyMap<string, Value>>
  readOne(name: string, signal: AbortSignal | undefined): Promise<Value>
}

/** Reads the secrets of these names, in their order. */
export type BatchReader<Value> = (
  names: readonly string[],
  signal: AbortSignal | undefined,
) => Promise<ReadonlyMap<string, Value>>

/**
 * A reader that uses the batch call while that works, and else reads one by one. The batch call needs a
 * permission that daprd's users do not have, so once it was refused it is not tried again.
 */
export function batchReader<Value>(options: BatchReaderOptions<Value>): BatchReader<Value> {
  const { size, atOnce, isEnabled, readBatch, readOne } = options
  let usesBatches = isEnabled

  return async (names, signal) => {
    const found = new Map<string, Value>()
    const take = async (batch: readonly string[]): Promise<void> => {
      for (const [name, value] of await tryBatch(batch, signal)) found.set(name, value)
    }
    const [first, ...others] = chunks(names, size)
    // The first batch goes alone: where it is refused, the others would be refused with it.
    if (first !== undefined) await take(first)
    await mapBounded(others, atOnce, take)
    await mapBounded(
      names.filter((name) => !found.has(name)),
      atOnce,
      async (name) => void found.set(name, await readAlone(name, signal)),
    )
    return new Map(
      names.flatMap((name) => {
        const value = found.get(name)
        return value === undefined ? [] : [[name, value]]
      }),
    )
  }

  async function tryBatch(
    names: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, Value>> {
    if (!usesBatches) return new Map()
    try {
      return await readBatch(names, signal)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (error.retryable || error.kind === 'unauthenticated') throw getFailure(error)
      // Denied, or not known to an emulator: for good. For one missing name, some fail as a whole.
      if (error.kind !== 'not-found') usesBatches = false
      return new Map()
    }
  }

  async function readAlone(name: string, signal: AbortSignal | undefined): Promise<Value> {
    try {
      return await readOne(name, signal)
    } catch (error) {
      // daprd names the secret and drops the cause.
      if (!(error instanceof StoreError)) throw error
      throw new StoreError(error.kind, `couldn't get secret: ${name}`)
    }
  }
}

function chunks(names: readonly string[], size: number): readonly (readonly string[])[] {
  const count = Math.ceil(names.length / size)
  return Array.from({ length: count }, (_, index) => names.slice(index * size, (index + 1) * size))
}

/** A failed read, in daprd's words. */
export function getFailure(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error
  return new StoreError(error.kind, `couldn't get secret: ${error.message}`)
}

/** A failed list, in daprd's words. */
export function listFailure(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error
  return new StoreError(error.kind, `couldn't list secrets: ${error.message}`)
}

/**
 * Whether a name may be asked for. AWS knows no name like the others, and what stands between us and it might
 * take them for something else.
 */
export function isSendableName(name: string): boolean {
  return problemOf(name) === undefined
}

/** Why a name is not asked for. */
export function nameProblem(name: string): StoreError {
  const problem = problemOf(name) ?? 'the name does not say which secret is meant'
  return new StoreError('invalid', `couldn't get secret: ${problem}`)
}

function problemOf(name: string): string | undefined {
  if (name === '') return 'the name is empty'
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return 'the name holds a control character'
  if (/[\ud800-\udfff]/u.test(name)) return 'the name is not UTF-8'
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(name)) return "the name has '.' or '..' among its segments"
  return undefined
}
