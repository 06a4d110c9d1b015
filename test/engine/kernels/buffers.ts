import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** What restic answered; the format is explained in the file itself. */
export const vectors: {
  chunker: {
    sha256_of_buffers: Record<string, string>
    cases: { polynomial: string; file: string; size: number; chunk_lengths: number[]; chunk_ids: string[] }[]
    tables_sample: { polynomial: string; out_table: [number, string][]; mod_table: [number, string][] }
    window_digest_sample: { polynomial: string; digest_hex: string }
    irreducible_samples: [string, boolean][]
  }
  poly1305_aes: { r_hex: string; aes_k_nonce_hex: string; length: number; mac_hex: string }[]
  zero_chunk_sha256_512KiB: string
} = JSON.parse(readFileSync(new URL('../../fixtures/vectors/vectors.json', import.meta.url), 'utf8'))

export const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')

/** The buffers whose cuts the vectors list, by the recipes given there. */
export const vectorBuffers = (): Record<string, Uint8Array> => ({
  'lcg32m.bin': pseudoRandom(33554432),
  'xs24m.bin': xorShift(25165824),
  'period17m.bin': periodic(17825792),
})

export function pseudoRandom(bytes: number, seed = 1): Uint8Array {
  const data = new Uint8Array(bytes)
  for (let i = 0, x = seed; i < bytes; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0
    data[i] = x >>> 24
  }
  return data
}

/** Has no cuts for any of the polynomials tested, so every chunk has the largest size. */
export const periodic = (bytes: number): Uint8Array => Buffer.alloc(bytes, 'The quick brown fox. ')

function xorShift(bytes: number): Uint8Array {
  const data = new Uint8Array(bytes)
  for (let i = 0, x = 0x9e3779b9; i < bytes; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    data[i] = (i >>> 16) % 5 === 0 ? 0 : x & 255
  }
  return data
}
