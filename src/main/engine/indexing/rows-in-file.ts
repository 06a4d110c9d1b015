import { idWords, kindWord, rowWords } from '../format/index-columns.ts'
import { breathe } from '../parallel.ts'
import { createScratchFile, readWords, type ScratchFile } from './scratch-file.ts'

/** A key, as it waits to be sorted: the ID's first word, and the mark. */
const keyWords = 2
/** An entry of a cell: row, mark. */
const entryWords = 2
/** Rows a cell has on the average, between these and half of it; a lookup reads a cell. */
const rowsACell = 32
const cellBits = { least: 4, most: 22 }

/** What is read from the rows' file at once, and how much of it is kept. */
const blockBits = 7
const blockRows = 1 << blockBits
const blocksKept = 256

/** Keys read at once while cells are made, and entries held at once: 1 and 16 MiB. */
const keysAtOnce = 1 << 17
const entriesAtOnce = 1 << 21

/** What tells one blob from nearly all others of its cell. The lowest bit is the type. */
const markOf = (key: Uint32Array, at: number, type: number): number => ((key[at + 1]! & ~1) | type) >>> 0

/** What other threads need to look for rows. The files stay open until the index is closed. */
export interface FileRows {
  readonly rowsFd: number
  readonly cellsFd: number
  /** Where each cell begins, in entries, and where the last one ends; in shared memory. */
  readonly starts: Uint32Array
  /** How far the first word of an ID is shifted to get its cell. */
  readonly shift: number
}

/** Finds rows by their keys, in ascending order. Two small reads: the cell, and the row itself. */
export function fileLookup({ rowsFd, cellsFd, starts, shift }: FileRows) {
  const row = new Uint32Array(rowWords)
  const cell = new Uint32Array(512 * entryWords)
  const room = cell.length / entryWords

  /** The first row from `from` on with this ID and type; -1 when there is none. */
  return function find(key: Uint32Array, type: number, from = 0): number {
    const nth = key[0]! >>> shift
    const mark = markOf(key, 0, type)
    const end = starts[nth + 1]!
    for (let start = starts[nth]!; start < end; start += room) {
      const entries = Math.min(room, end - start)
      readWords(cellsFd, start * entryWords, cell, 0, entries * entryWords)
      for (let at = 0; at < entries * entryWords; at += entryWords) {
        if (cell[at + 1] !== mark || cell[at]! < from) continue
        readWords(rowsFd, cell[at]! * rowWords, row, 0, rowWords)
        let word = 0
        while (word < idWords && row[word] === key[word]) word++
        if (word === idWords) return cell[at]!
      }
    }
    return -1
  }
}

/**
 * Rows in a private file, in the order in which they came, and a second file by which they are found: entries of 8
 * bytes, put into cells by the beginning of their IDs. In memory stays where each cell begins, and some rows read last.
 * The system keeps what is used often in memory of its own and takes it back when others need it.
 *
 * Rows that were appended are found once `sort` has run.
 */
export async function createFileRows(folder: string, expectedRows: number) {
  const rowsFile = await createScratchFile(folder)
  let keysFile: ScratchFile | null = null
  /** The last is in use; others may still be, by threads that were told of them. */
  const cellFiles: ScratchFile[] = []
  const bits = Math.round(Math.log2(Math.max(1, expectedRows / rowsACell))) + 1
  const shift = 32 - Math.min(cellBits.most, Math.max(cellBits.least, bits))
  const cells = 2 ** (32 - shift)
  const counts = new Uint32Array(cells)
  let count = 0
  let sorted: { rows: number; share: FileRows; find: ReturnType<typeof fileLookup> } | null = null
  let distinct = 0
  /** What was lost can't be made up for: no row has its place any more. */
  let failure: { error: unknown } | null = null

  const kept = new Uint32Array(blocksKept * blockRows * rowWords)
  const keptBlocks = new Int32Array(blocksKept).fill(-1)

  /** Where the row lies in `kept`, until the next call. */
  function baseOf(row: number): number {
    const block = row >>> blockBits
    const slot = block % blocksKept
    const base = slot * blockRows * rowWords
    if (keptBlocks[slot] !== block) {
      keptBlocks[slot] = -1
      const rows = Math.min(blockRows, count - block * blockRows)
      readWords(rowsFile.fd, block * blockRows * rowWords, kept, base, rows * rowWords)
      keptBlocks[slot] = block
    }
    return base + (row & (blockRows - 1)) * rowWords
  }

  async function append(rows: Uint32Array): Promise<void> {
    if (failure) throw failure.error
    const more = rows.length / rowWords
    const keys = new Uint32Array(more * keyWords)
    for (let nth = 0; nth < more; nth++) {
      const at = nth * rowWords
      keys[nth * keyWords] = rows[at]!
      keys[nth * keyWords + 1] = markOf(rows, at, rows[at + kindWord]! & 1)
      counts[rows[at]! >>> shift]!++
    }
    keptBlocks[(count >>> blockBits) % blocksKept] = -1 // it has become longer
    keysFile ??= await createScratchFile(folder)
    try {
      await Promise.all([rowsFile.append(rows), keysFile.append(keys)])
    } catch (error) {
      failure = { error }
      throw error
    }
    count += more
  }

  /** Puts the entries of all rows into cells: as many cells at once as fit, so the keys are read several times. */
  async function sort(signal: AbortSignal): Promise<void> {
    if (failure) throw failure.error
    if (keysFile === null || sorted?.rows === count) return
    const cellsFile = await createScratchFile(folder)
    cellFiles.push(cellsFile)
    const starts = new Uint32Array(new SharedArrayBuffer((cells + 1) * 4))
    for (let cell = 0; cell < cells; cell++) starts[cell + 1] = starts[cell]! + counts[cell]!
    let repeated = 0
    const keys = new Uint32Array(keysAtOnce * keyWords)
    let room = new BigUint64Array(Math.min(count, entriesAtOnce))
    for (let first = 0; first < cells;) {
      let last = first + 1
      while (last < cells && starts[last + 1]! - starts[first]! <= entriesAtOnce) last++
      const found = starts[last]! - starts[first]!
      if (found > room.length) room = new BigUint64Array(found)
      const entries = room.subarray(0, found)
      await collect(starts, first, last, entries, keys, signal)
      repeated += await order(starts, first, last, entries)
      await cellsFile.append(wordsOf(entries))
      first = last
    }
    room.buffer.transfer(0) // 16 MiB are too much to wait for the garbage collector
    keys.buffer.transfer(0)
    const share = { rowsFd: rowsFile.fd, cellsFd: cellsFile.fd, starts, shift }
    distinct = count - repeated
    sorted = { rows: count, share, find: fileLookup(share) }
  }

  async function collect(
    starts: Uint32Array,
    first: number,
    last: number,
    entries: BigUint64Array,
    keys: Uint32Array,
    signal: AbortSignal,
  ): Promise<void> {
    const words = wordsOf(entries)
    const base = starts[first]!
    const free = starts.slice(first, last)
    for (let row = 0; row < count; row += keysAtOnce) {
      signal.throwIfAborted()
      const found = (await keysFile!.read(row * keyWords, keys)) / keyWords
      for (let nth = 0; nth < found; nth++) {
        const cell = keys[nth * keyWords]! >>> shift
        if (cell < first || cell >= last) continue
        const at = (free[cell - first]!++ - base) * entryWords
        words[at] = row + nth
        words[at + 1] = keys[nth * keyWords + 1]!
      }
    }
  }

  /** Equal marks next to each other, so that what is listed more than once shows. @returns how much of that there is */
  async function order(
    starts: Uint32Array,
    first: number,
    last: number,
    entries: BigUint64Array,
  ): Promise<number> {
    const base = starts[first]!
    const words = wordsOf(entries)
    let repeated = 0
    for (let cell = first; cell < last; cell++) {
      const [start, end] = [starts[cell]! - base, starts[cell + 1]! - base]
      if (end - start > 1) entries.subarray(start, end).sort()
      for (let at = start + 1; at < end; at++) {
        if (words[at * entryWords + 1] === words[(at - 1) * entryWords + 1])
          repeated += repeats(words, start, at)
      }
      if (cell % 16_384 === 16_383) await breathe()
    }
    return repeated
  }

  /** 1 when an entry before this one, with the same mark, is of the same blob. */
  function repeats(entries: Uint32Array, start: number, at: number): 0 | 1 {
    const ours = baseOf(entries[at * entryWords]!)
    const id = kept.slice(ours, ours + idWords)
    for (let other = at - 1; other >= start; other--) {
      if (entries[other * entryWords + 1] !== entries[at * entryWords + 1]) return 0
      const base = baseOf(entries[other * entryWords]!)
      let word = 0
      while (word < idWords && kept[base + word] === id[word]) word++
      if (word === idWords) return 1
    }
    return 0
  }

  return {
    get count() {
      return count
    },
    /** Distinct (type, ID) pairs among the rows that are sorted. */
    get distinct() {
      return distinct
    },
    append,
    sort,
    /** The first row from `from` on with this ID and type; -1 when there is none among those sorted. */
    find: (key: Uint32Array, type: number, from = 0): number => sorted?.find(key, type, from) ?? -1,
    kept,
    baseOf,
    share: (): FileRows | null => sorted?.share ?? null,
    async close(): Promise<void> {
      for (const file of [rowsFile, keysFile, ...cellFiles]) await file?.close()
    },
  }
}

const wordsOf = (entries: BigUint64Array): Uint32Array =>
  new Uint32Array(entries.buffer, entries.byteOffset, entries.length * entryWords)
