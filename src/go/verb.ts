/**
 * What Go's `fmt` prints for `%s` with a value that is no string: `%!s(float64=6379)`.
 *
 * daprd's `local.file` renders numbers, booleans and null of a secrets file that way
 * (dapr/components-contrib `secretstores/local/file/filestore.go`).
 *
 * @module
 */

/**
 * The wrong-verb text of a JSON leaf that is no string.
 *
 * @example
 * ```ts
 * wrongVerb(6379)    // '%!s(float64=6379)'
 * wrongVerb(1000000) // '%!s(float64=1e+06)'
 * wrongVerb(null)    // '%!s(<nil>)'
 * ```
 */
export function wrongVerb(leaf: number | boolean | null): string {
  if (leaf === null) return '%!s(<nil>)'
  if (typeof leaf === 'boolean') return `%!s(bool=${leaf})`
  return `%!s(float64=${shortestFloat(leaf)})`
}

/**
 * A float64 as Go's `%g` prints it: the shortest decimal that reads back, in exponent form (sign, at least
 * two digits) when the decimal exponent is below -4 or at least 6 (golang/go `strconv/ftoa.go`).
 */
function shortestFloat(value: number): string {
  if (Object.is(value, -0)) return '-0'
  const [mantissa = '', exponentText = ''] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  // Within these bounds JavaScript never uses an exponent of its own (it starts below 1e-6 and at 1e21).
  if (exponent >= -4 && exponent < 6) return String(value)
  const sign = exponent < 0 ? '-' : '+'
  return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
}
