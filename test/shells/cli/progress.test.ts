import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPace } from '../../../src/shared/pace.ts'
import { progressLine, type Working } from '../../../src/main/shells/cli/progress.ts'
import { columnsOf, keepEnd, table } from '../../../src/main/shells/cli/table.ts'

const gib = 1024 ** 3
const working: Working = {
  phase: 'store',
  doneFiles: 12_345,
  doneBytes: 1.25 * gib,
  totalFiles: 40_000,
  totalBytes: 4 * gib,
  errors: 0,
  path: '/home/anna/Documents/letter.odt',
}
const figures = { bytesPerSecond: 210 * 1024 ** 2, msLeft: 9_700 }

describe('the status line', () => {
  test('tells all where there is room', () => {
    expect(progressLine(working, figures, 140)).toBe(
      'Backing up  31.3 %  ▕██████▎             ▏  1.3 of 4.0 GiB  12,345 of 40,000 files  210 MiB/s  0:10 left  /home/anna/Documents/letter.odt',
    )
  })

  test('lets go of what matters least where there is not', () => {
    expect(progressLine(working, figures, 80)).toBe(
      'Backing up  31.3 %  1.3 of 4.0 GiB  12,345 of 40,000 files  210 MiB/s  0:10 left',
    )
    expect(progressLine(working, figures, 40)).toBe('Backing up  31.3 %  0:10 left')
  })

  test('foretells nothing while the whole is not known', () => {
    const open = { ...working, totalFiles: null, totalBytes: null, errors: 2 }
    expect(progressLine(open, { bytesPerSecond: null, msLeft: null }, 60)).toBe(
      'Backing up  1.3 GiB  12,345 files  2 errors  …nts/letter.odt',
    )
  })

  test('the name of a file does not steer the terminal', () => {
    expect(progressLine({ ...working, path: '/a\x1b[2J\n' }, figures, 120)).toContain('/a\\x1b[2J\\n')
  })

  test('never takes more than it may, nor shows more than 100 %', () => {
    const progress = fc.record({
      phase: fc.constantFrom('store', 'restore', 'check') as fc.Arbitrary<'store' | 'restore' | 'check'>,
      doneFiles: fc.maxSafeNat(),
      doneBytes: fc.maxSafeNat(),
      totalFiles: fc.option(fc.maxSafeNat()),
      totalBytes: fc.option(fc.maxSafeNat()),
      errors: fc.nat(),
      path: fc.string({ unit: 'grapheme' }),
    })
    fc.assert(
      fc.property(progress, fc.integer({ min: 1, max: 300 }), (state, columns) => {
        const line = progressLine(state, figures, columns)
        expect(columnsOf(line)).toBeLessThanOrEqual(columns)
        expect(Number(/([\d.]+) %/.exec(line)?.[1] ?? 0)).toBeLessThanOrEqual(100)
      }),
    )
  })
})

describe('the pace', () => {
  const steady = (ms: number, bytesPerMs: number) => {
    const pace = createPace()
    for (let at = 0; at <= ms; at += 100) pace.add(at, at * bytesPerMs)
    return pace
  }

  test('a steady pace foretells the end', () => {
    const pace = steady(5000, 1000)
    expect(pace.bytesPerSecond()).toBeCloseTo(1_000_000)
    expect(pace.msLeft(10_000_000)).toBeCloseTo(5000)
  })

  test('a young one does not', () => {
    expect(steady(2000, 1000).msLeft(10_000_000)).toBeNull()
    expect(createPace().bytesPerSecond()).toBeNull()
  })

  test('an uneven one does not', () => {
    const pace = steady(5000, 1000)
    for (let at = 5100; at <= 10_000; at += 100) pace.add(at, 5_000_000 + (at - 5000) * 10)
    expect(pace.msLeft(10_000_000)).toBeNull()
  })

  test('what is long ago does not count', () => {
    const pace = steady(60_000, 1)
    for (let at = 60_100; at <= 75_000; at += 100) pace.add(at, 60_000 + (at - 60_000) * 500)
    expect(pace.bytesPerSecond()).toBeCloseTo(500_000)
  })
})

test('columns are counted, not characters', () => {
  expect([columnsOf('abc'), columnsOf('備份'), columnsOf('📦'), columnsOf('e\u0301')]).toEqual([3, 4, 2, 1])
  expect(keepEnd('/a/備份/x', 6)).toBe('…份/x')
})

test("a table is laid out as restic's", () => {
  const lines = table<[string, string[], number]>(
    [
      { title: 'ID', cell: row => row[0] },
      { title: 'Paths', cell: row => row[1] },
      { title: 'Size', cell: row => String(row[2]), right: true },
    ],
    [
      ['0b9b90ac', ['/a', '/bcdefgh'], 5],
      ['1df6e8f2', ['/a'], 1234],
    ],
    '2 snapshots',
  )
  expect(lines).toEqual([
    'ID        Paths     Size',
    '------------------------',
    '0b9b90ac  /a           5',
    '          /bcdefgh',
    '1df6e8f2  /a        1234',
    '------------------------',
    '2 snapshots',
  ])
})
