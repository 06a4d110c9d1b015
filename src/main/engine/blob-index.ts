import { sealOverhead } from './format/envelope.ts'
import type { BlobType, Id } from './format/id.ts'
import type { PackEntry } from './format/pack.ts'

const idWords = 8
const words = (length: number): Uint32Array => new Uint32Array(new SharedArrayBuffer(length * 4))

export interface BlobLocation extends PackEntry {
  readonly packId: Id
}

/** Every blob of a repository and where it lies. Compact: typed arrays, no object per blob. */
export interface BlobIndex {
  /** Distinct (type, id) pairs. */
  readonly size: number
  has(type: BlobType, id: Id): boolean
  /** All places of a blob, the first found in the index files first; [] when unknown. */
  find(type: BlobType, id: Id): BlobLocation[]
  /** The same for those who ask for many: a place is a number. */
  readonly places: BlobPlaces
  /** Takes in one pack. Repeating a pack does no harm. */
  add(packId: Id, blobs: readonly PackEntry[]): void
  hasPack(packId: Id): boolean
  packIds(): readonly Id[]
  /** Where the last blob of a pack ends, bytes; 0 when the pack is unknown. */
  packEnd(packId: Id): number
  /** Every pack with its blobs by ascending offset; each list is built when it is asked for. */
  packs(): Iterable<{ id: Id; blobs: PackEntry[] }>
  /** As `packs`, as places. */
  packPlaces(): Iterable<{ id: Id; places: Uint32Array }>
  /** What other threads need to ask `has`, as of now. The memory is shared, not copied. */
  share(): SharedIndex
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

/** The part of the table that tells whether a blob is known, in shared memory. */
export interface SharedIndex {
  readonly ids: Uint32Array
  readonly packAndType: Uint32Array
  readonly next: Uint32Array
  readonly heads: Uint32Array
}

/**
 * Whether the index that was shared knows a blob; for threads that may read but not write. A blob added meanwhile may
 * be missed, never the other way round: a row is linked only after it is written, and a whole ID must match.
 */
export function sharedLookup({ ids, packAndType, next, heads }: SharedIndex): BlobIndex['has'] {
  const keyBytes = Buffer.alloc(idWords * 4)
  const key = new Uint32Array(keyBytes.buffer, keyBytes.byteOffset, idWords)
  return (type, id) => {
    keyBytes.write(id, 'hex')
    const typeBit = type === 'tree' ? 1 : 0
    for (let at = heads[key[0]! & (heads.length - 1)]!; at !== 0; at = next[at - 1]!) {
      if ((packAndType[at - 1]! & 1) !== typeBit) continue
      const base = (at - 1) * idWords
      let word = 0
      while (word < idWords && ids[base + word] === key[word]) word++
      if (word === idWords) return true
    }
    return false
  }
}

/**
 * A hash table with chains, as parallel arrays: 52 bytes a row (32 of them the whole ID) and 4 to 8 for the heads.
 * IDs are SHA-256, so their first word is as good a hash as any.
 */
export function createBlobIndex(): BlobIndex {
  let capacity = 1024
  let rows = 0
  let distinct = 0
  let ids = words(capacity * idWords)
  let packAndType = words(capacity) // pack number × 2 + (1 for trees)
  let offsets = words(capacity)
  let lengths = words(capacity)
  let uncompressed = words(capacity)
  let next = words(capacity) // row + 1 of the next in the chain; 0 ends it
  let heads = words(capacity)

  const packs: Id[] = []
  const packNumbers = new Map<Id, number>()
  /** The rows of each pack: runs of [first row, count]; nearly always one. */
  const runs: [number, number][][] = []

  const keyBytes = Buffer.alloc(idWords * 4)
  const key = new Uint32Array(keyBytes.buffer, keyBytes.byteOffset, idWords)

  const grown = (old: Uint32Array, length: number) => {
    const larger = words(length)
    larger.set(old)
    return larger
  }

  function grow(): void {
    capacity *= 2
    ids = grown(ids, capacity * idWords)
    packAndType = grown(packAndType, capacity)
    offsets = grown(offsets, capacity)
    lengths = grown(lengths, capacity)
    uncompressed = grown(uncompressed, capacity)
    next = grown(next, capacity)
    heads = words(capacity)
    for (let row = 0; row < rows; row++) link(row)
  }

  function link(row: number): void {
    const bucket = ids[row * idWords]! & (capacity - 1)
    next[row] = heads[bucket]!
    heads[bucket] = row + 1
  }

  /** The next row in a chain (row + 1, 0 for none) that holds the ID in `key`. */
  function match(link: number, typeBit: number): number {
    for (let at = link; at !== 0; at = next[at - 1]!) {
      const row = at - 1
      if ((packAndType[row]! & 1) !== typeBit) continue
      const base = row * idWords
      let word = 0
      while (word < idWords && ids[base + word] === key[word]) word++
      if (word === idWords) return at
    }
    return 0
  }

  function first(type: BlobType, id: Id): number {
    keyBytes.write(id, 'hex')
    return match(heads[key[0]! & (capacity - 1)]!, type === 'tree' ? 1 : 0)
  }

  const idAt = (row: number): Id => Buffer.from(ids.buffer, row * idWords * 4, idWords * 4).toString('hex')

  const entryAt = (row: number): PackEntry => ({
    type: packAndType[row]! & 1 ? 'tree' : 'data',
    id: idAt(row),
    offset: offsets[row]!,
    length: lengths[row]!,
    uncompressedLength: uncompressed[row]!,
  })

  function holds(pack: number, blob: PackEntry): boolean {
    for (
      let at = first(blob.type, blob.id);
      at !== 0;
      at = match(next[at - 1]!, blob.type === 'tree' ? 1 : 0)
    ) {
      if (packAndType[at - 1]! >>> 1 === pack && offsets[at - 1] === blob.offset) return true
    }
    return false
  }

  return {
    get size() {
      return distinct
    },

    has: (type, id) => first(type, id) !== 0,

    find(type, id) {
      const found: BlobLocation[] = []
      for (let at = first(type, id); at !== 0; at = match(next[at - 1]!, type === 'tree' ? 1 : 0)) {
        found.push({ packId: packs[packAndType[at - 1]! >>> 1]!, ...entryAt(at - 1) })
      }
      return found.reverse() // chains grow at their head
    },

    places: {
      first(type, id) {
        const typeBit = type === 'tree' ? 1 : 0
        let place = -1
        for (let at = first(type, id); at !== 0; at = match(next[at - 1]!, typeBit)) place = at - 1
        return place
      },
      id: idAt,
      copyId(place, to, at) {
        for (let word = 0; word < idWords; word++) to[at + word] = ids[place * idWords + word]!
      },
      isTree: place => (packAndType[place]! & 1) === 1,
      packId: place => packs[packAndType[place]! >>> 1]!,
      offset: place => offsets[place]!,
      length: place => lengths[place]!,
      uncompressedLength: place => uncompressed[place]!,
      plainLength: place => uncompressed[place] || lengths[place]! - sealOverhead,
    },

    add(packId, blobs) {
      let pack = packNumbers.get(packId)
      const known = pack !== undefined
      if (pack === undefined) {
        pack = packs.push(packId) - 1
        packNumbers.set(packId, pack)
        runs.push([])
      }
      const firstRow = rows
      for (const blob of blobs.toSorted((a, b) => a.offset - b.offset)) {
        if (known && holds(pack, blob)) continue
        if (rows === capacity) grow()
        const isNew = first(blob.type, blob.id) === 0 // leaves the ID in `key`
        ids.set(key, rows * idWords)
        packAndType[rows] = pack * 2 + (blob.type === 'tree' ? 1 : 0)
        offsets[rows] = blob.offset
        lengths[rows] = blob.length
        uncompressed[rows] = blob.uncompressedLength
        link(rows)
        rows++
        if (isNew) distinct++
      }
      if (rows > firstRow) runs[pack]!.push([firstRow, rows - firstRow])
    },

    share: () => ({ ids, packAndType, next, heads }),

    hasPack: packId => packNumbers.has(packId),

    packIds: () => packs,

    packEnd: packId =>
      (runs[packNumbers.get(packId) ?? -1] ?? []).reduce((end, [start, count]) => {
        const last = start + count - 1 // each run ascends
        return Math.max(end, offsets[last]! + lengths[last]!)
      }, 0),

    *packs() {
      for (const { id, places } of this.packPlaces()) yield { id, blobs: Array.from(places, entryAt) }
    },

    *packPlaces() {
      for (const [pack, id] of packs.entries()) {
        const places = Uint32Array.from(
          runs[pack]!.flatMap(([start, count]) => Array.from({ length: count }, (_, nth) => start + nth)),
        )
        yield {
          id,
          places: runs[pack]!.length > 1 ? places.sort((a, b) => offsets[a]! - offsets[b]!) : places,
        }
      }
    },
  }
}
