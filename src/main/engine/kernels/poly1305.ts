import type { Poly1305 } from './kernels.ts'

const limb = 2 ** 22
const mask = limb - 1
const perLimb = 2 ** -22
const blockBytes = 16

/**
 * The twin in TypeScript. Numbers mod 2^130 − 5 are six 22-bit limbs in doubles, base 2^22: a sum of six products
 * stays below 2^52, hence exact. What passes 2^132 comes back times 20, as 2^132 = 4·2^130 ≡ 4·5.
 *
 * @see RFC 8439, section 2.5
 */
export function plainPoly1305(r: Uint8Array): Poly1305 {
  const [r0, r1, r2, r3, r4, r5] = limbs(clamp(r))
  const [, s1, s2, s3, s4, s5] = [r0, r1, r2, r3, r4, r5].map(value => 20 * value) as Limbs

  /** h ← (h + block) · r for every whole block. */
  const absorb = (h: Limbs, from: Uint8Array, end: number, top: number): Limbs => {
    let [h0, h1, h2, h3, h4, h5] = h
    for (let at = 0; at < end; at += blockBytes) {
      const a = word(from, at)
      const b = word(from, at + 4)
      const c = word(from, at + 8)
      const d = word(from, at + 12)
      h0 += a & mask
      h1 += ((a >>> 22) | (b << 10)) & mask
      h2 += ((b >>> 12) | (c << 20)) & mask
      h3 += (c >>> 2) & mask
      h4 += ((c >>> 24) | (d << 8)) & mask
      h5 += (d >>> 14) + top

      let p0 = h0 * r0 + h1 * s5 + h2 * s4 + h3 * s3 + h4 * s2 + h5 * s1
      let p1 = h0 * r1 + h1 * r0 + h2 * s5 + h3 * s4 + h4 * s3 + h5 * s2
      let p2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s5 + h4 * s4 + h5 * s3
      let p3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s5 + h5 * s4
      let p4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0 + h5 * s5
      let p5 = h0 * r5 + h1 * r4 + h2 * r3 + h3 * r2 + h4 * r1 + h5 * r0

      let carry = Math.floor(p0 * perLimb)
      h0 = p0 - carry * limb
      p1 += carry
      carry = Math.floor(p1 * perLimb)
      h1 = p1 - carry * limb
      p2 += carry
      carry = Math.floor(p2 * perLimb)
      h2 = p2 - carry * limb
      p3 += carry
      carry = Math.floor(p3 * perLimb)
      h3 = p3 - carry * limb
      p4 += carry
      carry = Math.floor(p4 * perLimb)
      h4 = p4 - carry * limb
      p5 += carry
      carry = Math.floor(p5 * perLimb)
      h5 = p5 - carry * limb
      h0 += 20 * carry
      carry = Math.floor(h0 * perLimb)
      h0 -= carry * limb
      h1 += carry
    }
    return [h0, h1, h2, h3, h4, h5]
  }

  return (nonce, message) => {
    if (nonce.length !== blockBytes) throw new RangeError('a Poly1305 nonce has 16 bytes')
    const whole = message.length - (message.length % blockBytes)
    let sum = absorb([0, 0, 0, 0, 0, 0], message, whole, 2 ** 18)
    if (whole < message.length) {
      const last = new Uint8Array(blockBytes)
      last.set(message.subarray(whole))
      last[message.length - whole] = 1
      sum = absorb(sum, last, blockBytes, 0)
    }
    return finish(sum, nonce)
  }
}

type Limbs = [number, number, number, number, number, number]

/** A copy with the bits cleared that Poly1305 wants clear. */
export function clamp(r: Uint8Array): Uint8Array {
  if (r.length !== blockBytes) throw new RangeError('a Poly1305 key has 16 bytes')
  return r.map((byte, at) => (at % 4 === 3 ? byte & 15 : at % 4 === 0 && at > 0 ? byte & 252 : byte))
}

const word = (from: Uint8Array, at: number) =>
  from[at]! | (from[at + 1]! << 8) | (from[at + 2]! << 16) | (from[at + 3]! << 24)

function limbs(from: Uint8Array): Limbs {
  const [a, b, c, d] = [word(from, 0), word(from, 4), word(from, 8), word(from, 12)]
  return [
    a & mask,
    ((a >>> 22) | (b << 10)) & mask,
    ((b >>> 12) | (c << 20)) & mask,
    (c >>> 2) & mask,
    ((c >>> 24) | (d << 8)) & mask,
    d >>> 14,
  ]
}

/** (h mod 2^130 − 5) + nonce, mod 2^128. Once a message, so BigInt is good enough. */
function finish(h: Limbs, nonce: Uint8Array): Buffer {
  const value = h.reduceRight((sum, part) => (sum << 22n) + BigInt(part), 0n)
  const tag = Buffer.alloc(blockBytes)
  const s = Buffer.from(nonce.buffer, nonce.byteOffset, blockBytes)
  const sum = (value % ((1n << 130n) - 5n)) + s.readBigUInt64LE(0) + (s.readBigUInt64LE(8) << 64n)
  tag.writeBigUInt64LE(BigInt.asUintN(64, sum), 0)
  tag.writeBigUInt64LE(BigInt.asUintN(64, sum >> 64n), 8)
  return tag
}
