import { constants } from 'node:fs'
import type { FoundItem, ItemStat } from '../files/walk.ts'
import { joinRaw, type Raw } from '../format/raw.ts'
import type { Warning } from '../run.ts'

/** What belongs into the snapshot of a folder, as another thread found it. */
export interface Look {
  readonly names: readonly Raw[]
  /** Of each item, what its lstat said. */
  readonly numbers: BigInt64Array<ArrayBuffer>
  readonly warnings: readonly Warning[]
}

const columns = 10

export function packLook(items: readonly FoundItem[], warnings: readonly Warning[]): Look {
  const numbers = new BigInt64Array(items.length * columns)
  let at = 0
  for (const { stat } of items) {
    numbers[at++] = stat.dev
    numbers[at++] = stat.ino
    numbers[at++] = stat.mode
    numbers[at++] = stat.nlink
    numbers[at++] = stat.uid
    numbers[at++] = stat.gid
    numbers[at++] = stat.rdev
    numbers[at++] = stat.size
    numbers[at++] = stat.mtimeNs
    numbers[at++] = stat.ctimeNs
  }
  return { names: items.map(({ name }) => name), numbers, warnings }
}

export const unpackLook = (folder: Raw, { names, numbers }: Look): FoundItem[] =>
  names.map((name, nth) => ({ name, path: joinRaw(folder, name), stat: statAt(numbers, nth * columns) }))

function statAt(numbers: BigInt64Array, at: number): ItemStat {
  const unsigned = (column: number) => BigInt.asUintN(64, numbers[at + column]!)
  const mode = numbers[at + 2]!
  const isType = (type: number) => () => (Number(mode) & constants.S_IFMT) === type
  return {
    dev: unsigned(0),
    ino: unsigned(1),
    mode,
    nlink: unsigned(3),
    uid: unsigned(4),
    gid: unsigned(5),
    rdev: unsigned(6),
    size: unsigned(7),
    mtimeNs: numbers[at + 8]!,
    ctimeNs: numbers[at + 9]!,
    isFile: isType(constants.S_IFREG),
    isDirectory: isType(constants.S_IFDIR),
    isSocket: isType(constants.S_IFSOCK),
  }
}
