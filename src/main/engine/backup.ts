import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { AppError } from '../../shared/errors.ts'
import type { Backend } from './backend/backend.ts'
import type { ExcludeRules } from './files/exclude.ts'
import { compileExcludes } from './files/exclude.ts'
import { missingAbilities } from './files/metadata.ts'
import { arrangeTargets, wholeTargets, type TargetNode } from './files/targets.ts'
import { admitted, isGone, lstatRaw, namesIn, type Walk } from './files/walk.ts'
import type { Id } from './format/id.ts'
import { textFromRaw, type Raw } from './format/raw.ts'
import { encodeSnapshot, type SavedSnapshot, type Snapshot } from './format/snapshot.ts'
import { formatTime } from './format/time.ts'
import type { Compression } from './format/zstd.ts'
import { lockTimes, withLock } from './locks.ts'
import { defaultMemoryBytes, memoryPlan, type MemoryPlan } from './memory.ts'
import { openingOf, type Opening, type Repository } from './repository.ts'
import type { Run } from './run.ts'
import { anySnapshot, findSnapshot, listSnapshots } from './snapshots.ts'
import { lookEarly, type EarlyLook } from './storing/early-look.ts'
import { createPackSink } from './storing/pack-sink.ts'
import { scan, type Totals } from './storing/scan.ts'
import { storeTree, type TreeCounts } from './storing/tree.ts'
import { programVersion } from './version.ts'
import { createPool, type Pool, type PoolSetup } from './workers/pool.ts'

export interface BackupOptions {
  /** Files and folders, as the user named them; relative ones against the working folder. */
  paths: string[]
  rules: ExcludeRules
  tags: string[]
  hostname: string
  username: string
  /** Reads every file again, whatever the parent says. */
  full: boolean
  /** A snapshot ID (or prefix, or `latest`); else the newest of this host with the same paths. */
  parent: string | null
  compression: Compression
  dryRun: boolean
  /** Skips writing a snapshot whose tree equals its parent's. */
  skipIfUnchanged: boolean
  lock: boolean
  /** Counts files and bytes beforehand, beside the work, so that progress has totals; costs a second look at everything. */
  scan: boolean
  /** Worker threads; 0 does everything on the calling one. Absent: as many as this machine runs at once. */
  threads?: number
  /** What the run may take, all threads together (memory.ts); fewer threads if need be. */
  memoryBytes?: number
  /** Its threads give way to everything else on the machine (workers/priority.ts). */
  lowPriority?: boolean
}

export interface BackupResult {
  /** null for a dry run, or when nothing changed and that was asked for. */
  snapshot: SavedSnapshot | null
  parent: Id | null
  filesNew: number
  filesChanged: number
  filesUnmodified: number
  dirsNew: number
  dirsChanged: number
  dirsUnmodified: number
  dataBlobs: number
  treeBlobs: number
  /** Plaintext bytes of new blobs. */
  dataAdded: number
  /** What they take in the repository. */
  dataAddedPacked: number
  totalFilesProcessed: number
  totalBytesProcessed: number
  durationMs: number
  /** Items left out because they could not be read; exit code 3 when > 0. */
  unreadable: number
}

/**
 * Stores a snapshot of `paths`. Packs, then index, then the snapshot, so at every instant the repository is valid;
 * when cancelled, what was stored stays and is reused by the next run.
 * @param from while it is being opened, threads start and folders are looked at
 * @throws source_missing one of `paths` does not exist: nothing is stored, never an empty snapshot
 */
export async function backup(
  from: Repository | Opening,
  options: BackupOptions,
  run: Run,
): Promise<BackupResult> {
  if (options.paths.length === 0)
    throw new AppError('invalid_input', 'There is nothing to back up: no path was given.')
  const startedAtMs = run.now()
  const { backend, opened } = openingOf(from)
  const targets = arrangeTargets(options.paths, namesIn)
  const walk: Walk = { excluder: compileExcludes(options.rules), warn: run.warn, leaveOut: folderOf(backend) }
  for (const [name, { named, whole, path }] of targets) {
    if (whole && !named && !admitted(path, walk)) targets.delete(name)
  }
  const devices = [...wholeTargets(targets)].map(({ path }) => ({ path, dev: examineTarget(path, walk) }))
  for (const message of missingAbilities()) run.warn({ kind: 'note', path: '', message })

  const { memoryBytes = defaultMemoryBytes, threads = availableParallelism() } = options
  const memory = memoryPlan(memoryBytes, threads)
  const setup = Promise.withResolvers<PoolSetup>()
  const pool = createPool(setup.promise, memory.threads)
  const early = lookEarly(targets, walk, opened)
  let storing: Storing | null = null
  try {
    const repo = await opened
    const prepare = async (run: Run) => {
      // Snapshots before the index: one written in between must not name blobs that this index lacks.
      const parent = await findParent(repo, options, run)
      await repo.loadIndex(run)
      run.signal.throwIfAborted()
      setup.resolve(poolSetup(repo, options, walk, devices, memory))
      storing = startStoring(repo, options, { targets, walk, parent, startedAtMs, memory, early }, pool, run)
    }
    const kind = options.lock && !options.dryRun ? 'shared' : 'none'
    return await withLock(repo, kind, run, () => storing!.finish(), lockTimes, prepare)
  } finally {
    await (storing as Storing | null)?.end()
    await pool.close()
  }
}

const poolSetup = (
  { version, polynomial, master, index }: Repository,
  { dryRun, compression, rules, lowPriority = false }: BackupOptions,
  { leaveOut }: Walk,
  devices: { path: Raw; dev: bigint }[],
  { sparePackBuffers }: MemoryPlan,
): PoolSetup => ({
  version,
  polynomial,
  master,
  compression,
  dryRun,
  index: index.share(),
  sparePackBuffers,
  rules,
  devices,
  leaveOut,
  workingFolder: process.cwd(),
  lowPriority,
})

/** What is known before anything is stored. */
interface Plan {
  readonly targets: Map<Raw, TargetNode>
  readonly walk: Walk
  readonly parent: SavedSnapshot | null
  readonly startedAtMs: number
  readonly memory: MemoryPlan
  readonly early: EarlyLook
}

/** A backup under way. Nothing of it reaches the repository until `finish` is called, under the lock. */
interface Storing {
  /** When it fails, what is durable by then is kept, by an index of it. */
  finish(): Promise<BackupResult>
  /** Resolves when nothing is under way any more, and sees to that when `finish` was never called. */
  end(): Promise<void>
}

function startStoring(
  repo: Repository,
  options: BackupOptions,
  { targets, walk, parent, startedAtMs, memory: { packsInFlight, foldersAtOnce }, early }: Plan,
  pool: Pool,
  outer: Run,
): Storing {
  const { dryRun } = options
  const stop = new AbortController()
  const run: Run = { ...outer, signal: AbortSignal.any([outer.signal, stop.signal]) }
  const permission = Promise.withResolvers<void>()
  permission.promise.catch(() => undefined) // there may be no pack yet that waits for it
  const sink = createPackSink(repo, {
    dryRun,
    packsInFlight,
    permission: permission.promise,
    signal: run.signal,
    now: run.now,
  })
  const totals: Totals = { stopped: false, files: null, bytes: null }
  const scanned = options.scan ? scan(targets, walk, totals, run) : Promise.resolve()
  const stored = storeTree({ repo, targets, walk, parent, pool, sink, totals, foldersAtOnce, early }, run)
  stored.catch(() => undefined) // `finish` hears of it

  return {
    async finish() {
      permission.resolve()
      try {
        const { tree, counts } = await stored
        await scanned
        await sink.finish()
        run.report({ phase: 'commit' })
        const result: BackupResult = { snapshot: null, parent: parent?.id ?? null, ...counts, durationMs: 0 }
        if (!dryRun && !(options.skipIfUnchanged && parent?.tree === tree)) {
          result.snapshot = await saveSnapshot(repo, tree, parent, options, counts, startedAtMs, run)
        }
        return { ...result, durationMs: run.now() - startedAtMs }
      } catch (error) {
        stop.abort(error)
        await sink.abandon()
        throw error
      }
    },

    async end() {
      totals.stopped = true
      const notAllowed = new AppError('cancelled', 'The backup has ended.')
      stop.abort(notAllowed)
      permission.reject(notAllowed)
      await Promise.allSettled([stored, scanned])
    },
  }
}

/** The repository's own folder, when it is one on this machine: never part of its own backup. */
function folderOf(backend: Backend): Walk['leaveOut'] {
  const found = statSync(backend.location, { bigint: true, throwIfNoEntry: false })
  return found?.isDirectory() ? { dev: found.dev, ino: found.ino } : null
}

/** The device of a target. @throws source_missing, source_unreadable, invalid_input */
function examineTarget(path: Raw, walk: Walk): bigint {
  let stat
  try {
    stat = lstatRaw(path)
  } catch (error) {
    const gone = isGone(error)
    const shown = resolve(textFromRaw(path))
    throw new AppError(
      gone ? 'source_missing' : 'source_unreadable',
      gone
        ? `There is nothing at ${shown}, which was to be backed up.`
        : `${shown} can't be backed up: ${(error as Error).message}.`,
      {
        hint: gone
          ? 'Check the path and whether its drive is mounted. No snapshot was made.'
          : 'Check its permissions. No snapshot was made.',
        cause: error,
      },
    )
  }
  if (walk.leaveOut && stat.ino === walk.leaveOut.ino && stat.dev === walk.leaveOut.dev) {
    throw new AppError('invalid_input', `${resolve(textFromRaw(path))} is the repository itself.`, {
      hint: 'Name the folders to protect; the repository is not one of them.',
    })
  }
  walk.excluder.allowDevice(path, stat)
  return stat.dev
}

async function findParent(repo: Repository, options: BackupOptions, run: Run): Promise<SavedSnapshot | null> {
  if (options.full) return null
  if (options.parent !== null)
    return (await findSnapshot(repo, options.parent, anySnapshot, run.signal)).snapshot
  const paths = options.paths.map(path => resolve(path))
  const candidates = await listSnapshots(repo, { hosts: [options.hostname], tags: [], paths }, run.signal)
  const soon = formatTime(BigInt(run.now()) * 1_000_000n, 0)
  return candidates.findLast(({ time }) => !isAfter(time, soon)) ?? null
}

const isAfter = (time: string, limit: string): boolean => new Date(time).getTime() > new Date(limit).getTime()

async function saveSnapshot(
  repo: Repository,
  tree: Id,
  parent: SavedSnapshot | null,
  options: BackupOptions,
  result: TreeCounts,
  startedAtMs: number,
  run: Run,
): Promise<SavedSnapshot> {
  const snapshot: Snapshot = {
    time: formatTime(BigInt(startedAtMs) * 1_000_000n),
    parent: parent?.id ?? null,
    tree,
    paths: [...new Set(options.paths.map(path => resolve(path)))],
    hostname: options.hostname,
    username: options.username,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    excludes: options.rules.excludes,
    tags: options.tags,
    original: null,
    programVersion,
    summary: {
      backup_start: formatTime(BigInt(startedAtMs) * 1_000_000n),
      backup_end: formatTime(BigInt(run.now()) * 1_000_000n),
      files_new: result.filesNew,
      files_changed: result.filesChanged,
      files_unmodified: result.filesUnmodified,
      dirs_new: result.dirsNew,
      dirs_changed: result.dirsChanged,
      dirs_unmodified: result.dirsUnmodified,
      data_blobs: result.dataBlobs,
      tree_blobs: result.treeBlobs,
      data_added: result.dataAdded,
      data_added_packed: result.dataAddedPacked,
      total_files_processed: result.totalFilesProcessed,
      total_bytes_processed: result.totalBytesProcessed,
    },
  }
  const id = await repo.saveUnpacked('snapshot', encodeSnapshot(snapshot), run.signal)
  return { id, ...snapshot }
}
