import { expect, test } from 'vitest'
import {
  freshId,
  ordinal,
  timeOf,
  whenWords,
  withUnit,
  type Unit,
} from '../../../src/renderer/parts/when-words.ts'
import { When } from '../../../src/shared/entities/plan.ts'
import { wordsFor } from '../../../src/main/services/scheduling/when.ts'

test.each<[When, string]>([
  [{ kind: 'minutes', every: 1 }, 'every minute'],
  [{ kind: 'minutes', every: 15 }, 'every 15 minutes'],
  [{ kind: 'hourly', minute: 0 }, 'every hour, on the hour'],
  [{ kind: 'hourly', minute: 5 }, 'every hour, at minute 05'],
  [{ kind: 'daily', time: '02:00' }, 'every day at 02:00'],
  [{ kind: 'weekly', weekday: 0, time: '03:00' }, 'every Sunday at 03:00'],
  [{ kind: 'monthly', day: 31, time: '04:00' }, 'every month on the 31st at 04:00'],
  [{ kind: 'cron', expression: '0 2 * * 1-5' }, 'by the cron line “0 2 * * 1-5”'],
])('%j in words', (when, words) => {
  expect(whenWords(when)).toBe(words)
})

test('a day and a week are said as the application says them', () => {
  for (const when of [
    { kind: 'daily', time: '02:00' },
    { kind: 'weekly', weekday: 3, time: '23:59' },
  ] as const)
    expect(whenWords(when)).toBe(wordsFor(when, null))
})

const units: Unit[] = ['minutes', 'hourly', 'daily', 'weekly', 'monthly', 'cron']
test.each(units.flatMap(from => units.map(to => [from, to] as const)))(
  'from %s to %s is a schedule',
  (from, to) => {
    const start = withUnit({ kind: 'daily', time: '13:37' }, from)
    const changed = withUnit(start, to)
    expect(changed.kind).toBe(to)
    expect(When.parse(changed)).toEqual(changed)
    if (from === to) expect(changed).toBe(start)
  },
)

test('a time of day that was chosen stays, and cron begins as what it replaces', () => {
  const daily: When = { kind: 'daily', time: '13:37' }
  expect(withUnit(withUnit(daily, 'weekly'), 'monthly')).toMatchObject({ time: '13:37' })
  expect(withUnit(daily, 'cron')).toEqual({ kind: 'cron', expression: '37 13 * * *' })
  expect(withUnit({ kind: 'weekly', weekday: 5, time: '08:05' }, 'cron')).toEqual({
    kind: 'cron',
    expression: '5 8 * * 5',
  })
  expect(withUnit({ kind: 'minutes', every: 15 }, 'cron')).toEqual({
    kind: 'cron',
    expression: '*/15 * * * *',
  })
  // 25 minutes are no line of cron
  expect(withUnit({ kind: 'minutes', every: 25 }, 'cron')).toEqual({ kind: 'cron', expression: '0 2 * * *' })
})

test.each([
  ['2', '02:00'],
  ['2:30', '02:30'],
  ['14.05', '14:05'],
  ['1405', '14:05'],
  ['2 pm', '14:00'],
  ['12am', '00:00'],
  ['12:15 p.m.', '12:15'],
  ['23:59', '23:59'],
  ['24:00', null],
  ['2:60', null],
  ['13pm', null],
  ['', null],
  ['noon', null],
  ['2:3', null],
])('%j is %j', (text, time) => {
  expect(timeOf(text)).toBe(time)
})

test.each([
  [1, '1st'],
  [2, '2nd'],
  [3, '3rd'],
  [4, '4th'],
  [11, '11th'],
  [12, '12th'],
  [13, '13th'],
  [21, '21st'],
  [22, '22nd'],
  [31, '31st'],
])('%i is the %s', (n, words) => {
  expect(ordinal(n)).toBe(words)
})

test('ids are not given twice', () => {
  expect(freshId('daily', [])).toBe('daily')
  expect(freshId('daily', ['daily', 'daily-2'])).toBe('daily-3')
})
