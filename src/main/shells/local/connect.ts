import { connect as connectSocket, type Socket } from 'node:net'
import { events, type AnyEvent, type Client, type Output } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import { fromWireError } from './inside.ts'
import { createReader, encode, longestAnswerBytes, OwnerFrame, protocol, type ClientFrame } from './wire.ts'

export interface Connection extends Client {
  /** The owner's, as it greeted last. */
  owner(): { pid: number; version: string }
}

const greetingMs = 5_000
const firstPauseMs = 50
const longestPauseMs = 5_000

interface Link {
  send(frame: ClientFrame): void
  /** Whether it keeps the process going. */
  hold(on: boolean): void
  end(): void
}

/**
 * A client of the owner that listens at the place `find` names. When the link is lost, calls under way fail with
 * `backend_unreachable`, so do new ones, and it connects again by itself, to the next owner too: after 50 ms at first,
 * after 5 s at most.
 *
 * It keeps the process going while a call is under way or somebody hears events.
 * @returns null when nobody listens there
 * @throws conflict the owner is another version; backend_unreachable it does not answer
 */
export async function connect({
  find,
  who,
}: {
  find: () => string | null
  who: string
}): Promise<Connection | null> {
  let link: Link | null = null
  let owner = { pid: 0, version: '' }
  let closed = false
  let nextId = 0
  let pauseMs = firstPauseMs
  let retry: NodeJS.Timeout | undefined
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  const listeners = new Set<{
    hear: (event: AnyEvent) => void
    link: { onConnect: () => void; onLost: () => void }
  }>()

  const hold = () => {
    const on = waiting.size > 0 || listeners.size > 0
    link?.hold(on)
    if (on) retry?.ref()
    else retry?.unref()
  }

  const settle = (id: number) => {
    const call = waiting.get(id)
    waiting.delete(id)
    hold()
    return call
  }

  const take = (frame: OwnerFrame) => {
    if (frame.kind === 'answer') settle(frame.id)?.resolve(frame.value)
    if (frame.kind === 'failure') settle(frame.id)?.reject(fromWireError(frame.error))
    // A newer owner may have events that are unknown here.
    if (frame.kind !== 'event' || !Object.hasOwn(events, frame.name)) return
    for (const { hear } of listeners) hear({ name: frame.name, value: frame.value } as AnyEvent)
  }

  const lost = () => {
    link = null
    const calls = [...waiting.values()]
    waiting.clear()
    for (const { reject } of calls)
      reject(unreachable('stopped answering; whether it did what was asked is unknown'))
    if (closed) return
    for (const { link } of listeners) link.onLost()
    scheduleRetry()
  }

  const scheduleRetry = () => {
    retry = setTimeout(() => void again(), pauseMs)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    hold()
  }

  const again = async () => {
    try {
      const opened = await open()
      if (closed) return opened?.end()
      if (opened === null) return scheduleRetry()
      live(opened)
    } catch {
      scheduleRetry() // an owner that is just starting, or another version: the next may be better
    }
  }

  const live = (opened: Link) => {
    link = opened
    pauseMs = firstPauseMs
    if (listeners.size > 0) opened.send({ kind: 'events', wanted: true })
    hold()
    for (const { link } of listeners) link.onConnect()
  }

  const open = async (): Promise<Link | null> => {
    const path = find()
    if (path === null) return null
    return greet(path, who, {
      greeted: hello => (owner = hello),
      take,
      lost,
    })
  }

  const first = await open()
  if (first === null) return null
  live(first)

  return {
    owner: () => owner,
    call: (name, input) =>
      new Promise((resolve, reject) => {
        if (link === null) return reject(unreachable("can't be reached"))
        const id = nextId++
        waiting.set(id, { resolve: value => resolve(value as Output<typeof name>), reject })
        link.send({ kind: 'call', id, name, input })
        hold()
      }),
    subscribe(hear, callbacks) {
      const listener = { hear, link: callbacks }
      listeners.add(listener)
      if (listeners.size === 1) link?.send({ kind: 'events', wanted: true })
      hold()
      queueMicrotask(() => {
        if (link !== null && listeners.has(listener)) callbacks.onConnect()
      })
      return () => {
        if (!listeners.delete(listener)) return
        if (listeners.size === 0) link?.send({ kind: 'events', wanted: false })
        hold()
      }
    },
    close() {
      closed = true
      clearTimeout(retry)
      listeners.clear()
      link?.end()
      link = null
      const calls = [...waiting.values()]
      waiting.clear()
      for (const { reject } of calls) reject(new AppError('cancelled', 'The connection was closed.'))
      return Promise.resolve()
    },
  }
}

const unreachable = (what: string) =>
  new AppError('backend_unreachable', `The Holdfast that runs for this data directory ${what}.`, {
    hint: 'Try again; if it has ended, the next command or start of Holdfast goes on.',
  })

/** null: nobody listens there. */
function greet(
  path: string,
  who: string,
  on: {
    greeted: (owner: { pid: number; version: string }) => void
    take: (frame: OwnerFrame) => void
    /** Only after it was greeted. */
    lost: () => void
  },
): Promise<Link | null> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connectSocket(path)
    let greeted = false
    let refused: Error | null = null
    const timer = setTimeout(() => {
      refused = unreachable(`has not answered for ${greetingMs / 1000} seconds`)
      socket.destroy()
    }, greetingMs)
    const link: Link = {
      send: frame => void socket.write(encode(frame)),
      hold: held => void (held ? socket.ref() : socket.unref()),
      end: () => socket.destroy(),
    }
    const read = createReader(OwnerFrame, longestAnswerBytes, frame => {
      if (frame.kind === 'refused') {
        refused = fromWireError(frame.error as Parameters<typeof fromWireError>[0])
        socket.destroy()
      } else if (frame.kind !== 'hello') {
        if (greeted) on.take(frame as OwnerFrame)
      } else if (frame.protocol !== protocol) {
        refused = new AppError(
          'conflict',
          `The Holdfast that runs here is another version (${frame.version}).`,
          {
            hint: 'Restart it, so that both are the same version.',
          },
        )
        socket.destroy()
      } else {
        greeted = true
        clearTimeout(timer)
        on.greeted({ pid: frame.pid, version: frame.version })
        resolve(link)
      }
    })
    socket.on('connect', () => link.send({ kind: 'hello', protocol, who }))
    socket.on('data', (part: Buffer) => {
      try {
        read(part)
      } catch (error) {
        refused = error as Error
        socket.destroy()
      }
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!nobodyThere.has(error.code ?? '')) refused ??= unreachable(`can't be reached: ${error.message}`)
    })
    socket.on('close', () => {
      clearTimeout(timer)
      if (greeted) return on.lost()
      if (refused !== null) reject(refused)
      else resolve(null)
    })
  })
}

/** No such socket, or nobody behind it; or it ended before it greeted. */
const nobodyThere = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTSOCK'])
