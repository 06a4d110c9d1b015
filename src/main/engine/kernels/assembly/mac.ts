import { macKeyAt, macLastAt, macNonceAt, macSumAt, macTagAt } from './layout'

// Numbers mod 2^130 - 5 are four limbs in base 2^32, of which the last has 34 bits and the first may run a little over.
// r is clamped: its limbs are below 2^28, and all but the first divisible by four. So what passes 2^128 = 2^130 / 4
// comes back times r + r / 4, 5/4 of it.
//
// In units of 2^32 the limbs are below 3.1, 2, 2 and 6 when a block has been added, and the largest sum of
// products, (3.1 + 5/4 · (2 + 2 + 6)) · 2^60, is just below 2^64. The time goes into sixteen multiplications a
// block; SIMD with floating-point multiply-add was a quarter slower.

const low32: u64 = 0xffffffff
const low34: u64 = 0x3ffffffff

export function macStart(): void {
  memory.fill(macSumAt, 0, 32)
}

/** Adds whole blocks; `bytes` is a multiple of 16. */
export function macBlocks(at: usize, bytes: usize): void {
  absorb(at, at + bytes, 1)
}

/** Adds the last block, already ended by a 1 and padded with zeros. */
export function macLast(): void {
  absorb(macLastAt, macLastAt + 16, 0)
}

function absorb(at: usize, stop: usize, top: u64): void {
  const r0: u64 = load<u32>(macKeyAt)
  const r1: u64 = load<u32>(macKeyAt, 4)
  const r2: u64 = load<u32>(macKeyAt, 8)
  const r3: u64 = load<u32>(macKeyAt, 12)
  const s1 = r1 + (r1 >> 2)
  const s2 = r2 + (r2 >> 2)
  const s3 = r3 + (r3 >> 2)
  top <<= 32

  let h0 = load<u64>(macSumAt)
  let h1 = load<u64>(macSumAt, 8)
  let h2 = load<u64>(macSumAt, 16)
  let h3 = load<u64>(macSumAt, 24)

  for (; at < stop; at += 16) {
    h3 += <u64>load<u32>(at, 12) + top
    h2 += <u64>load<u32>(at, 8)
    h1 += <u64>load<u32>(at, 4)
    h0 += <u64>load<u32>(at)

    // h0 is known last, so its products are added last.
    const p0 = h3 * s1 + h2 * s2 + h1 * s3 + h0 * r0
    const p1 = h3 * s2 + h2 * s3 + h1 * r0 + h0 * r1 + (p0 >> 32)
    const p2 = h3 * s3 + h2 * r0 + h1 * r1 + h0 * r2 + (p1 >> 32)
    const p3 = h3 * r0 + h2 * r1 + h1 * r2 + h0 * r3 + (p2 >> 32)

    h1 = p1 & low32
    h2 = p2 & low32
    h3 = p3 & low34
    h0 = (p0 & low32) + (p3 >> 34) * 5
  }

  store<u64>(macSumAt, h0)
  store<u64>(macSumAt, h1, 8)
  store<u64>(macSumAt, h2, 16)
  store<u64>(macSumAt, h3, 24)
}

/** Reduces the sum fully, adds the nonce and leaves the tag. */
export function macFinish(): void {
  let h0 = load<u64>(macSumAt)
  let h1 = load<u64>(macSumAt, 8) + (h0 >> 32)
  let h2 = load<u64>(macSumAt, 16) + (h1 >> 32)
  let h3 = load<u64>(macSumAt, 24) + (h2 >> 32)
  h0 &= low32
  h1 &= low32
  h2 &= low32

  // Below 2^130 plus a little: it is too large by one 2^130 - 5 if adding 5 reaches 2^130.
  const g0 = h0 + 5
  const g1 = h1 + (g0 >> 32)
  const g2 = h2 + (g1 >> 32)
  const g3 = h3 + (g2 >> 32)
  if (g3 > low34) {
    h0 = g0 & low32
    h1 = g1 & low32
    h2 = g2 & low32
    h3 = g3
  }

  h0 += load<u32>(macNonceAt)
  h1 += load<u32>(macNonceAt, 4) + (h0 >> 32)
  h2 += load<u32>(macNonceAt, 8) + (h1 >> 32)
  h3 += load<u32>(macNonceAt, 12) + (h2 >> 32)
  store<u32>(macTagAt, <u32>h0)
  store<u32>(macTagAt, <u32>h1, 4)
  store<u32>(macTagAt, <u32>h2, 8)
  store<u32>(macTagAt, <u32>h3, 12)
}
