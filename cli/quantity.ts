/**
 * Kubernetes resource quantities, as daprd's size flags take them: `4Mi`, `512Ki`, `1M`, `4096`.
 *
 * @module
 */

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/**
 * The whole number of bytes a quantity stands for, rounded up; `undefined` when it is none.
 *
 * @example
 * ```ts
 * parseQuantity('4Mi') // 4194304
 * parseQuantity('lots') // undefined
 * ```
 */
export function parseQuantity(text: string): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(text)
  const factor = units[match?.[2] ?? '']
  if (match?.[1] === undefined || factor === undefined) return undefined
  const bytes = Math.ceil(Number(match[1]) * factor)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
