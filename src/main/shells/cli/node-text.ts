import { localTime } from '../../../shared/wording.ts'
import { type ListedNode, parseTime, textFromRaw, type TreeNode } from '../../engine/index.ts'

// Go's os.FileMode.String: one letter for each bit from 31 down
const letters = 'dalTLDpSugct?'

const typeBits: Partial<Record<TreeNode['type'], number>> = {
  dir: 2 ** 31,
  symlink: 2 ** 27,
  dev: 2 ** 26,
  chardev: 2 ** 26 + 2 ** 21,
  fifo: 2 ** 25,
  socket: 2 ** 24,
}

/** `drwxr-xr-x`, `Lrwxrwxrwx`, `ugtrwxr-x---`: a mode as Go, hence restic, writes it. */
export function permissions(goMode: number): string {
  let text = ''
  for (let i = 0; i < letters.length; i++) if (goMode & (2 ** (31 - i))) text += letters[i]
  if (text === '') text = '-'
  for (let bit = 8; bit >= 0; bit--) text += goMode & (2 ** bit) ? 'rwxrwxrwx'[8 - bit] : '-'
  return text
}

/** One line for a node, its name still in raw bytes; `long` as `ls -l`. */
export function nodeLine({ path, node }: ListedNode, long: boolean): string {
  if (!long) return path
  const mode = ((typeBits[node.type] ?? 0) | node.mode) >>> 0
  const number = (n: number, columns: number) => String(n).padStart(columns)
  const time = localTime(Number(parseTime(node.mtime) / 1_000_000n))
  const target = node.type === 'symlink' && node.linkTarget !== null ? ` -> ${node.linkTarget}` : ''
  return `${permissions(mode)} ${number(node.uid, 5)} ${number(node.gid, 5)} ${number(node.size, 6)} ${time} ${path}${target}`
}

/** A 64-bit number, exact: JavaScript's numbers end at 2^53, inode numbers do not. */
function exact(value: bigint): unknown {
  const asNumber = Number(value)
  if (Number.isSafeInteger(asNumber)) return asNumber
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value))
}

/** A node as `restic ls --json` has it. */
export function lsJson({ path, node }: ListedNode): Record<string, unknown> {
  return {
    name: textFromRaw(node.name),
    type: node.type,
    path: textFromRaw(path),
    uid: node.uid,
    gid: node.gid,
    ...(node.type === 'file' && { size: node.size }),
    ...(node.mode !== 0 && { mode: node.mode, permissions: permissions(node.mode) }),
    mtime: node.mtime,
    atime: node.atime,
    ctime: node.ctime,
    ...(node.inode !== 0n && { inode: exact(node.inode) }),
    message_type: 'node',
    struct_type: 'node',
  }
}

/** A node as a match in `restic find --json`. */
export function findJson({ path, node }: ListedNode): Record<string, unknown> {
  return {
    path: textFromRaw(path),
    permissions: permissions(node.mode),
    name: textFromRaw(node.name),
    type: node.type,
    ...(node.mode !== 0 && { mode: node.mode }),
    mtime: node.mtime,
    atime: node.atime,
    ctime: node.ctime,
    uid: node.uid,
    gid: node.gid,
    ...(node.user !== '' && { user: node.user }),
    ...(node.group !== '' && { group: node.group }),
    ...(node.inode !== 0n && { inode: exact(node.inode) }),
    ...(node.deviceId !== 0n && { device_id: exact(node.deviceId) }),
    ...(node.size !== 0 && { size: node.size }),
    ...(node.links !== 0 && { links: node.links }),
    ...(node.linkTarget !== null && { linktarget: textFromRaw(node.linkTarget) }),
  }
}
