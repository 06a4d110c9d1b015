import type { FolderRow } from '../../../shared/entities/browse.ts'
import { isWithin, parentOf } from './paths.ts'

/** What is ticked to be restored. Pure. */

export interface Picked {
  readonly path: string
  readonly type: FolderRow['type']
  /** null for a folder: what is in it has to be measured. */
  readonly sizeBytes: number | null
  /** The snapshot it comes from. */
  readonly snapshotId: string
}

export type Selection = ReadonlyMap<string, Picked>

export const nothing: Selection = new Map()

/** A request names so many paths at most; of more, the folder that holds them is taken. */
export const mostPicked = 10_000

/** Whether it is ticked, itself or with a folder above it. */
export function isPicked(selection: Selection, path: string): boolean {
  if (selection.size === 0) return false
  for (let at = path; ; at = parentOf(at)) {
    if (selection.has(at)) return true
    if (at === '/') return false
  }
}

/** Ticks. What lies in a folder that is ticked comes with it, and is not named a second time. */
export function pick(selection: Selection, items: readonly Picked[]): Selection {
  const next = new Map(selection)
  for (const item of items) if (!isPicked(next, item.path)) next.set(item.path, item)
  const folders = items.filter(({ type }) => type === 'dir')
  for (const path of folders.length === 0 ? [] : [...next.keys()]) {
    if (folders.some(folder => folder.path !== path && isWithin(path, folder.path))) next.delete(path)
  }
  return next
}

/** Unticks, also the ticked folder that something lies in. */
export function unpick(selection: Selection, paths: readonly string[]): Selection {
  const next = new Map(selection)
  for (const path of paths) {
    for (let at = path; ; at = parentOf(at)) {
      next.delete(at)
      if (at === '/') break
    }
  }
  return next
}

/** By the snapshot that each part comes from: one restore is of one snapshot. */
export function bySnapshot(selection: Selection): { snapshotId: string; paths: string[] }[] {
  const groups = new Map<string, string[]>()
  for (const { snapshotId, path } of selection.values()) {
    const group = groups.get(snapshotId)
    if (group) group.push(path)
    else groups.set(snapshotId, [path])
  }
  return [...groups].map(([snapshotId, paths]) => ({ snapshotId, paths }))
}

/** Indexes from one to the other, both included, whichever comes first. */
export function between(a: number, b: number): number[] {
  const from = Math.min(a, b)
  return Array.from({ length: Math.abs(a - b) + 1 }, (_, at) => from + at)
}
