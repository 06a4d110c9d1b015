import { useCallback, useEffect, useRef, useState } from 'react'
import type { Client } from '../../../../shared/contract.ts'
import type { RestoreAction, RestoreItem } from '../../../../shared/entities/browse.ts'
import { toWireError, type WireError } from '../../../../shared/errors.ts'
import { useClient } from '../../../store/context.tsx'

const page = 500

/** Every item of some restores, in order, a page at a time. */
export async function* eachPage(
  client: Client,
  runIds: readonly string[],
  actions: readonly RestoreAction[] | null,
  limit = 1000,
): AsyncGenerator<RestoreItem[]> {
  for (const id of runIds) {
    let afterSeq = 0
    for (;;) {
      const items = await client.call('run.items', {
        id,
        afterSeq,
        limit,
        ...(actions ? { actions: [...actions] } : {}),
      })
      yield items
      if (items.length < limit) break
      afterSeq = items.at(-1)!.seq
    }
  }
}

/** What a list shows: as much as has been scrolled to. */
export function useItems(
  runIds: readonly string[],
  actions: readonly RestoreAction[] | null,
  ready: boolean,
): { items: readonly RestoreItem[]; complete: boolean; error: WireError | null; more: () => void } {
  const client = useClient()
  const [state, setState] = useState<{
    items: readonly RestoreItem[]
    complete: boolean
    error: WireError | null
  }>({ items: [], complete: false, error: null })
  const pages = useRef<AsyncGenerator<RestoreItem[]> | null>(null)
  const busy = useRef(false)
  const key = JSON.stringify([runIds, actions, ready])

  const more = useCallback(() => {
    const mine = pages.current
    if (!mine || busy.current) return
    busy.current = true
    mine
      .next()
      .then(({ value, done }) => {
        if (pages.current !== mine) return
        setState(before => ({
          ...before,
          items: [...before.items, ...(value ?? [])],
          complete: done === true,
        }))
      })
      .catch((error: unknown) => {
        if (pages.current === mine) setState(before => ({ ...before, error: toWireError(error) }))
      })
      .finally(() => {
        if (pages.current === mine) busy.current = false
      })
  }, [])

  useEffect(() => {
    setState({ items: [], complete: false, error: null })
    busy.current = false
    pages.current = ready ? eachPage(client, runIds, actions, page) : null
    more()
    return () => {
      pages.current = null
    }
  }, [client, key])

  return { ...state, more }
}
