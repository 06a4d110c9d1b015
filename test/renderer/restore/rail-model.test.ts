import { expect, test } from 'vitest'
import {
  distinct,
  railRows,
  shownFor,
  step,
  stepMonth,
  type RailSnapshot,
} from '../../../src/renderer/screens/restore/rail-model.ts'

const at = (text: string): number => new Date(text).getTime()

const snapshot = (time: string, treeId = time, bytes: number | null = null): RailSnapshot => ({
  id: `id of ${time}`,
  timeMs: at(time),
  treeId,
  planId: null,
  hostname: 'atlas',
  paths: ['/home'],
  files: null,
  bytes,
})

const brief = (rows: ReturnType<typeof railRows>) =>
  rows.map(row =>
    [row.kind, row.key, 'chosen' in row && row.chosen ? '*' : '', row.kind !== 'time' && row.label ? 'M' : '']
      .filter(Boolean)
      .join(' '),
  )

test('of snapshots in which nothing changed, the newest stands for all', () => {
  const all = [
    snapshot('2026-11-18T02:00', 'a'),
    snapshot('2026-11-19T02:00', 'a'),
    snapshot('2026-11-20T02:00', 'b'),
    snapshot('2026-11-21T02:00', 'a'),
  ]
  const shown = distinct(all)
  expect(shown.map(({ id }) => id)).toEqual([
    'id of 2026-11-21T02:00',
    'id of 2026-11-20T02:00',
    'id of 2026-11-19T02:00',
  ])
  expect(shownFor(all, shown, 'id of 2026-11-18T02:00')?.id).toBe('id of 2026-11-19T02:00')
  expect(shownFor(all, shown, 'gone')).toBe(null)
})

test('the same content of other folders is another snapshot', () => {
  const other = { ...snapshot('2026-11-19T03:00', 'a'), paths: ['/srv'] }
  expect(
    distinct([snapshot('2026-11-18T02:00', 'a'), other, snapshot('2026-11-20T02:00', 'a')]),
  ).toHaveLength(2)
})

test('days are rows, months are named once, and the chosen day shows its times', () => {
  const shown = distinct([
    snapshot('2026-10-30T02:00'),
    snapshot('2026-11-19T02:00'),
    snapshot('2026-11-20T02:00'),
    snapshot('2026-11-20T14:00'),
  ])
  expect(brief(railRows(shown, 'id of 2026-11-20T02:00'))).toEqual([
    'day 2026-11-20 * M',
    'time id of 2026-11-20T14:00',
    'time id of 2026-11-20T02:00 *',
    'day 2026-11-19',
    'day 2026-10-30 M',
  ])
  expect(brief(railRows(shown, null))).toEqual(['day 2026-11-20 M', 'day 2026-11-19', 'day 2026-10-30 M'])
})

test('of hundreds of days, months other than the newest and the chosen one are folded up', () => {
  const day = 86_400_000
  const many = Array.from({ length: 400 }, (_, n) => {
    const time = new Date(at('2026-11-20T12:00') - n * day)
    return { ...snapshot('2026-11-20T12:00', `tree ${n}`), id: `n${n}`, timeMs: time.getTime() }
  })
  const rows = railRows(many, 'n100')
  const days = rows.filter(({ kind }) => kind === 'day')
  expect(new Set(days.map(({ key }) => key.slice(0, 7)))).toEqual(new Set(['2026-11', '2026-08']))
  expect(rows.filter(({ kind }) => kind === 'month')).toHaveLength(12)
  expect(rows.length).toBeLessThan(70)
})

test('a day with a snapshot every minute does not fill the rail', () => {
  const many = Array.from({ length: 600 }, (_, n) => ({
    ...snapshot('2026-11-20T22:00', `tree ${n}`),
    id: `n${n}`,
    timeMs: at('2026-11-20T22:00') - n * 60_000,
  }))
  for (const chosen of ['n0', 'n300', 'n599']) {
    const times = railRows(many, chosen).filter(({ kind }) => kind === 'time')
    expect(times).toHaveLength(12)
    expect(times.some(({ snapshotId }) => snapshotId === chosen)).toBe(true)
  }
})

test('a day that changed much more than others has a larger dot', () => {
  const shown = distinct(
    [100, 101, 102, 900, 901].map((bytes, n) => snapshot(`2026-11-1${n}T02:00`, `${n}`, bytes)),
  )
  const large = railRows(shown, null).filter(row => row.kind === 'day' && row.large)
  expect(large.map(({ key }) => key)).toEqual(['2026-11-13'])
})

test('steps go by snapshot, and by month, and end at the ends', () => {
  const shown = distinct(
    ['2026-08-30T02:00', '2026-09-01T02:00', '2026-09-02T02:00', '2026-11-20T02:00'].map(time =>
      snapshot(time),
    ),
  )
  const [nov, sep2, sep1, aug] = shown.map(({ id }) => id)
  expect(step(shown, nov!, 1)).toBe(sep2)
  expect(step(shown, nov!, -1)).toBe(null)
  expect(step(shown, aug!, 1)).toBe(null)
  expect(step(shown, null, 1)).toBe(nov)
  expect(stepMonth(shown, nov!, 1)).toBe(sep2)
  expect(stepMonth(shown, sep2!, 1)).toBe(aug)
  expect(stepMonth(shown, sep1!, -1)).toBe(nov)
  expect(stepMonth(shown, aug!, -1)).toBe(sep2)
  expect(stepMonth(shown, aug!, 1)).toBe(aug)
})
