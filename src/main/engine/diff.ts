import { AppError } from '../../shared/errors.ts'
import { shortId, type BlobType, type Id } from './format/id.ts'
import { plainLength } from './format/pack.ts'
import { compareRaw, concatRaw, type Raw } from './format/raw.ts'
import type { SavedSnapshot } from './format/snapshot.ts'
import { sameInstant } from './format/time.ts'
import type { TreeNode, Xattr } from './format/tree.ts'
import type { Repository } from './repository.ts'
import { findFolder } from './snapshots.ts'

export interface DiffEntry {
  /** restic's signs: added, removed, content, type, metadata, or type and metadata. */
  change: '+' | '-' | 'M' | 'T' | 'U' | 'TU'
  /** Folders end with a slash. */
  path: Raw
  /** What is there on each side; null where nothing is. */
  before: TreeNode | null
  after: TreeNode | null
}

export interface DiffSide {
  files: number
  dirs: number
  others: number
  dataBlobs: number
  treeBlobs: number
  bytes: number
}

export interface DiffStats {
  changedFiles: number
  added: DiffSide
  removed: DiffSide
}

interface Side {
  items: DiffSide
  blobs: Record<BlobType, Set<Id>>
}

const newSide = (root: Id): Side => ({
  items: { files: 0, dirs: 0, others: 0, dataBlobs: 0, treeBlobs: 0, bytes: 0 },
  blobs: { data: new Set(), tree: new Set([root]) },
})

/**
 * What differs from `from` to `to`, in path order; statistics as restic counts them: files, folders and others are
 * items that are there on one side only, blobs and bytes (plaintext) those that only one side needs.
 */
export async function diff(
  repo: Repository,
  from: { snapshot: SavedSnapshot; subpath: string },
  to: { snapshot: SavedSnapshot; subpath: string },
  options: { metadata: boolean; onEntry: (entry: DiffEntry) => void },
  signal: AbortSignal,
): Promise<DiffStats> {
  await repo.loadIndex({ signal })
  const [rootBefore, rootAfter] = await Promise.all([
    findFolder(repo, from.snapshot, from.subpath, signal),
    findFolder(repo, to.snapshot, to.subpath, signal),
  ])
  const before = newSide(rootBefore)
  const after = newSide(rootAfter)
  /** Subtrees that both sides have at the same place: what is in them is neither added nor removed. */
  const common = new Set<Id>()
  let changedFiles = 0

  async function compare(path: Raw, left: Id, right: Id): Promise<void> {
    const [nodesBefore, nodesAfter] = await Promise.all([
      repo.loadTree(left, signal),
      repo.loadTree(right, signal),
    ])
    for (const [a, b] of pairs(nodesBefore, nodesAfter)) {
      signal.throwIfAborted()
      if (a) addBlobs(before, a)
      if (b) addBlobs(after, b)
      if (a && b) await compareNodes(path, a, b)
      else if (a) await listOneSide('-', before, path, a)
      else if (b) await listOneSide('+', after, path, b)
    }
  }

  async function compareNodes(folder: Raw, a: TreeNode, b: TreeNode): Promise<void> {
    const path = pathOf(folder, b)
    const typed = a.type === b.type ? '' : 'T'
    if (a.type === 'file' && b.type === 'file' && !sameIds(a.content, b.content)) {
      changedFiles++
      options.onEntry({ change: 'M', path, before: a, after: b })
    } else if (options.metadata && !sameNode(a, b)) {
      options.onEntry({ change: `${typed}U`, path, before: a, after: b })
    } else if (typed) {
      options.onEntry({ change: typed, path, before: a, after: b })
    }
    if (a.type !== 'dir' || b.type !== 'dir') return
    if (subtreeOf(a) === subtreeOf(b)) common.add(subtreeOf(a))
    else await compare(path, subtreeOf(a), subtreeOf(b))
  }

  async function listOneSide(change: '+' | '-', side: Side, folder: Raw, node: TreeNode): Promise<void> {
    const path = pathOf(folder, node)
    options.onEntry({
      change,
      path,
      before: change === '-' ? node : null,
      after: change === '+' ? node : null,
    })
    side.items[node.type === 'file' ? 'files' : node.type === 'dir' ? 'dirs' : 'others']++
    if (node.type !== 'dir') return
    for (const child of inOrder(await repo.loadTree(subtreeOf(node), signal))) {
      signal.throwIfAborted()
      addBlobs(side, child)
      await listOneSide(change, side, path, child)
    }
  }

  if (rootBefore !== rootAfter) await compare('/' as Raw, rootBefore, rootAfter)
  for (const type of ['data', 'tree'] as const) removeShared(before.blobs[type], after.blobs[type])
  await forgetCommon(repo, common, [before, after], signal)
  for (const side of [before, after]) countBlobs(repo, side)
  return { changedFiles, added: after.items, removed: before.items }
}

/** Nodes of both folders by name, in name order. */
function pairs(
  before: readonly TreeNode[],
  after: readonly TreeNode[],
): [TreeNode | null, TreeNode | null][] {
  const byName = new Map<Raw, [TreeNode | null, TreeNode | null]>()
  for (const node of before) byName.set(node.name, [node, null])
  for (const node of after) byName.set(node.name, [byName.get(node.name)?.[0] ?? null, node])
  return [...byName].sort(([a], [b]) => compareRaw(a, b)).map(([, pair]) => pair)
}

const inOrder = (nodes: TreeNode[]): TreeNode[] => nodes.sort((a, b) => compareRaw(a.name, b.name))

const pathOf = (folder: Raw, { name, type }: TreeNode): Raw =>
  concatRaw(folder, name, type === 'dir' ? '/' : '')

function subtreeOf(node: TreeNode): Id {
  if (node.subtree !== null) return node.subtree
  throw new AppError('data_corrupt', 'A folder in the snapshot names no content.', {
    hint: 'Run `holdfast check` to see which one.',
  })
}

function addBlobs({ blobs }: Side, node: TreeNode): void {
  if (node.type === 'file') for (const id of node.content ?? []) blobs.data.add(id)
  else if (node.type === 'dir') blobs.tree.add(subtreeOf(node))
}

function removeShared(a: Set<Id>, b: Set<Id>): void {
  for (const id of a) if (b.delete(id)) a.delete(id)
}

/**
 * Takes the blobs below `trees` off both sides. Reading what did not change is the price of exact figures; it ends
 * as soon as there is nothing left to take off.
 */
async function forgetCommon(
  repo: Repository,
  trees: Set<Id>,
  sides: readonly Side[],
  signal: AbortSignal,
): Promise<void> {
  const sets = sides.flatMap(({ blobs }) => [blobs.data, blobs.tree])
  // A set may be added to while it is walked: so each subtree is read once, however often it occurs.
  for (const tree of trees) {
    if (sets.every(set => set.size === 0)) return
    signal.throwIfAborted()
    for (const node of await repo.loadTree(tree, signal)) {
      if (node.type === 'file') {
        for (const id of node.content ?? []) for (const { blobs } of sides) blobs.data.delete(id)
      } else if (node.type === 'dir') {
        for (const { blobs } of sides) blobs.tree.delete(subtreeOf(node))
        trees.add(subtreeOf(node))
      }
    }
  }
}

function countBlobs(repo: Repository, { items, blobs }: Side): void {
  for (const type of ['data', 'tree'] as const) {
    for (const id of blobs[type]) {
      const place = repo.index.find(type, id)[0]
      if (!place) {
        throw new AppError('data_corrupt', `The ${type} blob ${shortId(id)} is in no index: it is lost.`, {
          hint: 'Run `holdfast check` to see which files need it.',
        })
      }
      items.bytes += plainLength(place)
      items[type === 'data' ? 'dataBlobs' : 'treeBlobs']++
    }
  }
}

const sameIds = (a: readonly Id[] | null, b: readonly Id[] | null): boolean =>
  a === b || (a !== null && b !== null && a.length === b.length && a.every((id, at) => id === b[at]))

const plainFields = [
  'type',
  'mode',
  'uid',
  'gid',
  'user',
  'group',
  'inode',
  'deviceId',
  'size',
  'links',
  'linkTarget',
  'device',
  'subtree',
  'error',
] as const

const sameNode = (a: TreeNode, b: TreeNode): boolean =>
  plainFields.every(field => a[field] === b[field]) &&
  (['mtime', 'atime', 'ctime'] as const).every(field => sameInstant(a[field], b[field])) &&
  sameIds(a.content, b.content) &&
  sameXattrs(a.xattrs, b.xattrs)

/** Their order means nothing: it is the file system's. */
function sameXattrs(a: readonly Xattr[], b: readonly Xattr[]): boolean {
  if (a.length !== b.length) return false
  const values = new Map(a.map(({ name, value }) => [name, value]))
  return b.every(({ name, value }) => {
    const other = values.get(name)
    return other !== undefined && Buffer.compare(other, value) === 0
  })
}
