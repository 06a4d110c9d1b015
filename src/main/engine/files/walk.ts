import { lstatSync, readdirSync, type BigIntStats } from 'node:fs'
import { joinRaw, textFromRaw, type Raw } from '../format/raw.ts'
import type { Warning } from '../run.ts'
import type { Excluder } from './exclude.ts'
import { reach } from './reach.ts'

/** What is used of an lstat. */
export type ItemStat = Pick<
  BigIntStats,
  'dev' | 'ino' | 'mode' | 'nlink' | 'uid' | 'gid' | 'rdev' | 'size' | 'mtimeNs' | 'ctimeNs'
> &
  Pick<BigIntStats, 'isFile' | 'isDirectory' | 'isSocket'>

/** Something found on disk: by lstat, so a symlink is itself. */
export interface FoundItem {
  readonly name: Raw
  readonly path: Raw
  readonly stat: ItemStat
}

export interface Walk {
  readonly excluder: Excluder
  readonly warn: (warning: Warning) => void
  /** Left out with a word wherever it is met: the repository itself, when it lies inside a source. */
  readonly leaveOut: { dev: bigint; ino: bigint } | null
}

/** The names in a folder, in byte order, as a tree needs them. @throws the error of `node:fs` */
export function namesIn(folder: Raw): Raw[] {
  return reach(folder, access => readdirSync(access, { encoding: 'latin1' })).sort() as Raw[]
}

export const lstatRaw = (path: Raw): BigIntStats => reach(path, access => lstatSync(access, { bigint: true }))

/**
 * What of a folder belongs into the snapshot. An entry that vanished meanwhile is none; one that can't be examined is
 * a warning. @throws the error of `node:fs` when the folder itself can't be read
 */
export function itemsIn(folder: Raw, walk: Walk): FoundItem[] {
  const items: FoundItem[] = []
  const names = namesIn(folder)
  const kept = walk.excluder.keptNames(folder, names, walk.warn)
  for (const name of kept) {
    const path = joinRaw(folder, name)
    try {
      const stat = admitted(path, walk)
      if (stat) items.push({ name, path, stat })
    } catch (error) {
      if (!isGone(error)) walk.warn(unreadable(path, error))
    }
  }
  return items
}

/** What lstat says of an item that the rules let in, null of one they leave out. @throws the error of `node:fs` */
export function admitted(path: Raw, walk: Walk): BigIntStats | null {
  if (walk.excluder.pathExcluded(path)) return null
  const stat = lstatRaw(path)
  return isLeftOut(walk, path, stat) || walk.excluder.entryExcluded(path, stat) ? null : stat
}

function isLeftOut(walk: Walk, path: Raw, stat: ItemStat): boolean {
  if (!walk.leaveOut || stat.ino !== walk.leaveOut.ino || stat.dev !== walk.leaveOut.dev) return false
  walk.warn({
    kind: 'note',
    path: textFromRaw(path),
    message: 'This is the repository itself: it is left out.',
  })
  return true
}

/** Deleted, or replaced on the way to it, since its name was read. */
export const isGone = (error: unknown): boolean => {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR'
}

export function unreadable(path: Raw, error: unknown): Warning {
  const { code, message } = error as NodeJS.ErrnoException
  const reasons: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    EIO: 'the disk reports a read error',
    ELOOP: 'it became a symbolic link while it was read',
    ENXIO: 'the device behind it is gone',
    EBUSY: 'another program holds it',
  }
  const reason = reasons[code ?? ''] ?? message
  return { kind: 'unreadable', path: textFromRaw(path), message: `Can't be read: ${reason}.` }
}
