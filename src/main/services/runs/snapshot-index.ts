import { hash } from 'node:crypto'
import type { SnapshotInfo } from '../../../shared/entities/destination.ts'
import { AppError } from '../../../shared/errors.ts'
import {
  anySnapshot,
  listSnapshots,
  parseTime,
  textFromRaw,
  type Repository,
  type SavedSnapshot,
  type TreeNode,
} from '../../engine/index.ts'
import type { Catalogue, IndexedTree, StoredDestination } from '../catalogue/catalogue.ts'
import type { Vault } from '../vault/vault.ts'
import { openDestination, passwordOf } from './open-destination.ts'
import { planOfTags } from './what.ts'

/** Entries taken in at once: some milliseconds' work. */
const sliceEntries = 250

export interface IndexPorts {
  readonly catalogue: Catalogue
  readonly vault: Pick<Vault, 'get'>
  readonly now: () => number
  readonly destinationChanged: (destination: StoredDestination) => void
  readonly trouble: (error: unknown) => void
}

/**
 * Reads which snapshots a destination has, and makes everything in them searchable that is not yet. It works in slices
 * of some milliseconds; when `signal` fires it stops, and the next time it goes on from there.
 * @throws secret_missing, vault_locked, repository_missing, wrong_password, conflict; the signal's reason
 */
export async function refreshSnapshots(
  destination: StoredDestination,
  ports: IndexPorts,
  signal: AbortSignal,
): Promise<void> {
  const { catalogue } = ports
  const repo = await openDestination(destination, await passwordOf(destination, ports.vault), signal)
  try {
    const found = await listSnapshots(repo, anySnapshot, signal)
    catalogue.snapshots.replaceAll(
      destination.id,
      found.map(snapshot => describe(snapshot, destination.id)),
    )
    await indexSnapshots(repo, destination.id, catalogue, signal)
    while (catalogue.snapshots.sweep()) await breathe(signal)
    const stored = catalogue.destinations.get(destination.id)
    if (stored === null) return
    const refreshed = {
      ...stored,
      repositoryId: repo.id,
      refreshedAtMs: ports.now(),
      revision: catalogue.nextRevision(),
    }
    catalogue.destinations.update(refreshed, null)
    ports.destinationChanged(refreshed)
  } finally {
    await repo.close()
  }
}

/** After a run: notes its snapshot and takes in what it brought. Closes `repo`. */
export async function indexNewSnapshot(
  repo: Repository,
  destinationId: string,
  snapshot: SavedSnapshot | null,
  { catalogue }: Pick<IndexPorts, 'catalogue'>,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (snapshot === null) return
    catalogue.snapshots.add(describe(snapshot, destinationId))
    await indexSnapshots(repo, destinationId, catalogue, signal)
  } catch (error) {
    if (!signal.aborted) throw error // else a later run, or a refresh, goes on
  } finally {
    await repo.close()
  }
}

/**
 * Takes in every snapshot of a destination that the index lacks, the newest first. One that can't be read is left out,
 * and told at the end.
 */
async function indexSnapshots(
  repo: Repository,
  destinationId: string,
  catalogue: Catalogue,
  signal: AbortSignal,
): Promise<void> {
  const missing = catalogue.snapshots
    .list({ destinationId })
    .filter(({ indexed }) => !indexed)
    .sort((a, b) => b.timeMs - a.timeMs)
  if (missing.length === 0) return
  await repo.loadIndex({ signal })
  let failure: unknown
  for (const { id, treeId } of missing) {
    try {
      await indexTree(repo, treeId, destinationId, catalogue, signal)
      catalogue.snapshots.markIndexed(destinationId, id)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'data_corrupt') throw error
      failure ??= error
    }
    await breathe(signal)
  }
  if (failure !== undefined) throw failure
}

/**
 * Takes in a tree and all that is below it. Children come before their parents, in the catalogue too, so whatever is
 * known is known with everything below it: that is why an unfinished round can simply be gone over again.
 */
async function indexTree(
  repo: Repository,
  root: string,
  destinationId: string,
  catalogue: Catalogue,
  signal: AbortSignal,
): Promise<void> {
  const unknown = (ids: readonly string[]) => catalogue.snapshots.unknownTrees(destinationId, ids)
  if (unknown([root]).length === 0) return
  let ready: IndexedTree[] = []
  let entries = 0
  let read = 0
  /** Those in `ready`. */
  const done = new Set<string>()

  const takeIn = async () => {
    if (ready.length > 0) catalogue.snapshots.addTrees(destinationId, ready)
    ready = []
    entries = 0
    done.clear()
    await breathe(signal)
  }
  const open = async (treeId: string) => {
    const tree = indexed(treeId, await repo.loadTree(treeId, signal))
    read += tree.entries.length + 1
    if (read >= sliceEntries) {
      read = 0
      await breathe(signal)
    }
    const below = tree.entries.flatMap(({ subtreeId }) => (subtreeId === null ? [] : [subtreeId]))
    return { tree, fresh: unknown([...new Set(below)]).filter(id => !done.has(id)) }
  }

  /** The folders entered, the deepest last. */
  const path = [await open(root)]
  for (let folder = path.at(-1); folder !== undefined; folder = path.at(-1)) {
    const child = folder.fresh.pop()
    if (child !== undefined) {
      // another folder that holds it too may have brought it meanwhile
      if (!done.has(child) && unknown([child]).length > 0) path.push(await open(child))
      continue
    }
    path.pop()
    ready.push(folder.tree)
    done.add(folder.tree.treeId)
    entries += folder.tree.entries.length + 1
    if (entries >= sliceEntries) await takeIn()
  }
  await takeIn()
}

const indexed = (treeId: string, nodes: readonly TreeNode[]): IndexedTree => ({
  treeId,
  entries: nodes.map(node => ({
    name: textFromRaw(node.name),
    type: node.type,
    sizeBytes: node.size,
    modifiedAtMs: epochMs(node.mtime),
    // a list of blobs is what it contains; where a faulty writer left none, nothing tells its versions apart
    contentKey: node.content === null ? '' : hash('sha256', node.content.join(''), 'hex').slice(0, 32),
    subtreeId: node.subtree,
  })),
})

const describe = (snapshot: SavedSnapshot, destinationId: string): Omit<SnapshotInfo, 'indexed'> => ({
  id: snapshot.id,
  destinationId,
  planId: planOfTags(snapshot.tags),
  timeMs: epochMs(snapshot.time),
  hostname: snapshot.hostname,
  username: snapshot.username,
  paths: snapshot.paths,
  tags: snapshot.tags,
  treeId: snapshot.tree,
  parentId: snapshot.parent,
  files: snapshot.summary?.total_files_processed ?? null,
  bytes: snapshot.summary?.total_bytes_processed ?? null,
})

const epochMs = (time: string): number => Number(parseTime(time) / 1_000_000n)

/** Lets everything else have its turn. */
async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise(resume => setImmediate(resume))
  signal.throwIfAborted()
}
