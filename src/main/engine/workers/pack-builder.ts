import { sealOverhead, type Sealer } from '../format/envelope.ts'
import { idOf, type BlobType, type Id } from '../format/id.ts'
import { compressBound, type CompressInto } from '../format/zstd.ts'
import { encodePackHeader, type PackEntry } from '../format/pack.ts'

/**
 * A pack is closed once its blobs take this many bytes. One of trees sooner: each thread has one open, and they are
 * read whole to walk a snapshot.
 */
export const packTargetBytes: Record<BlobType, number> = { data: 16 * 1024 * 1024, tree: 4 * 1024 * 1024 }
const ivBytes = 16

/** A pack file, whole, and its header's plaintext (FORMAT: pack files) for the index. */
export interface SealedPack {
  readonly id: Id
  /** The file is `buffer[0..sizeBytes)`; the rest is room for reuse. */
  readonly buffer: ArrayBuffer
  readonly sizeBytes: number
  readonly header: Uint8Array<ArrayBuffer>
}

/** Collects blobs in one buffer, compressed but not yet encrypted; all of it is sealed in place at the end. */
export interface PackBuilder {
  /** Returns what the blob takes in the pack. */
  add(type: BlobType, id: Id, plain: Uint8Array, compress: CompressInto | null): number
  readonly isFull: boolean
  readonly isEmpty: boolean
  /** Whether a blob of this size still fits in the buffer. */
  fits(plainBytes: number): boolean
  seal(sealer: Sealer): SealedPack
}

/** Room a pack needs for a blob of this size and what ends the pack. */
export const roomFor = (plainBytes: number): number => sealOverhead + compressBound(plainBytes)

/** @param buffer at least `targetBytes`, which is when it is full; more lets the last blob be larger */
export function createPackBuilder(buffer: ArrayBuffer, targetBytes: number): PackBuilder {
  const room = Buffer.from(buffer)
  const entries: Omit<PackEntry, 'offset'>[] = []
  let bytes = 0

  return {
    add(type, id, plain, compress) {
      const at = bytes + ivBytes
      let stored = compress && plain.length > 0 ? compress(plain, room, at) : 0
      let uncompressedLength = plain.length
      // What does not shrink is stored raw; an uncompressed tree, though, would make prune rewrite its pack.
      if (stored === 0 || (stored >= plain.length && type === 'data')) {
        room.set(plain, at)
        stored = plain.length
        uncompressedLength = 0
      }
      const length = stored + sealOverhead
      entries.push({ type, id, length, uncompressedLength })
      bytes += length
      return length
    },

    get isFull() {
      return bytes >= targetBytes
    },
    get isEmpty() {
      return entries.length === 0
    },
    fits: plainBytes => bytes + roomFor(plainBytes) <= buffer.byteLength,

    seal(sealer) {
      let at = 0
      for (const { length } of entries) {
        sealer.sealInPlace(room.subarray(at, at + length))
        at += length
      }
      const header = encodePackHeader(entries)
      const sealedHeader = sealer.seal(header)
      const sizeBytes = at + sealedHeader.length + 4
      // A pack of very many tiny blobs may have a header larger than the room that is left.
      const file = sizeBytes <= room.length ? room : Buffer.concat([room.subarray(0, at)], sizeBytes)
      file.set(sealedHeader, at)
      file.writeUInt32LE(sealedHeader.length, at + sealedHeader.length)
      const id = idOf(file.subarray(0, sizeBytes))
      return {
        id,
        buffer: file === room ? buffer : (file.buffer as ArrayBuffer),
        sizeBytes,
        header: Uint8Array.from(header),
      }
    },
  }
}
