import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sortedIndexes } from '../../../src/renderer/screens/restore/order.ts'

function all(work: Generator<void, Uint32Array, void>): { order: number[]; slices: number } {
  let slices = 0
  for (let step = work.next(); ; step = work.next()) {
    if (step.done) return { order: [...step.value], slices }
    slices++
  }
}

test('rows are in order, and those that are equal as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 6000, size: 'max' }), values => {
      const { order } = all(sortedIndexes(values.length, (a, b) => values[a]! - values[b]!))
      expect(order).toEqual(values.map((_, at) => at).sort((a, b) => values[a]! - values[b]! || a - b))
    }),
    { numRuns: 20 },
  )
})

test('many rows are sorted in small slices', () => {
  const values = Array.from({ length: 100_000 }, (_, n) => (n * 7919) % 100_003)
  const { order, slices } = all(sortedIndexes(values.length, (a, b) => values[a]! - values[b]!))
  expect(order.every((at, n) => n === 0 || values[order[n - 1]!]! <= values[at]!)).toBe(true)
  expect(slices).toBeGreaterThan(100)
})
