import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Run } from '../../../shared/entities/run.ts'
import { toWireError, type WireError } from '../../../shared/errors.ts'
import { useClient, useMirror } from '../../store/context.tsx'
import { withLive, type Filter } from './with-live.ts'

export interface Runs {
  readonly runs: readonly Run[]
  readonly total: number
  readonly loading: boolean
  readonly error: WireError | null
  readonly again: () => void
  /** Loads on until at least so many are there. */
  readonly need: (count: number) => void
  readonly all: () => Promise<readonly Run[]>
}

/** The first page is on the screen soon; the others are as large as they may be. */
const firstPage = 200
const page = 1000

/** The history, page by page as it is scrolled to; what changes meanwhile comes by events. */
export function useRuns(filter: Filter): Runs {
  const client = useClient()
  const live = useMirror(state => state.runs)
  const linked = useMirror(state => state.link === 'live')
  const [loaded, setLoaded] = useState<{ runs: readonly Run[]; total: number | null }>({
    runs: [],
    total: null,
  })
  const [error, setError] = useState<WireError | null>(null)
  const wanted = useRef(firstPage)
  const busy = useRef(false)
  const turn = useRef(0)
  const key = JSON.stringify(filter)
  const [round, setRound] = useState(0)

  const query = useCallback(
    (after: string | undefined, limit: number) =>
      client.call('run.list', {
        limit,
        ...(filter.planId === null ? {} : { planId: filter.planId }),
        ...(filter.states === null ? {} : { states: [...filter.states] }),
        ...(after === undefined ? {} : { after }),
      }),
    [client, key],
  )

  const fill = useCallback(
    async (have: readonly Run[], known: number | null, mine: number) => {
      if (busy.current) return
      busy.current = true
      let [runs, total] = [have, known]
      try {
        while (
          mine === turn.current &&
          (total === null || (runs.length < total && runs.length < wanted.current))
        ) {
          const found = await query(runs.at(-1)?.id, runs.length === 0 ? firstPage : page)
          if (mine !== turn.current) return
          runs = runs.concat(found.runs)
          total = found.runs.length === 0 ? runs.length : found.total
          setLoaded({ runs, total })
        }
        setError(null)
      } catch (failure) {
        if (mine === turn.current) setError(toWireError(failure))
      } finally {
        busy.current = false
        if (mine !== turn.current) void fill([], null, turn.current)
      }
    },
    [query],
  )

  useEffect(() => {
    wanted.current = firstPage
    setLoaded({ runs: [], total: null })
    void fill([], null, ++turn.current)
  }, [fill, linked, round])

  const need = useCallback(
    (count: number) => {
      if (count <= wanted.current) return
      wanted.current = count + page
      void fill(loaded.runs, loaded.total, turn.current)
    },
    [fill, loaded],
  )

  const runs = useMemo(() => withLive(loaded.runs, Object.values(live), filter), [loaded, live, key])
  return {
    runs,
    total: Math.max(loaded.total ?? 0, runs.length),
    loading: loaded.total === null && error === null,
    error,
    need,
    again: () => setRound(before => before + 1),
    async all() {
      let everything: readonly Run[] = []
      for (;;) {
        const found = await query(everything.at(-1)?.id, 1000)
        everything = everything.concat(found.runs)
        if (found.runs.length === 0 || everything.length >= found.total) return everything
      }
    },
  }
}
