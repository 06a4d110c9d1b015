import { idWords, kindWord, rowWords } from '../format/index-columns.ts'

/** Rows of a segment: 768 KiB. What is not written yet takes no memory. */
const segmentBits = 14
const segmentRows = 1 << segmentBits
const leastCapacity = 1024
/** A row, its link, and its share of the heads. */
export const bytesARow = rowWords * 4 + 4 + 6

const words = (length: number): Uint32Array => new Uint32Array(new SharedArrayBuffer(length * 4))

/** What other threads need to look for rows that are there now, in shared memory. */
export interface MemoryRows {
  readonly segments: readonly Uint32Array[]
  /** row + 1 of the next in the chain; 0 ends it. */
  readonly next: Uint32Array
  readonly heads: Uint32Array
}

/**
 * The next row in a chain (row + 1, 0 for none) with this ID and type. A row that was added since the memory was shared
 * may be passed over, never another one: a row is linked only after it is written, and the whole ID must match.
 * @param type 1 for trees
 */
export function matchInMemory(rows: MemoryRows, link: number, key: Uint32Array, type: number): number {
  const { segments, next } = rows
  for (let at = link; at !== 0; at = next[at - 1]!) {
    const row = at - 1
    const segment = segments[row >>> segmentBits]
    if (segment === undefined) continue // younger than our share of the memory
    const base = (row & (segmentRows - 1)) * rowWords
    if ((segment[base + kindWord]! & 1) !== type) continue
    let word = 0
    while (word < idWords && segment[base + word] === key[word]) word++
    if (word === idWords) return at
  }
  return 0
}

/** The head of a key's chain. IDs are SHA-256, so their first word is as good a hash as any. */
export const headInMemory = ({ heads }: MemoryRows, key: Uint32Array): number =>
  heads[key[0]! & (heads.length - 1)]!

const empty = () => ({
  segments: [] as Uint32Array[],
  next: words(leastCapacity),
  heads: words(leastCapacity),
})

/**
 * A hash table with chains over rows in segments, so that growing copies no row. The chains are made anew when it
 * grows, and other threads keep the old ones: what they know stays right.
 */
export function createMemoryRows() {
  let count = 0
  let table = empty()

  function link(row: number): void {
    const { segments, next, heads } = table
    const segment = segments[row >>> segmentBits]!
    const bucket = segment[(row & (segmentRows - 1)) * rowWords]! & (heads.length - 1)
    next[row] = heads[bucket]!
    heads[bucket] = row + 1
  }

  function reserve(rows: number): void {
    let capacity = table.next.length
    while (capacity < rows) capacity *= 2
    if (capacity === table.next.length) return
    table = { segments: table.segments, next: words(capacity), heads: words(capacity) }
    for (let row = 0; row < count; row++) link(row)
  }

  return {
    get count() {
      return count
    },
    /** As it is until it grows. */
    get table(): MemoryRows {
      return table
    },

    /** Room for so many rows in all, at once instead of little by little. */
    reserve,

    /** @param kind the word that holds the type */
    add(from: Uint32Array, at: number, kind: number): void {
      if (count === table.next.length) reserve(count + 1)
      const { segments } = table
      if (count >>> segmentBits === segments.length) segments.push(words(segmentRows * rowWords))
      const segment = segments[count >>> segmentBits]!
      const base = (count & (segmentRows - 1)) * rowWords
      for (let word = 0; word < rowWords; word++) segment[base + word] = from[at + word]!
      segment[base + kindWord] = kind
      link(count++)
    },

    /** Where a row lies. */
    segmentOf: (row: number): Uint32Array => table.segments[row >>> segmentBits]!,
    baseOf: (row: number): number => (row & (segmentRows - 1)) * rowWords,

    /** All rows, in pieces. */
    *pieces(): Generator<Uint32Array> {
      for (const [nth, segment] of table.segments.entries()) {
        yield segment.subarray(0, Math.min(segmentRows, count - nth * segmentRows) * rowWords)
      }
    },

    clear(): void {
      count = 0
      table = empty()
    },

    share: (): MemoryRows => ({ ...table, segments: [...table.segments] }),
  }
}
