import { sealOverhead } from './format/envelope.ts'
import type { BlobType, Id } from './format/id.ts'
import {
  blobsIn,
  columnsOf,
  idFrom,
  idWords,
  kindWord,
  lengthWord,
  offsetWord,
  orderByOffset,
  putId,
  rowWords,
  uncompressedWord,
  type IndexColumns,
} from './format/index-columns.ts'
import type { PackEntry } from './format/pack.ts'
import { createPackTable } from './indexing/pack-table.ts'
import { createFileRows, fileLookup, type FileRows } from './indexing/rows-in-file.ts'
import {
  bytesARow,
  createMemoryRows,
  headInMemory,
  matchInMemory,
  type MemoryRows,
} from './indexing/rows-in-memory.ts'
import { scratchFolder } from './indexing/scratch-file.ts'
import { breathe } from './parallel.ts'

export interface BlobLocation extends PackEntry {
  readonly packId: Id
}

/**
 * Every blob of a repository and where it lies. Compact: arrays of words, no object per blob. What is loaded beyond
 * the memory allowed lies in a private temporary file (docs/decisions/0008); what a run adds stays in memory.
 */
export interface BlobIndex {
  /** Distinct (type, id) pairs. */
  readonly size: number
  has(type: BlobType, id: Id): boolean
  /** All places of a blob, the first found in the index files first; [] when unknown. */
  find(type: BlobType, id: Id): BlobLocation[]
  /** The same for those who ask for many: a place is a number. */
  readonly places: BlobPlaces
  /** Takes in one pack. Repeating a pack does no harm. Not while files are being loaded. */
  add(packId: Id, blobs: readonly PackEntry[]): void
  /** The same for packs in columns. */
  addColumns(packs: IndexColumns): void
  /** Begins to load files that list about so many blobs: decides where they go. What is there stays. */
  expect(blobs: number): Promise<void>
  /** Takes in what an index file lists, in pieces between which others have their turn. */
  load(file: IndexColumns, signal: AbortSignal): Promise<void>
  /** Ends loading. What was loaded may be unknown until then. */
  settle(signal: AbortSignal): Promise<void>
  hasPack(packId: Id): boolean
  readonly packCount: number
  /** Where the last blob of a pack ends, bytes; 0 when the pack is unknown. */
  packEnd(packId: Id): number
  /** Every pack with its blobs by ascending offset; each list is built when it is asked for. */
  packs(): Iterable<{ id: Id; blobs: PackEntry[] }>
  /** As `packs`, as places. */
  packPlaces(): Iterable<{ id: Id; places: Uint32Array }>
  /** What other threads need to ask `has`, as of now. Memory and files are shared, not copied. */
  share(): SharedIndex
  /** Gives back the file, if there is one. No thread may ask any more. */
  close(): Promise<void>
}

/** Where blobs lie. A place keeps its number for as long as the index lives. */
export interface BlobPlaces {
  /** The place that `find` names first; -1 when the blob is unknown. */
  first(type: BlobType, id: Id): number
  id(place: number): Id
  /** Its 32 bytes, as 8 words from `at` on. */
  copyId(place: number, to: Uint32Array, at: number): void
  isTree(place: number): boolean
  packId(place: number): Id
  offset(place: number): number
  /** Sealed. */
  length(place: number): number
  /** 0 when it is stored uncompressed. */
  uncompressedLength(place: number): number
  plainLength(place: number): number
}

/** The part of the index that tells whether a blob is known. */
export interface SharedIndex {
  readonly memory: MemoryRows
  readonly file: FileRows | null
}

const bitOf = (type: BlobType): number => (type === 'tree' ? 1 : 0)

/**
 * Whether the index that was shared knows a blob; for threads that may read but not write. A blob added meanwhile may
 * be missed, never the other way round.
 */
export function sharedLookup({ memory, file }: SharedIndex): BlobIndex['has'] {
  const key = new Uint32Array(idWords)
  const keyBytes = Buffer.from(key.buffer)
  const findInFile = file && fileLookup(file)
  return (type, id) => {
    keyBytes.write(id, 'hex')
    return (
      matchInMemory(memory, headInMemory(memory, key), key, bitOf(type)) !== 0 ||
      (findInFile !== null && findInFile(key, bitOf(type)) >= 0)
    )
  }
}

/** Blobs taken in before others have their turn. */
const blobsAtOnce = 16_384

export interface IndexLimits {
  /** Loading goes on in a file beyond; absent: never. */
  memoryBytes?: number
  /** Where that file is made; absent: the system's folder for such. */
  folder?: string
}

/** Places 0 to n are rows of the file, the following ones those in memory. */
export function createBlobIndex({
  memoryBytes = Infinity,
  folder = scratchFolder(),
}: IndexLimits = {}): BlobIndex {
  const packs = createPackTable()
  const memory = createMemoryRows()
  let file: Awaited<ReturnType<typeof createFileRows>> | null = null
  /** Rows in the file: those of `file`, and what waits to be written to it. */
  let rowsInFile = 0
  let distinctInMemory = 0
  /** Loading goes to the file; null: to memory. */
  let waiting: { rows: Uint32Array; count: number } | null = null

  const key = new Uint32Array(idWords)
  const keyBytes = Buffer.from(key.buffer)

  /** The words in which the row at `base` lies, set by `baseOf`. */
  let words: Uint32Array = new Uint32Array(0)
  function baseOf(place: number): number {
    if (place >= rowsInFile) {
      words = memory.segmentOf(place - rowsInFile)
      return memory.baseOf(place - rowsInFile)
    }
    words = file!.kept
    return file!.baseOf(place)
  }
  const wordOf = (place: number, word: number): number => {
    const base = baseOf(place)
    return words[base + word]!
  }
  const packOf = (place: number): Id => packs.id(wordOf(place, kindWord) >>> 1)

  function entryAt(place: number): PackEntry {
    const base = baseOf(place)
    return {
      type: words[base + kindWord]! & 1 ? 'tree' : 'data',
      id: idFrom(words, base),
      offset: words[base + offsetWord]!,
      length: words[base + lengthWord]!,
      uncompressedLength: words[base + uncompressedWord]!,
    }
  }

  /** Whether the blob that `key` names is known. */
  const isKnown = (type: number): boolean =>
    matchInMemory(memory.table, headInMemory(memory.table, key), key, type) !== 0 ||
    (file !== null && file.find(key, type) >= 0)

  /** All places of the blob that `key` names, in the order in which they came. */
  function placesOf(type: number): number[] {
    const found: number[] = []
    if (file)
      for (let row = file.find(key, type); row >= 0; row = file.find(key, type, row + 1)) found.push(row)
    const inFile = found.length
    for (let at = headInMemory(memory.table, key); (at = matchInMemory(memory.table, at, key, type)) !== 0;) {
      found.splice(inFile, 0, rowsInFile + at - 1) // chains grow at their head
      at = memory.table.next[at - 1]!
    }
    return found
  }

  /** Whether the pack has this blob already. Its runs ascend by offset. */
  function holds(pack: number, rows: Uint32Array, at: number): boolean {
    const offset = rows[at + offsetWord]!
    return packs.runs(pack).some(([first, count]) => {
      let [low, high] = [first, first + count]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (wordOf(middle, offsetWord) < offset) low = middle + 1
        else high = middle
      }
      for (let place = low; place < first + count; place++) {
        const base = baseOf(place)
        if (words[base + offsetWord] !== offset) return false
        if ((words[base + kindWord]! & 1) !== (rows[at + kindWord]! & 1)) continue
        let word = 0
        while (word < idWords && words[base + word] === rows[at + word]) word++
        if (word === idWords) return true
      }
      return false
    })
  }

  /** Takes in one pack of a file: to memory, or to where it waits for the file. */
  function take({ packIds, packEnds, rows }: IndexColumns, nth: number): void {
    const known = packs.find(packIds, nth * idWords)
    const pack = known >= 0 ? known : packs.add(packIds, nth * idWords)
    const first = nth === 0 ? 0 : packEnds[nth - 1]!
    const firstPlace = rowsInFile + memory.count
    let taken = 0
    const count = packEnds[nth]! - first
    const order = orderByOffset(rows, first, count)
    for (let nth = 0; nth < count; nth++) {
      const at = (first + (order === null ? nth : order[nth]!)) * rowWords
      if (known >= 0 && holds(pack, rows, at)) continue
      const kind = pack * 2 + rows[at + kindWord]!
      if (waiting) {
        const to = waiting.count++ * rowWords
        for (let word = 0; word < rowWords; word++) waiting.rows[to + word] = rows[at + word]!
        waiting.rows[to + kindWord] = kind
      } else {
        for (let word = 0; word < idWords; word++) key[word] = rows[at + word]!
        if (!isKnown(kind & 1)) distinctInMemory++
        memory.add(rows, at, kind)
      }
      taken++
    }
    if (waiting) rowsInFile += taken
    if (taken > 0) packs.addRun(pack, firstPlace, taken)
  }

  async function writeWaiting(): Promise<void> {
    if (!waiting || waiting.count === 0) return
    const { rows, count } = waiting
    waiting.count = 0
    await file!.append(rows.subarray(0, count * rowWords))
  }

  /** From here on, and until `settle`, what is loaded goes to the file. What is in memory goes there first. */
  async function goOnInFile(expected: number): Promise<void> {
    if (waiting) return
    file ??= await createFileRows(folder, memory.count + expected)
    for (const rows of memory.pieces()) {
      await file.append(rows)
      await breathe()
    }
    rowsInFile = file.count
    memory.clear()
    distinctInMemory = 0
    waiting = { rows: new Uint32Array(2 * blobsAtOnce * rowWords), count: 0 }
  }

  async function makeRoom(blobs: number): Promise<void> {
    if ((memory.count + blobs) * bytesARow > memoryBytes) await goOnInFile(blobs)
  }

  return {
    get size() {
      return (file?.distinct ?? 0) + distinctInMemory
    },

    has(type, id) {
      keyBytes.write(id, 'hex')
      return isKnown(bitOf(type))
    },

    find(type, id) {
      keyBytes.write(id, 'hex')
      return placesOf(bitOf(type)).map(place => ({ packId: packOf(place), ...entryAt(place) }))
    },

    places: {
      first(type, id) {
        keyBytes.write(id, 'hex')
        const inFile = file === null ? -1 : file.find(key, bitOf(type))
        if (inFile >= 0) return inFile
        let place = -1
        for (
          let at = headInMemory(memory.table, key);
          (at = matchInMemory(memory.table, at, key, bitOf(type))) !== 0;
        ) {
          place = rowsInFile + at - 1
          at = memory.table.next[at - 1]!
        }
        return place
      },
      id(place) {
        const base = baseOf(place)
        return idFrom(words, base)
      },
      copyId(place, to, at) {
        const base = baseOf(place)
        for (let word = 0; word < idWords; word++) to[at + word] = words[base + word]!
      },
      isTree: place => (wordOf(place, kindWord) & 1) === 1,
      packId: packOf,
      offset: place => wordOf(place, offsetWord),
      length: place => wordOf(place, lengthWord),
      uncompressedLength: place => wordOf(place, uncompressedWord),
      plainLength: place => wordOf(place, uncompressedWord) || wordOf(place, lengthWord) - sealOverhead,
    },

    add(packId, blobs) {
      this.addColumns(columnsOf([{ id: packId, blobs }]))
    },

    addColumns(columns) {
      if (waiting) throw new Error('nothing can be added while index files are loaded')
      for (let nth = 0; nth < columns.packs; nth++) take(columns, nth)
    },

    async expect(blobs) {
      await makeRoom(blobs)
      if (!waiting) memory.reserve(memory.count + blobs)
    },

    async load(columns, signal) {
      await makeRoom(blobsIn(columns))
      let since = 0
      for (let nth = 0; nth < columns.packs; nth++) {
        const blobs = columns.packEnds[nth]! - (nth === 0 ? 0 : columns.packEnds[nth - 1]!)
        if (waiting) await makeWait(blobs, packs.find(columns.packIds, nth * idWords) >= 0)
        take(columns, nth)
        since += blobs
        if (since < blobsAtOnce) continue
        since = 0
        await breathe()
        signal.throwIfAborted()
      }
    },

    async settle(signal) {
      await writeWaiting()
      waiting = null
      await file?.sort(signal)
    },

    share: () => ({ memory: memory.share(), file: file?.share() ?? null }),

    hasPack: packId => packNumber(packId) >= 0,

    get packCount() {
      return packs.count
    },

    packEnd(packId) {
      const pack = packNumber(packId)
      if (pack < 0) return 0
      return packs.runs(pack).reduce((end, [first, count]) => {
        const last = first + count - 1 // each run ascends
        return Math.max(end, wordOf(last, offsetWord) + wordOf(last, lengthWord))
      }, 0)
    },

    *packs() {
      for (const { id, places } of this.packPlaces()) yield { id, blobs: Array.from(places, entryAt) }
    },

    *packPlaces() {
      for (let pack = 0; pack < packs.count; pack++) {
        const runs = packs.runs(pack)
        const places = new Uint32Array(runs.reduce((sum, [, count]) => sum + count, 0))
        let at = 0
        for (const [first, count] of runs) for (let nth = 0; nth < count; nth++) places[at++] = first + nth
        if (runs.length > 1) places.sort((a, b) => wordOf(a, offsetWord) - wordOf(b, offsetWord))
        yield { id: packs.id(pack), places }
      }
    },

    close: async () => file?.close(),
  }

  function packNumber(packId: Id): number {
    putId(packId, key, 0)
    return packs.find(key, 0)
  }

  /** Room for a pack's blobs among those that wait; a pack known already must be in the file, to be compared with. */
  async function makeWait(blobs: number, isKnownPack: boolean): Promise<void> {
    if (isKnownPack || waiting!.count + blobs > blobsAtOnce) await writeWaiting()
    if (blobs * rowWords > waiting!.rows.length)
      waiting = { rows: new Uint32Array(blobs * rowWords), count: 0 }
  }
}
