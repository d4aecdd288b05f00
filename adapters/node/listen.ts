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

/** One place to listen at, and the flag that chose it. */
export type ListenAddress =
  | { readonly host: string; readonly port: number; readonly flag: string }
  | { readonly socket: string; readonly flag: string }

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
  if ('socket' in address) await removeStaleSocket(address.socket, address.flag)
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
  const place = 'socket' in address ? address.socket : `${address.host}:${address.port}`
  const value = 'socket' in address ? dirname(address.socket) : String(address.port)
  const reason = reasons[error.code ?? ''] ?? error.code ?? 'cannot be listened at'
  return new ListenError(`cannot listen on ${place}: ${reason} (--${address.flag} ${value})`)
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'the address does not belong to this machine',
  ENOTFOUND: 'no such host',
}

/** A socket file that nobody listens at is what a killed process left behind. */
async function removeStaleSocket(path: string, flag: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const existing = lstatSync(path, { throwIfNoEntry: false })
  if (existing === undefined) return
  if (!existing.isSocket())
    throw new ListenError(`cannot listen on ${path}: it is no socket (--${flag} ${dirname(path)})`)
  const isAlive = await new Promise<boolean>((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
  if (isAlive)
    throw new ListenError(`cannot listen on ${path}: another process does (--${flag} ${dirname(path)})`)
  unlinkSync(path)
}
