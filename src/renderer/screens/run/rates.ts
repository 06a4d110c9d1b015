import { useEffect, useState } from 'react'
import type { Run } from '../../../shared/entities/run.ts'

export interface Rate {
  readonly atMs: number
  readonly bytesPerSecond: number
}

/** Ten minutes at a step a second. */
const most = 600

/** What the run's rate has been since this page looks at it. */
export function useRates(run: Run): readonly Rate[] {
  const [rates, setRates] = useState<readonly Rate[]>([])
  const rate = run.progress?.bytesPerSecond ?? null
  useEffect(() => setRates([]), [run.id])
  useEffect(() => {
    if (rate === null || run.state !== 'running') return
    const atMs = new Date().getTime()
    setRates(before => {
      const last = before.at(-1)
      if (last && atMs - last.atMs < 1000)
        return [...before.slice(0, -1), { atMs: last.atMs, bytesPerSecond: rate }]
      return [...before, { atMs, bytesPerSecond: rate }].slice(-most)
    })
  }, [rate, run.revision, run.state])
  return rates
}
