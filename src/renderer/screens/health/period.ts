import type { Schedule } from '../../../shared/entities/plan.ts'
import { duration, plural } from '../../../shared/wording.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** How far apart the runs of the most frequent schedule are; null where none says. A cron line's period is not known here. */
export function periodOf(schedules: readonly Pick<Schedule, 'when'>[]): number | null {
  const periods = schedules.flatMap(({ when }) => {
    switch (when.kind) {
      case 'minutes':
        return [when.every * minuteMs]
      case 'hourly':
        return [hourMs]
      case 'daily':
        return [dayMs]
      case 'weekly':
        return [7 * dayMs]
      case 'monthly':
        return [31 * dayMs]
      case 'cron':
        return []
    }
  })
  return periods.length === 0 ? null : Math.min(...periods)
}

/** `7 h`, `12 d 5 h`; nothing is told to the second that is hours old. */
export function spanWords(ms: number): string {
  if (ms < hourMs) return duration(Math.round(ms / minuteMs) * minuteMs || minuteMs)
  if (ms < 2 * dayMs) return `${Math.round(ms / hourMs)} h`
  return plural(Math.floor(ms / dayMs), 'day')
}
