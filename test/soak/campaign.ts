/** A number that a campaign measured, or a count of what it did: `['moments at which it was killed', '50']`. */
export type Figure = readonly [what: string, value: string]

/** What a campaign is given to work with. */
export interface Soak {
  /** An empty folder of its own, removed afterwards. */
  readonly scratch: string
  /** A number from the command line (`--kills 200`), or the default. */
  count(name: string, otherwise: number): number
  /** A text from the command line, or null. */
  option(name: string): string | null
  /** In [0, 1), the same for the same `--seed`. */
  readonly next: () => number
  readonly say: (line: string) => void
  /** Notes what must not be. The campaign goes on, and fails in the end. */
  readonly problem: (text: string) => void
}

/** One promise put to the test at length. */
export interface Campaign {
  readonly name: string
  /** What is promised, as docs/reliability.md tells it. */
  readonly promise: string
  readonly how: string
  /** Why it can't run here, in words. */
  unavailable?(option: Soak['option']): string | null
  run(soak: Soak): Promise<Figure[]>
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** `2.1 s to 4.8 s, mean 3.0 s`. */
export function spread(values: readonly number[], show: (value: number) => string): string {
  if (values.length === 0) return 'none'
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return `${show(Math.min(...values))} to ${show(Math.max(...values))}, mean ${show(mean)}`
}
