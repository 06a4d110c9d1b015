import { AppError } from '../../shared/errors.ts'
import { sealOverhead } from './format/envelope.ts'
import { idOf, shortId, type BlobType, type Id } from './format/id.ts'
import { plainLength } from './format/pack.ts'
import { joinRaw, type Raw } from './format/raw.ts'
import type { SavedSnapshot } from './format/snapshot.ts'
import type { TreeNode } from './format/tree.ts'
import type { BlobLocation } from './blob-index.ts'
import type { Repository } from './repository.ts'
import type { Run } from './run.ts'

export type StatsMode = 'restore-size' | 'files-by-contents' | 'blobs-per-file' | 'raw-data'

export interface Stats {
  totalSizeBytes: number
  totalFiles: number
  totalBlobs: number
  snapshots: number
  /** raw-data only: plaintext of the blobs, and how much smaller they are stored. */
  totalUncompressedBytes: number | null
  compressionRatio: number | null
  /** raw-data only: what share of the plaintext is stored compressed; what compression saves of it all; percent. */
  compressionProgressPercent: number | null
  compressionSpaceSavingPercent: number | null
}

type Tally = Pick<Stats, 'totalSizeBytes' | 'totalFiles' | 'totalBlobs'>

/**
 * How much these snapshots hold, counted as restic counts:
 * - `restore-size`: every entry, folders too; sizes of files, hard links once per snapshot;
 * - `files-by-contents`: files of equal content once;
 * - `blobs-per-file`: the blobs of those files, each once for every path;
 * - `raw-data`: every blob once, with the bytes it takes in the repository.
 */
export async function stats(
  repo: Repository,
  snapshots: SavedSnapshot[],
  mode: StatsMode,
  run: Run,
): Promise<Stats> {
  await repo.loadIndex(run)
  const tally: Tally = { totalSizeBytes: 0, totalFiles: 0, totalBlobs: 0 }
  const compression = {
    totalUncompressedBytes: null,
    compressionRatio: null,
    compressionProgressPercent: null,
    compressionSpaceSavingPercent: null,
  }
  if (mode === 'raw-data') return rawData(repo, snapshots, run)

  const visit = mode === 'restore-size' ? null : uniqueFiles(repo, mode, tally)
  let seen = 0
  for (const snapshot of snapshots) {
    const perSnapshot = visit ?? restoreSizes(tally)
    await walk(repo, snapshot.tree, '/' as Raw, run.signal, (path, node) => {
      perSnapshot(path, node)
      seen++
    })
    run.report({ phase: 'scan', files: seen, bytes: tally.totalSizeBytes, done: false })
  }
  return { ...tally, ...compression, snapshots: snapshots.length }
}

type Visit = (path: Raw, node: TreeNode) => void

function restoreSizes(tally: Tally): Visit {
  const linked = new Set<string>()
  return (_path, node) => {
    tally.totalFiles++
    if (node.type !== 'dir' && node.links !== 1 && node.inode !== 0n) {
      const file = `${node.deviceId}/${node.inode}`
      if (linked.has(file)) return
      linked.add(file)
    }
    tally.totalSizeBytes += node.size
  }
}

function uniqueFiles(repo: Repository, mode: StatsMode, tally: Tally): Visit {
  const contents = new Set<Id>() // of the lists of blobs
  const blobsOf = new Map<Raw, Set<Id>>()
  return (path, node) => {
    const content = node.content ?? []
    const key = idOf(Buffer.from(content.join('')))
    if (contents.has(key)) return
    contents.add(key)
    if (mode === 'files-by-contents') {
      tally.totalFiles++
      tally.totalSizeBytes += node.size
      return
    }
    if (content.length === 0) return
    const known = blobsOf.get(path) ?? new Set()
    if (known.size === 0) tally.totalFiles++
    blobsOf.set(path, known)
    for (const id of content) {
      if (known.has(id)) continue
      known.add(id)
      tally.totalBlobs++
      tally.totalSizeBytes += plainLength(locate(repo, 'data', id))
    }
  }
}

async function rawData(repo: Repository, snapshots: readonly SavedSnapshot[], run: Run): Promise<Stats> {
  const trees = new Set(snapshots.map(snapshot => snapshot.tree))
  const data = new Set<Id>()
  // A set may be added to while it is walked: so each tree is read once.
  for (const tree of trees) {
    run.signal.throwIfAborted()
    for (const node of await repo.loadTree(tree, run.signal)) {
      if (node.type === 'file') for (const id of node.content ?? []) data.add(id)
      else if (node.type === 'dir' && node.subtree !== null) trees.add(node.subtree)
    }
  }
  let storedBytes = 0
  let plainBytes = 0
  const compressed = { stored: 0, plain: 0 }
  for (const [type, ids] of [['tree', trees] as const, ['data', data] as const]) {
    for (const id of ids) {
      const place = locate(repo, type, id)
      const plain = plainLength(place) + sealOverhead // so restic counts: as if sealed without compression
      storedBytes += place.length
      plainBytes += plain
      if (place.uncompressedLength === 0) continue
      compressed.stored += place.length
      compressed.plain += plain
    }
  }
  const known = repo.version >= 2
  const share = (part: number, whole: number) => (known && whole > 0 ? part / whole : null)
  const uncompressed = share(compressed.plain, plainBytes)
  return {
    totalSizeBytes: storedBytes,
    totalFiles: 0,
    totalBlobs: trees.size + data.size,
    snapshots: snapshots.length,
    totalUncompressedBytes: known ? plainBytes : null,
    compressionRatio: share(compressed.plain, compressed.stored),
    compressionProgressPercent: uncompressed === null ? null : uncompressed * 100,
    compressionSpaceSavingPercent: known && plainBytes > 0 ? (1 - storedBytes / plainBytes) * 100 : null,
  }
}

function locate(repo: Repository, type: BlobType, id: Id): BlobLocation {
  const place = repo.index.find(type, id)[0]
  if (place) return place
  throw new AppError('data_corrupt', `The ${type} blob ${shortId(id)} is in no index: it is lost.`, {
    hint: 'Run `holdfast check` to see which files need it.',
  })
}

/** Parents first, in the tree's order. */
async function walk(
  repo: Repository,
  tree: Id,
  folder: Raw,
  signal: AbortSignal,
  visit: Visit,
): Promise<void> {
  for (const node of await repo.loadTree(tree, signal)) {
    signal.throwIfAborted()
    const path = joinRaw(folder, node.name)
    visit(path, node)
    if (node.type === 'dir' && node.subtree !== null) await walk(repo, node.subtree, path, signal, visit)
  }
}
