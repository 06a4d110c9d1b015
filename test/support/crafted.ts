import { idOf, type BlobType, type Id } from '../../src/main/engine/format/id.ts'
import { encodeIndex } from '../../src/main/engine/format/index-file.ts'
import { encodePackHeader, type PackEntry } from '../../src/main/engine/format/pack.ts'
import { rawFromText } from '../../src/main/engine/format/raw.ts'
import { encodeSnapshot, type SavedSnapshot, type Snapshot } from '../../src/main/engine/format/snapshot.ts'
import { encodeTree, type TreeNode } from '../../src/main/engine/format/tree.ts'
import { compress } from '../../src/main/engine/format/zstd.ts'
import type { Repository } from '../../src/main/engine/repository.ts'

/** Repositories put together by hand: valid ones, and ones that no backup would write. */

const { signal } = new AbortController()
const time = '2024-02-29T12:34:56Z'

export const node = (name: string, more: Partial<TreeNode> = {}): TreeNode => ({
  name: rawFromText(name),
  type: 'file',
  mode: 0o644,
  mtime: time,
  atime: time,
  ctime: time,
  uid: 0,
  gid: 0,
  user: 'root',
  group: 'root',
  inode: 1n,
  deviceId: 1n,
  size: 0,
  links: 1,
  linkTarget: null,
  xattrs: [],
  genericAttributes: null,
  device: 0n,
  content: [],
  subtree: null,
  error: '',
  ...more,
})

export const file = (name: string, ...content: Id[]): TreeNode => node(name, { content })
export const folder = (name: string, subtree: Id | null): TreeNode =>
  node(name, { type: 'dir', mode: 0x8000_0000 + 0o755, links: 0, content: null, subtree })

export interface Blob {
  type: BlobType
  id: Id
  plain: Buffer
  raw?: boolean
}

export const dataBlob = (text: string): Blob => {
  const plain = Buffer.from(text)
  return { type: 'data', id: idOf(plain), plain }
}
export const treeBlob = (nodes: readonly TreeNode[] | string): Blob => {
  const plain = typeof nodes === 'string' ? Buffer.from(nodes) : encodeTree(nodes)
  return { type: 'tree', id: idOf(plain), plain }
}

export interface Pack {
  id: Id
  blobs: PackEntry[]
}

/** Writes a pack; `headed` may lie about what is in it. */
export async function putPack(
  repo: Repository,
  blobs: readonly Blob[],
  headed = (entries: PackEntry[]) => entries,
): Promise<Pack> {
  const parts: Buffer[] = []
  const entries: PackEntry[] = []
  let offset = 0
  for (const { type, id, plain, raw } of blobs) {
    const sealed = repo.sealer.seal(raw ? plain : compress(plain, 'default'))
    parts.push(sealed)
    entries.push({ type, id, offset, length: sealed.length, uncompressedLength: raw ? 0 : plain.length })
    offset += sealed.length
  }
  const header = repo.sealer.seal(encodePackHeader(headed(entries)))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length)
  const bytes = Buffer.concat([...parts, header, length])
  const id = idOf(bytes)
  await repo.backend.write({ kind: 'pack', name: id }, bytes, signal)
  return { id, blobs: entries }
}

export const putIndex = (repo: Repository, packs: readonly Pack[]): Promise<Id> =>
  repo.saveUnpacked('index', encodeIndex(packs), signal)

export async function putSnapshot(
  repo: Repository,
  tree: Id,
  more: Partial<Snapshot> = {},
): Promise<SavedSnapshot> {
  const snapshot: Snapshot = {
    time,
    parent: null,
    tree,
    paths: ['/src'],
    hostname: 'atlas',
    username: 'ada',
    uid: 0,
    gid: 0,
    excludes: [],
    tags: [],
    original: null,
    programVersion: '',
    summary: null,
    ...more,
  }
  return { ...snapshot, id: await repo.saveUnpacked('snapshot', encodeSnapshot(snapshot), signal) }
}

/** Packs (one for each type), index and snapshot of a root folder. */
export async function putTree(
  repo: Repository,
  root: readonly TreeNode[],
  others: readonly Blob[],
): Promise<{ snapshot: SavedSnapshot; packs: Pack[] }> {
  const top = treeBlob(root)
  const blobs = [...others, top]
  const packs: Pack[] = []
  for (const type of ['data', 'tree'] as const) {
    const some = blobs.filter(blob => blob.type === type)
    if (some.length > 0) packs.push(await putPack(repo, some))
  }
  await putIndex(repo, packs)
  return { snapshot: await putSnapshot(repo, top.id), packs }
}
