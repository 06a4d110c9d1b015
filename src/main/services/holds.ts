import type { StoredPlan } from './catalogue/catalogue.ts'
import type { ConditionWatch } from './scheduling/conditions.ts'
import type { Timers } from './scheduling/timers.ts'

/** The conditions of plans as last seen, for those who can't wait for an answer. */
export interface Holds {
  /** Why a run of this plan must wait; null when nothing is in its way, or before it is known. It is asked anew each time. */
  reason(plan: StoredPlan): string | null
  onChange(listener: () => void): () => void
  stop(): void
}

/** Answers are asked for again this often: drives and networks come without telling. */
const askAgainMs = 30_000

export function createHolds(
  conditions: ConditionWatch,
  timers: Pick<Timers, 'every'>,
  failed: (error: unknown) => void,
): Holds {
  const known = new Map<string, { plan: StoredPlan; reason: string | null }>()
  const listeners = new Set<() => void>()
  const asking = new Set<string>()

  async function ask(plan: StoredPlan): Promise<void> {
    if (asking.has(plan.id)) return
    asking.add(plan.id)
    try {
      const reason = await conditions.unmet(plan)
      const before = known.get(plan.id)?.reason ?? null
      known.set(plan.id, { plan, reason })
      if (reason !== before) for (const listener of listeners) listener()
    } catch (error) {
      failed(error)
    } finally {
      asking.delete(plan.id)
    }
  }

  const askAll = () => {
    for (const { plan, reason } of known.values()) {
      if (reason === null)
        known.delete(plan.id) // nothing waits for it: whoever does will ask
      else void ask(plan)
    }
  }
  const ends = [timers.every(askAgainMs, askAll), conditions.onChange(askAll)]

  return {
    reason(plan) {
      void ask(plan)
      return known.get(plan.id)?.reason ?? null
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop() {
      for (const end of ends) end()
      listeners.clear()
    },
  }
}
