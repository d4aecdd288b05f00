/**
 * The other end of `Host`: answers each message of the parent process with what `handle` gives.
 *
 * @module
 */

/** Serves until the parent goes away. */
export function serveParent(handle: (message: unknown) => Promise<unknown>): void {
  process.on('message', (question: { readonly id: number; readonly message: unknown }) => {
    handle(question.message).then(
      (result) => process.send?.({ id: question.id, result }),
      (error: unknown) => process.send?.({ id: question.id, failure: String(error) }),
    )
  })
  process.on('disconnect', () => process.exit(0))
}
