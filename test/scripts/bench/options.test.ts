import { expect, test } from 'vitest'
import { parseOptions, type Options } from '../../../scripts/bench/options.ts'
import { rotated, scenarios } from '../../../scripts/bench/scenarios.ts'

const parse = (...args: string[]): Options => {
  const options = parseOptions(args)
  if (options === 'help') throw new Error('help')
  return options
}

test('by default everything, three times; quick is once', () => {
  expect(parse()).toMatchObject({
    rounds: 3,
    only: [...scenarios.map(({ id }) => id), 'floor'],
    ownKey: false,
  })
  expect(parse('--quick').rounds).toBe(1)
  expect(parse('--quick', '--rounds', '2').rounds).toBe(2)
})

test('a report shows the options but no paths', () => {
  const args = [
    '--work',
    '/home/anna/w',
    '--corpus=/home/anna/c',
    '--only',
    'first,ls',
    '--json',
    'x',
    '--write',
  ]
  expect(parse(...args).command).toBe('npm run bench -- --corpus … --only first,ls')
  expect(parse('--peer', '/opt/restic').command).toBe('npm run bench -- --peer …')
  expect(parse('--write').command).toBe('npm run bench')
})

test.each([
  [['--only', 'first,nonsense'], /no nonsense/],
  [['--rounds', '0'], /--rounds/],
  [['--rounds', 'x'], /--rounds/],
  [['--grow-files', '10,-1'], /--grow-files/],
  [['--next', '/a'], /--corpus/],
  [['--same-key', '--own-key'], /contradict/],
  [['--unknown'], /unknown/],
])('%j is refused', (args, why) => {
  expect(() => parse(...args)).toThrow(why)
})

test('the lists of numbers', () => {
  expect(parse('--grow', '--grow-files', '10,20', '--grow-blobs', '')).toMatchObject({
    growFiles: [10, 20],
    growBlobs: [],
  })
})

test('every program is the first in its round', () => {
  expect([0, 1, 2, 3].map(round => rotated(['a', 'b', 'c'], round).join(''))).toEqual([
    'abc',
    'bca',
    'cab',
    'abc',
  ])
  expect(rotated([], 2)).toEqual([])
})
