import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytes,
  clock,
  count,
  duration,
  localTime,
  percent,
  plural,
  rate,
  relative,
  shortBytes,
  visible,
} from '../../src/shared/wording.ts'

const [kib, mib, gib] = [1024, 1024 ** 2, 1024 ** 3]

describe('sizes', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.000 KiB'],
    [2545, '2.485 KiB'], // restic prints exactly this for these
    [2123, '2.073 KiB'],
    [3_000_021, '2.861 MiB'],
    [1.234 * gib, '1.234 GiB'],
    [5 * 1024 ** 4, '5.000 TiB'],
    [2000 * 1024 ** 5, '1.953 EiB'],
    [4416, '4.312 KiB'], // 4.3125: Go rounds a tie to the even digit
    [4417, '4.313 KiB'],
    [1024 + 64 * 3, '1.188 KiB'], // 1.1875
  ])('%d is %s', (n, text) => expect(bytes(n)).toBe(text))

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KiB'],
    [1.5 * kib, '1.5 KiB'],
    [9.96 * kib, '10 KiB'],
    [999 * kib, '999 KiB'],
    [999.6 * kib, '1.0 MiB'],
    [286 * mib, '286 MiB'],
  ])('%d is, shortly, %s', (n, text) => expect(shortBytes(n)).toBe(text))

  test('a short size never takes more than 8 columns', () => {
    fc.assert(fc.property(fc.maxSafeNat(), n => shortBytes(n).length <= 8))
  })

  test('a rate is a size a second', () => expect(rate(86 * mib)).toBe('86 MiB/s'))
})

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1_234_567, '1,234,567'],
])('%d with separators is %s', (n, text) => expect(count(n)).toBe(text))

test('one is not many', () => {
  expect([plural(1, 'file'), plural(0, 'file'), plural(2000, 'file'), plural(2, 'entry', 'entries')]).toEqual(
    ['1 file', '0 files', '2,000 files', '2 entries'],
  )
})

test.each([
  [0, 10, '0 %'],
  [1, 1e9, '0.1 %'],
  [374, 1000, '37.4 %'],
  [999_999, 1_000_000, '99.9 %'],
  [10, 10, '100 %'],
  [0, 0, '100 %'],
])('%d of %d is %s: all and nothing are said only when they are', (part, whole, text) =>
  expect(percent(part, whole)).toBe(text),
)

test.each([
  [0, '0:00'],
  [7999, '0:07'],
  [750_000, '12:30'],
  [3_723_000, '1:02:03'],
  [-5, '0:00'],
])('%d ms on the clock are %s', (ms, text) => expect(clock(ms)).toBe(text))

test.each([
  [0, '0 ms'],
  [240.4, '240 ms'],
  [999.6, '1.0 s'],
  [3200, '3.2 s'],
  [9960, '10 s'],
  [59_600, '1 min'],
  [125_000, '2 min 5 s'],
  [3_599_600, '1 h'],
  [3_840_000, '1 h 4 min'],
  [86_400_000, '1 d'],
  [266_400_000, '3 d 2 h'],
])('%d ms took %s', (ms, text) => expect(duration(ms)).toBe(text))

test.each([
  [0, 'just now'],
  [59_000, 'just now'],
  [60_000, '1 minute ago'],
  [7_200_000, '2 hours ago'],
  [86_400_000 * 8, '1 week ago'],
  [86_400_000 * 400, '1 year ago'],
  [-86_400_000 * 2, 'in 2 days'],
])('%d ms before now was %s', (distance, text) => expect(relative(1e12 - distance, 1e12)).toBe(text))

test('a time is shown in the zone of this machine', () => {
  expect(localTime(new Date(2026, 10, 21, 3, 53, 54).getTime())).toBe('2026-11-21 03:53:54')
  expect(localTime(Number.NaN)).toBe('(no time)')
})

describe('names', () => {
  test('control characters are spelled out', () => {
    expect(visible('a\x1b[31mred\x07\n\x9b\u202egnp.exe')).toBe('a\\x1b[31mred\\x07\\n\\x9b\\u202egnp.exe')
  })

  test('all other text stays as it is', () => {
    expect(visible('Grüße 📦 備份 \\ tail')).toBe('Grüße 📦 備份 \\ tail')
  })

  test('nothing that steers a terminal is ever left', () => {
    fc.assert(
      // oxlint-disable-next-line no-control-regex
      fc.property(fc.string({ unit: 'binary' }), text => !/[\x00-\x1f\x7f-\x9f]/.test(visible(text))),
    )
  })
})
