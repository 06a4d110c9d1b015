import type { Backend } from '../../src/main/engine/backend/backend.ts'
import { BackendError } from '../../src/shared/errors.ts'

/**
 * Fails the nth call (counted from 1) to a backend, before it acts or after (a lost reply), once.
 * With n increasing until `fired()` stays false, every call has had its turn.
 */
export function withFaults(
  inner: Backend,
  nth: number,
  when: 'before' | 'after',
): { backend: Backend; fired: () => boolean; calls: () => number } {
  let calls = 0
  let fired = false

  async function call<T>(act: () => Promise<T>): Promise<T> {
    const mine = ++calls === nth
    if (mine) fired = true
    if (mine && when === 'before') throw lost()
    const value = await act()
    if (mine) throw lost()
    return value
  }

  return {
    fired: () => fired,
    calls: () => calls,
    backend: {
      location: inner.location,
      create: signal => call(() => inner.create(signal)),
      async *list(kind, signal) {
        const found = await call(async () => Array.fromAsync(inner.list(kind, signal)))
        yield* found
      },
      stat: (file, signal) => call(() => inner.stat(file, signal)),
      read: (file, range, signal) => call(() => inner.read(file, range, signal)),
      write: (file, data, signal) => call(() => inner.write(file, data, signal)),
      remove: (file, signal) => call(() => inner.remove(file, signal)),
      close: () => inner.close(),
    },
  }
}

const lost = () =>
  new BackendError('backend_unreachable', 'The connection was lost (a fault made on purpose).')
