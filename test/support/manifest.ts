import { spawnSync } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type BigIntStats,
} from 'node:fs'
import {
  compareRaw,
  concatRaw,
  fsPath,
  joinRaw,
  rawFromBuffer,
  rawFromText,
  textFromRaw,
  type Raw,
} from '../../src/main/engine/format/raw.ts'
import { isHere } from './needs.ts'

export type ItemType = 'file' | 'dir' | 'symlink' | 'fifo' | 'socket' | 'dev' | 'chardev'

/** All that a backup must bring back of one item; what does not apply to its type is null. */
export interface ManifestItem {
  type: ItemType
  /** Permission bits with setuid, setgid and sticky; null for symlinks, which have none. */
  mode: number | null
  uid: number
  gid: number
  mtimeNs: bigint
  sizeBytes: number | null
  sha256: string | null
  linkTarget: Raw | null
  /** The first path (in byte order) of the hard links to this file inside the tree; null when it is the only one. */
  sameFileAs: Raw | null
  device: bigint | null
  /** Names and values as `getfattr` prints them, sorted: ACLs and file capabilities are among them. */
  xattrs: readonly string[]
  /** Disk space. Compared only on demand: it shows whether holes stayed holes. */
  allocatedBytes: number | null
}

/** Paths relative to the root, which is '.', in byte order, so a folder stands before what is in it. */
export type Manifest = ReadonlyMap<Raw, ManifestItem>

export interface ManifestOptions {
  /** Default true where `getfattr` is installed. */
  xattrs?: boolean
  /** Reads and hashes contents. Default true. */
  contents?: boolean
}

/**
 * Everything below `root` (itself included), read with plain Node calls and `getfattr`, by none of the engine's code.
 * On Linux it reaches every item through an open folder (`/proc/self/fd/N/name`), so no path is too long for it.
 * @throws {Error} anything that can't be read: a manifest is whole or not at all
 */
export function readManifest(root: string, options: ManifestOptions = {}): Manifest {
  const hops = process.platform === 'linux'
  const withXattrs = options.xattrs ?? (hops && isHere('getfattr'))
  const found = new Map<Raw, ManifestItem>()
  const xattrs = new Map<Raw, string[]>()
  const linkGroups = new Map<string, Raw[]>()
  const buffer = Buffer.allocUnsafe(1 << 20)

  function visit(path: Raw, at: Raw, stats: BigIntStats): void {
    const type = typeOf(stats)
    if (type === 'dir') return visitFolder(path, at, stats)
    if (type === 'file' && stats.nlink > 1n) {
      const inode = `${stats.dev}:${stats.ino}`
      linkGroups.set(inode, [...(linkGroups.get(inode) ?? []), path])
    }
    found.set(path, {
      ...common(type, stats),
      sizeBytes: type === 'file' ? Number(stats.size) : null,
      sha256: type === 'file' && options.contents !== false ? hashFile(at, buffer) : null,
      linkTarget: type === 'symlink' ? rawFromBuffer(readlinkSync(fsPath(at), { encoding: 'buffer' })) : null,
      device: type === 'dev' || type === 'chardev' ? stats.rdev : null,
      allocatedBytes: type === 'file' ? Number(stats.blocks) * 512 : null,
    })
  }

  function visitFolder(path: Raw, at: Raw, stats: BigIntStats): void {
    found.set(path, common('dir', stats))
    const fd = hops ? openSync(fsPath(at), constants.O_RDONLY | constants.O_DIRECTORY) : null
    try {
      const here = fd === null ? at : rawFromText(`/proc/self/fd/${fd}`)
      if (withXattrs && beginsXattrReach(path)) readXattrs(here, path, xattrs)
      for (const name of readdirSync(fsPath(here), { encoding: 'buffer' })
        .map(rawFromBuffer)
        .sort(compareRaw)) {
        const child = joinRaw(here, name)
        visit(path === '.' ? name : joinRaw(path, name), child, lstatSync(fsPath(child), { bigint: true }))
      }
    } finally {
      if (fd !== null) closeSync(fd)
    }
  }

  visit('.' as Raw, rawFromText(root), lstatSync(root, { bigint: true }))
  for (const [path, lines] of xattrs) {
    const item = found.get(path)
    if (item === undefined) throw new Error(`getfattr names what the walk did not meet: ${textFromRaw(path)}`)
    item.xattrs = lines.sort()
  }
  for (const group of linkGroups.values()) {
    if (group.length < 2) continue
    const [first] = group.sort(compareRaw)
    for (const path of group) Object.assign(found.get(path)!, { sameFileAs: first })
  }
  return new Map([...found].sort(([a], [b]) => compareRaw(a, b)))
}

function common(type: ItemType, stats: BigIntStats): ManifestItem {
  return {
    type,
    mode: type === 'symlink' ? null : Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtimeNs: stats.mtimeNs,
    sizeBytes: null,
    sha256: null,
    linkTarget: null,
    sameFileAs: null,
    device: null,
    xattrs: [],
    allocatedBytes: null,
  }
}

function typeOf(stats: BigIntStats): ItemType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'dir'
  if (stats.isSymbolicLink()) return 'symlink'
  if (stats.isFIFO()) return 'fifo'
  if (stats.isSocket()) return 'socket'
  return stats.isBlockDevice() ? 'dev' : 'chardev'
}

function hashFile(at: Raw, buffer: Buffer): string {
  const fd = openSync(fsPath(at), constants.O_RDONLY)
  try {
    const hash: Hash = createHash('sha256')
    for (let read; (read = readSync(fd, buffer)) > 0;) hash.update(buffer.subarray(0, read))
    return hash.digest('hex')
  } finally {
    closeSync(fd)
  }
}

/** One `getfattr -R` reads this many bytes of relative path, well below its limit of 4,096. */
const xattrReach = 3_500

/** Whether a new `getfattr` starts at this folder: at the root, and where paths grow past the last one's reach. */
function beginsXattrReach(path: Raw): boolean {
  if (path === '.') return true
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  return Math.floor(path.length / xattrReach) > Math.floor(parent.length / xattrReach)
}

function readXattrs(folder: Raw, prefix: Raw, into: Map<Raw, string[]>): void {
  const result = spawnSync('getfattr', ['-RPhd', '-m', '-', '-e', 'hex', '--absolute-names', '.'], {
    cwd: folder,
    encoding: 'latin1',
    maxBuffer: 1 << 30,
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  })
  // Too long for this call means that the next one, further down, reads it.
  const complaints = result.stderr
    .split('\n')
    .filter(line => line !== '' && !line.endsWith('File name too long'))
  if (result.error !== undefined || complaints.length > 0)
    throw result.error ?? new Error(complaints.join('\n'))

  for (const block of result.stdout.split('\n\n')) {
    const [head, ...lines] = block.split('\n').filter(line => line !== '')
    if (head === undefined) continue
    const name = unescape(head.slice('# file: '.length)).replace(/^\.\/?/, '') as Raw
    const path = name === '' ? prefix : prefix === '.' ? name : joinRaw(prefix, name)
    into.set(path, lines.map(unescape))
  }
}

/** getfattr writes control characters, backslashes and, in names of attributes, `=` as octal. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

export interface CompareOptions {
  /** Fields not to compare, by type or for all. `allocatedBytes` is left out unless asked for. */
  ignore?: readonly (keyof ManifestItem)[]
  /** Compares the disk space too. */
  holes?: boolean
  /** Items to leave out of both sides. */
  without?: (path: Raw, item: ManifestItem) => boolean
}

/** What differs, a line each, readable: `a/b: mtime 2024-… ≠ 2025-…`. [] means equal. */
export function manifestDifferences(
  expected: Manifest,
  actual: Manifest,
  { ignore = [], holes = false, without = () => false }: CompareOptions = {},
): string[] {
  const lines: string[] = []
  const paths = new Set([...expected.keys(), ...actual.keys()])
  for (const path of [...paths].sort(compareRaw)) {
    const [want, have] = [expected.get(path), actual.get(path)]
    if (without(path, (want ?? have)!)) continue
    if (want === undefined) lines.push(`${shown(path)}: not expected (${have?.type})`)
    else if (have === undefined) lines.push(`${shown(path)}: missing (${want.type})`)
    else {
      for (const field of Object.keys(want) as (keyof ManifestItem)[]) {
        if (ignore.includes(field) || (field === 'allocatedBytes' && !holes)) continue
        if (plain(field, want[field]) !== plain(field, have[field]))
          lines.push(`${shown(path)}: ${field} ${plain(field, want[field])} ≠ ${plain(field, have[field])}`)
      }
    }
  }
  return lines
}

/** The part of a manifest below `folder`, which becomes its root. */
export function subManifest(manifest: Manifest, folder: Raw): Manifest {
  const below = concatRaw(folder, '/')
  const cut = (path: Raw): Raw | null =>
    path === folder ? ('.' as Raw) : path.startsWith(below) ? (path.slice(below.length) as Raw) : null
  return new Map(
    [...manifest].flatMap(([path, item]) => {
      const shorter = cut(path)
      const sameFileAs = item.sameFileAs === null ? null : cut(item.sameFileAs)
      return shorter === null ? [] : [[shorter, { ...item, sameFileAs }] as const]
    }),
  )
}

const shown = (path: Raw): string => {
  const text = JSON.stringify(textFromRaw(path)).slice(1, -1)
  return text.length > 200 ? `${text.slice(0, 80)}…(${path.length} bytes)…${text.slice(-80)}` : text
}

function plain(field: keyof ManifestItem, value: ManifestItem[keyof ManifestItem]): string {
  if (value === null) return 'none'
  if (field === 'mode') return `0${(value as number).toString(8)}`
  if (field === 'mtimeNs') {
    const ns = value as bigint
    const second = ns / 1_000_000_000n - (ns % 1_000_000_000n < 0n ? 1n : 0n)
    const date = new Date(Number(second) * 1000)
    return `${date.toISOString().slice(0, 19)}.${String(ns - second * 1_000_000_000n).padStart(9, '0')}`
  }
  if (Array.isArray(value)) return `[${value.map(line => shown(line as Raw)).join(', ')}]`
  return typeof value === 'string' ? shown(value as Raw) : String(value)
}
