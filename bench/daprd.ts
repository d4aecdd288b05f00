/**
 * What daprd 1.18.3 gave on another day, on an idle machine of 2 cores, and what stood beside it then.
 *
 * @module
 */
import { ratio } from './table.ts'

/** One figure of daprd's, and how it compares. */
export interface Recorded {
  /** As it was noted, e.g. `69-86`. */
  readonly noted: string
  /** The value that is compared with. */
  readonly value: number
  /** The peer that was measured beside it; its figure today tells how fast this machine is. */
  readonly peerThen: number
  /** The ratio to reach, ours over daprd's. */
  readonly reach?: { readonly atMost: number } | { readonly atLeast: number }
}

/** Requests a second of a bare node:http server beside it, at 1 and at 16 connections. */
const bareThen = { one: 9_700, sixteen: 40_000 }

export const daprd = {
  start: { noted: '69-86', value: 77.5, peerThen: 32, reach: { atMost: 1 } },
  memoryAfterStart: { noted: '131', value: 131, peerThen: 85, reach: { atMost: 0.65 } },
  memoryAfterLoad: { noted: '150', value: 150, peerThen: 85, reach: { atMost: 0.65 } },
  one: {
    rate: { noted: '10,000', value: 10_000, peerThen: bareThen.one, reach: { atLeast: 0.95 } },
    p50: { noted: '85-90', value: 87.5, peerThen: 1 / bareThen.one },
    p99: { noted: '1,600', value: 1_600, peerThen: 1 / bareThen.one },
  },
  sixteen: {
    rate: { noted: '22,900', value: 22_900, peerThen: bareThen.sixteen, reach: { atLeast: 1.5 } },
    p50: { noted: '540', value: 540, peerThen: 1 / bareThen.sixteen },
    p99: { noted: '7,000', value: 7_000, peerThen: 1 / bareThen.sixteen, reach: { atMost: 3 / 7 } },
  },
  bulk: { noted: '1.05', value: 1.05, peerThen: 1 / bareThen.one, reach: { atMost: 0.5 } },
} as const satisfies Record<string, Recorded | Record<string, Recorded>>

/** The headings of {@link againstDaprd}. */
export const daprdHeadings: readonly string[] = ['daprd*', 'ratio', 'scaled**', 'reach', '']

/** What has to be said below a table with these columns. */
export const daprdRemark = `*  daprd 1.18.3, recorded elsewhere: on another day, on an idle machine of 2 cores. Beside it then: a bare
   node:http server with 9,700 and 40,000 requests/s (1 and 16 connections) and 85 MB; node -e 0 in 32 ms.
** the ratio as it would be if that peer gave today what it gave then; "yes" and "no" go by it.`

/**
 * The cells that compare a figure with daprd's.
 *
 * @param peer today's figure of the peer that was measured beside daprd, in the unit of `peerThen`
 */
export function againstDaprd(ours: number, recorded: Recorded, peer: number): readonly string[] {
  const { noted, value, peerThen, reach } = recorded
  const scaled = (ours / value) * (peerThen / peer)
  if (reach === undefined) return [noted, ratio(ours / value), ratio(scaled), '', '']
  const reached = 'atMost' in reach ? scaled <= reach.atMost : scaled >= reach.atLeast
  const goal = 'atMost' in reach ? `<= ${ratio(reach.atMost)}` : `>= ${ratio(reach.atLeast)}`
  return [noted, ratio(ours / value), ratio(scaled), goal, reached ? 'yes' : 'no']
}
