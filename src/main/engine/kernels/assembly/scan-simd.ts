import { leavingAt, masksAt, nibblesAt, overflowAt, rowsAt, turnAt } from './layout'
import { scan as scanFour } from './scan-scalar'
import { scanOne, windowBytes } from './window'

// Sixteen lanes walk sixteen stretches of the data in step. The digest, shifted left by three so that its top byte
// is the index into the overflow table, is cut into seven bytes, and vector k holds byte k of all sixteen digests.
// A look-up in a table of 256 is two in tables of 16, one for each half of the index, as the tables are linear
// over GF(2).

/** Positions each lane walks, a multiple of 16; one of the page size would make the lanes compete for cache sets. */
const laneBytes: usize = 3136
const lanes: usize = 16
const groupBytes: usize = 256
const ringBytes: usize = 5 * groupBytes

export function scan(from: usize, to: usize): usize {
  for (; from + lanes * laneBytes <= to; from += lanes * laneBytes) {
    const end = scanLanes(from)
    if (end) return end
  }
  return scanFour(from, to)
}

// A mask in memory is one load; as a constant it would be three instructions in the innermost loop, every time.
const low4: usize = 0
const low7: usize = 16
const low3: usize = 32
const high5: usize = 48

// @ts-ignore: decorator
@inline
function only(name: usize, bytes: v128): v128 {
  return v128.and(bytes, v128.load(masksAt + name))
}

/** Derives the tables of 16: for each byte of the digest overflow low, high, leaving low, high. */
export function scanTables(): void {
  for (let k: usize = 0; k < 7; k++) {
    for (let i: usize = 0; i < 16; i++) {
      const at = nibblesAt + 64 * k + i
      store<u8>(at, byteOf(overflowAt, i, k))
      store<u8>(at, byteOf(overflowAt, i << 4, k), 16)
      store<u8>(at, byteOf(leavingAt, i, k), 32)
      store<u8>(at, byteOf(leavingAt, i << 4, k), 48)
    }
  }
  v128.store(masksAt + low4, i8x16.splat(15))
  v128.store(masksAt + low7, i8x16.splat(127))
  v128.store(masksAt + low3, i8x16.splat(7))
  v128.store(masksAt + high5, i8x16.splat(-8))
}

// @ts-ignore: decorator
@inline
function byteOf(table: usize, index: usize, k: usize): u8 {
  return <u8>((load<u64>(table + (index << 3)) << 3) >> (<u64>k << 3))
}

// @ts-ignore: decorator
@inline
function look(index: v128, offset: usize): v128 {
  const table = v128.load(nibblesAt + offset)
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(table, index) : i8x16.swizzle(table, index)
}

// @ts-ignore: decorator
@inline
function change(k: usize, topLow: v128, topHigh: v128, oldLow: v128, oldHigh: v128): v128 {
  return v128.xor(
    v128.xor(look(topLow, 64 * k), look(topHigh, 64 * k + 16)),
    v128.xor(look(oldLow, 64 * k + 32), look(oldHigh, 64 * k + 48)),
  )
}

// @ts-ignore: decorator
@inline
function low(bytes: v128): v128 {
  return only(low4, bytes)
}

// @ts-ignore: decorator
@inline
function high(bytes: v128): v128 {
  return only(low4, i16x8.shr_u(bytes, 4))
}

/** The first cut in the 16 · laneBytes positions from `from`, or 0. */
function scanLanes(from: usize): usize {
  const nothing = i64x2.splat(0)
  const everything = i64x2.splat(-1)
  let b0 = nothing
  let b1 = nothing
  let b2 = nothing
  let b3 = nothing
  let b4 = nothing
  let b5 = nothing
  let b6 = nothing

  // The first four groups fill the windows: nothing leaves them, and what looks like a cut is none.
  memory.fill(rowsAt, 0, ringBytes)
  let ignored = everything
  let found: usize = 0
  let group = rowsAt

  for (let at = from - windowBytes, stop = from + laneBytes; at < stop; at += 16) {
    if (at === from) ignored = nothing
    transpose(at, group)
    const next = group + groupBytes === rowsAt + ringBytes ? rowsAt : group + groupBytes

    let least = everything
    for (let j: usize = 0; j < groupBytes; j += 16) {
      const test = v128.or(v128.or(b0, b1), only(low7, b2))
      least = i8x16.min_u(least, test)

      const entering = v128.load(group + j)
      const old = v128.load(next + j)
      const topLow = low(b6)
      const topHigh = high(b6)
      const oldLow = low(old)
      const oldHigh = high(old)
      b6 = v128.xor(b5, change(6, topLow, topHigh, oldLow, oldHigh))
      b5 = v128.xor(b4, change(5, topLow, topHigh, oldLow, oldHigh))
      b4 = v128.xor(b3, change(4, topLow, topHigh, oldLow, oldHigh))
      b3 = v128.xor(b2, change(3, topLow, topHigh, oldLow, oldHigh))
      b2 = v128.xor(b1, change(2, topLow, topHigh, oldLow, oldHigh))
      b1 = v128.xor(
        v128.xor(b0, only(low3, i16x8.shr_u(entering, 5))),
        change(1, topLow, topHigh, oldLow, oldHigh),
      )
      b0 = v128.xor(
        only(high5, i16x8.shl(entering, 3)),
        change(0, topLow, topHigh, oldLow, oldHigh),
      )
    }

    const hits = v128.andnot(i8x16.eq(least, nothing), ignored)
    if (v128.any_true(hits)) {
      // The lowest lane wins. Cuts in lanes before it may still come, those in it and after it no longer matter.
      const lane = <usize>ctz(i8x16.bitmask(hits))
      found = scanOne(at + lane * laneBytes, at + lane * laneBytes + 16)
      if (lane === 0) return found
      ignored = i8x16.ge_u(lanesInOrder(), i8x16.splat(<i8>lane))
    }
    group = next
  }
  return found
}

// @ts-ignore: decorator
@inline
function lanesInOrder(): v128 {
  return i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
}

/** Row j at `to` becomes byte j of all lanes: byte `at + j` of the first, `at + j + laneBytes` of the second, … */
// @ts-ignore: decorator
@inline
function transpose(at: usize, to: usize): void {
  for (let i: usize = 0; i < 4; i++) interleave(at + i * laneBytes, 4 * laneBytes, turnAt + 64 * i)
  for (let i: usize = 0; i < 4; i++) interleave(turnAt + 16 * i, 64, to + 64 * i)
}

/** Two of the four rounds of interleaving that make a transposition, on four vectors that go together. */
// @ts-ignore: decorator
@inline
function interleave(at: usize, step: usize, to: usize): void {
  const a = v128.load(at)
  const b = v128.load(at + step)
  const c = v128.load(at + 2 * step)
  const d = v128.load(at + 3 * step)
  const e = zipLow(a, c)
  const f = zipHigh(a, c)
  const g = zipLow(b, d)
  const h = zipHigh(b, d)
  v128.store(to, zipLow(e, g))
  v128.store(to, zipHigh(e, g), 16)
  v128.store(to, zipLow(f, h), 32)
  v128.store(to, zipHigh(f, h), 48)
}

// @ts-ignore: decorator
@inline
function zipLow(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
}

// @ts-ignore: decorator
@inline
function zipHigh(a: v128, b: v128): v128 {
  return v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
}
