import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { createClaimTable, isFilling, joinClaims } from '../../../src/main/engine/workers/claims.ts'

const id = (seed: number) => createHash('sha256').update(String(seed)).digest('hex')

test('a blob is claimed once, by type and whole ID', () => {
  const claims = joinClaims([createClaimTable(64)])
  expect(claims.claim('data', id(1))).toBe(true)
  expect(claims.claim('data', id(1))).toBe(false)
  expect(claims.claim('tree', id(1))).toBe(true)
  const near = id(1).slice(0, 63) + (id(1).endsWith('0') ? '1' : '0')
  expect(claims.claim('data', near)).toBe(true)
})

test('what one has claimed is known to all who share the table', () => {
  const table = createClaimTable(64)
  expect(joinClaims([table]).claim('data', id(1))).toBe(true)
  expect(joinClaims([table]).claim('data', id(1))).toBe(false)
})

test('a further table takes over, and the old one is still asked', () => {
  const first = createClaimTable(16)
  const claims = joinClaims([first])
  for (let i = 0; i < 9; i++) expect(claims.claim('data', id(i))).toBe(true)
  expect(isFilling(first)).toBe(true)
  const second = createClaimTable(64)
  claims.extend(second)
  expect(claims.claim('data', id(3))).toBe(false)
  expect(claims.claim('data', id(100))).toBe(true)
  expect(joinClaims([second]).claim('data', id(100))).toBe(false)
  expect(joinClaims([first]).claim('data', id(100))).toBe(true) // it never came to the first
})

test('a full table says "store it" rather than lose a blob', () => {
  const claims = joinClaims([createClaimTable(4)])
  for (let i = 0; i < 20; i++) expect(claims.claim('data', id(i))).toBe(true)
})

test('threads that race for the same blobs get each of them exactly once', async () => {
  const count = 20_000
  const table = createClaimTable(2 * count)
  const start = new SharedArrayBuffer(4)
  const seeds = [0, 1, 2, 3]
  const got = await Promise.all(
    seeds.map(async seed => {
      const thread = new Worker(new URL('claimer.ts', import.meta.url), {
        workerData: { table, start, threads: seeds.length, count, seed },
      })
      const [list] = (await once(thread, 'message')) as [number[]]
      return list
    }),
  )
  expect(got.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
})
