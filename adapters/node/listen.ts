/**
 * Where servers listen: addresses and ports, or a Unix socket. A place that is taken is an error that names
 * the flag to change.
 *
 * @module
 */
import { lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect, isIP } from 'node:net'
import { dirname } from 'node:path'

/** One place to listen at, and the flags that chose it. */
export type ListenAddress =
  | { readonly host: string; readonly hostFlag: string; readonly port: number; readonly portFlag: string }
  | { readonly socket: string; readonly folderFlag: string }

/** A place that cannot be listened at. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** Whether an address can only be reached from this machine. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (address === 'localhost' || address === '::1') return true
  if (address.startsWith('::ffff:')) return isLoopback(address.slice('::ffff:'.length))
  return isIP(address) === 4 && address.startsWith('127.')
}

/**
 * Listens; resolves with how the place is written in a log line.
 *
 * @throws {ListenError} naming the place and its flag
 */
export async function listen(server: Server, address: ListenAddress): Promise<string> {
  if ('socket' in address) await makeRoom(address)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(address, error)))
    if ('socket' in address) {
      // The socket is a door to secrets: it is created for its owner alone.
      const mask = process.umask(0o177)
      server.listen(address.socket, () => resolve(address.socket))
      process.umask(mask)
    } else {
      const host = address.host.replace(/^\[|\]$/g, '')
      server.listen(address.port, host, () => {
        const bound = server.address()
        const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
        resolve(`${isIP(host) === 6 ? `[${host}]` : host}:${port}`)
      })
    }
  })
}

function listenError(address: ListenAddress, error: NodeJS.ErrnoException): ListenError {
  const code = error.code ?? ''
  return refusal(address, reasons[code] ?? (code || 'it cannot be listened at'), hostCodes.has(code))
}

function refusal(address: ListenAddress, reason: string, isAboutHost = false): ListenError {
  if ('socket' in address) {
    const { socket, folderFlag } = address
    return new ListenError(`cannot listen on ${socket}: ${reason} (--${folderFlag} ${dirname(socket)})`)
  }
  const { host, hostFlag, port, portFlag } = address
  const flag = isAboutHost ? `--${hostFlag} ${host}` : `--${portFlag} ${port}`
  return new ListenError(`cannot listen on ${host}:${port}: ${reason} (${flag})`)
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'the address does not belong to this machine',
  EAFNOSUPPORT: 'this machine has no such kind of address',
  EAI_AGAIN: 'the name of the host cannot be resolved now',
  EEXIST: 'its folder is a file',
  ENOTDIR: 'its folder is in a file',
  ENOTFOUND: 'no such host',
}

const hostCodes: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EAI_AGAIN', 'ENOTFOUND'])

/** Makes the folder of a socket, and removes the socket that a killed process left behind. */
async function makeRoom(address: Extract<ListenAddress, { socket: string }>): Promise<void> {
  const { socket } = address
  // The operating system cuts a longer path short, and the socket is then another one.
  if (Buffer.byteLength(socket) > longestSocketPath) {
    throw refusal(address, `its path is longer than ${longestSocketPath} bytes`)
  }
  try {
    mkdirSync(dirname(socket), { recursive: true })
    const existing = lstatSync(socket, { throwIfNoEntry: false })
    if (existing === undefined) return
    if (!existing.isSocket()) throw refusal(address, 'it is no socket')
    if (await isServed(socket)) throw refusal(address, 'another process does')
    unlinkSync(socket)
  } catch (error) {
    if (error instanceof ListenError || !(error instanceof Error)) throw error
    throw listenError(address, error)
  }
}

/** `sun_path` of the smallest system, without its final zero. */
const longestSocketPath = 103

/** Only a refused connection says that nobody listens; a server may be too busy to accept one. */
function isServed(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}
