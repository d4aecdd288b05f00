/**
 * The load generator, a process of its own: keeps connections busy with one GET after the other, no pipelining.
 *
 *   node bench/load.ts PORT PATH CONNECTIONS MILLISECONDS
 *
 * Prints a {@link LoadReport} as JSON. A raw socket, one buffer a connection and a count of bytes: it takes a
 * small share of what a server's side of the exchange takes, and says how busy it was.
 *
 * @module
 */
import { connect } from 'node:net'

/** What a run gave. */
export interface LoadReport {
  /** Requests a second. */
  readonly rate: number
  /** Microseconds from the request's last byte to the answer's. */
  readonly p50: number
  readonly p99: number
  /** Seconds of processor time this process took for a second: 1 is a whole core, and then it is the limit. */
  readonly busy: number
}

/** Milliseconds before the measurement, in which both sides warm up. */
const warmUp = 300

if (import.meta.main) {
  const [port = '', path = '', connections = '', milliseconds = ''] = process.argv.slice(2)
  const report = await load(Number(port), path, Number(connections), Number(milliseconds))
  process.stdout.write(JSON.stringify(report))
  process.exit(0)
}

async function load(
  port: number,
  path: string,
  connections: number,
  milliseconds: number,
): Promise<LoadReport> {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  const latencies: number[] = []
  for (let connection = 0; connection < connections; connection += 1) keepBusy(port, request, latencies)

  await sleep(warmUp)
  latencies.length = 0
  const started = performance.now()
  const cpu = process.cpuUsage()
  await sleep(milliseconds)
  const { user, system } = process.cpuUsage(cpu)
  const taken = performance.now() - started

  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 1000
  return {
    rate: (sorted.length / taken) * 1000,
    p50: at(0.5),
    p99: at(0.99),
    busy: (user + system) / 1000 / taken,
  }
}

/** One connection, from now to the end of the process. Every answer must be as long as the first one. */
function keepBusy(port: number, request: Uint8Array, latencies: number[]): void {
  let length = 0
  let received = 0
  let asked = 0
  const ask = (): void => {
    received = 0
    asked = performance.now()
    socket.write(request)
  }
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer: Buffer.alloc(1 << 16),
      callback(count, buffer) {
        if (received === 0) length ||= lengthOf(Buffer.from(buffer.buffer, buffer.byteOffset, count))
        received += count
        if (received > length) throw new Error('an answer was longer than the first one')
        if (received === length) {
          latencies.push(performance.now() - asked)
          ask()
        }
        return true
      },
    },
  })
  socket.once('connect', ask)
  // A connection that ends early would leave the others to look fast.
  socket.once('close', () => {
    throw new Error('the server closed a connection')
  })
}

/** The bytes of a whole answer, by the head that begins it. */
function lengthOf(start: Buffer): number {
  const head = start.toString('latin1', 0, start.indexOf('\r\n\r\n') + 4)
  const body = /^content-length: (\d+)\r$/im.exec(head)?.[1]
  if (!head.startsWith('HTTP/1.1 200 ') || body === undefined) {
    throw new Error(`the server answered: ${head.split('\r\n', 1)[0]}`)
  }
  return head.length + Number(body)
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
