import { AppError } from '../../../shared/errors.ts'
import type { BlobIndex } from '../blob-index.ts'
import type { BlobType, Id } from '../format/id.ts'
import type { Repository } from '../repository.ts'
import type { Run } from '../run.ts'
import { createTreePacks } from '../tree-packs.ts'

/** What a check can find, in the order of the report. */
export const kinds = [
  'config_damaged',
  'key_missing',
  'key_damaged',
  'snapshot_damaged',
  'index_damaged',
  'pack_missing',
  'pack_size',
  'pack_damaged',
  'pack_header',
  'pack_blobs',
  'pack_layout',
  'blob_missing',
  'blob_damaged',
  'tree_invalid',
  'node_invalid',
  'vanished',
  'pack_orphan',
  'pack_in_several_indexes',
  'duplicate_blobs',
  'mixed_packs',
  'uncompressed_trees',
  'lock_stale',
  'lock_damaged',
] as const
export type Kind = (typeof kinds)[number]

export interface Finding {
  readonly level: 'error' | 'hint'
  readonly kind: Kind
  readonly subject: string
  readonly message: string
  /** The place of the damage; from it follows which files it concerns. */
  readonly at?: { pack: Id } | { blob: Id; type: BlobType } | { tree: Id }
}

/** What a check has learnt so far. */
export interface Ledger {
  readonly repo: Repository
  readonly run: Run
  /** From the index files as they are now; `repo.index` may be older. To be closed at the end. */
  readonly index: BlobIndex
  readonly treePacks: ReturnType<typeof createTreePacks>
  readonly findings: readonly Finding[]
  /** Snapshot files that can't be read. */
  readonly unreadableSnapshots: Set<Id>
  add(finding: Finding): void
  /** None of its blobs can be had from this pack. */
  loseCopies(pack: Id): void
  /** This blob can't be had from this pack. */
  loseCopy(type: BlobType, id: Id, pack: Id): void
  isWhole(type: BlobType, id: Id, pack: Id): boolean
  /** No copy of it is known to be good: in no index, or every place is damaged. */
  isLost(type: BlobType, id: Id): boolean
  /** Reads once more where one file can't be reached and others can; what fails twice is `data_corrupt`. */
  read<T>(work: () => Promise<T>): Promise<T>
  /**
   * What a failed read says about the file read.
   * @throws the error, when it is about more than one file: the storage is gone, the run cancelled, a bug
   */
  damage(error: unknown): { message: string; level: 'error' | 'hint'; gone: boolean }
}

/** Messages from below may be parts of sentences. */
export const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

export function createLedger(repo: Repository, locked: boolean, run: Run): Ledger {
  const findings: Finding[] = []
  const index = repo.emptyIndex()
  const lostPacks = new Set<Id>()
  const lostCopies = new Map<string, Id[]>()
  const keyOf = (type: BlobType, id: Id) => `${type} ${id}`
  const isWhole = (type: BlobType, id: Id, pack: Id) =>
    !lostPacks.has(pack) && !lostCopies.get(keyOf(type, id))?.includes(pack)

  return {
    repo,
    run,
    index,
    treePacks: createTreePacks(repo.backend, index),
    findings,
    unreadableSnapshots: new Set(),
    add: finding => void findings.push(finding),
    loseCopies: pack => void lostPacks.add(pack),
    loseCopy(type, id, pack) {
      const packs = lostCopies.get(keyOf(type, id))
      if (packs) packs.push(pack)
      else lostCopies.set(keyOf(type, id), [pack])
    },
    isWhole,
    isLost(type, id) {
      if (lostPacks.size === 0 && lostCopies.size === 0) return !index.has(type, id)
      return !index.find(type, id).some(place => isWhole(type, id, place.packId))
    },

    async read(work) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'backend_unreachable') throw error
        run.signal.throwIfAborted()
        // A bad sector looks like a lost disk: in the first case the storage still answers for another file.
        if (!(await repo.backend.stat({ kind: 'config', name: '' }, run.signal))) throw error
        return work().catch((again: unknown) => {
          if (!(again instanceof AppError) || again.code !== 'backend_unreachable') throw again
          throw new AppError('data_corrupt', again.message, { cause: again })
        })
      }
    },

    damage(error) {
      run.signal.throwIfAborted()
      if (!(error instanceof AppError)) throw error
      const { code } = error
      const message = sentence(error.message)
      // Unlocked, others may remove files between our listing and our reading: no damage then.
      if (code === 'not_found') return { message, level: locked ? 'error' : 'hint', gone: true }
      if (code === 'data_corrupt' || code === 'backend_refused' || code === 'repository_unsupported') {
        return { message, level: 'error', gone: false }
      }
      throw error
    },
  }
}
