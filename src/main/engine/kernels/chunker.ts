const windowBytes = 64
const degree = 53
const cutMask = 0xfffff

/**
 * Finds the first cut: the lowest `end` in [from, to) such that the 64 bytes before it hash to a cut, else `to`.
 * Needs from ≥ 64 and to ≤ data.length.
 */
export type Scan = (data: Uint8Array, from: number, to: number) => number

/**
 * What a byte worth x^exponent is modulo the polynomial, over GF(2), for all 256 bytes.
 *
 * The digest d of a window (first byte highest) slides by one byte as
 * d ← d·x^8 + entering + leaving·x^512, so tables for x^53 (what d·x^8 pushes out at the top) and x^512 suffice.
 */
export function powerTable(polynomial: bigint, exponent: number): BigUint64Array {
  if (polynomial >> BigInt(degree) !== 1n) throw new RangeError('a chunker polynomial has degree 53')
  const double = (value: bigint) => (value >> BigInt(degree - 1) ? (value << 1n) ^ polynomial : value << 1n)
  let power = 1n
  for (let i = 0; i < exponent; i++) power = double(power)
  const table = new BigUint64Array(256)
  for (let bit = 1; bit < 256; bit *= 2) {
    for (let low = 0; low < bit; low++) table[bit + low] = table[low]! ^ power
    power = double(power)
  }
  return table
}

/** `powerTable` for x^53, with the byte itself above, so that one XOR also clears what was pushed out. */
export const overflowTable = (polynomial: bigint): BigUint64Array =>
  powerTable(polynomial, degree).map((value, byte) => value | (BigInt(byte) << BigInt(degree)))

export const leavingTable = (polynomial: bigint): BigUint64Array => powerTable(polynomial, 8 * windowBytes)

/** The digest of one 64-byte window; what the scanners look at, spelled out. */
export function windowDigest(polynomial: bigint, window: Uint8Array): bigint {
  const overflow = overflowTable(polynomial)
  return window.reduce(
    (digest, byte) => ((digest << 8n) | BigInt(byte)) ^ overflow[Number(digest >> BigInt(degree - 8))]!,
    0n,
  )
}

/** The twin in TypeScript: the digest lives in two 32-bit halves, as BigInt would be fifty times slower. */
export function plainScan(polynomial: bigint): Scan {
  const overflow = halves(overflowTable(polynomial))
  const leaving = halves(leavingTable(polynomial))

  return (data, from, to) => {
    let low = 0
    let high = 0
    for (let at = from - windowBytes; at < from; at++) {
      const top = (high >>> 13) << 1
      high = ((high << 8) | (low >>> 24)) ^ overflow[top + 1]!
      low = ((low << 8) | data[at]!) ^ overflow[top]!
    }
    for (let end = from; end < to; end++) {
      if ((low & cutMask) === 0) return end
      const top = (high >>> 13) << 1
      const old = data[end - windowBytes]! << 1
      high = ((high << 8) | (low >>> 24)) ^ overflow[top + 1]! ^ leaving[old + 1]!
      low = ((low << 8) | data[end]!) ^ overflow[top]! ^ leaving[old]!
    }
    return to
  }
}

/** Low half at 2·i, high half at 2·i + 1, whatever the machine's byte order. */
const halves = (table: BigUint64Array): Int32Array =>
  Int32Array.from([...table].flatMap(value => [Number(value & 0xffffffffn), Number(value >> 32n)]))
