import type { AnyEvent } from '../../shared/contract.ts'
import type { Status } from '../../shared/entities/application.ts'
import type { Plan } from '../../shared/entities/plan.ts'
import type { Run } from '../../shared/entities/run.ts'
import type { Catalogue } from './catalogue/catalogue.ts'
import type { Plans } from './plans.ts'
import type { Timers } from './scheduling/timers.ts'
import { nextRuns } from './scheduling/when.ts'
import { statusOf, type PlanFacts } from './status.ts'

export interface StatusWatch {
  current(): Status
  /** Something happened that the status may depend on. */
  hear(event: AnyEvent): void
  stop(): void
}

const made = ['succeeded', 'partial'] as const
const endedOnce = [...made, 'failed', 'cancelled', 'interrupted', 'missed'] as const
/** However much happens, it is worked out no more often than this. */
const settleMs = 250
/** Time alone changes it: backups grow old. */
const lookAgainMs = 60_000

/** Keeps the status up to date, and tells when it is another one. */
export function createStatusWatch({
  catalogue,
  plans,
  open,
  now,
  machineZone,
  timers,
  publish,
  trouble,
}: {
  catalogue: Catalogue
  plans: Plans
  /** Runs that have not ended. */
  open: () => Run[]
  now: () => number
  machineZone: () => string
  timers: Timers
  publish: (event: AnyEvent) => void
  trouble: (error: unknown) => void
}): StatusWatch {
  let shown: Status | null = null
  let settling: (() => void) | null = null
  const states = new Map<string, string>()

  const factsOf = (plan: Plan): PlanFacts => ({
    plan,
    lastGood: catalogue.runs.newest(plan.id, made),
    last: catalogue.runs.newest(plan.id, endedOnce),
    periodMs: periodOf(plan, now(), machineZone()),
  })

  function current(): Status {
    const found = statusOf(plans.list().map(factsOf), open(), catalogue.settings.get().pausedUntilMs, now())
    const { revision, ...before } = shown ?? { revision: 0 }
    if (shown && JSON.stringify(before) === JSON.stringify(found)) return { revision, ...found }
    return (shown = { ...found, revision: catalogue.nextRevision() })
  }

  function look(): void {
    settling = null
    try {
      const before = shown?.revision
      const value = current()
      if (value.revision !== before) publish({ name: 'status.changed', value })
    } catch (error) {
      trouble(error)
    }
  }

  const endWatch = timers.every(lookAgainMs, look)

  return {
    current,
    hear(event) {
      if (event.name === 'status.changed' || settling) return
      if (event.name === 'run.changed') {
        // Progress alone changes nothing here.
        const state = `${event.value.state} ${event.value.waitingFor}`
        if (states.get(event.value.id) === state) return
        states.set(event.value.id, state)
        if (states.size > 1000) states.clear()
      }
      settling = timers.at(now() + settleMs, look)
    },
    stop() {
      endWatch()
      settling?.()
    },
  }
}

/** How long the most frequent of its schedules lets pass between two runs. */
function periodOf(plan: Plan, nowMs: number, machineZone: string): number | null {
  const periods = plan.schedules
    .filter(({ enabled }) => enabled)
    .flatMap(({ when }) => {
      const [first, second] = nextRuns(when, plan.zone ?? machineZone, nowMs, 2)
      return first === undefined || second === undefined ? [] : [second - first]
    })
  return periods.length > 0 ? Math.min(...periods) : null
}
