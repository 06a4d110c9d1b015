import { chmodSync, lchownSync, lutimesSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
import { AppError, SourceError } from '../../../shared/errors.ts'
import { goModeFromStat, permissionsFromGoMode, typeFromStat } from '../format/mode.ts'
import { fsPath, rawFromBuffer, textFromRaw, type Raw } from '../format/raw.ts'
import { formatTime, parseTime } from '../format/time.ts'
import type { NodeType, TreeNode, Xattr } from '../format/tree.ts'
import type { Warning } from '../run.ts'
import { libcProblem, loadLibc, type Libc } from './libc.ts'
import type { AccessPath } from './reach.ts'
import type { ItemStat } from './walk.ts'

/** What reading and writing depend on beside the disk; by default this process's. */
export interface MetadataTools {
  libc?: Libc | null
  platform?: NodeJS.Platform
}

export interface ApplyOptions extends MetadataTools {
  warn: (warning: Warning) => void
  /** What warnings call the item. */
  path: string
}

/** What runs here leave out for want of a C library or because of the system: one note a run, none as a rule. */
export function missingAbilities(tools: MetadataTools = {}): string[] {
  const { libc = loadLibc(), platform = process.platform } = tools
  if (platform === 'win32') {
    return ['On Windows, access rights, hidden and system flags, and alternate data streams are left out.']
  }
  if (libc !== null) return []
  return [
    'Extended attributes, ACLs and device nodes are left out, and restored times are exact to the microsecond only: ' +
      `the C library cannot be called (${libcProblem() ?? 'switched off'}).`,
  ]
}

/**
 * What `stat` alone says of an item, as restic would store it: all but a link's target and the extended attributes.
 * `content` is [] for files and `subtree` null: the caller knows them.
 */
export function nodeOfStat(name: Raw, stat: ItemStat, tools: MetadataTools = {}): TreeNode {
  const { libc = loadLibc(), platform = process.platform } = tools
  const statMode = Number(stat.mode)
  const type = typeFromStat(statMode)
  const mtime = formatTime(stat.mtimeNs)
  const uid = Number(stat.uid)
  const gid = Number(stat.gid)
  return {
    name,
    type,
    // Go gives every Windows folder its x bits, Node none.
    mode: goModeFromStat(platform === 'win32' && type === 'dir' ? statMode | 0o111 : statMode),
    mtime,
    atime: mtime,
    ctime: stat.ctimeNs === stat.mtimeNs ? mtime : formatTime(stat.ctimeNs),
    uid,
    gid,
    user: platform === 'win32' ? '' : userName(uid, libc),
    group: platform === 'win32' ? '' : groupName(gid, libc),
    inode: stat.ino,
    deviceId: stat.dev,
    size: type === 'file' ? Number(stat.size) : 0,
    links: countsLinks.has(type) ? Number(stat.nlink) : 0,
    linkTarget: null,
    xattrs: none,
    genericAttributes: null,
    device: type === 'dev' || type === 'chardev' ? stat.rdev : 0n,
    content: type === 'file' ? [] : null,
    subtree: null,
    error: '',
  }
}

/**
 * Adds to a node what only the item itself tells: a link's target and the extended attributes. One of these that is
 * unreadable is a warning and is left out.
 * @throws the error of `node:fs` when the item is gone meanwhile, or its link cannot be read
 */
export function completeNode(
  access: AccessPath,
  node: TreeNode,
  warn: (problem: Omit<Warning, 'path'>) => void,
  { libc = loadLibc() }: MetadataTools = {},
): TreeNode {
  if (node.type === 'symlink') node.linkTarget = rawFromBuffer(readlinkSync(access, 'buffer'))
  if (libc !== null) node.xattrs = readXattrs(libc, access, warn)
  return node
}

/** The whole node of what `stat` (an lstat of `access`) describes. @throws as `completeNode` */
export const readNode = (
  access: AccessPath,
  name: Raw,
  stat: ItemStat,
  warn: (problem: Omit<Warning, 'path'>) => void,
  tools: MetadataTools = {},
): TreeNode => completeNode(access, nodeOfStat(name, stat, tools), warn, tools)

const none: readonly Xattr[] = []
const countsLinks: ReadonlySet<NodeType> = new Set<NodeType>(['file', 'symlink', 'dev', 'chardev'])

function readXattrs(
  libc: Libc,
  access: AccessPath,
  warn: (problem: Omit<Warning, 'path'>) => void,
): readonly Xattr[] {
  let names: Raw[]
  try {
    names = libc.listXattrs(access)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOTSUP') return none // this file system has none
    if (code === 'ENOENT' || code === 'ENOTDIR') throw error
    warn({ kind: 'metadata', message: `Its extended attributes cannot be read and are left out (${code}).` })
    return none
  }
  if (names.length === 0) return none
  const found: Xattr[] = []
  for (const name of names) {
    try {
      found.push({ name, value: libc.getXattr(access, name) })
    } catch (error) {
      const code = codeOf(error)
      if (code === 'ENODATA') continue // removed since it was listed
      warn({
        kind: 'metadata',
        message: `Its extended attribute ${textFromRaw(name)} cannot be read and is left out (${code}).`,
      })
    }
  }
  return found
}

/**
 * Gives what lies at `access` the node's owner, extended attributes, times and permissions, in this order: a change of
 * owner clears setuid and capabilities, and user attributes need a writable file. What cannot be set is a warning.
 * Nobody but root may give files away, so for others a refused change of owner is not worth a word.
 */
export function applyMetadata(access: AccessPath, node: TreeNode, options: ApplyOptions): void {
  const { libc = loadLibc(), platform = process.platform, path } = options
  const attempt = (what: string, act: () => void) => {
    try {
      act()
    } catch (error) {
      const because = error instanceof AppError ? error.message : codeOf(error)
      options.warn({ kind: 'metadata', path, message: `Its ${what} could not be set (${because}).` })
    }
  }

  if (platform !== 'win32') {
    attempt(`owner ${node.uid}:${node.gid}`, () => {
      try {
        lchownSync(access, node.uid, node.gid)
      } catch (error) {
        if (codeOf(error) !== 'EPERM' || process.geteuid?.() === 0) throw error
      }
    })
    if (libc !== null) applyXattrs(libc, access, node, options)
  }
  attempt('times', () => setTimes(libc, access, parseTime(node.atime), parseTime(node.mtime)))
  if (node.type !== 'symlink' && !(platform === 'win32' && node.type === 'dir')) {
    attempt('permissions', () => chmodSync(access, permissionsFromGoMode(node.mode)))
  }
}

function setTimes(libc: Libc | null, access: AccessPath, atimeNs: bigint, mtimeNs: bigint): void {
  if (libc !== null) libc.setTimesNs(access, atimeNs, mtimeNs)
  // As text, for Node takes a negative number to mean "now".
  else lutimesSync(access, String(Number(atimeNs) / 1e9), String(Number(mtimeNs) / 1e9))
}

/**
 * Attributes that make a difference to who may do what, or that a user wrote: a restored item has exactly the node's.
 * Others (security.selinux, system.nfs4_acl, com.apple.provenance) the system gives by itself; those in the node are
 * set, those it has beyond are left alone.
 */
const isOurs = (name: Raw) =>
  name.startsWith('user.') ||
  name === 'system.posix_acl_access' ||
  name === 'system.posix_acl_default' ||
  name === 'security.capability'

function applyXattrs(libc: Libc, access: AccessPath, node: TreeNode, { warn, path }: ApplyOptions): void {
  const failed: string[] = []
  const attempt = (name: Raw, act: () => void) => {
    try {
      try {
        act()
      } catch (error) {
        // A read-only file refuses user attributes; its own permissions come right afterwards.
        if (codeOf(error) !== 'EACCES' || node.type === 'symlink') throw error
        chmodSync(access, node.type === 'dir' ? 0o700 : 0o600)
        act()
      }
    } catch (error) {
      failed.push(`${textFromRaw(name)}: ${codeOf(error)}`)
    }
  }

  let present: Raw[] = []
  try {
    present = libc.listXattrs(access)
  } catch (error) {
    if (codeOf(error) !== 'ENOTSUP') failed.push(codeOf(error))
  }
  const wanted = new Set(node.xattrs.map(({ name }) => name))
  for (const name of present) {
    if (!wanted.has(name) && isOurs(name)) attempt(name, () => libc.removeXattr(access, name))
  }
  for (const { name, value } of node.xattrs) {
    attempt(name, () => {
      if (present.includes(name) && libc.getXattr(access, name).equals(value)) return
      libc.setXattr(access, name, value)
    })
  }
  if (failed.length > 0) {
    const message = `Not all of its extended attributes could be set (${failed.join(', ')}).`
    warn({ kind: 'metadata', path, message })
  }
}

const S_IFBLK = 0o060000
const S_IFCHR = 0o020000
const S_IFIFO = 0o010000

/**
 * Makes a symlink, fifo or device node; who may use it is for `applyMetadata` to say. Sockets are left out as restic
 * leaves them out: false says so. What exists at `access` is an error (EEXIST).
 * @throws {SourceError} source_unreadable this system, or want of a C library, does not allow it
 */
export function makeSpecial(access: AccessPath, node: TreeNode, tools: MetadataTools = {}): boolean {
  const { libc = loadLibc(), platform = process.platform } = tools
  if (node.type === 'symlink') {
    if (node.linkTarget === null) {
      throw new AppError(
        'data_corrupt',
        `The symlink ${textFromRaw(node.name)} is stored without its target.`,
      )
    }
    symlinkSync(fsPath(node.linkTarget), access)
    return true
  }
  const kind = specials[node.type]
  if (kind === undefined) return false
  if (platform === 'win32') throw new SourceError('source_unreadable', `Windows knows no ${kind.words}.`)
  if (libc === null) {
    throw new SourceError(
      'source_unreadable',
      `This ${kind.words} is left out: the C library cannot be called (${libcProblem() ?? 'switched off'}).`,
    )
  }
  libc.mknod(access, kind.statType | 0o600, kind.statType === S_IFIFO ? 0n : node.device)
  return true
}

const specials: Partial<Record<NodeType, { statType: number; words: string }>> = {
  fifo: { statType: S_IFIFO, words: 'named pipe' },
  dev: { statType: S_IFBLK, words: 'block device' },
  chardev: { statType: S_IFCHR, words: 'character device' },
}

const userName = (uid: number, libc: Libc | null) =>
  (libc === null ? (usersFile ??= readNames('/etc/passwd')).get(uid) : libc.userName(uid)) ?? ''
const groupName = (gid: number, libc: Libc | null) =>
  (libc === null ? (groupsFile ??= readNames('/etc/group')).get(gid) : libc.groupName(gid)) ?? ''

let usersFile: Map<number, string> | undefined
let groupsFile: Map<number, string> | undefined

/** Both files hold `name:password:number:…` lines; the first line of a number counts. */
function readNames(file: string): Map<number, string> {
  const names = new Map<number, string>()
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return names // no such file: numbers alone are stored
  }
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':')
    if (/^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name)
  }
  return names
}

const codeOf = (error: unknown): string =>
  error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error)
