/**
 * Where a process listens, as Linux tells it.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

/**
 * The addresses a process and its children listen on that are not loopback, as `/proc` writes them. Empty where
 * there is no `/proc` to ask.
 */
export function openListeners(pid: number): readonly string[] {
  if (!existsSync('/proc/net/tcp')) return []
  const own = new Set(withChildren(pid).flatMap(socketsOf))
  return ['/proc/net/tcp', '/proc/net/tcp6'].filter(existsSync).flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode = '']) => state === listening && own.has(inode))
      .map(([, address = '']) => address)
      .filter((address) => !loopback.test(address)),
  )
}

const listening = '0A'

/** 127.x.x.x, ::1 and ::ffff:127.x.x.x, in the byte order of a little-endian machine. */
const loopback = /^([0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F):/

function withChildren(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(withChildren)]
}

function childrenOf(pid: number): readonly number[] {
  return entries(`/proc/${pid}/task`).flatMap((task) => {
    const path = `/proc/${pid}/task/${task}/children`
    if (!existsSync(path)) return []
    return readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number)
  })
}

function socketsOf(pid: number): readonly string[] {
  return entries(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? []
    } catch {
      // Closed meanwhile.
      return []
    }
  })
}

function entries(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}
