import type { Sizes } from '../../parts/measured.ts'
import { isBelow } from '../../parts/local-path.ts'

export interface Total {
  readonly files: number
  readonly bytes: number
  readonly skippedFiles: number
  readonly skippedBytes: number
  /** Some of it has not been counted to the end. */
  readonly atLeast: boolean
}

/** What these places come to together; one inside of another counts once. Pure. */
export function totalOf(paths: readonly string[], sizes: Sizes): Total {
  const counted = paths.filter(path => !paths.some(other => isBelow(path, other)))
  const measured = counted.map(path => sizes.get(path) ?? null)
  const sum = (key: 'files' | 'bytes' | 'excludedFiles' | 'excludedBytes') =>
    measured.reduce((total, size) => total + (size?.[key] ?? 0), 0)
  return {
    files: sum('files'),
    bytes: sum('bytes'),
    skippedFiles: sum('excludedFiles'),
    skippedBytes: sum('excludedBytes'),
    atLeast: measured.some(size => size === null || !size.complete),
  }
}
