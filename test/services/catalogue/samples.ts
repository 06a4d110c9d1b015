import { createHash, randomUUID } from 'node:crypto'
import type {
  IndexedTree,
  StoredDestination,
  StoredPlan,
} from '../../../src/main/services/catalogue/catalogue.ts'
import type { SnapshotInfo } from '../../../src/shared/entities/destination.ts'
import { PlanDraft } from '../../../src/shared/entities/plan.ts'
import { hasEnded, type Run } from '../../../src/shared/entities/run.ts'

export const someTime = Date.UTC(2026, 10, 21, 12)
/** IDs that are the same in every run of a test. */
export const idOf = (label: string): string => {
  const hex = sha256(label)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export const aDestination = (changes: Partial<StoredDestination> = {}): StoredDestination => ({
  id: randomUUID(),
  name: 'Photos drive',
  location: { kind: 'local', path: '/mnt/photos' },
  revision: 1,
  createdAtMs: someTime,
  repositoryId: null,
  presence: 'unknown',
  refreshedAtMs: null,
  ...changes,
})

export const aPlan = (changes: Partial<StoredPlan> = {}): StoredPlan => ({
  ...PlanDraft.parse({
    name: 'Documents',
    sources: [{ kind: 'files', paths: ['/home/bob/docs'] }],
    destinationIds: [idOf('some destination')],
    schedules: [{ id: 'daily', when: { kind: 'daily' } }],
  }),
  id: randomUUID(),
  revision: 1,
  createdAtMs: someTime,
  pausedUntilMs: null,
  ...changes,
})

export const aRun = (changes: Partial<Run> = {}): Run => ({
  id: randomUUID(),
  revision: 1,
  planId: null,
  planName: 'Documents',
  destinationId: null,
  kind: 'backup',
  type: 'incremental',
  dryRun: false,
  trigger: 'schedule',
  scheduleId: 'daily',
  dueAtMs: someTime,
  state: 'succeeded',
  waitingFor: null,
  createdAtMs: someTime,
  startedAtMs: someTime,
  endedAtMs: hasEnded(changes.state ?? 'succeeded') ? someTime + 60_000 : null,
  progress: null,
  counts: {
    filesNew: 12,
    filesChanged: 3,
    filesUnmodified: 80_000,
    filesTotal: 80_015,
    bytesScanned: 12_345_678_901,
    bytesNew: 45_678_901,
    bytesStored: 23_456_789,
  },
  warnings: 0,
  error: null,
  snapshotId: sha256(changes.id ?? 'snapshot'),
  followsRunId: null,
  attempt: 1,
  askedBy: 'schedule',
  command: 'holdfast backup --repo /mnt/photos /home/bob/docs --tag holdfast:plan=documents',
  ...changes,
})

/** A file: its text and when it was changed; a folder: what is in it. */
export type Content = { [name: string]: Content | string }
const isFolder = (content: Content | string): content is Content => typeof content !== 'string'

/** The trees of a folder as the index takes them, its own the last; equal folders are equal trees. */
export function treesOf(content: Content): { id: string; trees: IndexedTree[] } {
  const trees: IndexedTree[] = []
  const entries = Object.entries(content).map(([name, what]): IndexedTree['entries'][number] => {
    const below = isFolder(what) ? treesOf(what) : null
    if (below !== null) trees.push(...below.trees)
    return {
      name,
      type: below === null ? 'file' : 'dir',
      sizeBytes: below === null ? (what as string).length : 0,
      modifiedAtMs: below === null ? someTime + (what as string).length : someTime,
      contentKey: below === null ? sha256(what as string) : '',
      subtreeId: below?.id ?? null,
    }
  })
  const id = sha256(JSON.stringify(entries))
  return { id, trees: [...trees, { treeId: id, entries }] }
}

export const aSnapshot = (
  treeId: string,
  changes: Partial<SnapshotInfo> = {},
): Omit<SnapshotInfo, 'indexed'> => ({
  id: sha256(JSON.stringify([treeId, changes])),
  destinationId: idOf('some destination'),
  planId: null,
  timeMs: someTime,
  hostname: 'workstation',
  username: 'bob',
  paths: ['/home/bob/docs'],
  tags: [],
  treeId,
  parentId: null,
  files: null,
  bytes: null,
  ...changes,
})
