import type { Run } from '../../../shared/entities/run.ts'
import { failures } from '../../../shared/errors.ts'

const firstPauseMs = 60_000
/** Before a fifth more or less. */
export const longestPauseMs = 60 * 60_000

/** Doubles from try to try up to `mostMs`, and varies by a fifth, so that many machines don't come back at once. */
export function growingPauseMs(nth: number, leastMs: number, mostMs: number, random: () => number): number {
  const pauseMs = Math.min(mostMs, leastMs * 2 ** Math.min(nth, 30))
  return Math.round(pauseMs * (0.8 + 0.4 * random()))
}

/**
 * How long to wait before a run that has ended is tried again; null when it is not. A dry run is not: whoever asked
 * for it sees that it failed.
 */
export function retryAfterMs(run: Run, retries: number, random: () => number): number | null {
  if (run.state !== 'failed' || run.error === null || run.dryRun) return null
  if (!failures[run.error.code].retry || run.attempt > retries) return null
  return growingPauseMs(run.attempt - 1, firstPauseMs, longestPauseMs, random)
}

/** A run that ended the process this often in a row is not begun again by itself. */
const mostInterruptions = 5

/** Whether to finish a run that was cut off. @param find a run by its ID */
export function finishesInterrupted(run: Run, find: (id: string) => Run | null): boolean {
  let interruptions = 0
  for (let at: Run | null = run; at?.state === 'interrupted';) {
    interruptions += 1
    if (interruptions >= mostInterruptions) return false
    at = at.followsRunId === null ? null : find(at.followsRunId)
  }
  return !run.dryRun
}
