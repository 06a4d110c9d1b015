import type { Destination, SnapshotInfo } from '../../../shared/entities/destination.ts'
import type { Plan } from '../../../shared/entities/plan.ts'
import { hasEnded, type Run } from '../../../shared/entities/run.ts'

/** What is known of a destination's snapshots. Pure. */
export interface Summary {
  readonly snapshots: number
  readonly newest: SnapshotInfo | null
  readonly oldest: SnapshotInfo | null
  /** That search and browsing don't know yet. */
  readonly notIndexed: number
  /** By plan, the most first; null: no plan of ours made them. */
  readonly byPlan: readonly {
    readonly plan: Plan | null
    readonly count: number
    readonly newestMs: number
  }[]
}

export function summaryOf(
  { id }: Pick<Destination, 'id'>,
  snapshots: readonly SnapshotInfo[],
  plans: readonly Plan[],
): Summary {
  const own = snapshots
    .filter(({ destinationId }) => destinationId === id)
    .sort((a, b) => b.timeMs - a.timeMs)
  const groups = Map.groupBy(own, ({ planId }) => plans.find(plan => plan.id === planId) ?? null)
  return {
    snapshots: own.length,
    newest: own[0] ?? null,
    oldest: own.at(-1) ?? null,
    notIndexed: own.filter(({ indexed }) => !indexed).length,
    byPlan: [...groups]
      .map(([plan, of]) => ({ plan, count: of.length, newestMs: of[0]!.timeMs }))
      .sort((a, b) => b.count - a.count),
  }
}

/** Another value whenever the list of snapshots may be another one: a run ended, a destination was read again. */
export const latest = (runs: readonly Run[], destinations: readonly Destination[]): string =>
  [
    runs.filter(({ state }) => hasEnded(state)).length,
    ...destinations.map(({ id, refreshedAtMs }) => `${id} ${refreshedAtMs}`),
  ].join(' ')
