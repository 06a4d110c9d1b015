import type { AnyEvent } from '../../../shared/contract.ts'
import type { Plan } from '../../../shared/entities/plan.ts'
import { hasEnded, type Run } from '../../../shared/entities/run.ts'
import { visible } from '../../../shared/wording.ts'

/** A native notification; a click leads to its route. */
export interface Note {
  readonly title: string
  readonly body: string
  readonly route: string
  /** Whoever has the window open sees it there. */
  readonly onlyWhenAway: boolean
}

export interface Notices {
  /**
   * How things stand when the link comes (back): nothing of it is told, but what changes from there on is.
   * @param runs the newest first
   */
  learn(plans: readonly Plan[], runs: readonly Run[]): void
  /** What a person should hear of at this event; null for most. */
  hear(event: AnyEvent): Note | null
}

/**
 * Decides what is worth interrupting somebody for: a plan that begins to fail, fails for another reason, or works
 * again; a schedule that was turned off. The same failure is told once until the plan works again, however often it is
 * tried. Success is silence.
 */
export function createNotices(): Notices {
  /** Plan → the code it fails with; null while it works. */
  const failing = new Map<string, string | null>()
  /** Plan and schedule → why it is off. */
  const disabled = new Map<string, string>()
  /** Runs whose end has been dealt with. */
  const seen = new Set<string>()

  function learnPlan({ id, schedule }: Plan): void {
    for (const { id: scheduleId, disabledBecause } of schedule) {
      if (disabledBecause === null) disabled.delete(`${id} ${scheduleId}`)
      else disabled.set(`${id} ${scheduleId}`, disabledBecause)
    }
  }

  function hearPlan(plan: Plan): Note | null {
    const news = plan.schedule.find(
      ({ id, disabledBecause }) => disabledBecause !== null && !disabled.has(`${plan.id} ${id}`),
    )
    learnPlan(plan)
    if (!news) return null
    return {
      title: `A schedule of ${visible(plan.name)} was turned off`,
      body: `${news.disabledBecause} Nothing is backed up by it until you turn it on again.`,
      route: `#/plans/${plan.id}`,
      onlyWhenAway: false,
    }
  }

  function hearRun(run: Run): Note | null {
    if (!countsAs(run) || seen.has(run.id)) return null
    seen.add(run.id)
    if (seen.size > 10_000) seen.clear()
    if (run.kind === 'restore') return restoreNote(run)
    const before = failing.get(run.planId!) ?? null
    const name = visible(run.planName)
    if (run.state !== 'failed') {
      failing.set(run.planId!, null)
      if (before === null) return null
      return {
        title: `${name} is backed up again`,
        body: run.warnings > 0 ? 'The run ended with warnings.' : 'The run ended without a failure.',
        route: `#/runs/${run.id}`,
        onlyWhenAway: false,
      }
    }
    const code = run.error?.code ?? 'internal'
    failing.set(run.planId!, code)
    if (before === code) return null
    const { message = 'It was not said why.', hint } = run.error ?? {}
    return {
      title: `The backup of ${name} failed`,
      body: visible(hint === undefined ? message : `${message} ${hint}`),
      route: `#/runs/${run.id}`,
      onlyWhenAway: false,
    }
  }

  return {
    learn(plans, runs) {
      for (const plan of plans) learnPlan(plan)
      const known = new Set<string>()
      for (const run of runs) {
        if (!countsAs(run)) continue
        seen.add(run.id)
        if (run.kind === 'restore') continue
        if (known.has(run.planId!)) continue
        known.add(run.planId!)
        failing.set(run.planId!, run.state === 'failed' ? (run.error?.code ?? 'internal') : null)
      }
    },
    hear(event) {
      if (event.name === 'plan.changed') return hearPlan(event.value)
      return event.name === 'run.changed' ? hearRun(event.value) : null
    },
  }
}

/** Somebody waits for a restore, and may have closed the window meanwhile. */
function restoreNote({ id, state, error }: Run): Note {
  const route = `#/runs/${id}`
  if (state === 'failed') {
    const { message = 'It was not said why.', hint } = error ?? {}
    const body = visible(hint === undefined ? message : `${message} ${hint}`)
    return { title: 'The restore failed', body, route, onlyWhenAway: false }
  }
  const body =
    state === 'partial' ? 'Some items could not be restored.' : 'Everything was restored and verified.'
  return { title: 'The restore has ended', body, route, onlyWhenAway: true }
}

/** Ends that say how things stand: not one that somebody asked for, nor one that is made up for by itself. */
const countsAs = ({ kind, planId, dryRun, state }: Run): boolean =>
  (planId !== null || kind === 'restore') &&
  !dryRun &&
  hasEnded(state) &&
  ['succeeded', 'partial', 'failed'].includes(state)
