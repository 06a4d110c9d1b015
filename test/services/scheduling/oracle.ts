import type { When } from '../../../src/shared/entities/plan.ts'

/**
 * When a schedule is due, worked out in another way: by looking at the clock on the wall minute by minute. Slow, plain,
 * and without a line of what it judges.
 *
 * A time of day is due at the first minute at which the clock has come as far or farther than ever before: that is the
 * first of two occurrences, and the first minute after a gap. What runs every hour is due whenever the clock shows its
 * minute; and at the end of a gap, for a minute that was skipped in an hour that was not skipped whole.
 */

const minute = 60_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** What the clock shows, as if it were UTC. */
export function wallClock(zone: string, ms: number): number {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    formats.set(zone, format)
  }
  const [day = 0, month = 0, year = 0, hour = 0, minutes = 0, seconds = 0] = (
    format.format(ms).match(/\d+/g) ?? []
  ).map(Number)
  return Date.UTC(year, month - 1, day, hour, minutes, seconds)
}

function within(field: string, value: number, lowest: number, highest: number): boolean {
  return field.split(',').some(item => {
    const [range = '', step = '1'] = item.split('/')
    const [from = lowest, to = item.includes('/') ? highest : from] =
      range === '*' ? [lowest, highest] : range.split('-').map(Number)
    return value >= from && value <= to && (value - from) % Number(step) === 0
  })
}

/** Whether the clock shows a time of the schedule, and whether it is one of every hour. Numbers only, no names. */
export function shows(when: When, civil: number): boolean {
  const date = new Date(civil)
  const at = `${String(date.getUTCHours()).padStart(2, '0')}:${String(date.getUTCMinutes()).padStart(2, '0')}`
  switch (when.kind) {
    case 'minutes':
      throw new Error('minutes are counted, not shown')
    case 'hourly':
      return date.getUTCMinutes() === when.minute
    case 'daily':
      return at === when.time
    case 'weekly':
      return at === when.time && date.getUTCDay() === when.weekday
    case 'monthly': {
      const isLast = new Date(civil + 24 * 60 * minute).getUTCDate() === 1
      return at === when.time && (date.getUTCDate() === when.day || (isLast && date.getUTCDate() < when.day))
    }
    case 'cron': {
      const [m = '', h = '', day = '', month = '', weekday = ''] = when.expression.split(' ')
      const dayFits = within(day, date.getUTCDate(), 1, 31)
      const weekdayFits =
        within(weekday, date.getUTCDay(), 0, 7) || within(weekday, date.getUTCDay() || 7, 0, 7)
      return (
        within(m, date.getUTCMinutes(), 0, 59) &&
        within(h, date.getUTCHours(), 0, 23) &&
        within(month, date.getUTCMonth() + 1, 1, 12) &&
        (day !== '*' && weekday !== '*' ? dayFits || weekdayFits : dayFits && weekdayFits)
      )
    }
  }
}

const everyHour = (when: When): boolean =>
  when.kind === 'hourly' ||
  (when.kind === 'cron' &&
    Array.from({ length: 24 }, (_, hour) => hour).every(hour =>
      within(when.expression.split(' ')[1] ?? '', hour, 0, 23),
    ))

/** What the clock shows at each minute from `fromMs` (a whole minute) on. */
export const wallMinutes = (zone: string, fromMs: number, toMs: number): number[] =>
  Array.from({ length: Math.max(0, Math.floor((toMs - fromMs) / minute) + 1) }, (_, n) =>
    wallClock(zone, fromMs + n * minute),
  )

/**
 * The slots in (fromMs, toMs], both whole minutes. `wall` is of `wallMinutes` from `warmUpMs` before `fromMs`: a clock
 * must be watched for longer than any change of it, to know how far it has been.
 */
export function dueBetween(
  when: When,
  fromMs: number,
  toMs: number,
  warmUpMs: number,
  wall: readonly number[],
): number[] {
  const due: number[] = []
  const hourly = everyHour(when)
  let farthest = (wall[0] ?? 0) - minute
  for (const [n, civil] of wall.entries()) {
    const ms = fromMs - warmUpMs + n * minute
    const before = n === 0 ? civil - minute : (wall[n - 1] ?? 0)
    let isDue = false
    if (hourly) {
      isDue = shows(when, civil)
      for (let skipped = before + minute; skipped < civil && !isDue; skipped += minute) {
        const hour = Math.floor(skipped / 3_600_000) * 3_600_000
        const whole = hour > before && hour + 3_600_000 <= civil
        isDue = !whole && shows(when, skipped)
      }
    } else {
      for (let reached = farthest + minute; reached <= civil && !isDue; reached += minute)
        isDue = shows(when, reached)
    }
    farthest = Math.max(farthest, civil)
    if (isDue && ms > fromMs && ms <= toMs) due.push(ms)
  }
  return due
}
