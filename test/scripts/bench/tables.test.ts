import { expect, test } from 'vitest'
import {
  asMarkdown,
  asText,
  floorTable,
  fullTable,
  growthTables,
  megabytes,
  ratioTable,
  seconds,
  times,
} from '../../../scripts/bench/tables.ts'
import { comparison, cost } from './sample.ts'

test.each([
  [seconds(0.4271), '0.43 s'],
  [seconds(9.996), '10.0 s'],
  [seconds(99.96), '100 s'],
  [megabytes(1_000), '0.0 MB'],
  [megabytes(9_949_999), '9.9 MB'],
  [megabytes(9_950_000), '10 MB'],
  [megabytes(999.6e6), '1.00 GB'],
  [times(2.504), '2.50×'],
  [times(12.34), '12.3×'],
])('%s is %s', (shown, expected) => {
  expect(shown).toBe(expected)
})

test('the ratios: one line a scenario, medians on both sides', () => {
  expect(ratioTable(comparison)).toMatchObject({
    head: ['work', 'Holdfast 1: wall', 'CPU', 'peak memory', 'loop delay', 'restic 2', 'borg 3'],
    rows: [
      ['First & foremost', '5.00 s', '6.00 s', '300 MB', '–', '2.40× / 3.00×', '4.00× / 2.50×'],
      ['List', '0.50 s', '0.25 s', '90 MB', '–', '2.00× / 3.00×', 'failed'],
    ],
  })
})

test('all figures: one line a program, with the spread where there is one', () => {
  expect(fullTable(comparison).rows.slice(0, 2)).toEqual([
    [
      'First & foremost',
      'Holdfast 1',
      '5.00 s (4.00 to 20.0)',
      '6.00 s (6.00 to 7.00)',
      '300 MB',
      '262 MB',
      '',
      '',
      '',
      '',
    ],
    [
      'First & foremost',
      'restic 2',
      '12.0 s (10.0 to 14.0)',
      '18.0 s',
      '130 MB',
      '264 MB',
      '2.40×',
      '3.00×',
      '0.43×',
      '1.01×',
    ],
  ])
})

test('the floor: which part of what a program takes it is, and borg is left out', () => {
  const table = floorTable(comparison)!
  expect(table.head).toEqual(['work', 'stages (CPU seconds)', 'floor: CPU', 'wall', 'Holdfast 1', 'restic 2'])
  expect(table.rows).toEqual([
    ['First & foremost', 'read 1.00, hash 0.50', '1.50 s', '0.75 s', '25 % / 15 %', '8 % / 6 %'],
  ])
  expect(floorTable({ ...comparison, scenarios: comparison.scenarios.slice(1) })).toBeNull()
})

test('growth: a table each for files and blobs, none where nothing was measured', () => {
  const row = { count: 1_000_000, work: 'first backup', tool: 'Holdfast 1', cost: cost(30, 40, 250) }
  const tables = growthTables({ ...comparison, files: [row], blobs: [] })
  expect(tables.map(({ rows }) => rows)).toEqual([
    [['1,000,000', 'first backup', 'Holdfast 1', '30.0 s', '40.0 s', '250 MB']],
  ])
})

const table = {
  title: 'A table',
  head: ['work', 'program', 'time'],
  rows: [
    ['one', 'a', '10.0 s'],
    ['one', 'b|c', '9.00 s'],
    ['two', 'a', '–'],
  ],
}

test('on the terminal: columns aligned, figures to the right, repeated words once', () => {
  expect(asText(table).split('\n')).toEqual([
    'A table',
    '',
    'work  program    time',
    '----  -------  ------',
    'one   a        10.0 s',
    '      b|c      9.00 s',
    'two   a             –',
  ])
})

test('in the document: a bar in a name does not end the cell', () => {
  expect(asMarkdown(table).split('\n')).toEqual([
    'A table.',
    '',
    '| work | program | time |',
    '| --- | --- | --: |',
    '| one | a | 10.0 s |',
    '| one | b\\|c | 9.00 s |',
    '| two | a | – |',
  ])
})
