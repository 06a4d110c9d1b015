import { availableParallelism } from 'node:os'
import { checkPackList, createPackReading, treesFirst } from './check/packs.ts'
import { createLedger, type Ledger } from './check/ledger.ts'
import { choosePacks, refuseBadChoice } from './check/choose.ts'
import {
  checkConfig,
  checkKeys,
  checkLocks,
  readIndexFiles,
  readSnapshots,
  refuseIfGone,
} from './check/small-files.ts'
import { walkTrees } from './check/trees.ts'
import { report } from './check/report.ts'
import type { Id } from './format/id.ts'
import type { Raw } from './format/raw.ts'
import { both } from './parallel.ts'
import type { SavedSnapshot } from './format/snapshot.ts'
import { lockTimes, withLock } from './locks.ts'
import { defaultMemoryBytes, memoryPlan } from './memory.ts'
import type { Repository } from './repository.ts'
import type { Run } from './run.ts'
import { createReaders } from './workers/readers.ts'

export type ReadData =
  | { kind: 'none' }
  | { kind: 'all' }
  /** Of `of` parts the `n`th, split by the packs' first byte as restic does; after all `of` every pack was read. */
  | { kind: 'part'; n: number; of: number }
  /** A random share of the packs, one at least; the same one for the same `seed`. */
  | { kind: 'percent'; percent: number; seed?: string }

export interface CheckProblem {
  /** `error`: data is lost or unreadable. `hint`: harmless, `prune` or `repair index` would tidy it. */
  level: 'error' | 'hint'
  kind: string
  /** The file or blob concerned, with its whole ID: `pack 3f2a…`. */
  subject: string
  message: string
  /** What can't be restored whole because of it. */
  affected?: Affected
}

export interface Affected {
  /** Files and folders, counted once per snapshot. */
  places: number
  /** Oldest first. */
  snapshots: Id[]
  /** Up to 100 paths, each in the newest snapshot that has it; a folder ends with a slash and stands for all in it. */
  paths: { snapshot: Id; path: Raw }[]
}

export interface CheckResult {
  /** Errors first; the same damage gives the same list. Of one kind 100 are listed and the rest counted. */
  problems: CheckProblem[]
  snapshots: number
  trees: number
  blobs: number
  packs: number
  /** Packs read whole and compared. */
  packsRead: number
  bytesRead: number
  durationMs: number
  /** Snapshots that can't be read, or not restored whole. */
  damagedSnapshots: Id[]
}

export interface CheckOptions {
  readData: ReadData
  lock: boolean
  /** Worker threads; 0 does everything on the calling one. Absent: as many as this machine runs at once. */
  threads?: number
  /** What the run may take, all threads together (memory.ts); fewer threads if need be. */
  memoryBytes?: number
}

/**
 * Whether everything that the snapshots need is there, and with `readData` whether it is whole.
 *
 * Damage is never thrown: it is what the result is about. Nothing in memory is trusted: all index files are read
 * again. Bytes are read only once; each thread has a few MiB of one pack in memory.
 * @throws invalid_input a part or percentage that makes no sense
 * @throws repository_locked; backend_unreachable when the storage as a whole is
 */
export async function check(repo: Repository, options: CheckOptions, run: Run): Promise<CheckResult> {
  refuseBadChoice(options.readData)
  const startedAtMs = run.now()
  let reading: Promise<Lists> | null = null
  const prepare = async (run: Run) =>
    void (await (reading = readLists(createLedger(repo, options.lock, run))))
  try {
    const kind = options.lock ? 'exclusive' : 'none'
    return await withLock(
      repo,
      kind,
      run,
      async () => examine(await reading!, options, startedAtMs),
      lockTimes,
      prepare,
    )
  } finally {
    await (reading as Promise<Lists> | null)?.then(
      ({ ledger }) => ledger.index.close(),
      () => undefined,
    )
  }
}

/** All that is small, and where the packs are. */
interface Lists {
  readonly ledger: Ledger
  readonly snapshots: readonly SavedSnapshot[]
  readonly sizes: ReadonlyMap<Id, number>
}

async function readLists(ledger: Ledger): Promise<Lists> {
  try {
    // Snapshots before index files: one that is written meanwhile may need blobs of which the older index knows nothing.
    const snapshots = await readSnapshots(ledger)
    await checkConfig(ledger)
    await checkKeys(ledger)
    await readIndexFiles(ledger)
    return { ledger, snapshots, sizes: await checkPackList(ledger) }
  } catch (error) {
    await ledger.index.close()
    throw error
  }
}

async function examine(
  { ledger, snapshots, sizes }: Lists,
  options: CheckOptions,
  startedAtMs: number,
): Promise<CheckResult> {
  const { repo, run } = ledger
  if (!options.lock) await checkLocks(ledger)
  const { trees, packsRead, bytesRead } = await readAll(ledger, snapshots, sizes, options)
  await refuseIfGone(repo, run.signal)
  const { problems, damagedSnapshots } = await report(ledger, snapshots)
  return {
    problems,
    snapshots: snapshots.length,
    trees,
    blobs: ledger.index.size,
    packs: ledger.index.packCount,
    packsRead,
    bytesRead,
    durationMs: run.now() - startedAtMs,
    damagedSnapshots,
  }
}

/** Packs as far as wanted, and the trees of all snapshots: what is known of a tree's pack must be known first. */
async function readAll(
  ledger: Ledger,
  snapshots: readonly SavedSnapshot[],
  sizes: ReadonlyMap<Id, number>,
  { readData, memoryBytes = defaultMemoryBytes, threads = availableParallelism() }: CheckOptions,
): Promise<{ trees: number; packsRead: number; bytesRead: number }> {
  const packs = choosePacks(readData, sizes)
  if (packs.length === 0)
    return {
      trees: await walkTrees(ledger, snapshots, true),
      packsRead: 0,
      bytesRead: 0,
    }
  const setup = { master: ledger.repo.master, target: null }
  const readers = createReaders(setup, memoryPlan(memoryBytes, threads).threads)
  try {
    const reading = createPackReading(ledger, readers, packs, sizes)
    const { withTrees, others } = await treesFirst(ledger.index, packs)
    await reading.read(withTrees)
    const [trees] = await both(walkTrees(ledger, snapshots, false), reading.read(others))
    return { trees, packsRead: reading.packsRead, bytesRead: reading.bytesRead }
  } finally {
    await readers.close()
  }
}
