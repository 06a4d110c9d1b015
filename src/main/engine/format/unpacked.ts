import { corrupt } from './corrupt.ts'
import { compress, compressAside, decompress, type Decompressor } from './zstd.ts'

const zstdMark = 2
const openBrace = 0x7b
const openBracket = 0x5b

/** The plaintext of an index, snapshot or lock file for these JSON bytes: zstd behind a 2 in version 2, bare in 1. */
export const wrapUnpacked = (json: Uint8Array, version: 1 | 2): Buffer =>
  version === 1 ? Buffer.from(json) : Buffer.concat([Buffer.of(zstdMark), compress(json, 'default')])

/** Above this, compressing takes some milliseconds. */
const largeBytes = 512 * 1024

/** As `wrapUnpacked`; large ones are compressed on a thread of the runtime. */
export const wrapUnpackedAside = async (json: Uint8Array, version: 1 | 2): Promise<Buffer> =>
  version === 1 || json.byteLength < largeBytes
    ? wrapUnpacked(json, version)
    : Buffer.concat([Buffer.of(zstdMark), await compressAside(json, 'default')])

/**
 * What a file of this size may unfold to. An index of nothing but hashes shrinks to about half and one of a
 * million equal names a hundredfold; more is an attempt to fill our memory.
 */
const maxJsonBytes = (frameBytes: number): number =>
  Math.min(2 ** 31 - 1, Math.max(64 * 1024 * 1024, 512 * frameBytes))

/** The JSON inside. @throws {AppError} data_corrupt unknown encoding or damaged frame */
export function unwrapUnpacked(plain: Uint8Array): Buffer {
  const first = plain[0]
  if (first === openBrace || first === openBracket) return Buffer.from(plain)
  if (first === zstdMark) return decompress(plain.subarray(1), maxJsonBytes(plain.byteLength))
  throw corrupt(
    first === undefined
      ? 'A repository file is empty.'
      : `A repository file has the unknown encoding ${first}.`,
  )
}

/** As `unwrapUnpacked`, with a decompressor for many. */
export const unwrapUnpackedWith = (plain: Uint8Array, { decompress }: Decompressor): Uint8Array =>
  plain[0] === zstdMark
    ? decompress(plain.subarray(1), maxJsonBytes(plain.byteLength))
    : unwrapUnpacked(plain)
