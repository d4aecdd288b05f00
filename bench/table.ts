/**
 * Tables of text.
 *
 * @module
 */

/** Rows under a heading, the first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A figure with three significant digits, or whole: `0.834`, `12.3`, `9,870`. */
export function figure(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

/** A ratio: `1.07`. */
export function ratio(value: number): string {
  return value.toFixed(2)
}
