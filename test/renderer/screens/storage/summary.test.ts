import { expect, test } from 'vitest'
import { latest, summaryOf } from '../../../../src/renderer/screens/storage/summary.ts'
import { aDestination, aPlan, aRun, aSnapshot, idOf, someTime } from '../../../services/catalogue/samples.ts'

const id = idOf('disk')
const plan = { ...aPlan({ id: idOf('plan') }), schedule: [] }
const snapshot = (timeMs: number, change: Partial<Parameters<typeof aSnapshot>[1]> = {}) => ({
  ...aSnapshot('tree', { destinationId: id, timeMs, ...change }),
  indexed: true,
})

test('only its own snapshots count, by the plan that made them', () => {
  const all = [
    snapshot(someTime, { planId: plan.id }),
    snapshot(someTime - 2, { planId: plan.id }),
    snapshot(someTime - 9),
    { ...snapshot(someTime + 1), destinationId: idOf('another'), indexed: false },
  ]
  expect(summaryOf({ id }, all, [plan])).toEqual({
    snapshots: 3,
    newest: all[0],
    oldest: all[2],
    notIndexed: 0,
    byPlan: [
      { plan, count: 2, newestMs: someTime },
      { plan: null, count: 1, newestMs: someTime - 9 },
    ],
  })
  expect(summaryOf({ id: idOf('empty') }, all, [plan])).toMatchObject({ snapshots: 0, newest: null })
})

test('the list is asked for again when a run ends or a destination was read', () => {
  const destination = { ...aDestination({ id }), hasPassword: true }
  const before = latest([aRun({ state: 'running' })], [destination])
  expect(latest([aRun({ state: 'running', warnings: 1 })], [destination])).toBe(before)
  expect(latest([aRun()], [destination])).not.toBe(before)
  expect(latest([aRun({ state: 'running' })], [{ ...destination, refreshedAtMs: 5 }])).not.toBe(before)
})
