import { useEffect, useRef, useState } from 'react'
import { desktop } from '../../client.ts'

const moves = ['popstate', 'hashchange'] as const

/**
 * Holds the window on the page while there is something to lose. An address that leads away is taken back before
 * anybody acts on it, and kept as `wanted` until somebody decides.
 * @param stays whether an address still belongs to the page
 */
export function useLeaveGuard(
  active: boolean,
  stays: (hash: string) => boolean,
): { wanted: string | null; leave: (to?: string) => void; stay: () => void } {
  const [wanted, setWanted] = useState<string | null>(null)
  const last = useRef(location.hash)
  const test = useRef(stays)
  const decided = useRef(false)
  test.current = stays

  useEffect(() => {
    last.current = location.hash
    decided.current = false
    if (!active) return
    // `popstate` comes at once, while `hashchange` comes later: by then the window may have followed the address.
    // Capturing: it hears of the change before anybody else does.
    const onMove = (event: Event) => {
      if (decided.current) return
      if (test.current(location.hash)) {
        last.current = location.hash
        return
      }
      event.stopImmediatePropagation()
      setWanted(location.hash)
      history.replaceState(history.state, '', last.current)
    }
    // A desktop window that will not close asks nobody: there it closes.
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault()
    for (const name of moves) addEventListener(name, onMove, { capture: true })
    if (desktop() === null) addEventListener('beforeunload', onUnload)
    return () => {
      for (const name of moves) removeEventListener(name, onMove, { capture: true })
      removeEventListener('beforeunload', onUnload)
    }
  }, [active])

  return {
    wanted,
    /** Goes where somebody wanted to, or to another address; what is not saved by then is given up. */
    leave: (to = wanted ?? location.hash) => {
      decided.current = true
      setWanted(null)
      location.hash = to
    },
    stay: () => setWanted(null),
  }
}
