import { expect, test } from 'vitest'
import { floorSeconds, median, ratio, spread, summarise } from '../../../scripts/bench/statistics.ts'
import { cost, result } from './sample.ts'

test.each([
  [[3], 3],
  [[10, 9, 1], 9], // by value, not by text
  [[4, 1, 3, 2], 2.5],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected)
})

test('nothing has no median', () => {
  expect(() => median([])).toThrow(RangeError)
})

test('one slow round moves the spread, not the median', () => {
  expect(spread([5, 4, 60])).toEqual({ median: 5, least: 4, most: 60 })
})

test('a summary has the median of times, the most of memory and the longest delay', () => {
  const told = { ...cost(2, 3, 90), loopDelayMs: 12 }
  const most = { ...cost(3, 4, 250), loopDelayMs: 31.5 }
  expect(summarise(result('a', [cost(1, 2, 100), most, told]))).toEqual({
    wall: { median: 2, least: 1, most: 3 },
    cpu: { median: 3, least: 2, most: 4 },
    peakBytes: 250e6,
    loopDelayMs: 31.5,
  })
  expect(summarise(result('a', [cost(1, 2, 100)]))?.loopDelayMs).toBeNull()
})

test('what failed has no figures, even where it ran', () => {
  expect(summarise(result('a', [cost(1, 1, 1)], { failure: 'no' }))).toBeNull()
  expect(summarise(result('a', []))).toBeNull()
  expect(ratio(result('a', [cost(1, 1, 1)]), result('b', [cost(1, 1, 1)], { failure: 'no' }))).toBeNull()
})

test('a ratio says how many times as much the other takes', () => {
  const ours = result('a', [cost(2, 4, 300)], { repositoryBytes: 100 })
  const theirs = result('b', [cost(5, 10, 150)], { repositoryBytes: 101 })
  expect(ratio(ours, theirs)).toEqual({ wall: 2.5, cpu: 2.5, peak: 0.5, repository: 1.01 })
  expect(ratio(ours, result('b', [cost(5, 10, 150)]))).toMatchObject({ repository: null })
})

test('nothing is so many times as much as no time at all', () => {
  expect(ratio(result('a', [cost(0.001, 0, 1)]), result('b', [cost(1, 1, 1)]))).toBeNull()
})

test('a floor is the sum of its stages', () => {
  expect(floorSeconds({ read: 0.5, hash: 0.25 })).toBe(0.75)
})
