import { goModeFromStat, permissionsFromGoMode } from '../format/mode.ts'
import type { Raw } from '../format/raw.ts'
import { formatTime, parseInstant, type Instant } from '../format/time.ts'
import type { TreeNode } from '../format/tree.ts'

/** Owner, permissions and times: all that most files have. */
export interface Attributes {
  readonly uid: number
  readonly gid: number
  readonly permissions: number
  readonly atime: Instant
  readonly mtime: Instant
}

/** The attributes of many files in columns: kept for long, they cost the garbage collector nothing. */
export interface AttributeTable {
  /** @returns the row */
  add(node: TreeNode): number
  copy(row: number, to: Float64Array, at: number): void
}

const attributeColumns = 7

export function createAttributeTable(): AttributeTable {
  let numbers = new Float64Array(1024 * attributeColumns)
  let rows = 0
  return {
    add(node) {
      const at = rows * attributeColumns
      if (at === numbers.length) {
        const larger = new Float64Array(numbers.length * 2)
        larger.set(numbers)
        numbers = larger
      }
      const mtime = parseInstant(node.mtime)
      // Nearly always the same text: restic stores access times only when it is told to.
      const atime = node.atime === node.mtime ? mtime : parseInstant(node.atime)
      numbers[at] = node.uid
      numbers[at + 1] = node.gid
      numbers[at + 2] = permissionsFromGoMode(node.mode)
      numbers[at + 3] = atime.seconds
      numbers[at + 4] = atime.ns
      numbers[at + 5] = mtime.seconds
      numbers[at + 6] = mtime.ns
      return rows++
    },
    copy(row, to, at) {
      for (let column = 0; column < attributeColumns; column++) {
        to[at + column] = numbers[row * attributeColumns + column]!
      }
    },
  }
}

/** Files of one blob or none, in columns: cheap to hand to another thread. */
export interface WholeFiles {
  readonly locations: readonly Raw[]
  /** Per file: the attributes, the blob of its job that is its content, 1 where something lies in its place. */
  readonly numbers: Float64Array
  /** The node of a file whose attributes are more than the numbers say, by its place in the list. */
  readonly nodes: ReadonlyMap<number, TreeNode>
}

/** One of them, as the thread has it that makes it. */
export interface WholeFile {
  readonly location: Raw
  /** -1 for an empty file. */
  readonly blob: number
  /** Whether something lies in its place, which is for the caller to replace. */
  readonly replaces: boolean
  /** The node where it has more than plain attributes. */
  readonly attributes: Attributes | TreeNode
}

export interface PlannedFile {
  readonly location: Raw
  /** A row of the table, or a node. */
  readonly attributes: number | TreeNode
  readonly blob: number
  readonly replaces: boolean
}

const columns = attributeColumns + 2

export function listWholeFiles(files: readonly PlannedFile[], table: AttributeTable): WholeFiles {
  const numbers = new Float64Array(files.length * columns)
  const nodes = new Map<number, TreeNode>()
  for (const [nth, { attributes, blob, replaces }] of files.entries()) {
    const at = nth * columns
    if (typeof attributes === 'number') table.copy(attributes, numbers, at)
    else nodes.set(nth, attributes)
    numbers[at + attributeColumns] = blob
    numbers[at + attributeColumns + 1] = replaces ? 1 : 0
  }
  return { locations: files.map(({ location }) => location), numbers, nodes }
}

export const blobOf = ({ numbers }: WholeFiles, nth: number): number =>
  numbers[nth * columns + attributeColumns]!

export function wholeFile({ locations, numbers, nodes }: WholeFiles, nth: number): WholeFile {
  const at = nth * columns
  return {
    location: locations[nth]!,
    blob: numbers[at + attributeColumns]!,
    replaces: numbers[at + attributeColumns + 1] === 1,
    attributes: nodes.get(nth) ?? {
      uid: numbers[at]!,
      gid: numbers[at + 1]!,
      permissions: numbers[at + 2]!,
      atime: { seconds: numbers[at + 3]!, ns: numbers[at + 4]! },
      mtime: { seconds: numbers[at + 5]!, ns: numbers[at + 6]! },
    },
  }
}

const billion = 1_000_000_000n
const textOf = ({ seconds, ns }: Instant) => formatTime(BigInt(seconds) * billion + BigInt(ns), 0)

/** A node with these attributes and nothing else, for where something is to be said about one of them. */
export const nodeOf = ({ uid, gid, permissions, atime, mtime }: Attributes): TreeNode => ({
  name: '' as Raw,
  type: 'file',
  mode: goModeFromStat(0o100000 | permissions),
  mtime: textOf(mtime),
  atime: textOf(atime),
  ctime: textOf(mtime),
  uid,
  gid,
  user: '',
  group: '',
  inode: 0n,
  deviceId: 0n,
  size: 0,
  links: 1,
  linkTarget: null,
  xattrs: [],
  genericAttributes: null,
  device: 0n,
  content: [],
  subtree: null,
  error: '',
})
