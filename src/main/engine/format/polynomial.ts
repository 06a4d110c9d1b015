import { randomBytes } from 'node:crypto'

const degree = 53

/**
 * Whether `polynomial`, over GF(2), has no factors (Ben-Or): x^(2^i) − x holds every irreducible polynomial
 * of degree i, so sharing nothing with any of them up to half the degree means having no factor.
 * Under a millisecond at degree 53; grows with the cube of the degree.
 */
export function isIrreducible(polynomial: bigint): boolean {
  if (polynomial < 2n) return false
  const half = Math.floor(degreeOf(polynomial) / 2)
  let power = 2n
  for (let i = 1; i <= half; i++) {
    power = remainder(square(power), polynomial)
    if (greatestCommonDivisor(polynomial, power ^ 2n) !== 1n) return false
  }
  return true
}

/** A random irreducible polynomial of degree 53. */
export function randomPolynomial(): bigint {
  for (;;) {
    const random = randomBytes(8).readBigUInt64LE()
    const polynomial = BigInt.asUintN(degree + 1, random) | (1n << BigInt(degree)) | 1n
    if (isIrreducible(polynomial)) return polynomial
  }
}

const degreeOf = (value: bigint) => value.toString(2).length - 1

/** Over GF(2) squaring only spreads the bits: the cross terms cancel. */
const square = (value: bigint) => BigInt(`0b${value.toString(2).split('').join('0')}`)

function remainder(value: bigint, divisor: bigint): bigint {
  const divisorDegree = degreeOf(divisor)
  while (value !== 0n) {
    const shift = degreeOf(value) - divisorDegree
    if (shift < 0) break
    value ^= divisor << BigInt(shift)
  }
  return value
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, remainder(a, b)]
  return a
}
