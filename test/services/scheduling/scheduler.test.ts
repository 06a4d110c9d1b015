import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { When } from '../../../src/shared/entities/plan.ts'
import { wallClockTimers } from '../../../src/main/services/scheduling/timers.ts'
import { slotsBetween } from '../../../src/main/services/scheduling/when.ts'
import { transitionsBetween } from '../../../src/main/services/scheduling/zone.ts'
import { dueBetween, wallMinutes } from './oracle.ts'
import { createWorld, Killed, planWith, wrongAnswers, type Answer } from './virtual-world.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const at = (text: string): number => Date.parse(`${text}Z`)
const monday = at('2026-06-01T12:00')
const brief = ({ state, dueAtMs, trigger }: Answer): string =>
  `${state} ${new Date(dueAtMs).toISOString().slice(0, 16)}${trigger ? ` ${trigger}` : ''}`

const open: { scheduler: { stop(): void } }[] = []
afterEach(() => {
  for (const world of open.splice(0)) world.scheduler.stop()
})

async function worldWith(
  when: When,
  more: Parameters<typeof planWith>[1] = {},
  startMs = monday,
  options = {},
) {
  const world = createWorld(startMs, options)
  open.push(world)
  const plan = planWith([{ when }], more)
  world.plans.push(plan)
  await world.boot()
  return { world, plan }
}
const daily: When = { kind: 'daily', time: '02:00' }

describe('every zone × gap and overlap × sleep: each due slot runs once, or is recorded as missed', () => {
  const changing = Intl.supportedValuesOf('timeZone').filter(
    zone => transitionsBetween(zone, Date.UTC(2020), Date.UTC(2031)).length > 0,
  )
  const night = fc.constantFrom('00:00', '00:30', '01:15', '01:45', '02:00', '02:30', '03:00', '23:45')
  const when: fc.Arbitrary<When> = fc.oneof(
    fc.record({ kind: fc.constant('daily' as const), time: night }),
    fc.record({ kind: fc.constant('weekly' as const), weekday: fc.integer({ min: 0, max: 6 }), time: night }),
    fc.record({ kind: fc.constant('hourly' as const), minute: fc.constantFrom(0, 15, 30, 45) }),
    fc
      .constantFrom('*/20 1-3 * * *', '30 * * * *', '15 2 * * 0,6')
      .map(expression => ({ kind: 'cron' as const, expression })),
  )

  test('judged by a plain clock on the wall', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...changing),
        fc.nat(),
        when,
        // Sleeps and times awake in between, in minutes, the first of them around the change of the clocks.
        fc.array(fc.tuple(fc.integer({ min: 1, max: 30 * 24 * 60 }), fc.integer({ min: 0, max: 600 })), {
          minLength: 1,
          maxLength: 2,
        }),
        fc.integer({ min: 0, max: 1 }),
        fc.constantFrom(0, 60, 7 * 24 * 60),
        async (zone, pick, when, sleeps, fraction, catchUpMinutes) => {
          const changes = transitionsBetween(zone, Date.UTC(2020), Date.UTC(2031))
          const change = changes[pick % changes.length]?.atMs ?? 0
          const first = (sleeps[0]?.[0] ?? 0) * minute
          const startMs = change - 2 * hour - Math.floor((first * fraction) / minute) * minute
          const { world } = await worldWith(when, { zone, conditions: { catchUpMinutes } }, startMs, {
            watchMs: 10 * minute,
          })
          await world.advanceTo(startMs + hour)
          for (const [asleep, awake] of sleeps) {
            await world.sleepTo(world.now() + asleep * minute)
            await world.advanceTo(world.now() + awake * minute)
          }
          world.scheduler.stop()
          const wall = wallMinutes(zone, startMs - day, world.now())
          const due = dueBetween(when, startMs, world.now(), day, wall)
          expect(wrongAnswers(due, world.answers)).toEqual([])
          expect(world.failures).toEqual([])
          for (const { state, dueAtMs, atMs } of world.answers)
            if (state === 'run')
              expect(atMs - dueAtMs).toBeLessThanOrEqual(Math.max(2, catchUpMinutes) * minute)
        },
      ),
      { numRuns: 25 },
    )
  })
})

test('a year of twenty plans: every slot runs on time, by the timer alone', async () => {
  const world = createWorld(at('2026-01-01T00:00:30'), { zone: 'Europe/Berlin', watchMs: 400 * day })
  open.push(world)
  const whens: When[] = [
    daily,
    { kind: 'weekly', weekday: 0, time: '03:00' },
    { kind: 'monthly', day: 31, time: '04:00' },
    { kind: 'hourly', minute: 30 },
    { kind: 'cron', expression: '30 2 * * 1-5' },
  ]
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu']
  for (const zone of zones)
    for (const when of whens) world.plans.push(planWith([{ when }], { name: `${zone} ${when.kind}`, zone }))
  await world.boot()
  const startMs = world.now()
  await world.advanceTo(startMs + 365 * day)

  for (const plan of world.plans) {
    const [schedule] = plan.schedules
    const due = schedule ? slotsBetween(schedule.when, plan.zone ?? '', startMs, world.now(), 1e6) : []
    const answers = world.answers.filter(({ planId }) => planId === plan.id)
    expect(due.length).toBeGreaterThan(10)
    expect(answers.map(({ dueAtMs }) => dueAtMs)).toEqual(due)
    expect(
      answers.every(
        ({ state, trigger, atMs, dueAtMs }) => state === 'run' && trigger === 'schedule' && atMs === dueAtMs,
      ),
    ).toBe(true)
  }
  expect(world.notices).toEqual([])
})

test('a clock set back a year: nothing runs twice, nothing waits, and it is told', async () => {
  const { world } = await worldWith(daily)
  await world.advanceTo(monday + 3 * day)
  expect(world.answers).toHaveLength(3)
  world.setClock(at('2025-06-04T12:00'))
  await world.scheduler.wake()
  expect(world.answers).toHaveLength(3)
  expect(world.notices).toMatchObject([
    { kind: 'clock-set-back', message: expect.stringContaining('set back by 364 d 14 h or more') },
  ])
  await world.advanceTo(at('2025-06-06T12:00'))
  expect(world.answers.slice(3).map(brief)).toEqual([
    'run 2025-06-05T02:00 schedule',
    'run 2025-06-06T02:00 schedule',
  ])
  expect(world.notices).toHaveLength(1)
})

test('a clock set back a year, then a restart: slots are neither lost nor doubled', async () => {
  const { world } = await worldWith(daily)
  await world.advanceTo(monday + 3 * day)
  world.setClock(at('2025-06-04T12:00'))
  await world.scheduler.wake()
  world.scheduler.stop()
  await world.sleepTo(at('2025-06-06T12:00'))
  await world.boot()
  expect(world.answers.slice(3).map(brief)).toEqual([
    'missed 2025-06-05T02:00',
    'run 2025-06-06T02:00 catch-up',
  ])
})

test('a clock set forward is as sleep; the watch notices it', async () => {
  const { world } = await worldWith(daily)
  world.setClock(monday + 2 * day)
  await world.advanceTo(monday + 2 * day + 2 * hour)
  expect(world.answers.map(brief)).toEqual(['missed 2026-06-02T02:00', 'run 2026-06-03T02:00 catch-up'])
})

test('a cron line that never fires is disabled at once, with the reason, and told once', async () => {
  const { world, plan } = await worldWith({ kind: 'cron', expression: '0 0 30 2 *' })
  await world.advanceTo(monday + 30 * day)
  expect(world.notices).toMatchObject([
    { kind: 'schedule-disabled', message: expect.stringContaining('never comes') },
  ])
  expect(world.scheduler.states(plan)).toMatchObject([
    { nextDueAtMs: null, disabledBecause: expect.stringContaining('never comes') },
  ])
})

test('two ticks at the same instant start one run', async () => {
  const { world } = await worldWith(daily, {}, monday, { runMs: hour })
  await world.advanceTo(at('2026-06-02T01:59'))
  world.setClock(at('2026-06-02T02:00'))
  await Promise.all([world.scheduler.wake(), world.scheduler.wake(), world.scheduler.refresh()])
  expect(world.answers.map(brief)).toEqual(['run 2026-06-02T02:00 schedule'])
  expect(world.asked).toBe(1)
})

describe('killed at any effect, before or after it, and started again', () => {
  const scenario = async (killAt: number, moment: 'before' | 'after', restart: boolean) => {
    const { world } = await worldWith({ kind: 'cron', expression: '0 2,14 * * *' }, {}, monday)
    await world.advanceTo(monday + 3 * hour) // 14:00 has run
    let effects = 0
    let dead = false
    world.effect = (_what, when) => {
      if (when === 'before') effects += 1
      // Once killed, nothing of that process happens any more.
      if (dead || (effects === killAt && when === moment)) {
        dead = true
        throw new Killed()
      }
    }
    await world.sleepTo(at('2026-06-04T09:00'))
    await world.advanceTo(at('2026-06-04T15:00'))
    const fired = dead
    if (restart) {
      world.scheduler.stop()
      world.effect = () => {}
      await world.sleepTo(at('2026-06-04T20:00'))
      await world.boot()
      await world.advanceTo(at('2026-06-05T12:00'))
    }
    return { world, fired }
  }

  test.each(['before', 'after'] as const)('%s', async moment => {
    for (let nth = 1; ; nth++) {
      const { world, fired } = await scenario(nth, moment, true)
      const due = slotsBetween({ kind: 'cron', expression: '0 2,14 * * *' }, 'UTC', monday, world.now(), 100)
      expect(wrongAnswers(due, world.answers), `killed ${moment} effect ${nth}`).toEqual([])
      world.scheduler.stop()
      if (!fired) {
        expect(nth).toBeGreaterThan(8) // five records, two runs, two saves
        return
      }
    }
  })
})

test('a start that fails leaves the slot due, says so once, and is tried again', async () => {
  const { world } = await worldWith(daily)
  world.effect = (what, when) => {
    if (what === 'start' && when === 'before') throw new Error('the disk is full')
  }
  await world.advanceTo(at('2026-06-02T08:00'))
  expect(world.answers).toEqual([])
  expect(world.failures).toHaveLength(1)
  world.effect = () => {}
  await world.advanceTo(at('2026-06-02T10:00'))
  expect(world.answers.map(brief)).toEqual(['run 2026-06-02T02:00 catch-up'])
})

test('one schedule that fails does not hold back the others', async () => {
  const { world, plan } = await worldWith(daily)
  const other = planWith([{ when: { kind: 'daily', time: '02:00' } }], { name: 'Other' })
  world.plans.push(other)
  await world.scheduler.refresh()
  let starts = 0
  world.effect = (what, when) => {
    if (what === 'start' && when === 'before' && ++starts === 1) throw new Error('not this one, for now')
  }
  await world.advanceTo(at('2026-06-02T04:00'))
  expect(world.answers.map(({ planId }) => planId)).toEqual([other.id, plan.id])
})

describe('three strikes', () => {
  test('three failures in a row disable a schedule and are told; turning it on begins anew', async () => {
    const { world, plan } = await worldWith(daily)
    world.outcome = 'failed'
    await world.advanceTo(monday + 6 * day)
    expect(world.answers).toHaveLength(3)
    expect(world.notices).toMatchObject([
      { kind: 'schedule-disabled', message: expect.stringMatching(/^It failed 3 times in a row/) },
    ])
    expect(world.scheduler.states(plan)).toMatchObject([{ consecutiveFailures: 3, nextDueAtMs: null }])

    await world.boot() // also after a restart
    await world.advanceTo(monday + 9 * day)
    expect(world.answers).toHaveLength(3)
    world.outcome = 'succeeded'
    await world.scheduler.enable(plan.id, 's0')
    await world.advanceTo(monday + 10 * day)
    expect(world.answers.slice(3).map(brief)).toEqual(['run 2026-06-11T02:00 schedule'])
    expect(world.scheduler.states(plan)).toMatchObject([{ consecutiveFailures: 0, disabledBecause: null }])
  })

  test.each<
    [
      string,
      [
        Parameters<ReturnType<typeof createWorld>['scheduler']['ended']>[0]['state'],
        'timed_out' | 'cancelled' | null,
      ][],
      number,
    ]
  >([
    [
      'a success resets',
      [
        ['failed', null],
        ['failed', null],
        ['succeeded', null],
        ['failed', null],
      ],
      1,
    ],
    [
      'a partial one is a success',
      [
        ['failed', null],
        ['partial', null],
      ],
      0,
    ],
    [
      'cancelled by a person counts neither way',
      [
        ['failed', null],
        ['cancelled', 'cancelled'],
        ['failed', null],
      ],
      2,
    ],
    [
      'one that timed out counts',
      [
        ['cancelled', 'timed_out'],
        ['failed', 'timed_out'],
      ],
      2,
    ],
    [
      'interrupted counts neither way',
      [
        ['failed', null],
        ['interrupted', null],
      ],
      1,
    ],
  ])('%s', async (_what, ends, expected) => {
    const { world, plan } = await worldWith(daily)
    for (const [state, code] of ends)
      await world.scheduler.ended({
        planId: plan.id,
        scheduleId: 's0',
        state,
        error: code && { code, message: '' },
      })
    expect(world.scheduler.states(plan)[0]?.consecutiveFailures).toBe(expected)
  })

  test('enabling what is not there is refused', async () => {
    const { world, plan } = await worldWith(daily)
    await expect(world.scheduler.enable(plan.id, 'nothing')).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('waiting for a condition', () => {
  const unmet = 'Waiting until the computer is on AC power.'

  test('it says what it waits for, and starts when told of a change', async () => {
    const { world, plan } = await worldWith(daily)
    world.unmet = unmet
    await world.advanceTo(at('2026-06-02T05:00'))
    expect(world.answers).toEqual([])
    expect(world.scheduler.waiting()).toEqual([
      { planId: plan.id, scheduleId: 's0', dueAtMs: at('2026-06-02T02:00'), because: unmet },
    ])
    world.unmet = null
    world.conditionChanged()
    await world.scheduler.wake()
    expect(world.answers.map(brief)).toEqual(['run 2026-06-02T02:00 catch-up'])
    expect(world.scheduler.waiting()).toEqual([])
  })

  test('it is asked again by the watch, through a restart, until the window is over', async () => {
    const { world } = await worldWith(daily, { conditions: { catchUpMinutes: 300 } })
    world.unmet = unmet
    await world.advanceTo(at('2026-06-02T04:00'))
    await world.boot()
    expect(world.scheduler.waiting()).toHaveLength(1)
    await world.advanceTo(at('2026-06-02T09:00'))
    expect(world.scheduler.waiting()).toEqual([])
    expect(world.answers.map(brief)).toEqual(['missed 2026-06-02T02:00'])
    expect(world.answers[0]?.message).toContain(unmet)
  })
})

describe('pauses', () => {
  test('until resumed: nothing starts, one record each, nothing is caught up', async () => {
    const { world, plan } = await worldWith(daily)
    plan.pausedUntilMs = 'forever'
    await world.scheduler.refresh()
    expect(world.scheduler.states(plan)[0]?.nextDueAtMs).toBeNull()
    await world.advanceTo(monday + 3 * day)
    expect(world.answers).toEqual([])
    plan.pausedUntilMs = null
    await world.scheduler.refresh()
    expect(world.answers.map(brief)).toEqual([
      'missed 2026-06-02T02:00',
      'missed 2026-06-03T02:00',
      'missed 2026-06-04T02:00',
    ])
    await world.advanceTo(monday + 4 * day)
    expect(world.answers.slice(3).map(brief)).toEqual(['run 2026-06-05T02:00 schedule'])
  })

  test('of all plans, until a time: it ends by itself and is taken away', async () => {
    const { world } = await worldWith(daily)
    world.pausedUntilMs = at('2026-06-02T12:00')
    await world.scheduler.refresh()
    await world.advanceTo(at('2026-06-03T12:00'))
    expect(world.answers.map(brief)).toEqual(['missed 2026-06-02T02:00', 'run 2026-06-03T02:00 schedule'])
    expect(world.pausedUntilMs).toBeNull()
  })

  test('of an hour does not become one of a year when the clock is set back', async () => {
    const { world, plan } = await worldWith(daily)
    plan.pausedUntilMs = monday + hour
    await world.scheduler.refresh()
    world.setClock(at('2025-06-01T12:00'))
    await world.scheduler.wake()
    expect(plan.pausedUntilMs).toBeNull()
    await world.advanceTo(at('2025-06-02T12:00'))
    expect(world.answers.map(brief)).toEqual(['run 2025-06-02T02:00 schedule'])
  })
})

test('runs longer than their interval: what comes meanwhile is skipped, and each slot is answered', async () => {
  const when: When = { kind: 'minutes', every: 15 }
  const { world } = await worldWith(when, {}, monday, { runMs: 50 * minute, watchMs: 5 * minute })
  await world.advanceTo(monday + day)
  const lastRun = world.answers.findLast(({ state }) => state === 'run')?.dueAtMs ?? 0
  expect(wrongAnswers(slotsBetween(when, 'UTC', monday, lastRun, 1000), world.answers)).toEqual([])
  expect(new Set(world.answers.map(({ state }) => state))).toEqual(new Set(['run', 'skipped']))
  expect(world.answers.filter(({ state }) => state === 'run').length).toBe(24)
})

test('plans and schedules come and go; what is gone leaves no state', async () => {
  const { world, plan } = await worldWith(daily)
  expect(world.states.size).toBe(1)
  plan.schedules = [{ id: 'other', type: 'full', enabled: true, when: daily }]
  await world.scheduler.refresh()
  expect([...world.states.keys()]).toEqual([`${plan.id} other`])
  world.plans.length = 0
  await world.scheduler.refresh()
  await world.advanceTo(monday + 3 * day)
  expect(world.answers).toEqual([])
})

test('turned off and on again: it begins anew', async () => {
  const { world, plan } = await worldWith(daily)
  plan.schedules[0]!.enabled = false
  await world.scheduler.refresh()
  await world.advanceTo(monday + 3 * day)
  plan.schedules[0]!.enabled = true
  await world.scheduler.refresh()
  expect(world.answers).toEqual([])
  await world.advanceTo(monday + 4 * day)
  expect(world.answers.map(brief)).toEqual(['run 2026-06-05T02:00 schedule'])
})

test('stopped, it starts nothing more', async () => {
  const { world } = await worldWith(daily)
  world.scheduler.stop()
  await world.advanceTo(monday + 3 * day)
  await world.scheduler.wake()
  expect(world.answers).toEqual([])
})

test('the zone is named when it is not that of the machine', async () => {
  const { world, plan } = await worldWith(daily, { zone: 'Asia/Tokyo' })
  expect(world.scheduler.states(plan)[0]?.words).toBe('every day at 02:00, Asia/Tokyo time')
  world.zone = 'Asia/Tokyo'
  expect(world.scheduler.states(plan)[0]?.words).toBe('every day at 02:00')
})

describe('the timers of the wall clock', () => {
  test('call at their time, and at once for one that has passed', async () => {
    const called: string[] = []
    await new Promise<void>(resolve => {
      wallClockTimers.at(Date.now() + 30, () => {
        called.push('later')
        resolve()
      })
      wallClockTimers.at(Date.now() - 5000, () => void called.push('passed'))
      wallClockTimers.at(Date.now() + 20, () => void called.push('never'))()
    })
    expect(called).toEqual(['passed', 'later'])
  })
})
