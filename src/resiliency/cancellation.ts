/**
 * The two ways in which a call ends from outside, in the words of Go's `context` package, which daprd's
 * wire texts repeat.
 *
 * @module
 */
import { StoreError } from '../secret-error.ts'

/** A policy's timeout elapsed. */
export function deadlineExceeded(): StoreError {
  return new StoreError('unavailable', 'context deadline exceeded')
}

/** The caller has left. */
export function contextCanceled(): StoreError {
  return new StoreError('unavailable', 'context canceled')
}
