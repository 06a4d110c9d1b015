import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defaultMemoryBytes, memoryPlan } from '../../src/main/engine/memory.ts'

test('what is usual: two threads, and an index of a million blobs', () => {
  expect(memoryPlan(defaultMemoryBytes, 2)).toEqual({
    threads: 2,
    indexBytes: 60_000_000,
    packsInFlight: 2,
    sparePackBuffers: 1,
    foldersAtOnce: 12,
  })
})

test('more memory never plans for less, and nothing needed is ever planned away', () => {
  fc.assert(
    fc.property(fc.nat(4_000_000_000), fc.nat(500_000_000), fc.nat(16), (bytes, more, threads) => {
      const [plan, larger] = [memoryPlan(bytes, threads), memoryPlan(bytes + more, threads)]
      expect(larger.indexBytes).toBeGreaterThanOrEqual(plan.indexBytes)
      expect(larger.threads).toBeGreaterThanOrEqual(plan.threads)
      expect(plan.threads).toBeLessThanOrEqual(threads)
      expect(plan.threads).toBeGreaterThanOrEqual(Math.min(1, threads))
      expect(Math.min(plan.packsInFlight, plan.sparePackBuffers)).toBeGreaterThanOrEqual(1)
      expect(plan.foldersAtOnce).toBeGreaterThanOrEqual(2)
    }),
  )
})
