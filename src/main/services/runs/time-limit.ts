import type { Wait } from './ports.ts'

const sliceMs = 30_000

/**
 * Counts down the time that a run may work. Time in which it is held or waits does not count, nor does time in which
 * the computer slept or the clock was set.
 */
export interface TimeLimit {
  hold(): void
  goOn(): void
  end(): void
}

export function limitTime(
  limitMs: number,
  { now, wait }: { now: () => number; wait: Wait },
  onSpent: () => void,
): TimeLimit {
  let leftMs = limitMs
  let slice: { stop: AbortController; fromMs: number; ms: number } | null = null

  async function count(): Promise<void> {
    const stop = new AbortController()
    while (leftMs > 0) {
      // In slices: of a sleep, which the timer does not see but the clock does, one slice at most is counted.
      slice = { stop, fromMs: now(), ms: Math.min(leftMs, sliceMs) }
      await wait(slice.ms, stop.signal)
      if (stop.signal.aborted) return
      leftMs -= slice.ms
    }
    slice = null
    onSpent()
  }

  function hold(): void {
    if (slice === null) return
    leftMs -= Math.min(slice.ms, Math.max(0, now() - slice.fromMs))
    slice.stop.abort()
    slice = null
  }

  return {
    hold,
    goOn() {
      if (slice === null) void count()
    },
    end: hold,
  }
}
