import { useCallback, useRef, useState } from 'react'
import type { Plan, PlanInput } from '../../../shared/entities/plan.ts'
import { toWireError, type WireError } from '../../../shared/errors.ts'
import { useClient } from '../../store/context.tsx'

/** Saves the plan and starts it; after a failure `again` goes on from there, and makes no second plan. */
export function useStart(): {
  plan: Plan | null
  runId: string | null
  busy: boolean
  error: WireError | null
  begin: (draft: PlanInput) => Promise<void>
  again: () => void
} {
  const client = useClient()
  const [state, setState] = useState<{
    plan: Plan | null
    runId: string | null
    busy: boolean
    error: WireError | null
  }>({ plan: null, runId: null, busy: false, error: null })
  const made = useRef<Plan | null>(null)
  const asked = useRef<PlanInput | null>(null)
  const busy = useRef(false)

  const begin = useCallback(
    async (draft: PlanInput) => {
      if (busy.current) return
      busy.current = true
      asked.current = draft
      setState(before => ({ ...before, busy: true, error: null }))
      try {
        made.current ??= await client.call('plan.create', { draft })
        const run = await client.call('run.start', { planId: made.current.id })
        setState({ plan: made.current, runId: run.id, busy: false, error: null })
      } catch (error) {
        setState({ plan: made.current, runId: null, busy: false, error: toWireError(error) })
      } finally {
        busy.current = false
      }
    },
    [client],
  )
  return { ...state, begin, again: () => void (asked.current && begin(asked.current)) }
}
