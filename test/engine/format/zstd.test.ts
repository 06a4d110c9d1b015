import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib'
import { buffer } from 'node:stream/consumers'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createCompressor, createDecompressor } from '../../../src/main/engine/format/zstd-context.ts'
import { unwrapUnpacked, wrapUnpacked } from '../../../src/main/engine/format/unpacked.ts'
import {
  compress,
  decompress,
  decompressorAgain,
  levelParameters,
} from '../../../src/main/engine/format/zstd.ts'

const corrupt = expect.objectContaining({ code: 'data_corrupt' })
const levels = ['fast', 'default', 'max'] as const

/** What a frame's header says of itself (RFC 8878, 3.1.1). */
function header(frame: Buffer) {
  const descriptor = frame[4]!
  return {
    magic: frame.readUInt32LE(0),
    checksum: (descriptor & 4) !== 0,
    hasSize: (descriptor & 0xe0) !== 0,
  }
}

/** Text that shrinks but is not all alike. */
const prose = (bytes: number): Buffer => {
  const words = Array.from({ length: bytes / 2 }, (_, i) => (i * 2654435761) % 997)
  return Buffer.from(words.join(' ')).subarray(0, bytes)
}

describe.each(levels)('level %s', level => {
  test('gives back what went in, in one frame with its size and no checksum', () => {
    for (const bytes of [0, 1, 255, 256, 65_791, 65_792, 300_000]) {
      const plain = prose(bytes)
      const frame = compress(plain, level)
      expect(header(frame)).toEqual({ magic: 0xfd2fb528, checksum: false, hasSize: true })
      expect(decompress(frame, bytes).equals(plain)).toBe(true)
    }
  })

  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), bytes => {
        expect(decompress(compress(bytes, level), bytes.length)).toEqual(Buffer.from(bytes))
      }),
    )
  })
})

test('harder means smaller', () => {
  const plain = readFileSync('test/fixtures/vectors/vectors.json')
  const [fast, usual, max] = levels.map(level => compress(plain, level).length)
  expect(usual!).toBeLessThan(fast!)
  expect(max!).toBeLessThan(usual!)
})

test('a view into a larger buffer is taken for what it shows', () => {
  const whole = Buffer.alloc(1000, 'around')
  const frame = compress(whole.subarray(100, 200), 'fast')
  const wrapped = Buffer.concat([Buffer.alloc(7, 1), frame, Buffer.alloc(7, 1)])
  expect(decompress(wrapped.subarray(7, -7), 100)).toEqual(whole.subarray(100, 200))
})

test('a frame without its size opens', async () => {
  const stream = createZstdCompress()
  stream.write(prose(50_000))
  stream.flush(constants.ZSTD_e_flush, () => stream.end(prose(50_000)))
  const frame = await buffer(stream)
  expect(header(frame).hasSize).toBe(false)
  expect(decompress(frame, 100_000)).toEqual(Buffer.concat([prose(50_000), prose(50_000)]))
  expect(() => decompress(frame, 99_999)).toThrow(corrupt)
})

test('a frame with a checksum opens', () => {
  const frame = zstdCompressSync(prose(1000), { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
  expect(header(frame).checksum).toBe(true)
  expect(decompress(frame, 1000)).toEqual(prose(1000))
})

test('frames in a row open as one', () => {
  const frames = Buffer.concat([compress(prose(300), 'fast'), compress(prose(40), 'max')])
  expect(decompress(frames, 340)).toEqual(Buffer.concat([prose(300), prose(40)]))
})

describe('damage', () => {
  const plain = prose(5000)
  const frame = compress(plain, 'default')

  test('every cut is noticed', () => {
    for (let bytes = 0; bytes < frame.length; bytes++) {
      expect(() => decompress(frame.subarray(0, bytes), plain.length)).toThrow(corrupt)
    }
  })

  test('stray bytes after the frame are noticed', () => {
    for (const stray of [Buffer.of(0), Buffer.from('garbage'), frame.subarray(0, 9)]) {
      expect(() => decompress(Buffer.concat([frame, stray]), 2 * plain.length)).toThrow(corrupt)
    }
  })

  test('no flipped bit brings anything but the data or a clear failure, within the bound', () => {
    for (let bit = 0; bit < frame.length * 8; bit += 3) {
      const damaged = Buffer.from(frame)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      try {
        expect(decompress(damaged, plain.length).length).toBeLessThanOrEqual(plain.length)
      } catch (error) {
        expect(error).toEqual(corrupt)
      }
    }
  })

  test('a header that promises another size is noticed', () => {
    expect(frame[4]! >> 6).toBe(1) // the size takes two bytes, at 5 for a frame of one segment
    for (const lie of [plain.length - 1, plain.length + 1]) {
      const damaged = Buffer.from(frame)
      damaged.writeUInt16LE(lie - 256, 5)
      expect(() => decompress(damaged, 2 * plain.length)).toThrow(corrupt)
    }
  })

  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, magic) => {
        const input = magic ? Buffer.concat([frame.subarray(0, 4), bytes]) : Buffer.from(bytes)
        expect(() => decompress(input, 1000)).toThrow(corrupt)
      }),
    )
  })
})

test('a bomb never unfolds beyond the bound', () => {
  const bomb = compress(Buffer.alloc(64 * 1024 * 1024), 'max')
  expect(bomb.length).toBeLessThan(10_000)
  expect(() => decompress(bomb, 1_000_000)).toThrow(corrupt)
  // without a size in its header: frames in a row, each within the bound
  const frames = Buffer.concat(Array.from({ length: 100 }, () => compress(Buffer.alloc(1_000_000), 'max')))
  const before = process.memoryUsage().arrayBuffers
  expect(() => decompress(frames, 1_000_000)).toThrow(corrupt)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
})

describe('unpacked files', () => {
  const json = Buffer.from('{"packs":[]}\n')

  test('version 2 is a 2 and a frame, version 1 is bare', () => {
    expect(wrapUnpacked(json, 1)).toEqual(json)
    const wrapped = wrapUnpacked(json, 2)
    expect(wrapped[0]).toBe(2)
    expect(decompress(wrapped.subarray(1), 100)).toEqual(json)
    for (const version of [1, 2] as const) expect(unwrapUnpacked(wrapUnpacked(json, version))).toEqual(json)
    expect(unwrapUnpacked(Buffer.from('[1]')).toString()).toBe('[1]')
  })

  test('the bare form does not share memory with what it came from', () => {
    const plain = Buffer.from(json)
    const unwrapped = unwrapUnpacked(plain)
    plain.fill(0)
    expect(unwrapped).toEqual(json)
  })

  test('anything else is refused', () => {
    for (const plain of ['', 'x{}', ' {}', '\u0001{}', '\u0002', '\u0002{}']) {
      expect(() => unwrapUnpacked(Buffer.from(plain))).toThrow(corrupt)
    }
  })

  test('a file that unfolds beyond reason is refused', () => {
    const bomb = Buffer.concat([Buffer.of(2), compress(Buffer.alloc(65 * 1024 * 1024, 0x20), 'fast')])
    expect(bomb.length * 512).toBeLessThan(64 * 1024 * 1024)
    expect(() => unwrapUnpacked(bomb)).toThrow(corrupt)
  })
})

describe('contexts that are kept', () => {
  const params = { [constants.ZSTD_c_compressionLevel]: 3 }

  test('this runtime has them', () => {
    expect(createCompressor({ params })).not.toBeNull()
    expect(createDecompressor()).not.toBeNull()
  })

  test('give what the documented calls give, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 300_000 }), { maxLength: 10 }), sizes => {
        for (const bytes of sizes) {
          const plain = prose(bytes)
          const frame = compress(plain, 'default')
          expect(frame.equals(zstdCompressSync(plain, { params: levelParameters.default }))).toBe(true)
          expect(decompress(frame, bytes).equals(plain)).toBe(true)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('every size of output is in memory of its own', () => {
    const [one, two] = [compress(prose(500), 'fast'), compress(prose(600), 'fast')]
    expect(decompress(one, 500)).toEqual(prose(500))
    expect(decompress(two, 600)).toEqual(prose(600))
    expect(one.buffer.byteLength).toBe(one.length)
    expect(decompress(one, 500).buffer.byteLength).toBe(501) // one to spare, see ZstdContext
  })

  test('damage does not spoil what comes after', () => {
    const plain = prose(5000)
    const checked = zstdCompressSync(plain, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
    for (let bytes = 0; bytes < checked.length; bytes++) {
      expect(() => decompress(checked.subarray(0, bytes), plain.length)).toThrow(corrupt)
      expect(decompress(checked, plain.length).equals(plain)).toBe(true)
    }
    let noticed = 0
    for (let bit = 0; bit < checked.length * 8; bit += bit < 200 ? 1 : 31) {
      const damaged = Buffer.from(checked)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      try {
        // Some bits mean nothing; the checksum sees to the others.
        expect(decompress(damaged, plain.length).equals(plain)).toBe(true)
      } catch (error) {
        expect(error).toEqual(corrupt)
        noticed++
      }
      expect(decompress(checked, plain.length).equals(plain)).toBe(true)
    }
    expect(noticed).toBeGreaterThan(200)
  })

  test('are spent after what does not fit', () => {
    const compressor = createCompressor({ params })!
    expect(compressor.run(randomBytes(1000), Buffer.alloc(100))).toBeNull()
    expect(compressor.run(prose(10), Buffer.alloc(100))).toBeNull()
    const decompressor = createDecompressor()!
    expect(decompressor.run(compress(prose(10), 'fast'), Buffer.alloc(11))).toBe(10)
    expect(decompressor.run(compress(prose(10), 'fast'), Buffer.alloc(10))).toBeNull() // no room to spare
    expect(decompressor.run(compress(prose(10), 'fast'), Buffer.alloc(11))).toBeNull()
    const frames = Buffer.concat([compress(prose(10), 'fast'), compress(prose(10), 'fast')])
    expect(createDecompressor()!.run(frames, Buffer.alloc(11))).toBeNull()
  })

  test('random bytes do not shrink, and survive', () => {
    for (const bytes of [1, 1000, 100_000, 8 * 1024 * 1024]) {
      const plain = randomBytes(bytes)
      const frame = compress(plain, 'fast')
      expect(frame.length).toBeGreaterThan(bytes)
      expect(decompress(frame, bytes).equals(plain)).toBe(true)
    }
  })
})

test('a decompressor that is used again gives what one of its own gives, also after a damaged frame', () => {
  const again = decompressorAgain()
  for (const bytes of [0, 300, 5000, 300_000, 9 * 1024 * 1024, 40, 300]) {
    const plain = prose(bytes)
    expect(plain.length).toBe(bytes)
    const frame = compress(plain, 'default')
    expect(plain.equals(again(frame, bytes))).toBe(true)
    // Less than expected is for the caller to notice, more is refused.
    expect(plain.equals(again(frame, bytes + 1))).toBe(true)
    if (bytes > 0) expect(() => again(frame, bytes - 1)).toThrow(corrupt)
    if (bytes > 0) expect(() => again(frame.subarray(0, -1), bytes)).toThrow(corrupt)
    expect(() => again(Buffer.concat([frame, Buffer.of(1)]), bytes)).toThrow(corrupt)
  }
})
