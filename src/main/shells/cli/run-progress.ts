import type { Run } from '../../../shared/entities/run.ts'
import { plural, shortBytes, visible } from '../../../shared/wording.ts'
import type { Output } from './output.ts'
import { fraction, progressLine, type Working } from './progress.ts'
import type { Settings } from './repo-options.ts'
import { keepEnd } from './table.ts'

export interface RunDisplay {
  show(run: Run): void
  end(): void
}

const jsonEveryMs = 1000

/** A run's way: a status line on a terminal, `status` lines with `--json`, what it waits for in words. */
export function createRunDisplay(out: Output, settings: Settings, now: () => number): RunDisplay {
  let waitingFor: string | null = null
  let jsonAt = -Infinity
  return {
    show(run) {
      if (settings.json && !settings.quiet && run.progress !== null && now() - jsonAt >= jsonEveryMs) {
        jsonAt = now()
        out.json(statusJson(run, now()))
      }
      if (settings.json || settings.quiet) return
      if (run.waitingFor !== waitingFor) {
        waitingFor = run.waitingFor
        if (waitingFor !== null) out.say(`Waiting: ${visible(waitingFor)}`)
      }
      const columns = out.statusColumns()
      const line = columns === null ? null : lineOf(run, columns - 1)
      if (line !== null) out.status(line)
    },
    end: () => out.status(null),
  }
}

function workingOf({ progress, warnings }: Run): Working | null {
  if (progress === null) return null
  const { doneFiles, doneBytes, totalFiles, totalBytes, path } = progress
  return { phase: 'store', doneFiles, doneBytes, totalFiles, totalBytes, path, errors: warnings }
}

function lineOf(run: Run, columns: number): string | null {
  const { state, progress, waitingFor } = run
  if (state === 'queued') return 'In the queue'
  if (state === 'waiting') return keepEnd(`Waiting: ${visible(waitingFor ?? '')}`, columns)
  if (state === 'cancelling') return 'Cancelling: what was stored is kept'
  if (state === 'paused') return 'Held'
  if (state !== 'running' || progress === null) return null
  if (progress.phase === 'prepare') return 'Preparing'
  if (progress.phase === 'hooks') return 'Running its commands'
  if (progress.phase === 'commit')
    return progressLine({ phase: 'commit' }, { bytesPerSecond: null, msLeft: null }, columns)
  if (progress.phase === 'scan') {
    const [files, bytes] = [
      progress.totalFiles ?? progress.doneFiles,
      progress.totalBytes ?? progress.doneBytes,
    ]
    return keepEnd(`Looking  ${plural(files, 'file')}, ${shortBytes(bytes)}`, columns)
  }
  return progressLine(workingOf(run)!, progress, columns)
}

/** restic's names where restic has the field. */
function statusJson(run: Run, nowMs: number): object {
  const working = workingOf(run)!
  const { bytesPerSecond, msLeft, phase } = run.progress!
  return {
    message_type: 'status',
    run_id: run.id,
    state: run.state,
    phase,
    seconds_elapsed: Math.floor((nowMs - (run.startedAtMs ?? nowMs)) / 1000),
    ...(msLeft !== null && { seconds_remaining: Math.round(msLeft / 1000) }),
    percent_done: fraction(working) ?? 0,
    ...(working.totalFiles !== null && { total_files: working.totalFiles }),
    files_done: working.doneFiles,
    ...(working.totalBytes !== null && { total_bytes: working.totalBytes }),
    bytes_done: working.doneBytes,
    ...(bytesPerSecond !== null && { bytes_per_second: Math.round(bytesPerSecond) }),
    ...(working.path !== '' && { current_files: [working.path] }),
  }
}
