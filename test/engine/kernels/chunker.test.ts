import { expect, test } from 'vitest'
import {
  overflowTable,
  plainScan,
  powerTable,
  windowDigest,
} from '../../../src/main/engine/kernels/chunker.ts'
import { pseudoRandom, vectors } from './buffers.ts'

const { tables_sample: tables, window_digest_sample: digest } = vectors.chunker

test('tables are those of restic', () => {
  const polynomial = BigInt(`0x${tables.polynomial}`)
  const show = (table: BigUint64Array, sample: [number, string][]) =>
    sample.map(([byte]) => [byte, table[byte]!.toString(16)])
  expect(show(powerTable(polynomial, 8 * 63), tables.out_table)).toEqual(tables.out_table)
  expect(show(overflowTable(polynomial), tables.mod_table)).toEqual(tables.mod_table)
})

test('so is the digest of a window', () => {
  const window = Uint8Array.from({ length: 64 }, (_, i) => i)
  expect(windowDigest(BigInt(`0x${digest.polynomial}`), window).toString(16)).toBe(digest.digest_hex)
})

test('the scanner stops where the digest of the last 64 bytes says so, for the first time', () => {
  const polynomial = BigInt(`0x${digest.polynomial}`)
  const data = pseudoRandom(60_000)
  // A planted window, as a random cut is a matter of a million bytes.
  const scan = plainScan(polynomial)
  const far = pseudoRandom(4_000_000, 9)
  const end = scan(far, 64, far.length)
  expect(windowDigest(polynomial, far.subarray(end - 64, end)) & 0xfffffn).toBe(0n)
  data.set(far.subarray(end - 64, end), 3000)

  const isCut = (at: number) => (windowDigest(polynomial, data.subarray(at - 64, at)) & 0xfffffn) === 0n
  const cuts = Array.from({ length: 3200 - 64 }, (_, i) => i + 64).filter(isCut)
  expect(cuts).toEqual([3064])
  expect([scan(data, 64, 60_000), scan(data, 64, 3064), scan(data, 3064, 3065)]).toEqual([3064, 3064, 3064])
})
