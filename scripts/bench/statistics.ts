import type { Floor, ScenarioResult, ToolResult } from './results.ts'

/** @throws {RangeError} no values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('nothing has no median')
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export interface Spread {
  median: number
  least: number
  most: number
}

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  least: Math.min(...values),
  most: Math.max(...values),
})

export interface Summary {
  wall: Spread
  cpu: Spread
  /** The most of all runs: what must fit. */
  peakBytes: number
  /** The longest p99 of all rounds; null where it was not told. */
  loopDelayMs: number | null
}

/** null when there is no run that counts. */
export function summarise({ runs, failure }: ToolResult): Summary | null {
  if (runs.length === 0 || failure !== undefined) return null
  return {
    wall: spread(runs.map(run => run.wallSeconds)),
    cpu: spread(runs.map(run => run.cpuSeconds)),
    peakBytes: Math.max(...runs.map(run => run.peakBytes)),
    loopDelayMs: runs.reduce<number | null>(
      (most, { loopDelayMs }) => (loopDelayMs === undefined ? most : Math.max(most ?? 0, loopDelayMs)),
      null,
    ),
  }
}

/** How many times as much another program takes as Holdfast: above 1, Holdfast is better. */
export interface Ratio {
  wall: number
  cpu: number
  peak: number
  /** null where nothing is written. */
  repository: number | null
}

/** Of medians. null when either has no figures, or Holdfast's are too small for the clock. */
export function ratio(ours: ToolResult, theirs: ToolResult): Ratio | null {
  const [mine, other] = [summarise(ours), summarise(theirs)]
  if (!mine || !other || mine.wall.median <= 0 || mine.cpu.median <= 0) return null
  return {
    wall: other.wall.median / mine.wall.median,
    cpu: other.cpu.median / mine.cpu.median,
    peak: other.peakBytes / mine.peakBytes,
    repository:
      ours.repositoryBytes && theirs.repositoryBytes ? theirs.repositoryBytes / ours.repositoryBytes : null,
  }
}

export interface Comparisons {
  ours: ToolResult
  peers: { result: ToolResult; ratio: Ratio | null }[]
}

/** Holdfast comes first in every scenario. */
export function compare({ tools }: ScenarioResult): Comparisons {
  const [ours, ...others] = tools
  if (!ours) throw new RangeError('a scenario without tools')
  return { ours, peers: others.map(result => ({ result, ratio: ratio(ours, result) })) }
}

export const floorSeconds = (floor: Floor): number =>
  Object.values(floor).reduce((sum, seconds) => sum + seconds, 0)
