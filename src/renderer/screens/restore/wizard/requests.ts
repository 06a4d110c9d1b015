import type { RestoreCounts, RestoreItem, RestoreRequest } from '../../../../shared/entities/browse.ts'
import { inSnapshot, isWithin, nameOf } from '../paths.ts'

/** What a person decided, as what the application is asked to do. Pure. */

export type ConflictMode = RestoreRequest['conflicts']
export type Target = { kind: 'original' } | { kind: 'folder'; path: string }

export interface Part {
  readonly snapshotId: string
  /** null: not known. */
  readonly timeMs: number | null
  readonly paths: readonly string[]
}

export interface Decided {
  readonly destinationId: string
  readonly parts: readonly Part[]
  readonly target: Target
  readonly keepFolders: boolean
  readonly conflicts: ConflictMode
  /** Files that are newer on the disk, and kept there; null: `conflicts` goes for all alike. */
  readonly apart: Apart | null
}

/** Paths in the snapshot. */
export interface Apart {
  /** Put beside what is there. */
  readonly keepBoth: readonly string[]
  /** As old on the disk as in the backup, yet different: replaced all the same. */
  readonly overwrite: readonly string[]
}

/**
 * One request a snapshot. Where files that are newer on the disk are kept, a first request replaces older ones only, and
 * others follow for those that it leaves alone.
 */
export function requestsOf(decided: Decided): RestoreRequest[] {
  const { destinationId, parts, target: where, keepFolders, conflicts, apart } = decided
  const target =
    where.kind === 'original'
      ? { kind: 'original' as const }
      : { kind: 'folder' as const, path: where.path, keepFolders }
  return parts.flatMap(({ snapshotId, paths }) => {
    const all = { destinationId, snapshotId, paths: [...paths], target, conflicts }
    if (apart === null) return [all]
    const mine = (list: readonly string[]) => list.filter(path => paths.some(each => isWithin(path, each)))
    const some = (list: readonly string[], conflicts: ConflictMode) =>
      mine(list).length === 0 ? [] : [{ ...all, paths: mine(list), conflicts }]
    return [
      { ...all, conflicts: 'if-newer' as const },
      ...some(apart.overwrite, 'overwrite'),
      ...some(apart.keepBoth, 'keep-both'),
    ]
  })
}

/** Whether files can be told apart from the others: they are, where the place on the disk names the place in the snapshot. */
export const canKeepApart = ({ target, keepFolders, conflicts, apart }: Decided): boolean =>
  (target.kind === 'original' || keepFolders) && conflicts === 'overwrite' && apart === null

/** Where an item of a restore lies in the snapshot; only where `canKeepApart`. */
export function pathInSnapshot(item: Pick<RestoreItem, 'path'>, target: Target): string {
  const path = inSnapshot(item.path)
  if (target.kind === 'original') return path
  return path.slice(inSnapshot(target.path).length) || '/'
}

/** What would be overwritten although it is not older than the backup. */
export function apartOf(overwritten: readonly RestoreItem[], target: Target): Apart {
  const paths = (fits: (onDisk: number, backup: number) => boolean) =>
    overwritten
      .filter(
        ({ modifiedAtMs, onDiskModifiedAtMs }) =>
          modifiedAtMs !== null && onDiskModifiedAtMs !== null && fits(onDiskModifiedAtMs, modifiedAtMs),
      )
      .map(item => pathInSnapshot(item, target))
  return {
    keepBoth: paths((onDisk, backup) => onDisk > backup),
    overwrite: paths((onDisk, backup) => onDisk === backup),
  }
}

export const isNewerOnDisk = ({ modifiedAtMs, onDiskModifiedAtMs }: RestoreItem): boolean =>
  modifiedAtMs !== null && onDiskModifiedAtMs !== null && onDiskModifiedAtMs > modifiedAtMs

const noCounts: RestoreCounts = {
  create: 0,
  overwrite: 0,
  keepBoth: 0,
  unchanged: 0,
  skip: 0,
  delete: 0,
  failed: 0,
  bytesToWrite: 0,
  bytesWritten: 0,
  filesVerified: 0,
  newerOnDisk: 0,
  freeBytes: null,
}

/** Of all parts together. @param apart files that one request leaves to another, and counts as skipped */
export function summed(all: readonly (RestoreCounts | undefined)[], apart = 0): RestoreCounts {
  const sum = { ...noCounts }
  for (const counts of all) {
    if (!counts) continue
    for (const key of Object.keys(noCounts) as (keyof RestoreCounts)[]) {
      if (key === 'freeBytes') {
        if (counts.freeBytes !== null)
          sum.freeBytes =
            sum.freeBytes === null ? counts.freeBytes : Math.min(sum.freeBytes, counts.freeBytes)
      } else sum[key] += counts[key]
    }
  }
  return { ...sum, skip: Math.max(0, sum.skip - apart) }
}

/** Of the requests of one restore, those that were made of others' files (`apart`), and how many files that is. */
export function wholeAndApart(requests: readonly RestoreRequest[]): {
  whole: RestoreRequest[]
  apart: number
} {
  const isApart = (one: RestoreRequest, at: number) =>
    requests
      .slice(0, at)
      .some(
        before =>
          before.conflicts === 'if-newer' &&
          one.conflicts !== 'if-newer' &&
          before.snapshotId === one.snapshotId &&
          one.paths.every(path => before.paths.some(folder => isWithin(path, folder))),
      )
  const whole = requests.filter((one, at) => !isApart(one, at))
  const apart = requests.filter(isApart).reduce((sum, { paths }) => sum + paths.length, 0)
  return { whole, apart }
}

/** `3 items`, `budget.xlsx`. */
export function nameOfParts(parts: readonly { readonly paths: readonly string[] }[]): string {
  const paths = parts.flatMap(part => part.paths)
  return paths.length === 1 && paths[0] !== '/' ? nameOf(paths[0]!) : `${paths.length} items`
}
