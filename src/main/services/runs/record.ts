import {
  hasEnded,
  type LogLine,
  type Run,
  type RunProgress,
  type RunWarning,
} from '../../../shared/entities/run.ts'
import { count } from '../../../shared/wording.ts'
import type { RunsPorts } from './ports.ts'
import { hasBegun } from './states.ts'

const publishMs = 250
const saveProgressMs = 10_000
const writeLogMs = 1_000
/** What waits for the next batch at most. */
const batch = 500
/** Kept of each sort, of one run; of what comes after only the number is told. */
const mostLines = 10_000
const tryAgainMs = 10_000

/**
 * One run as the history has it: state, log, warnings. Each change of state is written and published at once, progress
 * now and then, lines in batches.
 *
 * The work is worth more than its record: when the history can't be written (a full disk), that is told, what was to be
 * written is kept, and it is tried again until it is there or the application ends.
 */
export interface RunRecord {
  run(): Run
  /** Like `change`, but only if the history can be written. @throws disk_full nothing has changed */
  changeSurely(next: Run): void
  change(next: Run): void
  progress(progress: RunProgress, findings?: Pick<Run, 'restoreCounts'>): void
  log(level: LogLine['level'], text: string): void
  warn(warning: Omit<RunWarning, 'seq'>): void
  /** Counts a warning that is told in the log alone. */
  countWarning(): void
  /** All that was said is written, or will be as soon as that is possible. */
  flush(): void
}

type RecordPorts = Pick<RunsPorts, 'catalogue' | 'now' | 'wait' | 'publish' | 'trouble'>

/** @param lifetime fires when the application ends: nothing is tried again then */
export function createRecord(first: Run, ports: RecordPorts, lifetime: AbortSignal): RunRecord {
  const { catalogue, now, wait } = ports
  let run = first
  let lines: Omit<LogLine, 'seq'>[] = []
  let warnings: Omit<RunWarning, 'seq'>[] = []
  let linesTaken = 0
  let warningsTaken = 0
  let warningsLeftOut = 0
  let leftOutTold = false
  /** The record in the history is older than `run`. */
  let stale = false
  let savedAtMs = -Infinity
  let writing = false
  let failing = false

  let publishedAtMs = -Infinity
  let publishing = false
  let toldAs: Run | null = null

  /** Without room for a new number (one is rarely written) the old one must do; whoever mirrors runs loads them again. */
  function numbered(next: Run): Run {
    try {
      return { ...next, revision: catalogue.nextRevision() }
    } catch (error) {
      fail(error)
      return next
    }
  }

  function fail(error: unknown): void {
    if (!failing) ports.trouble(error) // once, not every ten seconds
    failing = true
    void writeLater(tryAgainMs)
  }

  function write(): void {
    try {
      if (stale) {
        catalogue.runs.save(run)
        stale = false
        savedAtMs = now()
      }
      // shortened only when they are in
      for (; lines.length > 0; lines = lines.slice(batch))
        catalogue.runs.appendLog(run.id, lines.slice(0, batch))
      for (; warnings.length > 0; warnings = warnings.slice(batch)) {
        catalogue.runs.appendWarnings(run.id, warnings.slice(0, batch))
      }
      failing = false
    } catch (error) {
      fail(error)
    }
  }

  async function writeLater(ms: number): Promise<void> {
    if (writing) return
    writing = true
    await wait(ms, lifetime)
    writing = false
    if (!lifetime.aborted) write() // the catalogue is closed then
  }

  function tell(): void {
    publishedAtMs = now()
    toldAs = run
    ports.publish({ name: 'run.changed', value: run })
  }

  async function tellLater(ms: number): Promise<void> {
    if (publishing) return
    publishing = true
    await wait(ms, lifetime)
    publishing = false
    if (run === toldAs) return
    run = numbered(run)
    tell()
  }

  function put(next: Run): void {
    run = next
    stale = true
    write()
    tell()
  }

  function log(level: LogLine['level'], text: string): void {
    linesTaken += 1
    if (linesTaken > mostLines + 1) return
    if (linesTaken === mostLines + 1) text = 'More was said than is kept here.'
    lines.push({ atMs: now(), level, text })
    if (lines.length >= batch && !failing) write()
    else void writeLater(writeLogMs)
  }

  return {
    run: () => run,

    changeSurely(next) {
      const made = { ...next, revision: catalogue.nextRevision() }
      catalogue.runs.save(made)
      run = made
      stale = false
      savedAtMs = now()
      tell()
    },

    change(next) {
      put(numbered(next))
    },

    progress(progress, findings = {}) {
      if (hasEnded(run.state) || !hasBegun(run)) return
      run = { ...run, ...findings, progress }
      const sinceMs = now() - publishedAtMs
      if (sinceMs >= publishMs || sinceMs < 0) {
        run = numbered(run)
        tell()
      } else void tellLater(publishMs - sinceMs)
      if (Math.abs(now() - savedAtMs) < saveProgressMs) return
      stale = true
      if (!failing) write()
    },

    log,

    warn(warning) {
      warningsTaken += 1
      // a note tells of the place, not of a file that is missing
      if (warning.kind !== 'note') run = { ...run, warnings: run.warnings + 1 }
      if (warningsTaken > mostLines) {
        warningsLeftOut += 1
        return
      }
      warnings.push(warning)
      if (warnings.length >= batch && !failing) write()
      else void writeLater(writeLogMs)
    },

    countWarning() {
      run = { ...run, warnings: run.warnings + 1 }
    },

    flush() {
      if (warningsLeftOut > 0 && !leftOutTold) {
        leftOutTold = true
        warnings.push({
          kind: 'note',
          path: '',
          message: `… and ${count(warningsLeftOut)} more; the first ${count(mostLines)} are listed.`,
        })
      }
      write()
    },
  }
}
