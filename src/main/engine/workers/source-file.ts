import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs'
import type { AccessPath } from '../files/reach.ts'

/** Linux only, and only for the owner and root: reading for a backup should not look like use. */
const O_NOATIME = process.platform === 'linux' ? (constants.O_NOATIME ?? 0o1000000) : 0
/** Not blocking on a FIFO that took the file's place; symlinks are refused. */
const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Opens a regular file for reading. `stat` is taken before anything is read, so a later change shows next time. */
export function withFile<T>(access: AccessPath, use: (fd: number, stat: BigIntStats) => T): T {
  const fd = openForReading(access)
  try {
    const stat = fstatSync(fd, { bigint: true })
    if (!stat.isFile()) throw Object.assign(new Error('it is no regular file any more'), { code: 'ECHANGED' })
    return use(fd, stat)
  } finally {
    closeSync(fd)
  }
}

function openForReading(access: AccessPath): number {
  try {
    return openSync(access, flags | O_NOATIME)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM' || O_NOATIME === 0) throw error
    return openSync(access, flags)
  }
}

/** The whole file, in the window; null when it does not fit. Asking for a byte more than expected shows growth. */
export function fillWindow(fd: number, window: Uint8Array, expectedBytes: number): Uint8Array | null {
  let filled = 0
  for (;;) {
    const wanted = Math.min(window.length, Math.max(expectedBytes, filled) + 1) - filled
    if (wanted <= 0) return null
    const bytes = readSync(fd, window, filled, wanted, null)
    filled += bytes
    // A short read of as many bytes as the file has is its end; otherwise only nothing is.
    if (bytes === 0 || (bytes < wanted && filled === expectedBytes)) return window.subarray(0, filled)
  }
}

/** Fewer bytes than asked for only at the end of the file. */
export function readFully(fd: number, into: Uint8Array, length: number, position: number): number {
  let filled = 0
  while (filled < length) {
    const bytes = readSync(fd, into, filled, length - filled, position + filled)
    if (bytes === 0) break
    filled += bytes
  }
  return filled
}
