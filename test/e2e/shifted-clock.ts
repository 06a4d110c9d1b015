import type { Timers } from '../../src/main/services/scheduling/timers.ts'

/** The real clock, set to another date; it goes on from there, and its timers go by it. */
export interface ShiftedClock {
  readonly now: () => number
  readonly timers: Timers
  set(epochMs: number): void
}

/** What a timer of Node's can wait for at once. */
const longestMs = 2 ** 31 - 1

export function shiftedClock(startMs: number): ShiftedClock {
  const real = () => new Date().getTime()
  let shiftMs = startMs - real()
  const now = () => real() + shiftMs
  return {
    now,
    set(epochMs) {
      shiftMs = epochMs - real()
    },
    timers: {
      at(ms, call) {
        const timer = setTimeout(call, Math.min(longestMs, Math.max(0, ms - now())))
        return () => clearTimeout(timer)
      },
      every(ms, call) {
        const timer = setInterval(call, ms).unref()
        return () => clearInterval(timer)
      },
    },
  }
}
