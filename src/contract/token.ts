/**
 * The comparison of an API token.
 *
 * @module
 */

/**
 * Whether the token that came is the expected one: whole, case-sensitive (dapr/dapr `pkg/api/http/middlewares.go`).
 * The time it takes depends on the length of the token that came and on nothing about the expected one.
 *
 * Both must be text decoded in the same way. An empty `expected` accepts nothing: whether a token is required
 * at all is the caller's question.
 */
export function tokenAccepted(given: string | undefined, expected: string): boolean {
  if (given === undefined || expected === '') return false
  let difference = given.length ^ expected.length
  for (let index = 0; index < given.length; index++) {
    difference |= given.charCodeAt(index) ^ expected.charCodeAt(index % expected.length)
  }
  return difference === 0
}
