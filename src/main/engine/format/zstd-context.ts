import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync } from 'node:zlib'
import type { ZstdOptions } from 'node:zlib'

/**
 * A compressor or decompressor that is kept. zlib's one-shot calls make a context each time, which for a small
 * blob takes several times as long as the work itself (33 against 8 µs for 2 KiB, and 27 against 1.4 back).
 */
export interface ZstdContext {
  /**
   * Turns the whole of `input` into `output`, which must have at least a byte to spare: zlib tells a finished
   * frame from a torn one only while there is room. Returns the bytes written, or null when anything was not as
   * it should be: an error, input left over, output full, a frame that does not end. The context is spent then.
   */
  run(input: Uint8Array, output: Uint8Array): number | null
}

/** What node:zlib's streams have inside, since Node 22.15. Undocumented, hence the trial below. */
interface Inside {
  _handle: {
    onerror: (message: string, errno: number, code: string) => void
    writeSync(
      flush: number,
      input: Uint8Array,
      inputOffset: number,
      inputBytes: number,
      output: Uint8Array,
      outputOffset: number,
      outputBytes: number,
    ): void
  }
  /** After a write: room left in the output, input left over. */
  _writeState: Uint32Array
}

function contextOf(stream: unknown): ZstdContext {
  const { _handle: handle, _writeState: state } = stream as Inside
  let failed = false
  handle.onerror = () => {
    failed = true
  }
  return {
    run(input, output) {
      if (failed) return null
      handle.writeSync(constants.ZSTD_e_end, input, 0, input.byteLength, output, 0, output.byteLength)
      if (failed || state[0] === 0 || state[1] !== 0) {
        failed = true
        return null
      }
      return output.byteLength - state[0]!
    },
  }
}

/** Whether this runtime's streams do inside what they did when this was written. */
function trial(): boolean {
  const samples = [
    Buffer.alloc(300, 'a sample '),
    Buffer.alloc(5000, 'and another, longer one, '),
    Buffer.alloc(0),
  ]
  const params = { [constants.ZSTD_c_compressionLevel]: 1 }
  const output = Buffer.alloc(6000)
  const compressor = contextOf(createZstdCompress({ params }))
  const decompressor = contextOf(createZstdDecompress())
  const same = [...samples, ...samples].every(sample => {
    const frame = output.subarray(0, compressor.run(sample, output) ?? 0)
    if (!frame.equals(zstdCompressSync(sample, { params }))) return false
    const plain = Buffer.alloc(sample.byteLength + 1)
    return decompressor.run(frame, plain) === sample.byteLength && sample.equals(plain.subarray(0, -1))
  })
  // A frame that lacks only its checksum has given all its content. It must fail here, or it would spoil the next.
  const checked = zstdCompressSync(samples[0]!, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
  return same && decompressor.run(checked.subarray(0, -1), output) === null
}

let passed: boolean | undefined

function isUsable(): boolean {
  if (passed === undefined) {
    try {
      passed = trial()
    } catch {
      passed = false // another runtime; the documented calls do the same, only slower
    }
  }
  return passed
}

/** Null where this runtime offers none. */
export const createCompressor = (options: ZstdOptions): ZstdContext | null =>
  isUsable() ? contextOf(createZstdCompress(options)) : null

export const createDecompressor = (): ZstdContext | null =>
  isUsable() ? contextOf(createZstdDecompress()) : null
