import { useEffect, useState } from 'react'
import type { Run } from '../../../../shared/entities/run.ts'
import { toWireError, type WireError } from '../../../../shared/errors.ts'
import { useClient, useMirror } from '../../../store/context.tsx'

/** These runs as they are now. Those that this window has not heard of yet are asked for. */
export function useRuns(ids: readonly string[]): { runs: readonly Run[]; error: WireError | null } {
  const client = useClient()
  const live = useMirror(state => state.runs)
  const link = useMirror(state => state.link)
  const [asked, setAsked] = useState<Readonly<Record<string, Run>>>({})
  const [error, setError] = useState<WireError | null>(null)
  const key = ids.join(' ')
  useEffect(() => {
    let left = false
    for (const id of ids) {
      client.call('run.get', { id }).then(
        run => !left && setAsked(before => ({ ...before, [id]: run })),
        (failure: unknown) => !left && setError(toWireError(failure)),
      )
    }
    return () => {
      left = true
    }
  }, [client, key, link === 'live'])
  const runs = ids.flatMap(id => {
    const [one, other] = [live[id], asked[id]]
    const newest = one && other ? (one.revision >= other.revision ? one : other) : (one ?? other)
    return newest ? [newest] : []
  })
  return { runs, error: runs.length === ids.length ? null : error }
}
