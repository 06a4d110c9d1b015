import type { Run } from '../../../shared/entities/run.ts'

/** What a day was like for a plan; the best of its runs counts, a quiet day is no failure. */
export type Day = 'stored' | 'warnings' | 'missed' | 'failed' | 'due' | 'quiet'

export interface DayCell {
  /** Local midnight at which the day begins. */
  readonly startMs: number
  readonly day: Day
}

const rank: Record<Day, number> = { quiet: 0, due: 1, missed: 2, failed: 3, warnings: 4, stored: 5 }

function dayOfRun({ kind, dryRun, state, warnings }: Run): Day | null {
  if (kind !== 'backup' || dryRun) return null
  if (state === 'succeeded') return warnings > 0 ? 'warnings' : 'stored'
  if (state === 'partial') return 'warnings'
  if (state === 'failed' || state === 'interrupted') return 'failed'
  if (state === 'missed') return 'missed'
  return null
}

/** The last days up to today, the oldest first. @param dueMs a slot that is still to come today */
export function daysOf(runs: readonly Run[], nowMs: number, days: number, dueMs: number | null): DayCell[] {
  const midnight = (back: number) => {
    const date = new Date(nowMs)
    date.setHours(0, 0, 0, 0)
    date.setDate(date.getDate() - back)
    return date.getTime()
  }
  const cells = Array.from({ length: days }, (_, at) => ({
    startMs: midnight(days - 1 - at),
    day: 'quiet' as Day,
  }))
  const first = cells[0]!.startMs
  for (const run of runs) {
    const day = dayOfRun(run)
    const atMs = run.startedAtMs ?? run.dueAtMs ?? run.createdAtMs
    if (day === null || atMs < first) continue
    const cell = cells.findLast(({ startMs }) => startMs <= atMs)
    if (cell && rank[day] > rank[cell.day]) cell.day = day
  }
  const today = cells.at(-1)!
  if (today.day === 'quiet' && dueMs !== null && dueMs < midnight(-1)) today.day = 'due'
  return cells
}
