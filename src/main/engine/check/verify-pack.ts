import { createHash } from 'node:crypto'
import { AppError } from '../../../shared/errors.ts'
import { plural } from '../../../shared/wording.ts'
import { shortId, type Id } from '../format/id.ts'
import { decodePackHeader, type PackEntry } from '../format/pack.ts'
import { sentence } from './ledger.ts'

/** What opens a pack's parts: both throw `data_corrupt`. */
export interface Openers {
  header(sealed: Uint8Array): Uint8Array
  blob(sealed: Uint8Array, entry: PackEntry): void
}

export interface PackVerdict {
  problems: { kind: 'pack_damaged' | 'pack_header' | 'pack_blobs'; message: string }[]
  /** Blobs that can't be had from this pack. */
  damaged: PackEntry[]
}

/** restic reads no larger ones. */
const mostHeaderBytes = 16 * 1024 * 1024
const lengthBytes = 4

/** A pack as it lies in the storage. */
export interface PackBytes {
  readonly sizeBytes: number
  /** What is returned may lie in memory that the next call overwrites. @throws what the storage throws */
  read(start: number, end: number): Uint8Array
}

/** Read at once, unless a single blob is larger: a pack may have 128 MiB, and each thread has one in hand. */
const pieceBytes = 4 * 1024 * 1024

/**
 * Compares a whole pack with its name, with its own header, and with what the index says is in it.
 *
 * Each blob's seal, length and hash are verified even when the pack's own hash is wrong: that tells what is lost from
 * what is not. A pack whose blobs lie as they should is read once, from front to back.
 * @param entries of the index, by ascending offset
 */
export function verifyPack(
  bytes: PackBytes,
  packId: Id,
  entries: readonly PackEntry[],
  open: Openers,
): PackVerdict {
  const { sizeBytes } = bytes
  const digest = createHash('sha256')
  const damaged: PackEntry[] = []
  let first = ''
  /** What was read last, `from` here to `done`: the hash has come as far. */
  let piece: Uint8Array = nothing
  let from = 0
  let done = 0

  function readOn(end: number): void {
    piece = bytes.read(done, end)
    digest.update(piece)
    from = done
    done = end
  }

  function sealedOf({ offset, length }: PackEntry, nth: number): Uint8Array {
    const end = offset + length
    if (offset >= done) {
      while (offset - done > pieceBytes) readOn(done + pieceBytes)
      readOn(endOfPiece(entries, nth, done, sizeBytes))
    }
    if (offset >= from && end <= from + piece.length) return piece.subarray(offset - from, end - from)
    piece = nothing // it overlaps another blob, and reading it may overwrite the piece
    return bytes.read(offset, end)
  }

  for (const [nth, entry] of entries.entries()) {
    const isThere = entry.offset + entry.length <= sizeBytes
    const sealed = isThere ? sealedOf(entry, nth) : null
    try {
      if (sealed === null) throw beyondEnd(entry)
      open.blob(sealed, entry)
    } catch (error) {
      first ||= why(error)
      damaged.push(entry)
    }
  }
  while (done < sizeBytes) readOn(Math.min(sizeBytes, done + pieceBytes))

  const pack = `Pack ${shortId(packId)}`
  const problems: PackVerdict['problems'] = []
  if (digest.digest('hex') !== packId) {
    problems.push({ kind: 'pack_damaged', message: `${pack} is damaged: its content does not fit its name.` })
  }
  let header: PackEntry[] | null = null
  try {
    header = readHeader(bytes, open)
  } catch (error) {
    problems.push({
      kind: 'pack_header',
      message: `The header of pack ${shortId(packId)} is damaged: ${why(error)}`,
    })
  }
  const difference = header && compare(entries, header)
  if (difference) {
    problems.push({
      kind: 'pack_header',
      message: `The header of pack ${shortId(packId)} and the index disagree: ${difference}.`,
    })
  }
  if (damaged.length > 0) {
    const share = `${damaged.length} of ${plural(entries.length, 'blob')} can't be read`
    problems.push({ kind: 'pack_blobs', message: `${pack}: ${share}. The first: ${first}` })
  }
  return { problems, damaged }
}

const nothing = new Uint8Array(0)

/** Where a piece that begins at `start` ends: behind the last blob that is whole in it, in any case the `nth`. */
function endOfPiece(entries: readonly PackEntry[], nth: number, start: number, sizeBytes: number): number {
  let until = start
  for (; nth < entries.length; nth++) {
    const { offset, length } = entries[nth]!
    const end = offset + length
    if (end > sizeBytes || end <= until) break
    if (until > start && end - start > pieceBytes) break
    until = end
  }
  return until
}

function readHeader(bytes: PackBytes, open: Openers): PackEntry[] {
  const { sizeBytes } = bytes
  if (sizeBytes < lengthBytes) throw new AppError('data_corrupt', 'the pack is too short to have one.')
  const field = bytes.read(sizeBytes - lengthBytes, sizeBytes)
  const sealedLength = new DataView(field.buffer, field.byteOffset, lengthBytes).getUint32(0, true)
  const blobBytes = sizeBytes - lengthBytes - sealedLength
  if (blobBytes < 0 || sealedLength > mostHeaderBytes) {
    throw new AppError('data_corrupt', `it claims to be ${plural(sealedLength, 'byte')} long.`)
  }
  return decodePackHeader(open.header(bytes.read(blobBytes, blobBytes + sealedLength)), blobBytes)
}

const fields = ['type', 'id', 'offset', 'length', 'uncompressedLength'] as const

/** How two lists in order of offset differ, or null. */
function compare(index: readonly PackEntry[], header: readonly PackEntry[]): string | null {
  const same = index.every((entry, at) => {
    const other = header[at]
    return other !== undefined && fields.every(field => entry[field] === other[field])
  })
  if (same && index.length === header.length) return null
  const textOf = (entry: PackEntry) => fields.map(field => entry[field]).join(' ')
  const inIndex = new Set(index.map(textOf))
  const inHeader = new Set(header.map(textOf))
  const onlyIndex = inIndex.difference(inHeader).size
  const onlyHeader = inHeader.difference(inIndex).size
  return `${plural(onlyIndex, 'blob')} of the index not in the header, ${plural(onlyHeader, 'blob')} of the header not in the index`
}

const beyondEnd = ({ type, id }: PackEntry) =>
  new AppError('data_corrupt', `The ${type} blob ${shortId(id)} lies beyond the end of the pack.`)

function why(error: unknown): string {
  if (error instanceof AppError && error.code === 'data_corrupt') return sentence(error.message)
  throw error
}
