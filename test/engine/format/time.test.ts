import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { formatTime, isTime, parseTime, sameInstant } from '../../../src/main/engine/format/time.ts'

const zone = process.env['TZ']
afterEach(() => {
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
})

const corrupt = expect.objectContaining({ code: 'data_corrupt' })
const second = 1_000_000_000n

test.each<[bigint, number, string]>([
  [0n, 0, '1970-01-01T00:00:00Z'],
  [1_709_210_096_500_000_000n, 0, '2024-02-29T12:34:56.5Z'],
  [1_709_210_096_000_000_001n, 0, '2024-02-29T12:34:56.000000001Z'],
  [1_709_210_096_123_456_780n, 330, '2024-02-29T18:04:56.12345678+05:30'],
  [-1_500_000_000n, 0, '1969-12-31T23:59:58.5Z'],
  [-1n, 0, '1969-12-31T23:59:59.999999999Z'],
  [-1n, -210, '1969-12-31T20:29:59.999999999-03:30'],
  [0n, 845, '1970-01-01T14:05:00+14:05'],
  [-62_135_596_800n * second, 0, '0001-01-01T00:00:00Z'],
  [-62_167_219_200n * second, 0, '0000-01-01T00:00:00Z'],
  [253_402_300_799_999_999_999n, 0, '9999-12-31T23:59:59.999999999Z'],
])('%i at %i minutes is %s', (ns, offset, text) => {
  expect(formatTime(ns, offset)).toBe(text)
  expect(parseTime(text)).toBe(ns)
  expect(isTime(text)).toBe(true)
})

describe('years beyond four digits keep their place in the year', () => {
  test.each<[bigint, number, string]>([
    [253_402_300_800n, 0, '9999-01-01T00:00:00Z'], // 10000
    [253_402_300_799n, 60, '9999-01-01T00:59:59+01:00'], // 10000 by local time
    [-62_167_219_201n, 0, '0000-12-31T23:59:59Z'], // -1
    [951_782_400n + 12_622_780_800n * 20n, 0, '9999-03-01T00:00:00Z'], // 29 February 10000
    [12_622_780_800n * 1_000_000n, 0, '9999-01-01T00:00:00Z'], // beyond Date
    [-12_622_780_800n * 1_000_000n, 0, '0000-01-01T00:00:00Z'],
    [2n ** 63n - 1n, 0, expect.stringMatching(/^9999-/) as unknown as string],
    [-(2n ** 63n), 0, expect.stringMatching(/^0000-/) as unknown as string],
    [8_640_000_000_000n, 840, expect.stringMatching(/^9999-.*\+14:00$/) as unknown as string],
    [-8_640_000_000_000n, -720, expect.stringMatching(/^0000-.*-12:00$/) as unknown as string],
  ])('%i s', (seconds, offset, text) => {
    const formatted = formatTime(seconds * second, offset)
    expect(formatted).toEqual(text)
    expect(isTime(formatted)).toBe(true)
  })
})

const anyNs = fc.bigInt({ min: -62_167_000_000n * second, max: 253_402_000_000n * second })
const anyOffset = fc.integer({ min: -14 * 60, max: 14 * 60 })

test('every instant survives, in every zone', () => {
  fc.assert(
    fc.property(anyNs, anyOffset, (ns, offset) => {
      const text = formatTime(ns, offset)
      expect(parseTime(text)).toBe(ns)
      expect(isTime(text)).toBe(true)
    }),
  )
})

test.each([
  'UTC',
  'Europe/Berlin',
  'Asia/Kolkata',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Pacific/Apia',
])('this machine’s zone is that of the instant: %s', name => {
  process.env['TZ'] = name
  const seconds = Array.from({ length: 40 }, (_, i) => i * 43_210_987 - 300_000_000) // 1960 to 2013
  const judged = execFileSync('date', ['-f', '-', '+%Y-%m-%dT%H:%M:%S%:z'], {
    input: seconds.map(s => `@${s}`).join('\n'),
  })
  const expected = judged
    .toString()
    .trim()
    .split('\n')
    .map(text => text.replace('+00:00', 'Z'))
  expect(seconds.map(s => formatTime(BigInt(s) * second))).toEqual(expected)
})

test('summer time begins within a second', () => {
  process.env['TZ'] = 'Europe/Berlin'
  expect(formatTime(1_711_846_799_999_999_999n)).toBe('2024-03-31T01:59:59.999999999+01:00')
  expect(formatTime(1_711_846_800_000_000_000n)).toBe('2024-03-31T03:00:00+02:00')
})

test('a zone’s early days, with seconds in their offset, still name the right instant', () => {
  process.env['TZ'] = 'Europe/Amsterdam'
  const ns = -4_000_000_000n * second
  expect(parseTime(formatTime(ns))).toBe(ns)
})

test('texts of one instant', () => {
  expect(sameInstant('2024-02-29T12:34:56.5Z', '2024-02-29T18:04:56.500+05:30')).toBe(true)
  expect(sameInstant('2024-02-29T12:34:56.5Z', '2024-02-29T12:34:56.500000001Z')).toBe(false)
  expect(sameInstant('1969-12-31T23:59:59.9Z', '1970-01-01T00:59:59.9+01:00')).toBe(true)
  expect(() => sameInstant('now', 'then')).toThrow(corrupt)
})

test('digits beyond the nanosecond are cut off, a comma counts as a point', () => {
  expect(parseTime('1970-01-01T00:00:00.1234567899Z')).toBe(123_456_789n)
  expect(parseTime('1970-01-01T00:00:00,5Z')).toBe(500_000_000n)
})

test.each([
  '',
  'yesterday',
  '2024-02-29',
  '2024-02-29 12:34:56Z',
  '2024-02-29T12:34:56',
  '2024-02-29T12:34:56z',
  '2024-02-29T12:34:56.Z',
  '2024-02-29T12:34:56+0530',
  '2024-02-29T12:34:56+24:00',
  '2024-02-29T12:34:56+05:60',
  '2024-02-29T24:00:00Z',
  '2024-02-29T12:60:00Z',
  '2024-02-29T12:34:60Z',
  '2024-13-01T00:00:00Z',
  '2024-00-01T00:00:00Z',
  '2024-04-31T00:00:00Z',
  '2023-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '12024-02-29T12:34:56Z',
  '-001-02-29T12:34:56Z',
  ' 2024-02-29T12:34:56Z',
  '2024-02-29T12:34:56Z\n',
  '٢٠٢٤-02-29T12:34:56Z',
])('%j is no time', text => {
  expect(isTime(text)).toBe(false)
  expect(() => parseTime(text)).toThrow(corrupt)
})

test('leap days are where they belong', () => {
  for (const year of ['2000', '2024', '0000', '0400']) expect(isTime(`${year}-02-29T00:00:00Z`)).toBe(true)
  expect(isTime('2024-12-31T00:00:00Z')).toBe(true)
})

test('any text', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      expect(() => parseTime(text)).toThrow(corrupt)
    }),
  )
})
