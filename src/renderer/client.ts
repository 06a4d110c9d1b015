import type { Bridge, DesktopBridge } from '../shared/bridge.ts'
import { events, type AnyEvent, type Client, type Method } from '../shared/contract.ts'
import { AppError, failures, type FailureCode, type WireError } from '../shared/errors.ts'

declare global {
  // eslint-disable-next-line no-var
  var holdfast: Bridge | undefined
}

/** The contract's Client over whichever door this page came through. */
export const openClient = (): Client =>
  globalThis.holdfast ? bridgeClient(globalThis.holdfast) : httpClient()

export const desktop = (): DesktopBridge | null => globalThis.holdfast?.desktop ?? null

function bridgeClient(bridge: Bridge): Client {
  return {
    async call(name, input) {
      return unwrap(await bridge.call(name, input)) as never
    },
    subscribe(listener, { onConnect, onLost }) {
      const stopEvents = bridge.onEvent(event => {
        const known = knownEvent(event)
        if (known) listener(known)
      })
      const stopLink = bridge.onLink(state => (state === 'live' ? onConnect() : onLost()))
      return () => {
        stopEvents()
        stopLink()
      }
    },
    close: () => Promise.resolve(),
  }
}

/** Pauses between attempts to reach the server again. */
const retryMs = [500, 1000, 2000, 5000]

function httpClient(): Client {
  return {
    async call(name: Method, input: unknown) {
      let response: Response
      try {
        response = await fetch(`/api/${name}`, {
          method: 'POST',
          credentials: 'same-origin',
          headers: { 'content-type': 'application/json', 'x-holdfast': '1' },
          body: input === undefined ? null : JSON.stringify(input),
        })
      } catch {
        throw new AppError('backend_unreachable', 'Holdfast does not answer.', {
          hint: 'It is tried again by itself. Is `holdfast serve` still running?',
        })
      }
      const body: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined)
      if (!response.ok) throw asError(body)
      return body as never
    },
    subscribe(listener, { onConnect, onLost }) {
      let source: EventSource | null = null
      let timer: ReturnType<typeof setTimeout> | undefined
      let failed = 0
      let ended = false
      const open = () => {
        source = new EventSource('/api/events')
        source.addEventListener('open', () => {
          failed = 0
          onConnect()
        })
        for (const name of Object.keys(events)) {
          source.addEventListener(name, message => {
            const known = knownEvent({
              name,
              value: JSON.parse((message as MessageEvent<string>).data) as unknown,
            })
            if (known) listener(known)
          })
        }
        source.addEventListener('error', () => {
          source?.close()
          onLost()
          const tryAgain = async () => {
            // it runs again, and knows nobody any more: its page for signing in says so
            if (await isSignedOut()) location.reload()
            else if (!ended) open()
          }
          timer = setTimeout(() => void tryAgain(), retryMs[Math.min(failed++, retryMs.length - 1)])
        })
      }
      open()
      return () => {
        ended = true
        clearTimeout(timer)
        source?.close()
      }
    },
    close: () => Promise.resolve(),
  }
}

/** A stream of events does not tell why it is refused. */
const isSignedOut = (): Promise<boolean> =>
  fetch('/api/app.info', { method: 'POST', credentials: 'same-origin', headers: { 'x-holdfast': '1' } }).then(
    ({ status }) => status === 401,
    () => false,
  )

/** Events of a newer Holdfast than this page may be unknown to it. */
function knownEvent(event: unknown): AnyEvent | null {
  const { name, value } = (event ?? {}) as { name?: string; value?: unknown }
  if (name === undefined || !Object.hasOwn(events, name)) return null
  const parsed = events[name as keyof typeof events].safeParse(value)
  return parsed.success ? ({ name, value: parsed.data } as AnyEvent) : null
}

function unwrap(reply: unknown): unknown {
  const { ok, value, error } = (reply ?? {}) as { ok?: boolean; value?: unknown; error?: unknown }
  if (ok === true) return value
  throw asError(error)
}

function asError(error: unknown): AppError {
  const { code, message, hint } = (error ?? {}) as Partial<WireError>
  const known: FailureCode = code !== undefined && Object.hasOwn(failures, code) ? code : 'internal'
  return new AppError(
    known,
    message ?? 'Something failed, and it was not said what.',
    hint === undefined ? {} : { hint },
  )
}
