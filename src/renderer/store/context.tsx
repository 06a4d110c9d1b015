import { createContext, useCallback, useContext, useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import type { CallInput, Client, Method, Output } from '../../shared/contract.ts'
import { toWireError, type WireError } from '../../shared/errors.ts'
import type { Mirror, Store } from './store.ts'

interface Surroundings {
  client: Client
  store: Store
}

const Context = createContext<Surroundings | null>(null)
export const Provider = Context.Provider

function useSurroundings(): Surroundings {
  const found = useContext(Context)
  if (!found) throw new Error('a component stands outside of the application')
  return found
}

export const useClient = (): Client => useSurroundings().client
export const useMirror = <T,>(select: (state: Mirror) => T): T => useStore(useSurroundings().store, select)

/** What a call came to. `error` and the last `value` may both be there: a list stays while it is loaded again. */
export interface Asked<T> {
  value: T | null
  error: WireError | null
  loading: boolean
  again: () => void
}

/**
 * Asks once, and again whenever the input is another one, `version` changes or the link comes back. Answers that
 * arrive out of order are dropped.
 * @param input null: not yet
 */
export function useAsked<M extends Method>(
  name: M,
  input: CallInput<M> | null,
  version: unknown = 0,
): Asked<Output<M>> {
  const client = useClient()
  const link = useMirror(state => state.link)
  const [answer, setAnswer] = useState<Omit<Asked<Output<M>>, 'again'>>({
    value: null,
    error: null,
    loading: input !== null,
  })
  const [round, setRound] = useState(0)
  const turn = useRef(0)
  const key = JSON.stringify(input ?? null)
  useEffect(() => {
    const mine = ++turn.current
    if (input === null) return setAnswer({ value: null, error: null, loading: false })
    setAnswer(before => ({ ...before, loading: true }))
    client.call(name, input).then(
      value => mine === turn.current && setAnswer({ value, error: null, loading: false }),
      (error: unknown) =>
        mine === turn.current &&
        setAnswer(before => ({ ...before, error: toWireError(error), loading: false })),
    )
    // `key` stands for `input`, which is a new object at each render.
  }, [client, name, key, round, version, link === 'live'])
  return { ...answer, again: useCallback(() => setRound(before => before + 1), []) }
}

/** An action: one at a time; what it failed with stays until it is tried again or `clear` is called. */
export function useAction<M extends Method>(
  name: M,
): {
  run: (input: CallInput<M>) => Promise<Output<M> | null>
  busy: boolean
  error: WireError | null
  clear: () => void
} {
  const client = useClient()
  const [state, setState] = useState<{ busy: boolean; error: WireError | null }>({ busy: false, error: null })
  const run = useCallback(
    async (input: CallInput<M>) => {
      setState({ busy: true, error: null })
      try {
        const value = await client.call(name, input)
        setState({ busy: false, error: null })
        return value
      } catch (error) {
        setState({ busy: false, error: toWireError(error) })
        return null
      }
    },
    [client, name],
  )
  return { run, ...state, clear: useCallback(() => setState({ busy: false, error: null }), []) }
}
