import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync, zstdDecompressSync, type ZstdOptions } from 'node:zlib'
import { corrupt } from './corrupt.ts'
import { createCompressor, createDecompressor } from './zstd-context.ts'
import type { ZstdContext } from './zstd-context.ts'

/** How hard to compress. `off` still compresses trees and unpacked files, as restic does. */
export type Compression = 'off' | 'fast' | 'default' | 'max'

const { ZSTD_c_compressionLevel, ZSTD_c_windowLog, ZSTD_c_hashLog, ZSTD_c_chainLog } = constants
const { ZSTD_c_minMatch, ZSTD_c_strategy, ZSTD_dfast } = constants
export const levelParameters = {
  fast: { [ZSTD_c_compressionLevel]: 1, [ZSTD_c_hashLog]: 14 },
  // libzstd's double-fast strategy with tables that stay in the processor's cache: repositories as small as restic's, at
  // a speed between libzstd's levels 1 and 3.
  default: {
    [ZSTD_c_compressionLevel]: 3,
    [ZSTD_c_windowLog]: 19,
    [ZSTD_c_hashLog]: 14,
    [ZSTD_c_chainLog]: 13,
    [ZSTD_c_minMatch]: 5,
    [ZSTD_c_strategy]: ZSTD_dfast,
  },
  // Level 19 would take windows of up to 8 MiB anyway; said here because readers must afford it.
  max: { [ZSTD_c_compressionLevel]: 19, [ZSTD_c_windowLog]: 23 },
}

const minStepBytes = 64 // the least zlib takes
const maxStepBytes = 8 * 1024 * 1024

/** The output buffer zlib is to use: what is expected, so that small results cost little and big ones no joining. */
const stepBytes = (expected: number): number => Math.min(maxStepBytes, Math.max(minStepBytes, expected))

/** What a frame may take at worst, bytes. @see ZSTD_COMPRESSBOUND in zstd.h */
export const compressBound = (plainBytes: number): number =>
  plainBytes + (plainBytes >> 8) + (plainBytes < 131_072 ? (131_072 - plainBytes) >> 11 : 0) + 64

/**
 * Writes `plain` into `out` from `at` on, as one frame with the content size in its header and no checksum. `out` must
 * have room for `compressBound(plain.length)` there. Returns the frame's length.
 */
export type CompressInto = (plain: Uint8Array, out: Uint8Array, at: number) => number

/** A compressor that keeps its context where this runtime has such and it does not cost 100 MB, as that of `max`. */
export function compressorInto(level: Exclude<Compression, 'off'>): CompressInto {
  let context = level === 'max' ? null : createCompressor({ params: levelParameters[level] })
  return (plain, out, at) => {
    const room = out.subarray(at, at + compressBound(plain.byteLength))
    const bytes = context?.run(plain, room)
    if (typeof bytes === 'number' && claimedBytes(room) === plain.byteLength) return bytes
    context = null
    const frame = zstdCompressSync(plain, {
      params: levelParameters[level],
      chunkSize: stepBytes(room.byteLength),
    })
    out.set(frame, at)
    return frame.byteLength
  }
}

const shared = new Map<string, CompressInto>()
let scratch = Buffer.alloc(0)

/** One frame with the content size in its header and no checksum, in memory of its own. */
export function compress(plain: Uint8Array, level: Exclude<Compression, 'off'>): Buffer {
  const worstBytes = compressBound(plain.byteLength)
  if (worstBytes > maxKeptBytes || level === 'max') {
    return zstdCompressSync(plain, { params: levelParameters[level], chunkSize: stepBytes(worstBytes) })
  }
  const into = shared.get(level) ?? compressorInto(level)
  shared.set(level, into)
  if (scratch.byteLength < worstBytes) scratch = Buffer.allocUnsafeSlow(Math.max(worstBytes, 256 * 1024))
  const bytes = into(plain, scratch, 0)
  const frame = Buffer.allocUnsafeSlow(bytes)
  scratch.copy(frame, 0, 0, bytes)
  return frame
}

const compressElsewhere = promisify<Uint8Array, ZstdOptions, Buffer>(zstdCompress)

/** As `compress`, on a thread of the runtime: for what takes long. */
export const compressAside = (plain: Uint8Array, level: Exclude<Compression, 'off'>): Promise<Buffer> =>
  compressElsewhere(plain, {
    params: levelParameters[level],
    chunkSize: stepBytes(compressBound(plain.byteLength)),
    pledgedSrcSize: plain.byteLength, // for the frame's header
  })

const maxKeptBytes = maxStepBytes + maxStepBytes / 256 + 64 // room for the largest blob
let decompressor: ZstdContext | null | undefined

/** By the context kept, where all goes well; null elsewhere, for zlib's own calls to judge what is wrong. */
function decompressAgain(frame: Uint8Array, claimed: number): Buffer | null {
  if (claimed > maxKeptBytes || decompressor === null) return null
  decompressor ??= createDecompressor()
  if (decompressor === null) return null
  const plain = Buffer.allocUnsafeSlow(claimed + 1)
  if (decompressor.run(frame, plain) === claimed) return plain.subarray(0, claimed)
  decompressor = undefined
  return null
}

/** What the first frame's header says it holds, or null when it does not. @see RFC 8878, 3.1.1.1 */
function claimedBytes(frame: Uint8Array): number | null {
  if (frame.byteLength < 6) return null
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (view.getUint32(0, true) !== 0xfd2fb528) return null
  const descriptor = view.getUint8(4)
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]!
  const at = 5 + (singleSegment ? 0 : 1) + dictionary
  const kind = descriptor >> 6
  const fieldBytes = [singleSegment ? 1 : 0, 2, 4, 8][kind]!
  if (fieldBytes === 0 || at + fieldBytes > frame.byteLength) return null
  switch (kind) {
    case 0:
      return view.getUint8(at)
    case 1:
      return view.getUint16(at, true) + 256
    case 2:
      return view.getUint32(at, true)
    default:
      return Number(view.getBigUint64(at, true))
  }
}

/**
 * Never yields more than `maxBytes`, whatever the frame claims.
 * @throws {AppError} data_corrupt not a zstd frame, torn, or larger than `maxBytes`
 */
export function decompress(frame: Uint8Array, maxBytes: number): Buffer {
  const claimed = claimedBytes(frame)
  if (claimed !== null && claimed > maxBytes) throw tooLarge(maxBytes)
  const fast = claimed === null ? null : decompressAgain(frame, claimed)
  if (fast !== null) return fast
  try {
    const { buffer, engine } = zstdDecompressSync(frame, {
      maxOutputLength: Math.max(1, maxBytes),
      chunkSize: stepBytes(claimed ?? frame.byteLength * 4),
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    // zlib stops in silence at whatever follows the last frame.
    if (engine.bytesWritten !== frame.byteLength) throw corrupt('Compressed data is followed by stray bytes.')
    if (buffer.byteLength > maxBytes) throw tooLarge(maxBytes)
    return buffer
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes)
    if (code.startsWith('ZSTD_') || code.startsWith('Z_')) throw corrupt('Compressed data is damaged.', error)
    throw error
  }
}

/**
 * Decompresses a frame that holds `plainBytes`. What is returned may lie in memory that the next call overwrites.
 * @throws {AppError} as `decompress`; a frame that holds less than `plainBytes` is none of its business
 */
export type DecompressAgain = (frame: Uint8Array, plainBytes: number) => Uint8Array

/** A decompressor that keeps its context, and its output's memory, where this runtime has such. */
export function decompressorAgain(): DecompressAgain {
  let context: ZstdContext | null | undefined
  let room = Buffer.alloc(0)
  return (frame, plainBytes) => {
    if (claimedBytes(frame) === plainBytes && plainBytes <= maxKeptBytes) {
      // A byte more than expected: see ZstdContext.
      if (room.byteLength <= plainBytes) room = Buffer.allocUnsafeSlow(roomBytes(plainBytes + 1))
      context ??= createDecompressor()
      if (context?.run(frame, room) === plainBytes) return room.subarray(0, plainBytes)
      context = undefined
    }
    return decompress(frame, plainBytes)
  }
}

/** As `decompress`, for many frames one after the other. */
export interface Decompressor {
  /** What is returned lies in memory that the next call overwrites, unless the frame says that it holds more than is kept. */
  decompress(frame: Uint8Array, maxBytes: number): Uint8Array
  /** Gives that memory back at once; what was returned is gone then. */
  letGo(): void
}

export function createDecompressorKeeping(keptBytes: number): Decompressor {
  let context: ZstdContext | null | undefined
  let room = Buffer.allocUnsafeSlow(0)
  return {
    decompress(frame, maxBytes) {
      const claimed = claimedBytes(frame)
      if (claimed !== null && claimed <= Math.min(maxBytes, keptBytes)) {
        // A byte more than expected: see ZstdContext.
        if (room.byteLength <= claimed) room = Buffer.allocUnsafeSlow(roomBytes(claimed + 1))
        context ??= createDecompressor()
        if (context?.run(frame, room) === claimed) return room.subarray(0, claimed)
        context = undefined
      }
      return decompress(frame, maxBytes)
    },
    letGo() {
      room.buffer.transfer(0)
      room = Buffer.allocUnsafeSlow(0)
    },
  }
}

/** A power of two, so that memory is not asked for again and again. */
const roomBytes = (needed: number): number => Math.max(256 * 1024, 2 ** Math.ceil(Math.log2(needed)))

const tooLarge = (maxBytes: number) =>
  corrupt(`Compressed data holds more than the ${maxBytes} bytes it should.`)
