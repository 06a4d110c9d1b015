import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { buildKernels } from '../../../scripts/build-kernels.ts'
import { createKernels, maxChunkBytes, minChunkBytes } from '../../../src/main/engine/kernels/kernels.ts'
import type { Chunker, KernelOptions } from '../../../src/main/engine/kernels/kernels.ts'
import { periodic, pseudoRandom, sha256, vectorBuffers, vectors } from './buffers.ts'

await buildKernels()
const emptyDirectory = mkdtempSync(join(tmpdir(), 'holdfast-kernels-'))
const olderDirectory = mkdtempSync(join(tmpdir(), 'holdfast-kernels-'))
copyFileSync(new URL('../../../out/kernels/simd.wasm', import.meta.url), join(olderDirectory, 'simd.wasm'))
const asUrl = (directory: string) => pathToFileURL(`${directory}/`)
afterAll(() => {
  rmSync(emptyDirectory, { recursive: true })
  rmSync(olderDirectory, { recursive: true })
})

const polynomial = 0x3b33c2f232df77n
const otherPolynomial = 0x36694bfc62203dn
const MiB = 1024 * 1024
const buffers = vectorBuffers()
const plain = createKernels({ variant: 'plain' })

test('the buffers are those of the vectors', () => {
  const hashes = Object.fromEntries(Object.entries(buffers).map(([name, data]) => [name, sha256(data)]))
  expect(hashes).toEqual(vectors.chunker.sha256_of_buffers)
})

describe('choice of the variant', () => {
  test('the fastest comes without asking', () => expect(createKernels().variant).toBe('simd'))

  test('without compiled files it is plain TypeScript, but never in place of one asked for', () => {
    const directory = asUrl(emptyDirectory)
    expect(createKernels({ directory }).variant).toBe('plain')
    expect(() => createKernels({ directory, variant: 'simd' })).toThrow("simd kernels can't run")
    expect(() => createKernels({ directory, variant: 'scalar' })).toThrow("scalar kernels can't run")
  })
})

const variants: [string, KernelOptions][] = [
  ['plain', { variant: 'plain' }],
  ['scalar', { variant: 'scalar' }],
  ['simd', { variant: 'simd' }],
  ['simd without relaxed instructions', { variant: 'simd', directory: asUrl(olderDirectory) }],
]

describe.each(variants)('%s', (_name, options) => {
  const arenaBytes = 36 * MiB
  const kernels = createKernels({ ...options, arenaBytes })
  const arena = kernels.allocate(33 * MiB)
  const inArena = (data: Uint8Array, offset = 0) => {
    arena.set(data, offset)
    return arena.subarray(offset, offset + data.length)
  }

  describe('memory', () => {
    test('is aligned, disjoint, and ends', () => {
      const fresh = createKernels({ ...options, arenaBytes: 3 * 4096 })
      const first = fresh.allocate(5000)
      const second = fresh.allocate(4096)
      first.fill(1)
      second.fill(2)
      expect([first.length, second.length]).toEqual([5000, 4096])
      expect(first.every(byte => byte === 1)).toBe(true)
      if (fresh.variant !== 'plain')
        expect([first.byteOffset % 4096, second.byteOffset % 4096]).toEqual([0, 0])
      expect(() => fresh.allocate(65537)).toThrow(RangeError)
    })

    test('is not written to by work on other data', () => {
      const fresh = createKernels({ ...options, arenaBytes: 4096 })
      const view = fresh.allocate(4096).fill(7)
      fresh.chunker(polynomial).firstChunk(pseudoRandom(2 * MiB))
      fresh.poly1305(new Uint8Array(16))(new Uint8Array(16), pseudoRandom(300_001))
      expect(view.every(byte => byte === 7)).toBe(true)
    })
  })

  describe('chunker', () => {
    const chunker = kernels.chunker(polynomial)

    test.each(vectors.chunker.cases)('cuts $file by $polynomial like restic', vector => {
      const chunker = kernels.chunker(BigInt(`0x${vector.polynomial}`))
      const data = buffers[vector.file]!
      expect(data.length).toBe(vector.size)
      for (const place of [data, inArena(data, 1)]) {
        const chunks = cut(chunker, place)
        expect(chunks.map(chunk => chunk.length)).toEqual(vector.chunk_lengths)
        expect(chunks.map(sha256)).toEqual(vector.chunk_ids)
      }
    })

    test('zeros are cut every 512 KiB', () => {
      const chunks = cut(chunker, new Uint8Array(3 * MiB + 1))
      expect(chunks.map(chunk => chunk.length)).toEqual([...Array(6).fill(minChunkBytes), 1])
      expect(sha256(chunks[0]!)).toBe(vectors.zero_chunk_sha256_512KiB)
    })

    test('what is no longer than the smallest chunk is one', () => {
      const zeros = (bytes: number) => chunker.firstChunk(new Uint8Array(bytes))
      expect([1, 63, 64, 65, minChunkBytes - 1, minChunkBytes, minChunkBytes + 1].map(zeros)).toEqual([
        1,
        63,
        64,
        65,
        minChunkBytes - 1,
        minChunkBytes,
        minChunkBytes,
      ])
    })

    test('what has no cut ends at the largest size', () => {
      const data = periodic(maxChunkBytes + 1)
      for (const bytes of [maxChunkBytes - 1, maxChunkBytes, maxChunkBytes + 1]) {
        const expected = Math.min(bytes, maxChunkBytes)
        expect(chunker.firstChunk(data.subarray(0, bytes))).toBe(expected)
        expect(chunker.firstChunk(inArena(data.subarray(0, bytes)))).toBe(expected)
      }
    })

    test('a cut right at the smallest and the largest size', () => {
      for (const end of [minChunkBytes, minChunkBytes + 1, maxChunkBytes - 1, maxChunkBytes]) {
        expect(chunker.firstChunk(planted([end], maxChunkBytes + 100))).toBe(end)
      }
      expect(chunker.firstChunk(planted([minChunkBytes - 1], 700_000))).toBe(700_000)
    })

    test('the first of several cuts counts, wherever the lanes find them', () => {
      const end = fc.integer({ min: minChunkBytes, max: minChunkBytes + 350_000 })
      const property = fc.property(
        fc.array(end, { minLength: 1, maxLength: 6 }),
        fc.nat(99),
        (ends, more) => {
          const data = planted(ends, Math.max(...ends) + more)
          const expected = plain.chunker(polynomial).firstChunk(data)
          expect(expected).toBeLessThanOrEqual(Math.min(...ends))
          expect(chunker.firstChunk(data)).toBe(expected)
          expect(chunker.firstChunk(inArena(data, more))).toBe(expected)
        },
      )
      fc.assert(property, { numRuns: 60 })
    })

    test('a view at an odd offset is cut like any other', () => {
      const data = buffers['lcg32m.bin']!.subarray(12_345_677, 22_000_000)
      expect(chunker.firstChunk(data)).toBe(chunker.firstChunk(data.slice()))
    })

    test('two polynomials take turns', () => {
      const other = kernels.chunker(otherPolynomial)
      const data = buffers['lcg32m.bin']!
      const lengths = [chunker, other, chunker, other].map(each => each.firstChunk(data))
      expect(lengths).toEqual([1764504, 1121181, 1764504, 1121181])
    })

    test("the caller's mistakes are told", () => {
      expect(() => chunker.firstChunk(new Uint8Array(0))).toThrow(RangeError)
      expect(() => kernels.chunker(0x13n)).toThrow(RangeError)
      expect(() => kernels.chunker(polynomial << 1n)).toThrow(RangeError)
    })
  })

  describe('poly1305', () => {
    const s = Uint8Array.from({ length: 16 }, (_, i) => 255 - i * 17)
    const ones = (bytes: number) => new Uint8Array(bytes).fill(255)

    test.each(vectors.poly1305_aes)('restic, $length bytes', vector => {
      const message = Uint8Array.from({ length: vector.length }, (_, i) => (i * 31 + 7) & 255)
      const mac = kernels.poly1305(hex(vector.r_hex))
      expect(mac(hex(vector.aes_k_nonce_hex), message).toString('hex')).toBe(vector.mac_hex)
    })

    const zeros = '00'.repeat(16)
    const small = (byte: string) => byte + '00'.repeat(15)
    test.each([
      ['7', small('02'), zeros, 'ff'.repeat(16), small('03')],
      ['8', small('02'), 'ff'.repeat(16), small('02'), small('03')],
      ['9', small('01'), zeros, 'ff'.repeat(16) + 'f0' + 'ff'.repeat(15) + small('11'), small('05')],
      ['10', small('01'), zeros, 'ff'.repeat(16) + 'fb' + 'fe'.repeat(15) + '01'.repeat(16), zeros],
      ['11', small('02'), zeros, 'fd' + 'ff'.repeat(15), 'fa' + 'ff'.repeat(15)],
    ])('RFC 8439 appendix A.3, vector %s', (_number, r, nonce, message, tag) => {
      expect(kernels.poly1305(hex(r))(hex(nonce), hex(message)).toString('hex')).toBe(tag)
    })

    test('every length from 0 to 300, at odd offsets', () => {
      const mac = kernels.poly1305(ones(16))
      const source = pseudoRandom(400)
      for (let length = 0; length <= 300; length++) {
        const message = source.subarray(length % 7, (length % 7) + length)
        const expected = reference(ones(16), s, message)
        expect(mac(s, message)).toEqual(expected)
        expect(mac(s, inArena(message, 1 + (length % 5)))).toEqual(expected)
      }
    })

    test('the largest limbs, at and around the size in which data is copied', () => {
      for (const length of [16, 4096, 65535, 65536, 65537, 131_072, 200_000]) {
        for (const message of [ones(length), new Uint8Array(length)]) {
          const expected = reference(ones(16), ones(16), message)
          expect(kernels.poly1305(ones(16))(ones(16), message)).toEqual(expected)
          expect(kernels.poly1305(ones(16))(ones(16), inArena(message))).toEqual(expected)
        }
      }
    })

    test('anything else', () => {
      const edgy = fc.oneof(fc.constantFrom(0, 1, 2, 251, 252, 254, 255), fc.nat(255))
      const bytes = (minLength: number, maxLength: number) =>
        fc.array(edgy, { minLength, maxLength }).map(values => Uint8Array.from(values))
      const property = fc.property(bytes(16, 16), bytes(16, 16), bytes(0, 200), (r, nonce, message) => {
        expect(kernels.poly1305(r)(nonce, message)).toEqual(reference(r, nonce, message))
      })
      fc.assert(property, { numRuns: 500 })
    })

    test('keys take turns, and tags stay as they were', () => {
      const [r1, r2] = [pseudoRandom(16, 3), pseudoRandom(16, 5)]
      const [one, two] = [kernels.poly1305(r1), kernels.poly1305(r2)]
      const message = pseudoRandom(1000, 7)
      const tags = [one(s, message), two(s, message), one(s, message)]
      const [tag1, tag2] = [reference(r1, s, message), reference(r2, s, message)]
      expect(tags).toEqual([tag1, tag2, tag1])
    })

    test("the key given is kept, whatever its owner does with it, and isn't changed", () => {
      const r = ones(16)
      const mac = kernels.poly1305(r)
      expect(r).toEqual(ones(16))
      r.fill(0)
      expect(mac(s, s)).toEqual(reference(ones(16), s, s))
    })

    test("the caller's mistakes are told", () => {
      expect(() => kernels.poly1305(new Uint8Array(15))).toThrow(RangeError)
      expect(() => kernels.poly1305(s)(new Uint8Array(17), s)).toThrow(RangeError)
    })
  })
})

function cut(chunker: Chunker, data: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < data.length;) {
    const chunk = data.subarray(at, at + chunker.firstChunk(data.subarray(at)))
    chunks.push(chunk)
    at += chunk.length
  }
  return chunks
}

/** Data without cuts, but for those at `ends` (of overlapping ones only the first is sure). */
function planted(ends: number[], bytes: number): Uint8Array {
  const first = vectors.chunker.cases[0]!.chunk_lengths[0]!
  const window = buffers['lcg32m.bin']!.subarray(first - 64, first)
  const data = periodic(bytes)
  for (const end of ends.toSorted((a, b) => b - a)) data.set(window, end - 64)
  return data
}

function reference(r: Uint8Array, nonce: Uint8Array, message: Uint8Array): Buffer {
  const p = (1n << 130n) - 5n
  const key = number(r) & 0x0ffffffc0ffffffc0ffffffc0fffffffn
  let sum = 0n
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16)
    sum = ((sum + number(block) + (1n << BigInt(8 * block.length))) * key) % p
  }
  const tag = BigInt.asUintN(128, sum + number(nonce))
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse()
}

/** Little-endian. */
const number = (bytes: Uint8Array) => BigInt(`0x0${Buffer.from(bytes).reverse().toString('hex')}`)
const hex = (text: string) => Buffer.from(text, 'hex')
