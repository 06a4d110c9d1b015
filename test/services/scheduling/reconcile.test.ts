import { describe, expect, test } from 'vitest'
import type { StoredSchedule } from '../../../src/main/services/catalogue/catalogue.ts'
import {
  listedAtMost,
  newSchedule,
  reconcile,
  type Circumstances,
  type Decision,
} from '../../../src/main/services/scheduling/reconcile.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const at = (text: string): number => Date.parse(`${text}Z`)

const around = (nowMs: number, more: Partial<Circumstances> = {}): Circumstances => ({
  when: { kind: 'daily', time: '02:00' },
  planZone: null,
  machineZone: 'UTC',
  on: true,
  catchUpMs: 7 * day,
  pausedUntilMs: null,
  going: false,
  wentOnUntilMs: null,
  heldBecause: null,
  nowMs,
  ...more,
})
const begun = (nowMs: number, more: Partial<Circumstances> = {}): StoredSchedule =>
  reconcile(newSchedule('plan', 's0'), around(nowMs, more)).next
const missed = (decision: Decision): string[] =>
  decision.unanswered.map(
    one => `${one.state} ${new Date(one.lastMs).toISOString().slice(0, 16)} ${one.count}`,
  )
const monday = at('2026-06-01T12:00')

test('a new schedule begins now: nothing before it is due', () => {
  const decision = reconcile(newSchedule('plan', 's0'), around(monday))
  expect(decision).toMatchObject({ start: null, unanswered: [], note: null })
  expect(decision.next).toMatchObject({ handledUntilMs: monday, nextDueAtMs: at('2026-06-02T02:00') })
})

test('at its time it runs; asked again at the same instant it does not', () => {
  const now = at('2026-06-02T02:00')
  const first = reconcile(begun(monday), around(now))
  expect(first.start).toEqual({ dueAtMs: now, trigger: 'schedule' })
  expect(first.next).toMatchObject({ handledUntilMs: now, nextDueAtMs: now + day })
  const second = reconcile(first.next, around(now))
  expect(second).toMatchObject({ start: null, unanswered: [] })
  expect(second.next).toEqual(first.next)
})

test('after sleep the newest runs as a catch-up, the others are recorded', () => {
  const decision = reconcile(begun(monday), around(at('2026-06-05T09:00')))
  expect(decision.start).toEqual({ dueAtMs: at('2026-06-05T02:00'), trigger: 'catch-up' })
  expect(missed(decision)).toEqual([
    'missed 2026-06-02T02:00 1',
    'missed 2026-06-03T02:00 1',
    'missed 2026-06-04T02:00 1',
  ])
})

test('what is older than the catch-up window is not run', () => {
  const decision = reconcile(begun(monday), around(at('2026-06-02T09:00'), { catchUpMs: 6 * hour }))
  expect(decision.start).toBeNull()
  expect(missed(decision)).toEqual(['missed 2026-06-02T02:00 1'])
  expect(decision.unanswered[0]?.message).toContain('longer than the 6 h')
  expect(decision.next.nextDueAtMs).toBe(at('2026-06-03T02:00'))
})

test('without any window a run still starts on time, with the lateness of a timer', () => {
  const decision = reconcile(begun(monday), around(at('2026-06-02T02:00') + 800, { catchUpMs: 0 }))
  expect(decision.start).toEqual({ dueAtMs: at('2026-06-02T02:00'), trigger: 'schedule' })
})

test('thirty days of an every-minute schedule are one record with how many and the span', () => {
  const more: Partial<Circumstances> = { when: { kind: 'minutes', every: 1 }, catchUpMs: 0 }
  const decision = reconcile(begun(monday, more), around(monday + 30 * day, more))
  expect(decision.start?.dueAtMs).toBe(monday + 30 * day)
  const total = decision.unanswered.reduce((sum, { count }) => sum + count, 0)
  expect(total).toBe(30 * 24 * 60 - 1)
  expect(decision.unanswered.length).toBeLessThanOrEqual(3) // too old in one, the last minutes one by one
  expect(decision.unanswered[0]?.message).toMatch(/^43197 times from 2026-06-01 12:01 to 2026-07-01 11:57: /)
  const exact = reconcile(begun(monday), around(monday + (listedAtMost + 1) * day, { catchUpMs: 90 * day }))
  expect(exact.unanswered).toHaveLength(listedAtMost)
})

describe('a clock that was set back', () => {
  const ran = reconcile(begun(monday), around(at('2026-06-02T02:00'))).next

  test('by an hour: what ran does not run again', () => {
    const back = reconcile(ran, around(at('2026-06-02T01:00')))
    expect(back).toMatchObject({ start: null, note: null })
    expect(back.next.nextDueAtMs).toBe(at('2026-06-03T02:00'))
    expect(reconcile(back.next, around(at('2026-06-02T02:00'))).start).toBeNull()
    expect(reconcile(back.next, around(at('2026-06-03T02:00'))).start?.dueAtMs).toBe(at('2026-06-03T02:00'))
  })

  test('by a year: it says so, and goes on within a day', () => {
    const now = at('2025-06-02T12:00')
    const back = reconcile(ran, around(now))
    expect(back).toMatchObject({ start: null, unanswered: [] })
    expect(back.note).toContain('The clock was set back by 364 d 14 h')
    expect(back.next).toMatchObject({ handledUntilMs: now, nextDueAtMs: at('2025-06-03T02:00') })
    expect(reconcile(back.next, around(now + minute)).note).toBeNull()
  })

  test('by three days: a weekly one does not wait for them and a week more', () => {
    const when = { kind: 'weekly', weekday: 0, time: '03:00' } as const
    const sunday = at('2026-06-07T03:00')
    const weekly = reconcile(begun(monday, { when }), around(sunday, { when })).next
    expect(reconcile(weekly, around(sunday - 3 * day, { when })).next.nextDueAtMs).toBe(sunday)
    expect(reconcile(weekly, around(sunday - 20 * hour, { when })).next.nextDueAtMs).toBe(sunday + 7 * day)
  })

  test('an every-15-minutes schedule does not wait for three hours', () => {
    const when = { kind: 'minutes', every: 15 } as const
    const quarter = reconcile(begun(monday, { when }), around(monday + 15 * minute, { when })).next
    const back = reconcile(quarter, around(monday - 3 * hour + minute, { when }))
    expect(back.next.nextDueAtMs).toBe(monday - 3 * hour + 15 * minute)
    const little = reconcile(quarter, around(monday - 20 * minute, { when }))
    expect(little.next.nextDueAtMs).toBe(monday + 30 * minute)
  })
})

test('other times begin anew: what passed is not run, and what was left is recorded', () => {
  const changed = around(at('2026-06-02T09:00'), { when: { kind: 'daily', time: '08:00' } })
  const decision = reconcile(begun(monday), changed)
  expect(decision.start).toBeNull()
  expect(missed(decision)).toEqual(['missed 2026-06-02T02:00 1'])
  expect(decision.next.nextDueAtMs).toBe(at('2026-06-03T08:00'))
})

test('another zone of the plan begins anew', () => {
  const decision = reconcile(begun(monday), around(monday, { planZone: 'Asia/Tokyo' }))
  expect(decision).toMatchObject({ start: null, unanswered: [] })
  expect(decision.next.nextDueAtMs).toBe(at('2026-06-01T17:00'))
})

test('a machine carried into another zone while it slept still answers what was due', () => {
  const before = begun(monday, { machineZone: 'Europe/Berlin' })
  const decision = reconcile(before, around(at('2026-06-02T09:00'), { machineZone: 'America/New_York' }))
  expect(decision.start).toEqual({ dueAtMs: at('2026-06-02T00:00'), trigger: 'catch-up' })
  expect(decision.next.nextDueAtMs).toBe(at('2026-06-03T06:00'))
})

describe('a pause', () => {
  test('nothing is due in it, and nothing of it is caught up after it', () => {
    const until = at('2026-06-04T12:00')
    const during = reconcile(begun(monday), around(at('2026-06-03T09:00'), { pausedUntilMs: until }))
    expect(during).toMatchObject({ start: null, unanswered: [], next: { nextDueAtMs: null } })
    const after = reconcile(during.next, around(until + hour, { pausedUntilMs: until }))
    expect(after.start).toBeNull()
    expect(missed(after)).toHaveLength(3)
    expect(after.unanswered[0]?.message).toBe('Its plan was paused.')
    expect(after.next.nextDueAtMs).toBe(at('2026-06-05T02:00'))
  })

  test('that ended in sleep: what came after it is caught up', () => {
    const decision = reconcile(
      begun(monday),
      around(at('2026-06-04T09:00'), { pausedUntilMs: at('2026-06-03T12:00') }),
    )
    expect(missed(decision)).toEqual(['missed 2026-06-02T02:00 1', 'missed 2026-06-03T02:00 1'])
    expect(decision.start).toEqual({ dueAtMs: at('2026-06-04T02:00'), trigger: 'catch-up' })
  })

  test('a slot at the very end of it runs', () => {
    const end = at('2026-06-02T02:00')
    expect(reconcile(begun(monday), around(end, { pausedUntilMs: end })).start?.dueAtMs).toBe(end)
  })

  test('for ever', () => {
    expect(reconcile(begun(monday), around(monday + 400 * day, { pausedUntilMs: 'forever' }))).toMatchObject({
      start: null,
      unanswered: [],
      next: { nextDueAtMs: null, handledUntilMs: monday },
    })
  })
})

test('slots that come while the run before goes on are skipped when it has ended, not run late', () => {
  const when = { kind: 'hourly', minute: 0 } as const
  const ran = reconcile(begun(monday, { when }), around(monday + hour, { when })).next
  const during = reconcile(ran, around(monday + 3.5 * hour, { when, going: true }))
  expect(during).toMatchObject({ start: null, unanswered: [] })
  const after = reconcile(
    during.next,
    around(monday + 4.5 * hour, { when, wentOnUntilMs: monday + 4.5 * hour }),
  )
  expect(after.start).toBeNull()
  expect(missed(after)).toEqual([
    'skipped 2026-06-01T14:00 1',
    'skipped 2026-06-01T15:00 1',
    'skipped 2026-06-01T16:00 1',
  ])
})

describe('a condition that is not met', () => {
  const heldBecause = 'Waiting until the computer is on AC power.'

  test('the slot waits; it runs late when it is met', () => {
    const held = reconcile(begun(monday), around(at('2026-06-02T05:00'), { heldBecause }))
    expect(held).toMatchObject({ start: null, unanswered: [], waitingDueAtMs: at('2026-06-02T02:00') })
    const met = reconcile(held.next, around(at('2026-06-02T06:00')))
    expect(met.start).toEqual({ dueAtMs: at('2026-06-02T02:00'), trigger: 'catch-up' })
  })

  test('longer than the window: recorded as missed, with the reason', () => {
    const held = reconcile(
      begun(monday),
      around(at('2026-06-02T05:01'), { heldBecause, catchUpMs: 3 * hour }),
    )
    expect(held).toMatchObject({ start: null, waitingDueAtMs: null })
    expect(held.unanswered).toHaveLength(1)
    expect(held.unanswered[0]?.message).toContain(heldBecause)
    expect(held.next.handledUntilMs).toBe(at('2026-06-02T02:00'))
  })
})

test('a time that never comes disables it at once and says why; other times enable it', () => {
  const never = around(monday, { when: { kind: 'cron', expression: '0 0 30 2 *' } })
  const decision = reconcile(newSchedule('plan', 's0'), never)
  expect(decision.next).toMatchObject({ nextDueAtMs: null, disabledBecause: decision.note })
  expect(decision.note).toMatch(/^Its time never comes/)
  expect(reconcile(decision.next, never)).toMatchObject({ note: null, next: decision.next })
  expect(reconcile(decision.next, around(monday)).next).toMatchObject({
    disabledBecause: null,
    nextDueAtMs: at('2026-06-02T02:00'),
  })
})

test('times or a zone that are no longer valid disable it and say why', () => {
  for (const more of [
    { planZone: 'Mars/Olympus' },
    { when: { kind: 'cron', expression: '0 25 * * *' } as const },
  ])
    expect(reconcile(newSchedule('plan', 's0'), around(monday, more)).next.disabledBecause).toMatch(
      /There is no time zone|not right/,
    )
})

test('three strikes stay, whatever its times become; turning it off by hand forgets them', () => {
  const struck = { ...begun(monday), consecutiveFailures: 3, disabledBecause: 'It failed.' }
  const other = around(monday + 9 * day, { when: { kind: 'daily', time: '08:00' } })
  expect(reconcile(struck, other)).toMatchObject({
    start: null,
    unanswered: [],
    next: { disabledBecause: 'It failed.' },
  })
  const off = reconcile(struck, { ...other, on: false })
  expect(off.next).toMatchObject({ disabledBecause: null, consecutiveFailures: 0, nextDueAtMs: null })
  expect(reconcile(off.next, other)).toMatchObject({ start: null, unanswered: [] })
})

test('turned off while a slot was due: that slot is recorded', () => {
  expect(missed(reconcile(begun(monday), around(at('2026-06-02T09:00'), { on: false })))).toEqual([
    'missed 2026-06-02T02:00 1',
  ])
})
