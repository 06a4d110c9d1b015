import { hasEnded, type Run } from '../../../../shared/entities/run.ts'

/** Several runs as one restore. Pure. */
export function progressOf(runs: readonly Run[]): {
  doneFiles: number
  doneBytes: number
  /** null until all has been counted. */
  totalFiles: number | null
  totalBytes: number | null
  /** 0 to 1. */
  share: number | null
} {
  let [doneFiles, doneBytes] = [0, 0]
  let totalFiles: number | null = 0
  let totalBytes: number | null = 0
  for (const { progress, state } of runs) {
    doneFiles += progress?.doneFiles ?? 0
    doneBytes += progress?.doneBytes ?? 0
    const over = hasEnded(state)
    totalFiles = add(totalFiles, progress?.totalFiles ?? (over ? (progress?.doneFiles ?? 0) : null))
    totalBytes = add(totalBytes, progress?.totalBytes ?? (over ? (progress?.doneBytes ?? 0) : null))
  }
  const share = totalBytes === null || totalBytes === 0 ? null : Math.min(1, doneBytes / totalBytes)
  return { doneFiles, doneBytes, totalFiles, totalBytes, share }
}

const add = (sum: number | null, more: number | null): number | null =>
  sum === null || more === null ? null : sum + more

/** 25, 50, 75 or 100: the last that was reached; null before the first. */
export function milestone(share: number | null): number | null {
  const reached = share === null ? 0 : Math.floor(share * 4) * 25
  return reached === 0 ? null : reached
}
