import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { AppError } from '../../shared/errors.ts'
import { loadLibc } from './files/libc.ts'
import { missingAbilities } from './files/metadata.ts'
import { compileSelection, leavingOut } from './files/selection.ts'
import { shortId } from './format/id.ts'
import { rawFromText, type Raw } from './format/raw.ts'
import type { SavedSnapshot } from './format/snapshot.ts'
import type { NodeType, TreeNode } from './format/tree.ts'
import { lockTimes, withLock } from './locks.ts'
import { defaultMemoryBytes, memoryPlan } from './memory.ts'
import type { Repository } from './repository.ts'
import { arrange, type ChosenItems, type Part } from './restoring/arrange.ts'
import type { Abilities } from './restoring/decide.ts'
import { isFull } from './restoring/failure.ts'
import { createTally } from './restoring/tally.ts'
import { locationsIn, openTarget } from './restoring/target.ts'
import { batchLimits, restoreTree, type BatchLimits } from './restoring/walk.ts'
import type { Run } from './run.ts'
import { createReaders } from './workers/readers.ts'

/**
 * `if-changed` and `keep-both` trust size and time; `always` and `if-newer` compare contents. `keep-both` touches nothing
 * that exists: what differs from it comes beside it under a name of its own.
 */
export type Overwrite = 'always' | 'if-changed' | 'if-newer' | 'never' | 'keep-both'

export interface RestoreOptions {
  snapshot: SavedSnapshot
  /** Folder or file inside the snapshot that becomes the target's root; '' for all. */
  subpath: string
  /** Only these, exactly; patterns are for what is in them. Of all that is there nothing outside of them is touched. */
  items?: ChosenItems
  target: string
  includes: string[]
  iincludes: string[]
  excludes: string[]
  iexcludes: string[]
  overwrite: Overwrite
  /** For `keep-both`: what is put in brackets behind a name. */
  besideLabel?: string
  /** Absolute paths on the disk that nothing is restored to, and nothing removed from. */
  leaveOut?: readonly string[]
  /** Removes what is in restored folders but not in the snapshot. */
  delete: boolean
  dryRun: boolean
  /** Reads every restored file again from the disk and compares it. */
  verify: boolean
  lock: boolean
  /** Worker threads; 0 does everything on the calling one. Absent: as many as this machine runs at once. */
  threads?: number
  /** What the run may take, all threads together (memory.ts); fewer threads if need be. */
  memoryBytes?: number
  /** Hears what happens (or would, in a dry run) to each item. */
  onItem?: (item: RestoreItem) => void
  /** Hears of each that could not be restored, beside `run.warn`. `why` is the end of a sentence. */
  onFailed?: (failure: { path: string; why: string }) => void
}

export interface RestoreItem {
  /**
   * `metadata`: the content is right already, and only attributes are set. `skip`: stays as it is. `keep-both`: comes
   * beside what is there, with another name.
   */
  action: 'create' | 'overwrite' | 'unchanged' | 'skip' | 'delete' | 'metadata' | 'keep-both'
  type: NodeType
  /** Absolute inside the target. */
  path: string
  /** 0 for what takes no room of its own: folders, special files, another name of a file. */
  sizeBytes: number
  /** What the snapshot says; null for what it does not have. */
  modifiedAtMs: number | null
  /** What lay in its place before. */
  onDisk: { type: NodeType; sizeBytes: number; modifiedAtMs: number } | null
}

/** Files are all that is not a folder. */
export interface RestoreResult {
  filesRestored: number
  filesUnchanged: number
  filesSkipped: number
  /** Folders too. */
  filesDeleted: number
  totalFiles: number
  bytesRestored: number
  totalBytes: number
  /** Files read again and found equal; other names of one file count once. */
  filesVerified: number
  durationMs: number
  /** Items that could not be restored; each was reported by `run.warn`. Exit code 1 when > 0. */
  failed: number
}

/**
 * Restores into `target`, which is made when absent. Each file is written under a temporary name, its content verified
 * against the blobs' hashes as it is written, then renamed. Nothing is ever written outside `target`. An item that
 * can't be restored is warned of and counted, and all others are restored.
 *
 * A power cut soon after may lose what was restored last: nothing is flushed to the disk, as the repository still has it.
 * @param tools for tests: other limits, another system's rules for names
 * @throws target_refused, not_found (`subpath`), invalid_input (a pattern), disk_full
 */
export async function restore(
  repo: Repository,
  options: RestoreOptions,
  run: Run,
  tools: { limits?: BatchLimits; platform?: NodeJS.Platform } = {},
): Promise<RestoreResult> {
  const { limits = batchLimits(repo.backend.localPath !== undefined), platform = process.platform } = tools
  const startedAtMs = run.now()
  if (options.overwrite === 'keep-both' && hasRules(options))
    throw new RangeError('no patterns go with keep-both: its names are not those of the snapshot')
  if (options.delete && isRoot(options.target) && !hasRules(options) && options.items === undefined) {
    throw new AppError(
      'target_refused',
      'This would remove everything on the disk that is not in the snapshot.',
      {
        hint: 'Choose another --target, leave out --delete, or name what is meant with --include.',
      },
    )
  }
  const target = openTarget(options.target, repo.backend.location)
  const selection = leavingOut(
    compileSelection(options, platform),
    locationsIn(target.root, options.leaveOut),
  )
  const tally = createTally(options, run)
  const { memoryBytes = defaultMemoryBytes, threads = availableParallelism() } = options
  // They start while the index is read.
  const setup = { master: repo.master, target: target.root }
  const readers = options.dryRun ? null : createReaders(setup, memoryPlan(memoryBytes, threads).threads)
  let part: Part = { nodes: [], parts: new Map() }
  const prepare = async (run: Run) => {
    await repo.loadIndex(run)
    const { snapshot, subpath, items } = options
    part = items
      ? await arrange(repo, snapshot, subpath, items, run.signal)
      : { nodes: await loadRoot(repo, options, run.signal), parts: new Map() }
  }
  const work = async (run: Run) => {
    try {
      for (const message of missingAbilities()) run.warn({ kind: 'note', path: options.target, message })
      const isThere = target.look('' as Raw) !== null
      if (!options.dryRun) target.make()
      const able = abilities()
      await restoreTree(part, isThere, {
        repo,
        readers,
        options,
        target,
        selection,
        able,
        tally,
        run,
        limits,
        platform,
      })
    } catch (error) {
      if (!isFull(error) && !(error instanceof AppError && error.code === 'disk_full')) throw error
      throw new AppError('disk_full', `The disk of ${options.target} is full, so the restore stopped.`, {
        hint: 'Free some space there, then run the same command again: what is restored already will be kept.',
        cause: error,
      })
    }
  }
  try {
    await withLock(repo, options.lock ? 'shared' : 'none', run, work, lockTimes, prepare)
  } finally {
    await readers?.close()
  }
  return { ...tally.counts, durationMs: run.now() - startedAtMs }
}

/** The entries of the folder that becomes the target, or the one item that goes into it. */
async function loadRoot(
  repo: Repository,
  { snapshot, subpath }: RestoreOptions,
  signal: AbortSignal,
): Promise<TreeNode[]> {
  let nodes = await repo.loadTree(snapshot.tree, signal)
  const names = subpath.split('/').filter(name => name !== '' && name !== '.')
  for (const [nth, name] of names.entries()) {
    const node = nodes.find(node => node.name === rawFromText(name))
    const isLast = nth === names.length - 1
    if (node === undefined || (node.type !== 'dir' && !isLast)) {
      const path = `/${names.slice(0, nth + (node ? 2 : 1)).join('/')}`
      throw new AppError('not_found', `There is no ${path} in snapshot ${shortId(snapshot.id)}.`, {
        hint: `Run \`holdfast ls ${shortId(snapshot.id)}\` to see what is in it.`,
      })
    }
    if (node.type !== 'dir') return [node]
    if (node.subtree === null) {
      throw new AppError('data_corrupt', `The folder ${subpath} is stored without its list of entries.`)
    }
    nodes = await repo.loadTree(node.subtree, signal)
  }
  return nodes
}

const isRoot = (path: string): boolean => dirname(resolve(path)) === resolve(path)

const hasRules = ({ includes, iincludes, excludes, iexcludes }: RestoreOptions): boolean =>
  [includes, iincludes, excludes, iexcludes].some(patterns => patterns.length > 0)

const abilities = (): Abilities => ({
  owners: process.geteuid?.() === 0,
  permissions: process.platform !== 'win32',
  timeNs: loadLibc() === null ? 1000n : 1n,
})
