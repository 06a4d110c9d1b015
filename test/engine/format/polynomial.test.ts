import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isIrreducible, randomPolynomial } from '../../../src/main/engine/format/polynomial.ts'
import { vectors } from '../kernels/buffers.ts'

test.each(vectors.chunker.irreducible_samples)('restic says of %s: %s', (polynomial, expected) => {
  expect(isIrreducible(BigInt(`0x${polynomial}`))).toBe(expected)
})

test('there are as many of each small degree as Gauss counted', () => {
  const count = (degree: number) =>
    Array.from({ length: 2 ** degree }, (_, low) => BigInt(2 ** degree + low)).filter(isIrreducible).length
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(count)).toEqual([2, 1, 2, 3, 6, 9, 18, 30, 56, 99])
})

test('no product is irreducible', () => {
  const factor = fc.bigInt({ min: 2n, max: (1n << 27n) - 1n })
  fc.assert(fc.property(factor, factor, (a, b) => !isIrreducible(product(a, b))))
})

test('0, 1 and what is negative have no factors to speak of', () => {
  expect([0n, 1n, -5n].map(isIrreducible)).toEqual([false, false, false])
})

test('random ones are irreducible, of degree 53, and differ', () => {
  const some = Array.from({ length: 20 }, randomPolynomial)
  expect(some.every(polynomial => polynomial >> 53n === 1n && isIrreducible(polynomial))).toBe(true)
  expect(new Set(some).size).toBe(some.length)
})

function product(a: bigint, b: bigint): bigint {
  let sum = 0n
  for (; b > 0n; b >>= 1n, a <<= 1n) if (b & 1n) sum ^= a
  return sum
}
