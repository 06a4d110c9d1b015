import type { Run } from '../../../shared/entities/run.ts'
import { localTime } from '../../../shared/wording.ts'

/** A run that has yet to begin, and what is known of it here. */
export interface InLine {
  readonly run: Run
  /** Counts up; of two asked for at the same time the one asked for first goes first. */
  readonly nth: number
  /** A second try does not begin before. */
  readonly notBeforeMs: number
}

/** Who goes first: the older one; of the same time, what a person asked for. */
export function inLine(a: InLine, b: InLine): number {
  const byPerson = (entry: InLine) => (entry.run.trigger === 'manual' ? 0 : 1)
  return a.run.createdAtMs - b.run.createdAtMs || byPerson(a) - byPerson(b) || a.nth - b.nth
}

/** What may stand in the way of a run, beside the time. */
export interface Obstacles {
  /** The run that works on the same repository. */
  readonly busyWith: Run | null
  /** A condition that is not met, in words. */
  readonly unmet: string | null
}

/** Why this run can't begin now, in words for people; null when it can. */
export function whyNot(
  { notBeforeMs }: InLine,
  { busyWith, unmet }: Obstacles,
  nowMs: number,
): string | null {
  if (notBeforeMs > nowMs) return `Tries again at ${localTime(notBeforeMs)}.`
  if (busyWith) return `Waiting for “${busyWith.planName}” to finish.`
  return unmet
}

/** The least that a due run may wait: short of this nobody would call it missed. */
const graceMs = 60_000

/**
 * Until when a run may begin; after it, it is recorded as missed. Only what a schedule asked for can be missed: what a
 * person asked for, a further try, and what finishes a run that was cut off wait as long as it takes.
 */
export function latestStartMs({ trigger, dueAtMs }: Run, catchUpMinutes: number): number {
  if (dueAtMs === null || (trigger !== 'schedule' && trigger !== 'catch-up')) return Infinity
  return dueAtMs + Math.max(graceMs, catchUpMinutes * 60_000)
}
