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

/** Shared by all of them: three functions for each would be most of what an item takes. */
const typeQuestions = {
  isFile(this: ItemStat) {
    return isOfType(this, constants.S_IFREG)
  },
  isDirectory(this: ItemStat) {
    return isOfType(this, constants.S_IFDIR)
  },
  isSocket(this: ItemStat) {
    return isOfType(this, constants.S_IFSOCK)
  },
}

const isOfType = ({ mode }: ItemStat, type: number): boolean => (Number(mode) & constants.S_IFMT) === type

const statAt = (numbers: BigInt64Array, at: number) =>
  ({
    __proto__: typeQuestions,
    dev: BigInt.asUintN(64, numbers[at]!),
    ino: BigInt.asUintN(64, numbers[at + 1]!),
    mode: numbers[at + 2]!,
    nlink: numbers[at + 3]!,
    uid: numbers[at + 4]!,
    gid: numbers[at + 5]!,
    rdev: BigInt.asUintN(64, numbers[at + 6]!),
    size: numbers[at + 7]!,
    mtimeNs: numbers[at + 8]!,
    ctimeNs: numbers[at + 9]!,
  }) as unknown as ItemStat
