import { scheduleJob, type Job } from 'node-schedule'

/** What wakes the scheduler. Real time is behind it, so tests bring a clock of their own. */
export interface Timers {
  /** Calls once, at that instant of the wall clock or as soon as the machine is awake after it. Returns its end. */
  at(ms: number, call: () => void): () => void
  /** Calls again and again. Does not keep the process alive. Returns its end. */
  every(ms: number, call: () => void): () => void
}

export const wallClockTimers: Timers = {
  at(ms, call) {
    const job = scheduleJob(new Date(ms), () => call()) as Job | null
    if (job) return () => void job.cancel()
    const late = setTimeout(call, 0) // it has passed meanwhile, and node-schedule lets that fall
    return () => clearTimeout(late)
  },
  every(ms, call) {
    const timer = setInterval(call, ms).unref()
    return () => clearInterval(timer)
  },
}
