import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { AppError } from '../../shared/errors.ts'
import { loadLibc } from './files/libc.ts'
import { missingAbilities } from './files/metadata.ts'
import { compileSelection } from './files/selection.ts'
import { shortId } from './format/id.ts'
import { rawFromText, type Raw } from './format/raw.ts'
import type { SavedSnapshot } from './format/snapshot.ts'
import type { NodeType, TreeNode } from './format/tree.ts'
import { withLock } from './locks.ts'
import type { Repository } from './repository.ts'
import type { Abilities } from './restoring/decide.ts'
import { isFull } from './restoring/failure.ts'
import { createTally } from './restoring/tally.ts'
import { openTarget } from './restoring/target.ts'
import { batchLimits, restoreTree, type BatchLimits } from './restoring/walk.ts'
import type { Run } from './run.ts'
import { createReaders } from './workers/readers.ts'

export type Overwrite = 'always' | 'if-changed' | 'if-newer' | 'never'

export interface RestoreOptions {
  snapshot: SavedSnapshot
  /** Folder or file inside the snapshot that becomes the target's root; '' for all. */
  subpath: string
  target: string
  includes: string[]
  iincludes: string[]
  excludes: string[]
  iexcludes: string[]
  overwrite: Overwrite
  /** Removes what is in restored folders but not in the snapshot. */
  delete: boolean
  dryRun: boolean
  /** Reads every restored file again from the disk and compares it. */
  verify: boolean
  lock: boolean
  /** Worker threads; 0 does everything on the calling one. Absent: as many as this machine runs at once. */
  threads?: number
  /** Hears what happens (or would, in a dry run) to each item. */
  onItem?: (item: RestoreItem) => void
}

export interface RestoreItem {
  /** `metadata`: the content is right already, and only attributes are set. `skip`: stays as it is. */
  action: 'create' | 'overwrite' | 'unchanged' | 'skip' | 'delete' | 'metadata'
  type: NodeType
  /** Absolute inside the target. */
  path: string
  /** 0 for what takes no room of its own: folders, special files, another name of a file. */
  sizeBytes: number
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
  const selection = compileSelection(options, platform)
  if (options.delete && isRoot(options.target) && !hasRules(options)) {
    throw new AppError(
      'target_refused',
      'This would remove everything on the disk that is not in the snapshot.',
      {
        hint: 'Choose another --target, leave out --delete, or name what is meant with --include.',
      },
    )
  }
  const target = openTarget(options.target, repo.backend.location)
  const tally = createTally(options, run)
  await withLock(repo, options.lock ? 'shared' : 'none', run, async run => {
    const { threads = availableParallelism() } = options
    // They start while the index is read.
    const readers = options.dryRun
      ? null
      : createReaders({ master: repo.master, target: target.root }, threads)
    try {
      await repo.loadIndex(run)
      const nodes = await loadRoot(repo, options, run.signal)
      for (const message of missingAbilities()) run.warn({ kind: 'note', path: options.target, message })
      const isThere = target.look('' as Raw) !== null
      if (!options.dryRun) target.make()
      const able = abilities()
      await restoreTree(nodes, isThere, {
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
    } finally {
      await readers?.close()
    }
  })
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
