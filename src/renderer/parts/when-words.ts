import type { Schedule, When } from '../../shared/entities/plan.ts'

/** Schedules as people say and change them. Pure. */

export type Unit = When['kind']

export const weekdays = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const

export const unitWords: Record<Unit, string> = {
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  hourly: 'hour',
  minutes: 'few minutes',
  cron: 'time a cron line names',
}

export const typeWords: Record<Schedule['type'], string> = {
  incremental: 'incremental',
  full: 'full, reads everything again',
  config: 'configuration only',
}

/** `1st`, `22nd`, `13th`. */
export function ordinal(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${ending}`
}

/** `every day at 02:00`. */
export function whenWords(when: When): string {
  switch (when.kind) {
    case 'minutes':
      return when.every === 1 ? 'every minute' : `every ${when.every} minutes`
    case 'hourly':
      return when.minute === 0
        ? 'every hour, on the hour'
        : `every hour, at minute ${String(when.minute).padStart(2, '0')}`
    case 'daily':
      return `every day at ${when.time}`
    case 'weekly':
      return `every ${weekdays[when.weekday] ?? 'week'} at ${when.time}`
    case 'monthly':
      return `every month on the ${ordinal(when.day)} at ${when.time}`
    case 'cron':
      return `by the cron line “${when.expression}”`
  }
}

const usual: Record<Unit, When> = {
  minutes: { kind: 'minutes', every: 15 },
  hourly: { kind: 'hourly', minute: 0 },
  daily: { kind: 'daily', time: '02:00' },
  weekly: { kind: 'weekly', weekday: 0, time: '03:00' },
  monthly: { kind: 'monthly', day: 1, time: '04:00' },
  cron: { kind: 'cron', expression: '0 2 * * *' },
}

/** The same, by another unit: a time of day that was chosen stays, and a cron line begins as what it replaces. */
export function withUnit(when: When, unit: Unit): When {
  if (when.kind === unit) return when
  const next = usual[unit]
  if (unit === 'cron') return { kind: 'cron', expression: cronOf(when) ?? '0 2 * * *' }
  return 'time' in next && 'time' in when ? { ...next, time: when.time } : next
}

/** null: not one line of cron. */
function cronOf(when: When): string | null {
  switch (when.kind) {
    case 'minutes':
      return 60 % when.every === 0 && when.every < 60 ? `*/${when.every} * * * *` : null
    case 'hourly':
      return `${when.minute} * * * *`
    case 'daily':
      return `${clockFields(when.time)} * * *`
    case 'weekly':
      return `${clockFields(when.time)} * * ${when.weekday}`
    case 'monthly':
      return `${clockFields(when.time)} ${when.day} * *`
    case 'cron':
      return when.expression
  }
}

const clockFields = (time: string): string => `${Number(time.slice(3))} ${Number(time.slice(0, 2))}`

/** A time of day as people type it, `2`, `2:30`, `14.05`, `230pm`, as `02:00`; null when it is none. */
export function timeOf(text: string): string | null {
  const found = /^\s*(\d{1,2})(?:[:.h]?(\d{2}))?\s*([ap])?\.?m?\.?\s*$/i.exec(text)
  if (!found) return null
  const half = found[3]?.toLowerCase()
  let hour = Number(found[1])
  const minute = Number(found[2] ?? 0)
  if (half !== undefined && (hour < 1 || hour > 12)) return null
  if (half === 'p' && hour < 12) hour += 12
  if (half === 'a' && hour === 12) hour = 0
  if (hour > 23 || minute > 59) return null
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}

/** An id for one more schedule: `daily`, then `daily-2`. */
export function freshId(wanted: string, taken: readonly string[]): string {
  for (let n = 1; ; n++) {
    const id = n === 1 ? wanted : `${wanted}-${n}`
    if (!taken.includes(id)) return id
  }
}
