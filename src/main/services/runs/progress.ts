import type { RunProgress } from '../../../shared/entities/run.ts'
import { createPace } from '../../../shared/pace.ts'
import type { Progress } from '../../engine/index.ts'

const sampleMs = 100

/**
 * The engine's reports as people see them: with a rate and, once all has been counted, the time left. Never falls
 * back, never exceeds the whole: what grew while it was read is counted as larger.
 */
export interface ProgressTrack {
  take(report: Progress, nowMs: number): RunProgress
  enter(phase: 'prepare' | 'hooks'): RunProgress
  /** Held, or waiting: the pace so far says nothing about what comes. */
  interrupt(): RunProgress
}

export function trackProgress(): ProgressTrack {
  let pace = createPace()
  let sampledAtMs = -Infinity
  let at: RunProgress = {
    phase: 'prepare',
    doneFiles: 0,
    doneBytes: 0,
    totalFiles: null,
    totalBytes: null,
    bytesPerSecond: null,
    msLeft: null,
    path: '',
  }

  function reach(doneFiles: number, doneBytes: number, totalFiles: number | null, totalBytes: number | null) {
    const done = {
      doneFiles: Math.max(at.doneFiles, doneFiles),
      doneBytes: Math.max(at.doneBytes, doneBytes),
    }
    const whole = (total: number | null, before: number | null, least: number) =>
      total === null && before === null ? null : Math.max(total ?? 0, before ?? 0, least)
    return {
      ...done,
      totalFiles: whole(totalFiles, at.totalFiles, done.doneFiles),
      totalBytes: whole(totalBytes, at.totalBytes, done.doneBytes),
    }
  }

  function paced(nowMs: number): Pick<RunProgress, 'bytesPerSecond' | 'msLeft'> {
    if (nowMs - sampledAtMs >= sampleMs || nowMs < sampledAtMs) {
      sampledAtMs = nowMs
      pace.add(nowMs, at.doneBytes)
    }
    return {
      bytesPerSecond: pace.bytesPerSecond(),
      msLeft: at.totalBytes === null ? null : pace.msLeft(at.totalBytes),
    }
  }

  const still = { bytesPerSecond: null, msLeft: null }

  return {
    take(report, nowMs) {
      if (report.phase === 'scan') {
        // it goes on beside the work, which then is what there is to show
        const totals = report.done ? reach(0, 0, report.files, report.bytes) : {}
        at = { ...at, ...totals, phase: at.phase === 'store' ? 'store' : 'scan' }
      } else if (report.phase === 'commit') {
        const whole = reach(at.totalFiles ?? 0, at.totalBytes ?? 0, null, null)
        at = { ...at, ...whole, ...still, phase: 'commit', path: '' }
      } else {
        at = {
          ...at,
          ...reach(report.doneFiles, report.doneBytes, report.totalFiles, report.totalBytes),
          phase: report.phase === 'restore' ? 'restore' : 'store',
          path: report.path,
        }
        at = { ...at, ...paced(nowMs) }
      }
      return at
    },

    enter(phase) {
      at = { ...at, ...still, phase, path: '' }
      return at
    },

    interrupt() {
      pace = createPace()
      sampledAtMs = -Infinity
      at = { ...at, ...still }
      return at
    },
  }
}
