import { sealOverhead } from './envelope.ts'
import {
  idWords,
  kindWord,
  lengthWord,
  offsetWord,
  rowWords,
  uncompressedWord,
  type ColumnRoom,
} from './index-columns.ts'
import { maxBlobBytes } from './pack.ts'

/** A text to compare with four bytes at a time; the last four may overlap those before. */
interface Literal {
  readonly length: number
  readonly offsets: Uint8Array
  readonly words: Uint32Array
}

function literal(text: string): Literal {
  const bytes = Buffer.from(text)
  const offsets: number[] = []
  for (let at = 0; at < bytes.length; at += 4) offsets.push(Math.min(at, bytes.length - 4))
  return {
    length: bytes.length,
    offsets: Uint8Array.from(offsets),
    words: Uint32Array.from(offsets, at => bytes.readUInt32LE(at)),
  }
}

const start = literal('{"packs":[')
const idHead = literal('{"id":"')
const packBlobs = literal('","blobs":[')
const blobType = literal('","type":"')
const data = literal('data","offset":')
const tree = literal('tree","offset":')
const length = literal(',"length":')
const uncompressed = literal(',"uncompressed_length":')
const comma = 0x2c
const closeBrace = 0x7d
const closeBracket = 0x5d
const letterT = 0x74
const idChars = 64
/** Without any number, and with what stands between two. */
const leastBlobBytes = idHead.length + idChars + blobType.length + data.length + length.length + 4
const leastPackBytes = idHead.length + idChars + packBlobs.length + 3

/** The byte that two hex digits mean, by the two as they lie in memory; `notHex` for others. IDs have no upper-case ones. */
const notHex = 256
const byteOf = new Uint16Array(65_536).fill(notHex)
for (let byte = 0; byte < 256; byte++) {
  byteOf[Buffer.from(byte.toString(16).padStart(2, '0')).readUInt16LE()] = byte
}

/**
 * Reads the JSON of an index file as restic and we write it, byte by byte into `room`. Whatever is not exactly of that
 * form (fields in another order, white space, fields unknown, anything wrong) is not judged here but left to
 * `decodeIndex`, which takes every form of JSON and says what is wrong.
 *
 * Call `step` until it is not 'more': each call reads about `bytes` further, so that the caller can let others have
 * their turn. After 'odd' what lies in the room means nothing.
 */
export function scanIndex(json: Uint8Array, room: ColumnRoom): (bytes: number) => 'more' | 'done' | 'odd' {
  const mostBlobs = Math.ceil(json.length / leastBlobBytes)
  const mostPacks = Math.ceil(json.length / leastPackBytes)
  if (room.rows.length < mostBlobs * rowWords) room.rows = new Uint32Array(mostBlobs * rowWords)
  if (room.packEnds.length < mostPacks) {
    room.packEnds = new Uint32Array(mostPacks)
    room.packIds = new Uint32Array(mostPacks * idWords)
  }
  room.packs = 0
  const { rows, packEnds, packIds } = room
  const rowBytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength)
  const packBytes = new Uint8Array(packIds.buffer, packIds.byteOffset, packIds.byteLength)
  const view = new DataView(json.buffer, json.byteOffset, json.byteLength)
  let at = 0
  let blobs = 0
  let inPack = false
  let state: 'more' | 'done' | 'odd' = take(start) ? 'more' : 'odd'
  /** Set by `number`, as there is one result only. */
  let value = 0

  return bytes => {
    const enough = at + bytes
    while (state === 'more' && at < enough) state = inPack ? nextBlob() : nextPack()
    return state
  }

  function take({ length, offsets, words }: Literal): boolean {
    if (at + length > json.length) return false
    for (let nth = 0; nth < words.length; nth++) {
      if (view.getUint32(at + offsets[nth]!, true) !== words[nth]) return false
    }
    at += length
    return true
  }

  function takeId(to: Uint8Array, toAt: number): boolean {
    if (at + idChars > json.length) return false
    let seen = 0
    for (let nth = 0; nth < idChars / 2; nth++) {
      const byte = byteOf[view.getUint16(at + 2 * nth, true)]!
      seen |= byte
      to[toAt + nth] = byte
    }
    at += idChars
    return seen < notHex
  }

  /** `]}`, the end of a list and of what it belongs to. */
  function takeEnd(): boolean {
    return json[at++] === closeBracket && json[at++] === closeBrace
  }

  /** A whole number as JSON has it, up to `maxBlobBytes`. */
  function number(): boolean {
    const first = at
    value = 0
    for (; ; at++) {
      const digit = json[at]! - 0x30
      if (!(digit >= 0 && digit <= 9)) break
      value = value * 10 + digit
      if (value > maxBlobBytes) return false
    }
    return at > first && (json[first] !== 0x30 || at === first + 1)
  }

  function nextPack(): 'more' | 'done' | 'odd' {
    if (json[at] === closeBracket) return takeEnd() && onlySpace() ? 'done' : 'odd'
    if (room.packs > 0 && json[at++] !== comma) return 'odd'
    if (!take(idHead) || !takeId(packBytes, room.packs * idWords * 4) || !take(packBlobs)) return 'odd'
    inPack = true
    packEnds[room.packs++] = blobs
    return 'more'
  }

  function nextBlob(): 'more' | 'odd' {
    const pack = room.packs - 1
    if (json[at] === closeBracket) {
      inPack = false
      return takeEnd() ? 'more' : 'odd'
    }
    const isFirst = packEnds[pack] === (pack === 0 ? 0 : packEnds[pack - 1])
    if (!isFirst && json[at++] !== comma) return 'odd'
    const row = blobs * rowWords
    if (!take(idHead) || !takeId(rowBytes, row * 4) || !take(blobType)) return 'odd'
    const isTree = json[at] === letterT
    if (!take(isTree ? tree : data) || !number()) return 'odd'
    rows[row + kindWord] = isTree ? 1 : 0
    rows[row + offsetWord] = value
    if (!take(length) || !number() || value < sealOverhead) return 'odd'
    rows[row + lengthWord] = value
    rows[row + uncompressedWord] = 0
    if (json[at] === comma) {
      if (!take(uncompressed) || !number()) return 'odd'
      rows[row + uncompressedWord] = value
    }
    if (json[at++] !== closeBrace) return 'odd'
    packEnds[pack] = ++blobs
    return 'more'
  }

  function onlySpace(): boolean {
    for (; at < json.length; at++)
      if (json[at] !== 0x20 && json[at] !== 0x0a && json[at] !== 0x0d && json[at] !== 0x09) return false
    return true
  }
}
