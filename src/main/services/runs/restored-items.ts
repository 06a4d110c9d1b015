import type { RestoreCounts, RestoreItem } from '../../../shared/entities/browse.ts'
import type { RestoreItem as EngineItem } from '../../engine/index.ts'
import type { RunsPorts } from './ports.ts'

/** Kept of one restore; of more only the numbers are. */
export const mostItems = 100_000
const batch = 500

/** What a restore did to each item: counted, and kept with the run. */
export interface RestoredItems {
  took(item: EngineItem, path: string): void
  failed(path: string, why: string): void
  counts(): RestoreCounts
  verified(files: number): void
  /** How many were not kept. */
  leftOut(): number
  flush(): void
}

export function restoredItems(
  { runId, dryRun, freeBytes }: { runId: string; dryRun: boolean; freeBytes: number | null },
  { catalogue, trouble }: Pick<RunsPorts, 'catalogue' | 'trouble'>,
): RestoredItems {
  const counts: RestoreCounts = {
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
    freeBytes,
  }
  let waiting: Omit<RestoreItem, 'seq'>[] = []
  let taken = 0
  let broken = false

  function flush(): void {
    const items = waiting
    waiting = []
    if (items.length === 0 || broken) return
    try {
      catalogue.runs.appendItems(runId, items)
    } catch (error) {
      broken = true // the work is worth more than the list of it
      trouble(error)
    }
  }

  function keep(item: Omit<RestoreItem, 'seq'>): void {
    if (++taken > mostItems) return
    waiting.push(item)
    if (waiting.length >= batch) flush()
  }

  return {
    flush,
    leftOut: () => Math.max(0, taken - mostItems),
    counts: () => ({ ...counts }),
    verified(files) {
      counts.filesVerified += files
    },
    took(item, path) {
      const { action, type, sizeBytes, modifiedAtMs, onDisk } = item
      counts[countedAs[action]]++
      if (writes.has(action)) counts.bytesToWrite += sizeBytes
      if (writes.has(action) && !dryRun) counts.bytesWritten += sizeBytes
      if (isNewerThere(item)) counts.newerOnDisk++
      keep({
        action,
        type: shownType(type),
        path,
        sizeBytes: action === 'delete' ? 0 : sizeBytes,
        modifiedAtMs,
        onDiskBytes: onDisk?.type === 'file' ? onDisk.sizeBytes : null,
        onDiskModifiedAtMs: onDisk?.modifiedAtMs ?? null,
        note: noteOf(item),
      })
    },
    failed(path, why) {
      counts.failed++
      const unknown = { sizeBytes: 0, modifiedAtMs: null, onDiskBytes: null, onDiskModifiedAtMs: null }
      keep({ action: 'failed', type: 'other', path, ...unknown, note: why })
    },
  }
}

const countedAs = {
  create: 'create',
  overwrite: 'overwrite',
  'keep-both': 'keepBoth',
  unchanged: 'unchanged',
  metadata: 'unchanged',
  skip: 'skip',
  delete: 'delete',
} as const

const writes: ReadonlySet<string> = new Set(['create', 'overwrite', 'keep-both'])

const shownType = (type: EngineItem['type']): RestoreItem['type'] =>
  type === 'file' || type === 'dir' || type === 'symlink' ? type : 'other'

/** Something that was changed after the snapshot, and that a restore would replace, pass over or lie beside. */
const isNewerThere = ({ action, type, modifiedAtMs, onDisk }: EngineItem): boolean =>
  (action === 'overwrite' || action === 'keep-both' || action === 'skip') &&
  type !== 'dir' &&
  onDisk !== null &&
  modifiedAtMs !== null &&
  onDisk.modifiedAtMs > modifiedAtMs

function noteOf(item: EngineItem): string {
  const { action, type, onDisk } = item
  if (action === 'delete') return 'not in the snapshot'
  if (action === 'metadata') return 'only times or permissions differ'
  if (onDisk === null) return action === 'skip' ? 'it holds no data' : ''
  if (action === 'unchanged') return ''
  if (onDisk.type !== type) return onDisk.type === 'dir' ? 'a folder is there' : `a ${onDisk.type} is there`
  if (isNewerThere(item)) return 'newer on disk'
  if (action === 'skip') return 'already there'
  return type === 'file' ? 'content differs' : ''
}
