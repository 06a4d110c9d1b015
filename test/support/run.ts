import type { Progress, Run, Warning } from '../../src/main/engine/run.ts'

export interface TestRun extends Run {
  readonly warnings: Warning[]
  readonly reports: Progress[]
  abort(reason?: unknown): void
}

/** A Run that remembers what it heard. The clock is real unless a function is given. */
export function testRun(options: { now?: () => number; signal?: AbortSignal } = {}): TestRun {
  const controller = new AbortController()
  const warnings: Warning[] = []
  const reports: Progress[] = []
  return {
    warnings,
    reports,
    abort: reason => controller.abort(reason),
    signal: options.signal ? AbortSignal.any([options.signal, controller.signal]) : controller.signal,
    report: progress => void reports.push(progress),
    warn: warning => void warnings.push(warning),
    now: options.now ?? (() => new Date().getTime()),
  }
}
