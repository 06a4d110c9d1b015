/** How far a long operation is. Counts are absolute, so a dropped or repeated report does no harm. */
export type Progress =
  | { phase: 'scan'; files: number; bytes: number; done: boolean }
  | {
      phase: 'store' | 'restore' | 'check'
      doneFiles: number
      doneBytes: number
      /** null until the scan has ended: only then is there an ETA. */
      totalFiles: number | null
      totalBytes: number | null
      errors: number
      path: string
    }
  | { phase: 'commit' }

/** Something a run could not do and went on without: it is shown, counted, and makes the run `partial`. */
export interface Warning {
  /** `unreadable`: the item is not in the snapshot (exit 3). `metadata`: stored or restored but for some attribute. */
  kind: 'unreadable' | 'metadata' | 'note'
  path: string
  message: string
}

/** What every long operation takes: a way to stop it, to hear of it, and the clock. */
export interface Run {
  readonly signal: AbortSignal
  readonly report: (progress: Progress) => void
  readonly warn: (warning: Warning) => void
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Waited for between two units of work: what holds the run back until it may go on. It settles when `signal` fires. */
  readonly gate?: () => Promise<void> | undefined
}
