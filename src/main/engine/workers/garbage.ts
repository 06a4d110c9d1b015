import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: ((options?: { type: 'minor' }) => void) | null | undefined

/**
 * Frees short-lived buffers now. A cipher's output is fresh memory outside V8's heap, and V8 lets tens of megabytes of
 * it pile up on each thread before it looks; asked after each pack, it has little to do and they are gone.
 * Does nothing where this V8 can't be asked.
 */
export function freeShortLived(): void {
  if (collect === undefined) {
    try {
      setFlagsFromString('--expose-gc')
      collect = runInNewContext('gc') as typeof collect
    } catch {
      collect = null
    }
  }
  collect?.({ type: 'minor' })
}
