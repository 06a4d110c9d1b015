import type { Status } from '../../shared/entities/application.ts'
import type { Plan } from '../../shared/entities/plan.ts'
import type { Run } from '../../shared/entities/run.ts'
import { hasEnded } from '../../shared/entities/run.ts'
import { relative } from '../../shared/wording.ts'

/** What is known of a plan's runs. */
export interface PlanFacts {
  plan: Plan
  /** The newest run that made a snapshot. */
  lastGood: Run | null
  /** The newest run that ended, in whatever way; dry runs don't count. */
  last: Run | null
  /** How long its most frequent schedule lets pass between two runs; null without one. */
  periodMs: number | null
}

type PlanStatus = Status['plans'][number]

/**
 * Whether everything is protected, in words; the worst plan says so for all. Pure.
 *
 * `protected` is only what has been proven by a restore drill. As long as none has run, the best a plan can be is
 * `gaps`: backed up, not proven.
 */
export function statusOf(
  facts: readonly PlanFacts[],
  open: readonly Run[],
  pausedUntil: number | 'forever' | null,
  nowMs: number,
): Omit<Status, 'revision'> {
  const running = open.filter(({ state }) => !hasEnded(state))
  const plans = facts.map(fact => planStatus(fact, running, nowMs))
  const runningRunIds = running.map(({ id }) => id)
  if (plans.length === 0) {
    return {
      state: 'not-set-up',
      sentence: 'Nothing is backed up yet: there is no plan.',
      plans,
      runningRunIds,
    }
  }
  const paused = pausedUntil === 'forever' || (pausedUntil !== null && pausedUntil > nowMs)
  const worst = order.find(state => plans.some(plan => plan.state === state)) ?? 'gaps'
  const first = plans.find(({ state }) => state === worst)!
  const others = plans.filter(({ state }) => state === worst).length - 1
  const sentence =
    `${first.name}: ${first.sentence}` +
    (others > 0 ? ` The same goes for ${others === 1 ? 'one more plan' : `${others} more plans`}.` : '') +
    (paused ? ' All schedules are paused.' : '')
  return { state: worst === 'paused' ? 'gaps' : worst, sentence, plans, runningRunIds }
}

/** The worst first. */
const order = ['attention', 'waiting', 'working', 'paused', 'gaps', 'protected'] as const

function planStatus(
  { plan, lastGood, last, periodMs }: PlanFacts,
  running: readonly Run[],
  nowMs: number,
): PlanStatus {
  const newest = lastGood?.startedAtMs ?? null
  const due = plan.schedule.flatMap(({ nextDueAtMs }) => (nextDueAtMs === null ? [] : [nextDueAtMs]))
  const facts = {
    planId: plan.id,
    name: plan.name,
    newestSnapshotAtMs: newest,
    nextDueAtMs: due.length > 0 ? Math.min(...due) : null,
    lastRunId: last?.id ?? null,
  }
  const snapshot =
    newest === null ? 'There is no snapshot yet.' : `Newest snapshot: ${relative(newest, nowMs)}.`
  const say = (state: PlanStatus['state'], sentence: string): PlanStatus => ({ ...facts, state, sentence })

  const own = running.filter(({ kind, planId }) => kind === 'backup' && planId === plan.id)
  const active = own.find(({ state }) => state !== 'waiting' && state !== 'queued')
  if (active)
    return say(
      'working',
      active.state === 'paused' ? `Its run is held. ${snapshot}` : `A run is going on. ${snapshot}`,
    )

  const disabled = plan.schedule.find(({ disabledBecause }) => disabledBecause !== null)
  if (disabled) return say('attention', `${disabled.disabledBecause} ${snapshot}`)
  if (last?.state === 'failed')
    return say('attention', `The last run failed: ${last.error?.message ?? 'nobody knows why.'} ${snapshot}`)
  if (newest !== null && periodMs !== null && nowMs - newest > 2 * periodMs) {
    const why = own[0]?.waitingFor
    return say(
      'attention',
      `It has had no backup for more than two periods.${why ? ` ${why}` : ''} ${snapshot}`,
    )
  }
  if (own[0]) return say('waiting', `${own[0].waitingFor ?? 'A run is in the queue.'} ${snapshot}`)
  if (plan.pausedUntilMs === 'forever' || (plan.pausedUntilMs !== null && plan.pausedUntilMs > nowMs)) {
    return say('paused', `Paused. ${snapshot}`)
  }
  if (newest === null) return say('gaps', snapshot)
  const partial = lastGood?.state === 'partial' ? ` Some files could not be read (${lastGood.warnings}).` : ''
  return say('gaps', `${snapshot}${partial} No restore drill has proven it yet.`)
}
