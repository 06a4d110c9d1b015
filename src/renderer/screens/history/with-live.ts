import type { Run, RunState } from '../../../shared/entities/run.ts'

export interface Filter {
  readonly planId: string | null
  readonly states: readonly RunState[] | null
}

/** The newest revision of each; what has begun since the list was asked for stands at its top. */
export function withLive(
  listed: readonly Run[],
  live: readonly Run[],
  { planId, states }: Filter,
): readonly Run[] {
  if (live.length === 0) return listed
  const newer = new Map(live.map(run => [run.id, run]))
  const first = listed[0]
  const fits = (run: Run) =>
    (planId === null || run.planId === planId) && (states === null || states.includes(run.state))
  const known = new Set(listed.slice(0, live.length + 1).map(({ id }) => id))
  const begun = live.filter(
    run => fits(run) && (!first || run.createdAtMs > first.createdAtMs) && !known.has(run.id),
  )
  const renewed = listed.map(run => {
    const other = newer.get(run.id)
    return other && other.revision > run.revision ? other : run
  })
  return [...begun.sort((a, b) => b.createdAtMs - a.createdAtMs), ...renewed]
}
