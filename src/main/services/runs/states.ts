import { hasEnded, type Run, type RunState } from '../../../shared/entities/run.ts'
import { AppError } from '../../../shared/errors.ts'

/** What may come after each state; nothing comes after an end. */
const next: Record<RunState, readonly RunState[]> = {
  queued: ['waiting', 'running', 'cancelled', 'missed'],
  // once it has begun it may still wait for another machine's lock
  waiting: ['waiting', 'running', 'cancelling', 'cancelled', 'missed', 'interrupted'],
  running: ['waiting', 'paused', 'cancelling', 'succeeded', 'partial', 'failed', 'interrupted'],
  // what is held may find that all it had to do was under way already
  paused: ['running', 'cancelling', 'succeeded', 'partial', 'failed', 'interrupted'],
  // a cancel may come too late, or find a failure
  cancelling: ['succeeded', 'partial', 'failed', 'cancelled', 'interrupted'],
  succeeded: [],
  partial: [],
  failed: [],
  cancelled: [],
  interrupted: [],
  missed: [],
  skipped: [],
}

export const mayBecome = (from: RunState, to: RunState): boolean => next[from].includes(to)

/** What a run can say beside its state. */
type Findings = Partial<Pick<Run, 'waitingFor' | 'counts' | 'restoreCounts' | 'error' | 'snapshotId'>>

/**
 * The run in its next state, with the times and fields that go with it. Pure.
 *
 * Its times never run backwards, whatever the clock does. The words of `waitingFor` go when it waits no more; a run
 * that was missed keeps them, for they say why.
 * @throws {Error} no run goes from the one state to the other: a bug
 */
export function step(run: Run, to: RunState, atMs: number, findings: Findings = {}): Run {
  if (!mayBecome(run.state, to)) throw new Error(`a run can't go from ${run.state} to ${to}`)
  const ended = hasEnded(to)
  const startedAtMs =
    to === 'running' ? (run.startedAtMs ?? Math.max(atMs, run.createdAtMs)) : run.startedAtMs
  return {
    ...run,
    waitingFor: to === 'missed' ? run.waitingFor : null,
    ...findings,
    state: to,
    startedAtMs,
    endedAtMs: ended ? Math.max(atMs, startedAtMs ?? run.createdAtMs) : null,
    progress: ended ? null : run.progress,
  }
}

/** It has begun to work, whether or not it is waiting just now. */
export const hasBegun = ({ startedAtMs }: Run): boolean => startedAtMs !== null

/** @throws conflict what is wished makes no sense in the state it is in */
export function requireState(run: Run, wish: 'cancel' | 'pause' | 'resume'): void {
  const may: Record<typeof wish, readonly RunState[]> = {
    cancel: ['queued', 'waiting', 'running', 'paused', 'cancelling'],
    pause: ['running', 'paused'],
    resume: ['running', 'paused'],
  }
  if (may[wish].includes(run.state)) return
  const done = { cancel: 'cancelled', pause: 'held', resume: 'resumed' }[wish]
  throw new AppError('conflict', `The run of "${run.planName}" ${isNow(run)}, so it can't be ${done}.`, {
    hint: hasEnded(run.state) ? 'Start a new one if you need it.' : 'Cancel it if it is not wanted.',
  })
}

function isNow({ state }: Run): string {
  if (hasEnded(state)) return 'has ended'
  if (state === 'cancelling') return 'is being cancelled'
  return 'has not begun to work'
}
