import { useCallback, useRef, useState } from 'react'
import type { Client } from '../../../shared/contract.ts'
import type { Destination, DestinationDraft } from '../../../shared/entities/destination.ts'
import { AppError, toWireError, type WireError } from '../../../shared/errors.ts'
import { useClient } from '../../store/context.tsx'
import { makeKey } from './key.ts'

/** Something that was tried with the key, and came out as it must. */
export interface Proof {
  readonly words: string
  readonly detail: string
  readonly ms: number
}

export interface Proving {
  readonly phase: 'idle' | 'making' | 'testing' | 'tested' | 'failed'
  /** As soon as it is there, tested or not. */
  readonly destination: Destination | null
  readonly proofs: readonly Proof[]
  readonly error: WireError | null
}

export const notProven: Proving = { phase: 'idle', destination: null, proofs: [], error: null }

/** Random bytes of the browser's, fit for keys. */
export const randomKey = (): string => makeKey(bytes => crypto.getRandomValues(bytes))

/**
 * Makes a repository (or takes the one that is there), then opens it afresh with the key, and sees a wrong key refused.
 * A destination that was made stays, whatever comes after; `start` then goes on from there.
 */
export function useProving(): Proving & {
  start: (input: { draft: DestinationDraft; key: string; create: boolean }) => Promise<void>
  /** Tests a key against a destination that is there, such as one read from a saved kit. */
  test: (destination: Destination, key: string, first?: readonly Proof[]) => Promise<void>
  forget: () => void
} {
  const client = useClient()
  const [state, setState] = useState<Proving>(notProven)
  const made = useRef<Destination | null>(null)
  const turn = useRef(0)

  const test = useCallback(
    async (destination: Destination, key: string, first: readonly Proof[] = []) => {
      const mine = ++turn.current
      const say = (next: Proving) => mine === turn.current && setState(next)
      made.current = destination
      say({ phase: 'testing', destination, proofs: first, error: null })
      try {
        const proofs = [...first]
        for await (const proof of proofsOf(client, destination, key, first.length > 0)) {
          proofs.push(proof)
          say({ phase: 'testing', destination, proofs: [...proofs], error: null })
        }
        say({ phase: 'tested', destination, proofs, error: null })
      } catch (error) {
        say({ phase: 'failed', destination, proofs: [], error: toWireError(error) })
      }
    },
    [client],
  )

  const start = useCallback(
    async ({ draft, key, create }: { draft: DestinationDraft; key: string; create: boolean }) => {
      if (made.current) return test(made.current, key)
      const mine = ++turn.current
      setState({ ...notProven, phase: 'making' })
      try {
        const destination = await client.call('destination.create', { draft, password: key, create })
        if (mine === turn.current) await test(destination, key)
      } catch (error) {
        if (mine === turn.current) setState({ ...notProven, phase: 'failed', error: toWireError(error) })
      }
    },
    [client, test],
  )

  const forget = useCallback(() => {
    turn.current++
    made.current = null
    setState(notProven)
  }, [])

  return { ...state, start, test, forget }
}

/** @throws AppError when something did not come out as it must */
async function* proofsOf(
  client: Client,
  { id, name }: Destination,
  key: string,
  fromKit: boolean,
): AsyncGenerator<Proof> {
  const opens = async (password: string) => {
    const startedMs = performance.now()
    const answer = await client.call('destination.tryPassword', { id, password })
    return { opens: answer.opens, ms: performance.now() - startedMs }
  }
  const right = await opens(key)
  if (!right.opens) {
    throw new AppError('wrong_password', 'This key does not open the backup.', {
      hint: 'Check it against the kit, group by group.',
    })
  }
  yield {
    words: fromKit ? 'Opened the repository with the key from the kit' : 'Opened the repository with the key',
    detail: name,
    ms: right.ms,
  }
  const wrong = await opens(randomKey())
  if (wrong.opens) {
    throw new AppError('internal', 'The repository opened with a key that is not its own.', {
      hint: 'Do not rely on this backup, and report it.',
    })
  }
  yield { words: 'Refused a wrong key', detail: 'as it must', ms: wrong.ms }
}
