import type { Id } from './id.ts'
import type { PackContents } from './index-file.ts'
import { compressedBit, packedEntryBytes, plainEntryBytes, treeBit } from './pack.ts'

export const idWords = 8
/** A blob: its ID (8 words), what it belongs to, offset, length, uncompressed length. */
export const rowWords = idWords + 4
/** 1 for a tree. Elsewhere a row may keep more above that bit. */
export const kindWord = idWords
export const offsetWord = idWords + 1
export const lengthWord = idWords + 2
export const uncompressedWord = idWords + 3

/**
 * What an index file lists, in columns of 32-bit words: an object for each of its blobs would take longer to make, and
 * then to forget, than all the rest of reading the file. IDs are their bytes, as they lie in memory.
 */
export interface IndexColumns {
  readonly packs: number
  /** 8 words each. */
  readonly packIds: Uint32Array
  /** How many blobs this pack and those before it have. */
  readonly packEnds: Uint32Array
  /** `rowWords` each, the packs one after the other. Of a pack they come in no particular order. */
  readonly rows: Uint32Array
}

/** Room that the next index file is read into; what lay there is gone then. */
export interface ColumnRoom extends IndexColumns {
  packs: number
  packIds: Uint32Array
  packEnds: Uint32Array
  rows: Uint32Array
}

export const createColumnRoom = (): ColumnRoom => ({
  packs: 0,
  packIds: new Uint32Array(0),
  packEnds: new Uint32Array(0),
  rows: new Uint32Array(0),
})

export const blobsIn = ({ packs, packEnds }: IndexColumns): number => (packs === 0 ? 0 : packEnds[packs - 1]!)

/** The rows of one pack by ascending offset, counted from `first`; null when they lie so. restic lists them in any order. */
export function orderByOffset(rows: Uint32Array, first: number, count: number): ArrayLike<number> | null {
  const offsetOf = (nth: number): number => rows[(first + nth) * rowWords + offsetWord]!
  let sorted = true
  for (let nth = 1; nth < count; nth++) if (offsetOf(nth - 1) > offsetOf(nth)) sorted = false
  if (sorted) return null
  // Numbers sort many times as fast as by a function. Offsets have 32 bits of 53, which leaves 21.
  if (count > 2 ** 21) {
    return Uint32Array.from({ length: count }, (_, nth) => nth).sort((a, b) => offsetOf(a) - offsetOf(b))
  }
  const order = new Float64Array(count)
  for (let nth = 0; nth < count; nth++) order[nth] = offsetOf(nth) * 2 ** 21 + nth
  order.sort()
  for (let nth = 0; nth < count; nth++) order[nth]! %= 2 ** 21
  return order
}

/** Writes an ID's 32 bytes. */
export function putId(id: Id, words: Uint32Array, at: number): void {
  Buffer.from(words.buffer, words.byteOffset + at * 4, idWords * 4).write(id, 'hex')
}

export const idFrom = (words: Uint32Array, at: number): Id =>
  Buffer.from(words.buffer, words.byteOffset + at * 4, idWords * 4).toString('hex')

/** The plain way. */
export function columnsOf(packs: readonly PackContents[]): IndexColumns {
  const blobs = packs.reduce((sum, pack) => sum + pack.blobs.length, 0)
  const packIds = new Uint32Array(packs.length * idWords)
  const packEnds = new Uint32Array(packs.length)
  const rows = new Uint32Array(blobs * rowWords)
  let row = 0
  for (const [nth, pack] of packs.entries()) {
    putId(pack.id, packIds, nth * idWords)
    for (const { id, type, offset, length, uncompressedLength } of pack.blobs) {
      const at = row++ * rowWords
      putId(id, rows, at)
      rows[at + kindWord] = type === 'tree' ? 1 : 0
      rows[at + offsetWord] = offset
      rows[at + lengthWord] = length
      rows[at + uncompressedWord] = uncompressedLength
    }
    packEnds[nth] = row
  }
  return { packs: packs.length, packIds, packEnds, rows }
}

/**
 * One pack, by the plaintext of its header. It is one of ours: what others wrote is for `decodePackHeader`, which
 * trusts nothing.
 */
export function columnsOfHeader(packId: Id, header: Uint8Array): IndexColumns {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
  const room = new Uint32Array(Math.floor(header.byteLength / plainEntryBytes) * rowWords)
  const roomBytes = new Uint8Array(room.buffer)
  const packIds = new Uint32Array(idWords)
  putId(packId, packIds, 0)
  let row = 0
  let offset = 0
  for (let at = 0; at < header.byteLength; row++) {
    const kind = header[at]!
    const length = view.getUint32(at + 1, true)
    const base = row * rowWords
    room[base + kindWord] = kind & treeBit
    room[base + offsetWord] = offset
    room[base + lengthWord] = length
    room[base + uncompressedWord] = kind & compressedBit ? view.getUint32(at + 5, true) : 0
    at += kind & compressedBit ? packedEntryBytes : plainEntryBytes
    for (let nth = 0; nth < idWords * 4; nth++) roomBytes[base * 4 + nth] = header[at - idWords * 4 + nth]!
    offset += length
  }
  return { packs: 1, packIds, packEnds: Uint32Array.of(row), rows: room.subarray(0, row * rowWords) }
}

const treeText = '","type":"tree","offset":'
const dataText = '","type":"data","offset":'
/** What a blob's JSON takes at most, and a pack's without its blobs. */
const mostBlobBytes = 176
const mostPackBytes = 96

/** What `encodeIndex` makes of the same lists, a piece for each. The pieces together are an index file. */
export function* encodeColumns(lists: readonly IndexColumns[]): Generator<Uint8Array> {
  yield Buffer.from('{"packs":[')
  let first = true
  for (const list of lists) {
    const room = Buffer.allocUnsafeSlow(blobsIn(list) * mostBlobBytes + list.packs * mostPackBytes)
    let at = 0
    let row = 0
    for (let pack = 0; pack < list.packs; pack++) {
      at += room.write(first ? '{"id":"' : ',{"id":"', at, 'latin1')
      first = false
      at = writeId(list.packIds, pack * idWords, room, at)
      at += room.write('","blobs":[', at, 'latin1')
      for (const firstRow = row; row < list.packEnds[pack]!; row++) {
        const base = row * rowWords
        at += room.write(row === firstRow ? '{"id":"' : ',{"id":"', at, 'latin1')
        at = writeId(list.rows, base, room, at)
        const uncompressed = list.rows[base + uncompressedWord]!
        const more = uncompressed === 0 ? '}' : `,"uncompressed_length":${uncompressed}}`
        const type = list.rows[base + kindWord]! & 1 ? treeText : dataText
        at += room.write(
          `${type}${list.rows[base + offsetWord]!},"length":${list.rows[base + lengthWord]!}${more}`,
          at,
          'latin1',
        )
      }
      at += room.write(']}', at, 'latin1')
    }
    yield room.subarray(0, at)
  }
  yield Buffer.from(']}\n')
}

/** The two digits of each byte. */
const digits = Uint16Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, '0')).readUInt16LE(),
)

function writeId(words: Uint32Array, from: number, to: Buffer, at: number): number {
  for (let word = 0; word < idWords; word++) {
    let left = words[from + word]!
    for (let nth = 0; nth < 4; nth++, left >>>= 8, at += 2) {
      const pair = digits[left & 255]!
      to[at] = pair & 255
      to[at + 1] = pair >>> 8
    }
  }
  return at
}
