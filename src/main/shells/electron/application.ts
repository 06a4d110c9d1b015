import { setTimeout as wait } from 'node:timers/promises'
import {
  methods,
  type AnyEvent,
  type CallInput,
  type Method,
  type Output,
  type Reply,
} from '../../../shared/contract.ts'
import { AppError, toWireError, type FailureCode } from '../../../shared/errors.ts'
import type { Opened } from '../local/host.ts'

export type LinkState = 'connecting' | 'live' | 'lost'

/** The application as the desktop has it: its own, or the one of an owner that was there first. */
export interface Application {
  /** A call from the window: nothing of it is believed. Never rejects. Waits while there is no link yet. */
  untrusted(name: unknown, input: unknown): Promise<Reply>
  call<M extends Method>(name: M, input: CallInput<M>): Promise<Output<M>>
  /** Hears every event, of whichever owner. */
  onEvent(listener: (event: AnyEvent) => void): void
  /** Hears when the link is another. */
  onLink(listener: (state: LinkState) => void): void
  link(): LinkState
  /** Whether runs end when this process does. */
  isOwner(): boolean
  /** The computer woke up, or its power or network is another. */
  wake(): void
  /** Settles when somebody else (`app.stop`) asked this process to end, with what is to become of its runs. */
  readonly stopped: Promise<'finish' | 'cancel'>
  /** Leaves an owner, or ends as one; nothing is called afterwards. */
  end(runs: 'finish' | 'cancel'): Promise<void>
}

/** As on the local socket. */
const longestInput = 8 * 1024 * 1024
const pauseMs = 1_000

/**
 * Opens the application, and again whenever its owner ends: by attaching to the next one or by becoming it.
 * @param open becomes the owner or attaches to one
 * @returns once there is a first link
 * @throws what `open` throws the first time; later it is tried again for as long as it takes
 */
export async function openApplication(open: (signal: AbortSignal) => Promise<Opened>): Promise<Application> {
  const listeners = {
    event: new Set<(event: AnyEvent) => void>(),
    link: new Set<(state: LinkState) => void>(),
  }
  const life = new AbortController()
  const { promise: stopped, resolve: stop } = Promise.withResolvers<'finish' | 'cancel'>()
  let opened: Opened | null = null
  let state: LinkState = 'connecting'

  function setLink(next: LinkState): void {
    if (next === state || life.signal.aborted) return
    state = next
    for (const listener of listeners.link) listener(next)
  }

  function use(next: Opened): void {
    opened = next
    next.client.subscribe(
      event => {
        for (const listener of listeners.event) listener(event)
      },
      { onConnect: () => setLink('live'), onLost: () => lost(next) },
    )
    void next.app?.stopped.then(stop)
  }

  function lost(from: Opened): void {
    if (opened !== from || life.signal.aborted) return
    opened = null
    setLink('lost')
    void from.close('finish') // it only leaves: the owner is another process
    void again()
  }

  /** What is in the way may pass: an owner that is ending, another version that is being updated. */
  async function again(): Promise<void> {
    while (!life.signal.aborted) {
      try {
        const next = await open(life.signal)
        if (life.signal.aborted) await next.close('finish')
        else use(next)
        return
      } catch {
        await wait(pauseMs, undefined, { signal: life.signal }).catch(() => undefined)
      }
    }
  }

  use(await open(life.signal))

  const client = () => {
    if (opened) return opened.client
    throw new AppError('backend_unreachable', 'Holdfast does not answer.', {
      hint: 'It is tried again by itself.',
    })
  }

  return {
    async untrusted(name, input) {
      try {
        if (typeof name !== 'string' || !Object.hasOwn(methods, name))
          throw new AppError('not_found', 'The window called something that does not exist.')
        return { ok: true, value: await client().call(name as Method, plain(input) as never) }
      } catch (error) {
        return { ok: false, error: toWireError(error) }
      }
    },
    call: async (name, input) => client().call(name, input),
    onEvent: listener => void listeners.event.add(listener),
    onLink: listener => void listeners.link.add(listener),
    link: () => state,
    isOwner: () => opened?.app !== null && opened !== null,
    wake: () => opened?.app?.wake(),
    stopped,
    async end(runs) {
      life.abort()
      await opened?.close(runs)
    },
  }
}

/** What came by structured clone, as it would come over any other door: plain JSON, and not more of it than they take. */
function plain(input: unknown): unknown {
  if (input === undefined) return undefined
  let text: string | undefined
  try {
    text = JSON.stringify(input)
  } catch {
    // a cycle, a BigInt
  }
  if (text !== undefined && text.length <= longestInput) return JSON.parse(text) as unknown
  throw new AppError(
    'invalid_input',
    'The window called Holdfast with something that is no plain data, or too long.',
  )
}

/** The answer to a call that was not let in. */
export const refusal = (code: FailureCode, message: string, hint?: string): Reply => ({
  ok: false,
  error: hint === undefined ? { code, message } : { code, message, hint },
})
