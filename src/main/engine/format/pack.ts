import { corrupt } from './corrupt.ts'
import { sealOverhead } from './envelope.ts'
import { maxUint32 } from './fields.ts'
import type { BlobType, Id } from './id.ts'

/** Where one sealed blob lies in its pack. Lengths in bytes. */
export interface PackEntry {
  readonly type: BlobType
  readonly id: Id
  readonly offset: number
  /** Sealed: ciphertext + 32. */
  readonly length: number
  /** 0 when the blob is stored uncompressed. */
  readonly uncompressedLength: number
}

/** Plaintext length of a blob. */
export const plainLength = (entry: Pick<PackEntry, 'length' | 'uncompressedLength'>): number =>
  entry.uncompressedLength || entry.length - sealOverhead

/** Of a header: type, length, ID. */
export const plainEntryBytes = 37
/** Type, length, uncompressed length, ID. */
export const packedEntryBytes = 41
const lengthFieldBytes = 4
export const treeBit = 1
export const compressedBit = 2

const entryBytes = (entry: Pick<PackEntry, 'uncompressedLength'>): number =>
  entry.uncompressedLength === 0 ? plainEntryBytes : packedEntryBytes

/** The header's plaintext; offsets are implied, so entries come in pack order. */
export function encodePackHeader(entries: readonly Omit<PackEntry, 'offset'>[]): Buffer {
  const header = Buffer.alloc(entries.reduce((sum, entry) => sum + entryBytes(entry), 0))
  let at = 0
  for (const { type, id, length, uncompressedLength } of entries) {
    at = header.writeUInt8((type === 'tree' ? treeBit : 0) | (uncompressedLength ? compressedBit : 0), at)
    at = header.writeUInt32LE(length, at)
    if (uncompressedLength !== 0) at = header.writeUInt32LE(uncompressedLength, at)
    at += header.write(id, at, 'hex')
  }
  return header
}

/**
 * @param blobBytes what all sealed blobs take together: the pack's size less its header and length field
 * @throws {AppError} data_corrupt unknown type, torn entry, or lengths that do not add up to `blobBytes`
 */
export function decodePackHeader(plain: Uint8Array, blobBytes: number): PackEntry[] {
  const header = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
  const entries: PackEntry[] = []
  let offset = 0
  for (let at = 0; at < header.byteLength;) {
    const kind = header[at]!
    if (kind > 3) throw corrupt(`A pack's header lists a blob of the unknown type ${kind}.`)
    const compressed = (kind & compressedBit) !== 0
    const next = at + (compressed ? packedEntryBytes : plainEntryBytes)
    if (next > header.byteLength) throw corrupt("A pack's header ends in the middle of an entry.")

    const length = header.readUInt32LE(at + 1)
    const uncompressedLength = compressed ? header.readUInt32LE(at + 5) : 0
    checkLengths(length, uncompressedLength, compressed, "a pack's header")
    const id = header.toString('hex', next - 32, next)
    entries.push({ type: (kind & treeBit) === 0 ? 'data' : 'tree', id, offset, length, uncompressedLength })
    offset += length
    at = next
  }
  if (entries.length === 0) throw corrupt("A pack's header lists no blobs.")
  if (offset !== blobBytes) {
    throw corrupt(`A pack's header lists blobs of ${offset} bytes together, but the pack holds ${blobBytes}.`)
  }
  return entries
}

/** What holds for the two lengths of a blob wherever they are stored. */
export function checkLengths(
  length: number,
  uncompressedLength: number,
  compressed: boolean,
  where: string,
): void {
  if (length < sealOverhead)
    throw corrupt(`A blob in ${where} has ${length} bytes: too few for a sealed one.`)
  if (compressed && uncompressedLength === 0) {
    throw corrupt(`A compressed blob in ${where} has no uncompressed length.`)
  }
}

/** The longest blob that a header can describe, sealed or not. */
export const maxBlobBytes = maxUint32

/** What a pack file with these blobs must measure: blobs, sealed header, length field. */
export const packSize = (entries: readonly Pick<PackEntry, 'length' | 'uncompressedLength'>[]): number =>
  entries.reduce((sum, entry) => sum + entry.length + entryBytes(entry), sealOverhead + lengthFieldBytes)
