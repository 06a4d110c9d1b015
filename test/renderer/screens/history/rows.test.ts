import { expect, test } from 'vitest'
import { csvOf, rowsOf } from '../../../../src/renderer/screens/history/rows.ts'
import { withLive } from '../../../../src/renderer/screens/history/with-live.ts'
import { aRun } from '../../../services/catalogue/samples.ts'

const at = (iso: string) => new Date(`${iso}:00`).getTime()
const run = (iso: string) => aRun({ startedAtMs: at(iso), createdAtMs: at(iso) })

test('runs stand under the days they began on, also over midnight and a change of the clock', () => {
  const runs = [
    '2026-11-21T00:00',
    '2026-11-20T23:59',
    '2026-11-20T00:00',
    '2026-10-25T23:30',
    '2026-10-25T00:30',
  ]
  const rows = rowsOf(runs.map(run))
  expect(rows.map(row => (row.kind === 'day' ? new Date(row.startMs).getDate() : '-'))).toEqual([
    21,
    '-',
    20,
    '-',
    '-',
    25,
    '-',
    '-',
  ])
})

test('the newer state of a run takes the place of the listed one, and a new run the top', () => {
  const [newer, older] = [run('2026-11-20T02:00'), run('2026-11-19T02:00')]
  const begun = run('2026-11-21T02:00')
  const changed = { ...older, revision: older.revision + 1, warnings: 2 }
  const filter = { planId: null, states: null }
  expect(withLive([newer, older], [changed, begun], filter)).toEqual([begun, newer, changed])
  expect(withLive([newer, older], [{ ...newer, revision: 0 }], filter)).toEqual([newer, older])
})

test('a table for spreadsheets has no formula of somebody else in it', () => {
  const text = csvOf([aRun({ planName: '=cmd|A1', error: { code: 'internal', message: 'a "b", c' } })])
  expect(text.split('\r\n')[1]).toContain(`,'=cmd|A1,`)
  expect(text).toContain('"a ""b"", c"')
})
