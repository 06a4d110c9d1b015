import { AppError } from '../../shared/errors.ts'
import { decodeSnapshot, type SavedSnapshot } from './format/snapshot.ts'
import { isId, shortId, type Id } from './format/id.ts'
import { rawFromText, textFromRaw } from './format/raw.ts'
import { parseTime } from './format/time.ts'
import { inParallel } from './parallel.ts'
import { findByPrefix } from './prefix.ts'
import type { Repository } from './repository.ts'

export interface SnapshotFilter {
  hosts: string[]
  /** Each entry is a set of tags that must all be there; any entry suffices. `['']` matches untagged ones. */
  tags: string[][]
  /** Absolute; a snapshot must have all of them. */
  paths: string[]
}

export const anySnapshot: SnapshotFilter = { hosts: [], tags: [], paths: [] }

/** Snapshot files read at once. */
const readers = 8
const howToList = 'Run `holdfast snapshots` to list what is there.'

/** All that match, oldest first. @throws data_corrupt a snapshot file that can't be read */
export async function listSnapshots(
  repo: Repository,
  filter: SnapshotFilter,
  signal: AbortSignal,
): Promise<SavedSnapshot[]> {
  const found: SavedSnapshot[] = []
  await inParallel(await repo.listIds('snapshot', signal), readers, signal, async id => {
    const snapshot = await loadSnapshot(repo, id, signal)
    if (snapshot && matches(snapshot, filter)) found.push(snapshot)
  })
  return oldestFirst(found)
}

/** By instant, then by ID. Sorts in place. */
export function oldestFirst(snapshots: SavedSnapshot[]): SavedSnapshot[] {
  const times = new Map(snapshots.map(({ id, time }) => [id, parseTime(time)]))
  return snapshots.sort((a, b) => {
    const [timeA, timeB] = [times.get(a.id)!, times.get(b.id)!]
    return timeA < timeB ? -1 : timeA > timeB ? 1 : a.id < b.id ? -1 : 1
  })
}

/**
 * `latest` (of those matching the filter), a full ID, or a unique prefix of one; an optional `:subpath` behind it.
 * @throws snapshot_missing none or more than one
 */
export async function findSnapshot(
  repo: Repository,
  name: string,
  filter: SnapshotFilter,
  signal: AbortSignal,
): Promise<{ snapshot: SavedSnapshot; subpath: string }> {
  const colon = name.indexOf(':')
  const wanted = colon < 0 ? name : name.slice(0, colon)
  const subpath = colon < 0 ? '' : name.slice(colon + 1)
  if (wanted === 'latest') {
    const snapshot = (await listSnapshots(repo, filter, signal)).at(-1)
    if (snapshot) return { snapshot, subpath }
    const empty = (await repo.listIds('snapshot', signal)).length === 0
    throw empty
      ? new AppError('snapshot_missing', `The repository at ${repo.backend.location} has no snapshots yet.`, {
          hint: 'Make one with `holdfast backup`.',
        })
      : new AppError('snapshot_missing', 'No snapshot has that host, those tags and those paths.', {
          hint: howToList,
        })
  }
  // A full ID needs no listing; whether it exists shows when it is read.
  const id = isId(wanted)
    ? wanted
    : findByPrefix(await repo.listIds('snapshot', signal), wanted, 'snapshot', 'snapshot_missing', howToList)
  const snapshot = await loadSnapshot(repo, id, signal)
  if (snapshot) return { snapshot, subpath }
  throw new AppError('snapshot_missing', `There is no snapshot ${shortId(id)}.`, { hint: howToList })
}

/**
 * The tree of the folder at `subpath` (text, slashes; '' is the root) in a snapshot. The index must be loaded.
 * @throws not_found no such path in it, or not a folder
 */
export async function findFolder(
  repo: Repository,
  snapshot: SavedSnapshot,
  subpath: string,
  signal: AbortSignal,
): Promise<Id> {
  let tree = snapshot.tree
  let walked = ''
  for (const part of subpath.split('/')) {
    if (part === '' || part === '.') continue
    const name = rawFromText(part)
    const node = (await repo.loadTree(tree, signal)).find(node => node.name === name)
    walked += `/${textFromRaw(name)}`
    if (!node) throw noFolder(snapshot, walked, 'is not there')
    if (node.type !== 'dir' || node.subtree === null) throw noFolder(snapshot, walked, 'is not a folder')
    tree = node.subtree
  }
  return tree
}

const noFolder = (snapshot: SavedSnapshot, path: string, why: string) =>
  new AppError('not_found', `${path} ${why} in snapshot ${shortId(snapshot.id)}.`, {
    hint: `Run \`holdfast ls ${shortId(snapshot.id)}\` to see what is in it.`,
  })

/** null when there is no such file, or no longer: another process may forget a snapshot at any time. */
async function loadSnapshot(repo: Repository, id: Id, signal: AbortSignal): Promise<SavedSnapshot | null> {
  let json: Buffer
  try {
    json = await repo.loadUnpacked('snapshot', id, signal)
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return null
    throw error
  }
  try {
    return { ...decodeSnapshot(json), id }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'data_corrupt') throw error
    throw new AppError('data_corrupt', `Snapshot ${shortId(id)} is damaged: ${error.message}`, {
      hint: 'Run `holdfast check` to see what else is affected.',
      cause: error,
    })
  }
}

function matches(snapshot: SavedSnapshot, { hosts, tags, paths }: SnapshotFilter): boolean {
  if (hosts.length > 0 && !hosts.includes(snapshot.hostname)) return false
  const hasTag = (tag: string): boolean =>
    tag === '' ? snapshot.tags.length === 0 : snapshot.tags.includes(tag)
  if (tags.length > 0 && !tags.some(set => set.every(hasTag))) return false
  return paths.every(path => snapshot.paths.includes(path))
}
