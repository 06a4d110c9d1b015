import { isId, type Id } from '../format/id.ts'
import type { Raw } from '../format/raw.ts'
import { sameInstant } from '../format/time.ts'
import { decodeTree, nodeHead, type TreeNode, type Xattr } from '../format/tree.ts'

/** What the parent snapshot says of an item. */
export interface KnownItem {
  /**
   * All that lstat tells is as it was. As that includes the ctime, so are the link target and extended attributes
   * below: whatever changes those changes it.
   */
  readonly sameStat: boolean
  readonly linkTarget: Raw | null
  readonly xattrs: readonly Xattr[]
  /** restic's rule says the content is as it was: type, size, mtime, ctime and inode are. */
  readonly sameContent: boolean
  readonly content: readonly Id[] | null
  readonly subtree: Id | null
}

/**
 * A folder as the parent snapshot has it, asked about its items in the order of their names.
 *
 * As long as all is as it was, the stored JSON is simply compared with what would be written now, which is far cheaper
 * than parsing it; at the first difference the whole folder is parsed.
 */
export interface FolderBefore {
  /** @param head the JSON of `node`, which is what lstat alone tells (`nodeOfStat`), up to its content */
  item(node: TreeNode, head: string): KnownItem | null
}

/** Longer trees than V8 has strings for are parsed at once, by parts. */
const longestText = 256 * 1024 * 1024
const opening = '{"nodes":['
/** What the text says of an item whose head is followed by its content: no link, no attributes. */
const plain = { sameStat: true, linkTarget: null, xattrs: [] } as const
const subtreeKey = ',"content":null,"subtree":"'

/** @param tree the plaintext of the parent's tree blob. @throws {AppError} data_corrupt, at once or when asked */
export function folderBefore(tree: Uint8Array | null): FolderBefore {
  if (tree === null) return { item: () => null }
  const text =
    tree.length > longestText ? '' : Buffer.from(tree.buffer, tree.byteOffset, tree.byteLength).toString()
  let at = opening.length
  let nodes: Map<Raw, TreeNode> | null = text.startsWith(opening) ? null : parsed(tree)

  return {
    item(node, head) {
      if (!nodes) {
        const known = text.startsWith(head, at) ? unchangedAt(at + head.length) : null
        if (known) return known
        nodes = parsed(tree)
      }
      const before = nodes.get(node.name)
      return before ? compared(before, node, head) : null
    },
  }

  /** The rest of an item whose head is as it was: content or subtree; null when it is not of that plain form. */
  function unchangedAt(start: number): KnownItem | null {
    if (text.startsWith(subtreeKey, start)) {
      const id = start + subtreeKey.length
      const subtree = text.slice(id, id + 64)
      if (!text.startsWith('"}', id + 64) || !isId(subtree)) return null
      at = id + 64 + 3
      return { ...plain, sameContent: false, content: null, subtree }
    }
    if (text.startsWith(',"content":null}', start)) {
      at = start + ',"content":null}'.length + 1
      return { ...plain, sameContent: false, content: null, subtree: null }
    }
    if (!text.startsWith(',"content":[', start)) return null
    const first = start + ',"content":['.length
    const end = text.indexOf(']', first)
    if (end < 0 || text[end + 1] !== '}') return null
    const content = end === first ? [] : text.slice(first + 1, end - 1).split('","')
    if (!content.every(isId)) return null
    at = end + 3
    return { ...plain, sameContent: true, content, subtree: null }
  }
}

const parsed = (tree: Uint8Array): Map<Raw, TreeNode> =>
  new Map(decodeTree(tree).map(node => [node.name, node]))

function compared(before: TreeNode, now: TreeNode, head: string): KnownItem {
  const { linkTarget, xattrs, content, subtree } = before
  const sameStat = nodeHead({ ...before, linkTarget: null, xattrs: [], genericAttributes: null }) === head
  return { sameStat, linkTarget, xattrs, sameContent: isUnchanged(before, now), content, subtree }
}

/** restic's rule: size, mtime, ctime and inode equal; device, mode and owner may differ. */
export const isUnchanged = (before: TreeNode, now: TreeNode): boolean =>
  before.type === 'file' &&
  now.type === 'file' &&
  before.content !== null &&
  before.size === now.size &&
  before.inode === now.inode &&
  sameInstant(before.mtime, now.mtime) &&
  sameInstant(before.ctime, now.ctime)
