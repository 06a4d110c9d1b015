import { expect, test } from 'vitest'
import { createNotices } from '../../../src/main/shells/electron/notices.ts'
import type { Run } from '../../../src/shared/entities/run.ts'
import { plan, run } from './samples.ts'

const ended = (value: Run) => ({ name: 'run.changed' as const, value })
const failed = (code: 'disk_full' | 'repository_locked' = 'disk_full') =>
  run({ state: 'failed', error: { code, message: 'The disk is full.', hint: 'Free some space.' } })

test('success is silence, and so are runs that go on, dry ones and cancelled ones', () => {
  const { hear } = createNotices()
  for (const value of [
    run(),
    run({ state: 'partial', warnings: 3 }),
    run({ state: 'running' }),
    run({ state: 'cancelled' }),
    run({ state: 'interrupted' }),
    run({ state: 'failed', dryRun: true }),
    run({ state: 'failed', planId: null }),
  ])
    expect(hear(ended(value))).toBeNull()
})

test('a failure is told with what to do, once for each reason; the recovery too', () => {
  const { hear } = createNotices()
  const first = failed()
  expect(hear(ended(first))).toEqual({
    title: 'The backup of Documents failed',
    body: 'The disk is full. Free some space.',
    route: `#/runs/${first.id}`,
    onlyWhenAway: false,
  })
  expect(hear(ended(first))).toBeNull() // the same event again
  expect(hear(ended(failed()))).toBeNull() // the next attempt, the same reason
  expect(hear(ended(failed('repository_locked')))?.title).toBe('The backup of Documents failed')
  expect(hear(ended(run()))?.title).toBe('Documents is backed up again')
  expect(hear(ended(run()))).toBeNull()
  expect(hear(ended(failed()))?.title).toBe('The backup of Documents failed')
})

test('what is known from before is not told again, and its recovery is', () => {
  const { learn, hear } = createNotices()
  const old = failed()
  learn([], [old, run()])
  expect(hear(ended(old))).toBeNull()
  expect(hear(ended(failed()))).toBeNull()
  expect(hear(ended(run()))?.title).toBe('Documents is backed up again')
})

test('a schedule that was turned off is told once', () => {
  const { hear } = createNotices()
  const changed = (because: string | null) => hear({ name: 'plan.changed', value: plan(because) })
  expect(changed(null)).toBeNull()
  expect(changed('It failed three times in a row.')).toMatchObject({
    title: 'A schedule of Documents was turned off',
    body: expect.stringContaining('It failed three times in a row.'),
    route: expect.stringMatching(/^#\/plans\//),
  })
  expect(changed('It failed three times in a row.')).toBeNull()
  expect(changed(null)).toBeNull()
  expect(changed('It never comes.')).not.toBeNull()

  const later = createNotices()
  later.learn([plan('It never comes.')], [])
  expect(later.hear({ name: 'plan.changed', value: plan('It never comes.') })).toBeNull()
})

test('the end of a restore is told to whoever closed the window, its failure to everybody', () => {
  const { hear } = createNotices()
  const restore = { kind: 'restore' as const, planId: null, trigger: 'manual' as const }
  expect(hear(ended(run(restore)))).toMatchObject({ title: 'The restore has ended', onlyWhenAway: true })
  expect(hear(ended(run({ ...restore, state: 'partial' })))?.body).toBe('Some items could not be restored.')
  expect(hear(ended(run({ ...restore, state: 'failed' })))).toMatchObject({
    title: 'The restore failed',
    onlyWhenAway: false,
  })
  expect(hear(ended(run({ ...restore, dryRun: true })))).toBeNull()
})

test('names are shown, not obeyed', () => {
  const { hear } = createNotices()
  const note = hear(ended({ ...failed(), planName: 'a\u202eb\n' }))
  expect(note?.title).toBe('The backup of a\\u202eb\\n failed')
})
