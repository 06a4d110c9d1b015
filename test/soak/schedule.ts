import { count as spelled } from '../../src/shared/wording.ts'
import type { When } from '../../src/shared/entities/plan.ts'
import { slotsBetween } from '../../src/main/services/scheduling/when.ts'
import { transitionsBetween } from '../../src/main/services/scheduling/zone.ts'
import { dueBetween, wallClock, wallMinutes } from '../services/scheduling/oracle.ts'
import { createWorld, planWith, wrongAnswers } from '../services/scheduling/virtual-world.ts'
import type { Campaign } from './campaign.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const [fromMs, toMs] = [Date.UTC(2020, 0, 1), Date.UTC(2031, 0, 1)]
const cron = (expression: string): When => ({ kind: 'cron', expression })

/** All of them are due around the hours in which clocks are changed. */
const whens: readonly When[] = [
  { kind: 'daily', time: '00:00' },
  { kind: 'daily', time: '00:30' },
  { kind: 'daily', time: '01:45' },
  { kind: 'daily', time: '02:15' },
  { kind: 'daily', time: '23:30' },
  { kind: 'weekly', weekday: 0, time: '02:30' },
  { kind: 'monthly', day: 31, time: '01:30' },
  { kind: 'hourly', minute: 0 },
  { kind: 'hourly', minute: 45 },
  cron('*/20 0-4 * * *'),
  cron('10 * * * *'),
  cron('30 1,2,3 * * 0,6'),
]
const sleeps = [1, 30, 90, 8 * 60, 24 * 60, 3 * 24 * 60, 30 * 24 * 60]

/** Every time the clocks of a zone were changed, found by looking at them each half hour. */
function changesSeen(zone: string): number[] {
  const changes: number[] = []
  let before = wallClock(zone, fromMs) - fromMs
  for (let ms = fromMs + 30 * minute; ms <= toMs; ms += 30 * minute) {
    const offset = wallClock(zone, ms) - ms
    if (offset !== before) changes.push(ms)
    before = offset
  }
  return changes
}

/** RELIABILITY 10, without sampling. */
export const schedule: Campaign = {
  name: 'schedule',
  promise:
    'in every IANA zone, at every change of its clocks from 2020 to 2030, asleep for 1 minute to 30 days: each slot that is due runs once or is recorded as missed.',
  how: 'A clock on the wall, read minute by minute through `Intl`, says when a schedule is due. First the times that are worked out are compared with it, two days around every change. Then a scheduler with a virtual clock sleeps through each change, and every slot must have exactly one answer. Changes are found by looking at each zone every half hour.',

  async run({ count, next, problem, say }) {
    const all = Intl.supportedValuesOf('timeZone')
    const zones = all.slice(0, count('zones', all.length))
    let [changes, compared, slept, slots, runs, missed] = [0, 0, 0, 0, 0, 0]
    for (const [n, zone] of zones.entries()) {
      const seen = changesSeen(zone)
      const known = transitionsBetween(zone, fromMs, toMs).map(
        ({ atMs }) => Math.ceil(atMs / (30 * minute)) * 30 * minute,
      )
      if (known.join() !== seen.join())
        problem(`${zone}: its clocks change at ${seen.join()}, not ${known.join()}`)
      changes += seen.length
      const moments = seen.length > 0 ? seen : [Date.UTC(2026, 2, 29, 1)]
      for (const changeMs of moments) {
        const [startMs, endMs] = [changeMs - day, changeMs + day]
        const wall = wallMinutes(zone, startMs - day, endMs)
        for (const when of whens) {
          const due = dueBetween(when, startMs, endMs, day, wall)
          const worked = slotsBetween(when, zone, startMs, endMs, 1e6)
          compared += due.length
          if (due.join() !== worked.join())
            problem(
              `${zone} ${JSON.stringify(when)} around ${new Date(changeMs).toISOString()}: ${worked.join()}, not ${due.join()}`,
            )
        }
        for (const asleep of sleeps) {
          // Asleep from some moment before the change, so that it lies anywhere within.
          const beginMs = changeMs - Math.floor(next() * asleep) * minute
          const world = createWorld(beginMs - 2 * hour, { zone, watchMs: hour })
          const when = whens[Math.floor(next() * whens.length)] ?? cron('0 2 * * *')
          world.plans.push(planWith([{ when }]))
          await world.boot()
          await world.advanceTo(beginMs)
          await world.sleepTo(beginMs + asleep * minute)
          await world.advanceTo(world.now() + 26 * hour)
          world.scheduler.stop()
          // What is worked out has just been compared with the wall; farther from a change it is plain.
          const due = slotsBetween(when, zone, beginMs - 2 * hour, world.now(), 1e6)
          for (const wrong of wrongAnswers(due, world.answers))
            problem(`${zone} ${JSON.stringify(when)} asleep ${asleep} min: ${wrong}`)
          slept += 1
          slots += due.length
          for (const { state, count } of world.answers) {
            if (state === 'run') runs += 1
            else missed += count
          }
        }
      }
      if (n % 50 === 49) say(`${n + 1} zones, ${changes} changes`)
    }
    return [
      ['zones', spelled(zones.length)],
      ['changes of their clocks, 2020 to 2030', spelled(changes)],
      ['slots around them, compared with a clock on the wall', spelled(compared)],
      ['sleeps across them', spelled(slept)],
      ['slots due in these', spelled(slots)],
      ['of them run, and recorded as missed', `${spelled(runs)}, ${spelled(missed)}`],
    ]
  },
}
