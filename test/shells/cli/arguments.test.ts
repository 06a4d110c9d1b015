import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import {
  collect,
  parseCount,
  parseMoment,
  parseSize,
  parseSubset,
  splitTags,
} from '../../../src/main/shells/cli/arguments.ts'

describe('sizes are 1024-based', () => {
  test.each([
    ['0', 0],
    ['500', 500],
    ['10k', 10_240],
    ['10K', 10_240],
    ['1.5m', 1_572_864],
    ['2G', 2 * 1024 ** 3],
    ['2GiB', 2 * 1024 ** 3],
    ['3tb', 3 * 1024 ** 4],
    ['7 b', 7],
  ])('%s', (text, size) => expect(parseSize(text)).toBe(size))

  test.each(['', 'k', '-1', '1x', '10 potatoes', '1e3', '0x10', '1k5'])('%j is refused', text =>
    expect(() => parseSize(text)).toThrow(InvalidArgumentError),
  )
})

describe('subsets', () => {
  test.each([
    ['1/1', { kind: 'part', n: 1, of: 1 }],
    ['2/7', { kind: 'part', n: 2, of: 7 }],
    ['5%', { kind: 'percent', percent: 5 }],
    ['0.5%', { kind: 'percent', percent: 0.5 }],
    ['100%', { kind: 'percent', percent: 100 }],
  ])('%s', (text, subset) => expect(parseSubset(text)).toEqual(subset))

  test.each(['0/5', '6/5', '1/0', '1/257', '0%', '101%', '', '7', 'all', '-1%'])('%j is refused', text =>
    expect(() => parseSubset(text)).toThrow(InvalidArgumentError),
  )
})

describe('moments', () => {
  const local = (...parts: [number, number, number, number?, number?, number?]) =>
    BigInt(new Date(...parts).getTime()) * 1_000_000n

  test('a day is its first moment, here', () => {
    expect(parseMoment('2026-11-21')).toBe(local(2026, 10, 21))
  })
  test('minutes, seconds and their fractions', () => {
    expect(parseMoment('2026-11-21 03:53')).toBe(local(2026, 10, 21, 3, 53))
    expect(parseMoment('2026-11-21 03:53:54')).toBe(local(2026, 10, 21, 3, 53, 54))
    expect(parseMoment('2026-11-21T03:53:54.000000001Z')).toBe(
      BigInt(Date.UTC(2026, 10, 21, 3, 53, 54)) * 1_000_000n + 1n,
    )
  })
  test('a zone that is named holds', () => {
    expect(parseMoment('2026-11-21T03:53:54+01:00')).toBe(
      BigInt(Date.UTC(2026, 10, 21, 2, 53, 54)) * 1_000_000n,
    )
  })
  test.each(['', 'yesterday', '2026-13-01', '2026-02-30', '2026-11-21 25:00', '21.11.2026'])(
    '%j is refused',
    text => expect(() => parseMoment(text)).toThrow(InvalidArgumentError),
  )
})

test('numbers begin at one', () => {
  expect(parseCount('3')).toBe(3)
  for (const text of ['0', '-1', '1.5', 'x', '', '9'.repeat(20)]) {
    expect(() => parseCount(text)).toThrow(InvalidArgumentError)
  }
})

test('options that repeat are collected, tags are split', () => {
  expect(collect('b', collect('a', undefined))).toEqual(['a', 'b'])
  expect(splitTags('a, b')).toEqual(['a', 'b'])
  expect(splitTags('')).toEqual([''])
})
