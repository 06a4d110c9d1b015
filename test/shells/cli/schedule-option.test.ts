import { expect, test } from 'vitest'
import { parseSchedule, schedulesFrom } from '../../../src/main/shells/cli/schedule-option.ts'
import { parseUntil } from '../../../src/main/shells/cli/until-option.ts'
import { Schedule } from '../../../src/shared/entities/plan.ts'

test.each<[string, object]>([
  ['hourly', { kind: 'hourly', minute: 0 }],
  ['hourly@:30', { kind: 'hourly', minute: 30 }],
  ['hourly@5', { kind: 'hourly', minute: 5 }],
  ['daily', { kind: 'daily', time: '02:00' }],
  ['daily@9:05', { kind: 'daily', time: '09:05' }],
  ['weekly', { kind: 'weekly', weekday: 0, time: '03:00' }],
  ['weekly@wed', { kind: 'weekly', weekday: 3, time: '03:00' }],
  ['weekly@Sunday:23:59', { kind: 'weekly', weekday: 0, time: '23:59' }],
  ['monthly', { kind: 'monthly', day: 1, time: '04:00' }],
  ['monthly@31:1:00', { kind: 'monthly', day: 31, time: '01:00' }],
  ['every:15m', { kind: 'minutes', every: 15 }],
  ['every:2h', { kind: 'minutes', every: 120 }],
  ['cron:0 2 * * *', { kind: 'cron', expression: '0 2 * * *' }],
])('%s', (text, when) => {
  expect(parseSchedule(text)).toEqual({ type: null, when })
  expect(parseSchedule(`full=${text}`)).toEqual({ type: 'full', when })
  expect(Schedule.shape.when.parse(when)).toEqual(when)
})

test.each([
  '',
  'daily@',
  'daily@24:00',
  'daily@2',
  'weekly@x',
  'weekly@sun:',
  'weekly@1:02:00',
  'monthly@0',
  'monthly@32',
  'monthly@sun',
  'hourly@60',
  'every:0m',
  'every:25h',
  'every:15',
  'cron:',
  'sometimes',
  'emergency=daily',
  '=daily',
])('"%s" is no schedule', text => {
  expect(() => parseSchedule(text)).toThrow()
})

test('schedules that stay keep their ID; new ones get one that is free', () => {
  const given = ['daily@02:00', 'daily@14:00', 'full=weekly', 'daily@20:00'].map(parseSchedule)
  const first = schedulesFrom(given, 'incremental', [])
  expect(first.map(({ id, type }) => [id, type])).toEqual([
    ['daily', 'incremental'],
    ['daily-2', 'incremental'],
    ['weekly', 'full'],
    ['daily-3', 'incremental'],
  ])
  const off = first.map(schedule => ({ ...schedule, enabled: schedule.id !== 'daily-2' }))
  const next = schedulesFrom([parseSchedule('daily@15:00'), ...given.slice(1)], 'incremental', off)
  expect(next.map(({ id, enabled }) => [id, enabled])).toEqual([
    ['daily', true],
    ['daily-2', false],
    ['weekly', true],
    ['daily-3', true],
  ])
})

test('how long a pause lasts', () => {
  const now = new Date(2026, 10, 21, 14, 30).getTime()
  const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute).getTime()
  expect(parseUntil('resumed', now)).toBe('forever')
  expect(parseUntil('90m', now)).toBe(now + 90 * 60_000)
  expect(parseUntil('2d', now)).toBe(now + 2 * 86_400_000)
  expect(parseUntil('tomorrow', now)).toBe(at(22, 0))
  expect(parseUntil('18:30', now)).toBe(at(21, 18, 30))
  expect(parseUntil('14:30', now)).toBe(at(22, 14, 30))
  expect(parseUntil('2026-11-23', now)).toBe(at(23, 0))
  expect(parseUntil('2026-11-23 06:15', now)).toBe(at(23, 6, 15))
  for (const text of ['', 'soon', '0h', '24:00', '2026-11-31', '2026-11-20', '1w']) {
    expect(() => parseUntil(text, now)).toThrow()
  }
})
