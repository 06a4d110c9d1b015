import type { Plan, PlanDraft } from '../../../shared/entities/plan.ts'
import { draftOf, same } from './draft.ts'

/** What the editor started from: a plan as it was saved. null for a plan that is not there yet. */
export interface Base {
  readonly draft: PlanDraft
  readonly revision: number
}

/** How what is being edited stands to what is saved by now. Pure. */
export type Standing =
  | { readonly kind: 'current' }
  /** Only what the draft does not hold has changed, such as a pause; or nothing would be lost. */
  | { readonly kind: 'behind'; readonly plan: Plan; readonly replacesDraft: boolean }
  /** Both have changed. */
  | { readonly kind: 'conflict'; readonly plan: Plan }
  | { readonly kind: 'removed' }

export function standingOf(base: Base | null, draft: PlanDraft, saved: Plan | undefined): Standing {
  if (base === null) return { kind: 'current' }
  if (saved === undefined) return { kind: 'removed' }
  if (saved.revision <= base.revision) return { kind: 'current' }
  const theirs = draftOf(saved)
  if (same(theirs, base.draft)) return { kind: 'behind', plan: saved, replacesDraft: false }
  if (same(draft, base.draft) || same(draft, theirs))
    return { kind: 'behind', plan: saved, replacesDraft: true }
  return { kind: 'conflict', plan: saved }
}
