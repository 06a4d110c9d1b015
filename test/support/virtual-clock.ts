/** A clock that stands still until it is told to move, and the timers that go by it. */
export interface VirtualClock {
  readonly now: () => number
  /** Settles after so much of its time, or at once when `signal` fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** Lets time pass; what becomes due happens in its order, and what follows from it at once happens too. */
  advance(ms: number): Promise<void>
  /** Somebody sets the clock: `now` jumps, timers don't. */
  set(epochMs: number): void
  /** How long until the next timer; null when there is none. */
  nextMs(): number | null
}

export function virtualClock(startMs = Date.UTC(2026, 0, 5, 12)): VirtualClock {
  let elapsedMs = 0
  let baseMs = startMs
  const timers = new Set<{ atMs: number; ring: () => void }>()

  const earliest = () =>
    [...timers].reduce<{ atMs: number; ring: () => void } | null>(
      (first, timer) => (first && first.atMs <= timer.atMs ? first : timer),
      null,
    )

  return {
    now: () => baseMs + elapsedMs,
    wait: (ms, signal) =>
      new Promise<void>(resolve => {
        if (signal.aborted) return resolve()
        const timer = { atMs: elapsedMs + ms, ring }
        function ring() {
          timers.delete(timer)
          signal.removeEventListener('abort', ring)
          resolve()
        }
        timers.add(timer)
        signal.addEventListener('abort', ring, { once: true })
      }),
    async advance(ms) {
      const untilMs = elapsedMs + ms
      await settled()
      for (let next = earliest(); next !== null && next.atMs <= untilMs; next = earliest()) {
        elapsedMs = Math.max(elapsedMs, next.atMs)
        next.ring()
        await settled()
      }
      elapsedMs = untilMs
      await settled()
    },
    set(epochMs) {
      baseMs = epochMs - elapsedMs
    },
    nextMs() {
      const next = earliest()
      return next === null ? null : next.atMs - elapsedMs
    },
  }
}

/** What only waits for promises has gone on by then. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
}
