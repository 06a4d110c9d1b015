import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { When } from '../../../src/shared/entities/plan.ts'
import {
  nextAfter,
  nextRuns,
  slotsBetween,
  tally,
  wordsFor,
} from '../../../src/main/services/scheduling/when.ts'
import { transitionsBetween } from '../../../src/main/services/scheduling/zone.ts'
import { dueBetween, wallMinutes } from './oracle.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const zones = Intl.supportedValuesOf('timeZone')
const iso = (times: readonly number[]): string[] => times.map(ms => new Date(ms).toISOString().slice(0, 16))
const cron = (expression: string): When => ({ kind: 'cron', expression })
const daily = (time: string): When => ({ kind: 'daily', time })

const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`)
const nightTime = fc.constantFrom(
  '00:00',
  '00:15',
  '00:30',
  '01:00',
  '01:30',
  '01:45',
  '02:00',
  '02:15',
  '02:30',
  '03:00',
  '23:30',
)
const anyWhen: fc.Arbitrary<When> = fc.oneof(
  fc.record({ kind: fc.constant('hourly' as const), minute: fc.integer({ min: 0, max: 59 }) }),
  fc.record({ kind: fc.constant('daily' as const), time: fc.oneof(nightTime, time) }),
  fc.record({
    kind: fc.constant('weekly' as const),
    weekday: fc.integer({ min: 0, max: 6 }),
    time: nightTime,
  }),
  fc.record({ kind: fc.constant('monthly' as const), day: fc.integer({ min: 1, max: 31 }), time: nightTime }),
  fc
    .constantFrom(
      '*/15 * * * *',
      '45 * * * *',
      '0 */2 * * *',
      '*/20 0-3 * * *',
      '5/25 1,2,3 * * *',
      '30 2 * * 0',
      '15 0 * * 5-7',
      '0 3 1,15,28-31 * *',
      '30 1 1 * 1',
      '0 0 */2 3,10 *',
      '10 2 29 2 *',
    )
    .map(cron),
)

describe('a plain clock on the wall agrees', () => {
  test('around every kind of change of the clocks, in any zone', () => {
    // Zones that change their clocks come up as often as those that don't.
    const changing = zones.filter(zone => transitionsBetween(zone, Date.UTC(2020), Date.UTC(2031)).length > 0)
    expect(changing.length).toBeGreaterThan(100)
    fc.assert(
      fc.property(
        fc.constantFrom(...changing),
        fc.nat(),
        fc.integer({ min: -2000, max: 2000 }),
        fc.array(anyWhen, { minLength: 1, maxLength: 4 }),
        (zone, pick, offset, whens) => {
          const changes = transitionsBetween(zone, Date.UTC(2020), Date.UTC(2031))
          const fromMs = (changes[pick % changes.length]?.atMs ?? 0) - day + offset * minute
          const toMs = fromMs + 2 * day
          const wall = wallMinutes(zone, fromMs - day, toMs)
          for (const when of whens) {
            const due = dueBetween(when, fromMs, toMs, day, wall)
            expect(iso(slotsBetween(when, zone, fromMs, toMs, 1e6))).toEqual(iso(due))
            expect(tally(when, zone, fromMs, toMs, 3)).toEqual(
              due.length === 0 ? null : { count: due.length, firstMs: due[0], newestMs: due.slice(-3) },
            )
            for (const [n, ms] of due.entries())
              expect(nextAfter(when, zone, n === 0 ? fromMs : (due[n - 1] ?? 0))).toBe(ms)
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  test.each(['Europe/Berlin', 'Asia/Kathmandu'])('over a winter with a leap day in %s', zone => {
    const [fromMs, toMs] = [Date.UTC(2027, 11, 20), Date.UTC(2028, 3, 5)]
    const wall = wallMinutes(zone, fromMs, toMs)
    for (const when of [cron('30 2 1 * 1'), cron('0 0 29 2 *'), cron('10 4 */5 1-3 *'), daily('02:30')])
      expect(iso(slotsBetween(when, zone, fromMs, toMs, 1e6))).toEqual(
        iso(dueBetween(when, fromMs, toMs, 0, wall)),
      )
    const monthly: When = { kind: 'monthly', day: 31, time: '04:00' }
    expect(iso(slotsBetween(monthly, zone, fromMs, toMs, 1e6))).toEqual(
      iso(dueBetween(monthly, fromMs, toMs, 0, wall)),
    )
  })
})

describe('where clocks are changed', () => {
  const from = (text: string): number => Date.parse(text)

  test('a time in the gap is due at the first instant after it, once, however many there are', () => {
    expect(iso(nextRuns(daily('02:30'), 'Europe/Berlin', from('2026-03-28T12:00Z'), 2))).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ])
    expect(iso(nextRuns(cron('*/15 2,3 * * *'), 'Europe/Berlin', from('2026-03-29T00:00Z'), 3))).toEqual([
      '2026-03-29T01:00',
      '2026-03-29T01:15',
      '2026-03-29T01:30',
    ])
  })

  test('a time in the overlap is due the first time only', () => {
    expect(iso(nextRuns(daily('02:30'), 'Europe/Berlin', from('2026-10-24T12:00Z'), 2))).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ])
  })

  test('an hourly one runs in both of the repeated hours and in none that is skipped', () => {
    const hourly: When = { kind: 'hourly', minute: 30 }
    for (const night of ['2026-03-29T00:00Z', '2026-10-25T00:00Z'])
      expect(iso(nextRuns(hourly, 'Europe/Berlin', from(night), 3))).toEqual(
        [30, 90, 150].map(minutes => new Date(from(night) + minutes * minute).toISOString().slice(0, 16)),
      )
  })

  test('nowhere are two slots of an hourly one, or of every N minutes, farther apart than they say', () => {
    for (const zone of zones) {
      const changes = transitionsBetween(zone, Date.UTC(2024), Date.UTC(2026))
      for (const { atMs } of changes) {
        for (const at of [0, 15, 45]) {
          const slots = slotsBetween(
            { kind: 'hourly', minute: at },
            zone,
            atMs - 6 * hour,
            atMs + 6 * hour,
            100,
          )
          const widest = Math.max(...slots.slice(1).map((ms, n) => ms - (slots[n] ?? 0)))
          // Lord Howe Island changes by half an hour: once a year an hour there is 90 minutes long.
          expect(widest, `${zone} :${at}`).toBeLessThanOrEqual(
            zone === 'Australia/Lord_Howe' ? 1.5 * hour : hour,
          )
        }
        const counted = slotsBetween({ kind: 'minutes', every: 7 }, zone, atMs - hour, atMs + hour, 100)
        expect(new Set(counted.slice(1).map((ms, n) => ms - (counted[n] ?? 0)))).toEqual(
          new Set([7 * minute]),
        )
      }
    }
  })

  test('put back over midnight, as in Newfoundland until 2010: 00:01 becomes 23:01 of the day before', () => {
    const change = from('2010-11-07T02:31Z')
    const wall = wallMinutes('America/St_Johns', change - 2 * day, change + day)
    for (const when of [
      { kind: 'hourly', minute: 30 },
      cron('0,30 * * * *'),
      cron('*/10 0,23 * * 0'),
      daily('23:30'),
    ] as const) {
      const due = dueBetween(when, change - day, change + day, day, wall)
      expect(iso(slotsBetween(when, 'America/St_Johns', change - day, change + day, 1000))).toEqual(iso(due))
      for (const [n, ms] of due.entries())
        if (n > 0) expect(nextAfter(when, 'America/St_Johns', due[n - 1] ?? 0)).toBe(ms)
      const inBetween = change - 30_000 // it is the 7th, and the 6th comes once more
      const following = due.find(ms => ms > inBetween)
      if (when.kind !== 'daily') expect(nextAfter(when, 'America/St_Johns', inBetween)).toBe(following)
    }
  })

  test('a day that was skipped whole, as in Samoa in 2011', () => {
    expect(iso(nextRuns(daily('12:00'), 'Pacific/Apia', from('2011-12-29T00:00Z'), 3))).toEqual([
      '2011-12-29T22:00',
      '2011-12-30T10:00', // the 30th was not; this is 00:00 of the 31st
      '2011-12-30T22:00',
    ])
  })
})

test('monthly on the 31st is the last day of shorter months, in leap years too', () => {
  const when: When = { kind: 'monthly', day: 31, time: '04:00' }
  expect(iso(nextRuns(when, 'UTC', Date.UTC(2028, 0, 1), 4))).toEqual([
    '2028-01-31T04:00',
    '2028-02-29T04:00',
    '2028-03-31T04:00',
    '2028-04-30T04:00',
  ])
})

test.each(['0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 30,31 2 *'])('"%s" never comes', expression => {
  expect(nextAfter(cron(expression), 'Europe/Berlin', 0)).toBeNull()
  expect(nextRuns(cron(expression), 'Europe/Berlin', 0, 5)).toEqual([])
  expect(tally(cron(expression), 'Europe/Berlin', 0, 1e12, 5)).toBeNull()
})

test('29 February comes, also after 2096', () => {
  expect(iso(nextRuns(cron('0 0 29 2 *'), 'UTC', Date.UTC(2096, 2, 1), 1))).toEqual(['2104-02-29T00:00'])
})

test.each<[string, string[]]>([
  ['0 0 L * *', ['2026-01-31T00:00', '2026-02-28T00:00']],
  ['0 0 * * 5L', ['2026-01-30T00:00', '2026-02-27T00:00']],
  ['0 0 * * 1#2', ['2026-01-12T00:00', '2026-02-09T00:00']],
  ['0 0 * * fri-sun', ['2026-01-02T00:00', '2026-01-03T00:00']],
  ['0 0 1 JAN,jul ?', ['2026-07-01T00:00', '2027-01-01T00:00']],
  ['0,0 0 1,1 * 0,7', ['2026-01-04T00:00', '2026-01-11T00:00']],
  ['0 0 */1 * 1', ['2026-01-05T00:00', '2026-01-12T00:00']],
])('%s', (expression, expected) => {
  expect(iso(nextRuns(cron(expression), 'UTC', Date.UTC(2026, 0, 1), 2))).toEqual(expected)
})

test.each<[string, string, RegExp]>([
  ['0 25 * * *', 'The hour in the cron line "0 25 * * *" is not right: 25 is not from 0 to 23.', /0 to 23/],
  ['60 2 * * *', 'The minute in the cron line "60 2 * * *" is not right: 60 is not from 0 to 59.', /0 to 59/],
  [
    '0 2 0 * *',
    'The day of the month in the cron line "0 2 0 * *" is not right: 0 is not from 1 to 31.',
    /1 to 31/,
  ],
  [
    '0 2 * FOO *',
    'The month in the cron line "0 2 * FOO *" is not right: "FOO" is not a month.',
    /JAN to DEC/,
  ],
  [
    '0 2 * * 8',
    'The day of the week in the cron line "0 2 * * 8" is not right: 8 is not from 0 to 7.',
    /SUN to SAT/,
  ],
  [
    '0 22-2 * * *',
    'The hour in the cron line "0 22-2 * * *" is not right: "22-2" runs backwards; write it as two ranges, with a comma between.',
    /9-17/,
  ],
  [
    '*/0 * * * *',
    'The minute in the cron line "*/0 * * * *" is not right: "/0" is not a step; one is 1 or more.',
    /\*\/15/,
  ],
  [
    '0,,1 * * * *',
    'The minute in the cron line "0,,1 * * * *" is not right: there is a comma too many.',
    /0,30/,
  ],
  ['H 2 * * *', 'The minute in the cron line "H 2 * * *" is not right: "H" is not a minute.', /0 to 59/],
  ['0 0 2 * * *', 'The cron line "0 0 2 * * *" has 6 fields, not five fields.', /minute, hour/],
  ['2', 'The cron line "2" has 1 field, not five fields.', /minute, hour/],
  ['@daily', 'The cron line "@daily" is a short name, not five fields.', /minute, hour/],
])('%s is refused, and the field is named', (expression, message, hint) => {
  for (const ask of [() => nextAfter(cron(expression), 'UTC', 0), () => wordsFor(cron(expression), null)]) {
    let refused: unknown
    try {
      ask()
    } catch (error) {
      refused = error
    }
    expect(refused).toMatchObject({ code: 'invalid_input', message, hint: expect.stringMatching(hint) })
  }
})

test('any text is a line or is refused as one', () => {
  const piece = fc.constantFrom(
    '*',
    '0',
    '5',
    '31',
    '99',
    'L',
    '#',
    '-',
    '/',
    ',',
    '?',
    'MON',
    'jan',
    'W',
    'H',
    ' ',
    ' ',
    '🕑',
    '1e3',
    '-1',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), pieces => {
      try {
        const next = nextAfter(cron(pieces.join('')), 'UTC', 0)
        expect(next === null || next > 0).toBe(true)
        wordsFor(cron(pieces.join('')), null)
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_input' })
      }
    }),
    { numRuns: 2000 },
  )
})

test.each(['Europe/Nowhere', '', '+02:00', 'Europe/Berlin; rm', '../etc'])('zone %j is refused', zone => {
  for (const when of [daily('02:00'), { kind: 'minutes' as const, every: 5 }])
    expect(() => nextAfter(when, zone, 0)).toThrow(expect.objectContaining({ code: 'invalid_input' }))
})

test('every zone there is has a next time', () => {
  expect(zones.length).toBeGreaterThan(400)
  for (const zone of [...zones, 'UTC', 'EST5EDT', 'America/Indianapolis'])
    expect(nextAfter(daily('02:00'), zone, Date.UTC(2026, 5, 1)), zone).toBeGreaterThan(Date.UTC(2026, 5, 1))
})

test.each<[When, string]>([
  [{ kind: 'minutes', every: 1 }, 'every minute'],
  [{ kind: 'minutes', every: 15 }, 'every 15 minutes'],
  [{ kind: 'minutes', every: 120 }, 'every 2 hours'],
  [{ kind: 'hourly', minute: 30 }, 'every hour at :30'],
  [{ kind: 'hourly', minute: 5 }, 'every hour at :05'],
  [daily('02:00'), 'every day at 02:00'],
  [{ kind: 'weekly', weekday: 0, time: '03:00' }, 'every Sunday at 03:00'],
  [{ kind: 'monthly', day: 1, time: '04:00' }, 'on the 1st of each month at 04:00'],
  [{ kind: 'monthly', day: 22, time: '04:00' }, 'on the 22nd of each month at 04:00'],
  [{ kind: 'monthly', day: 13, time: '04:00' }, 'on the 13th of each month at 04:00'],
  [
    { kind: 'monthly', day: 30, time: '04:00' },
    'on the 30th of each month (in a shorter one on its last day) at 04:00',
  ],
  [{ kind: 'monthly', day: 31, time: '04:00' }, 'on the last day of each month at 04:00'],
  [cron('30  2 * * 1-5'), 'at 02:30, Monday through Friday (cron 30 2 * * 1-5)'],
  [cron('0 2 1 * mon'), 'at 02:00, on day 1 of the month, or on Monday (cron 0 2 1 * mon)'],
])('%j in words', (when, words) => {
  expect(wordsFor(when, null)).toBe(words)
  expect(wordsFor(when, 'Asia/Tokyo')).toBe(when.kind === 'minutes' ? words : `${words}, Asia/Tokyo time`)
})

test('every schedule the contract lets through has words and a next time, or is refused as input', () => {
  fc.assert(
    fc.property(anyWhen, fc.constantFrom(...zones), (when, zone) => {
      expect(When.parse(when)).toEqual(when)
      expect(wordsFor(when, zone)).toMatch(/\S/)
      expect(nextRuns(when, zone, Date.UTC(2026, 0, 1), 3)).toHaveLength(3)
    }),
    { numRuns: 200 },
  )
})
