import { setTimeout as sleep } from 'node:timers/promises'

/** Settles after so much real time, or at once when `signal` fires. */
export const realWait = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined)
