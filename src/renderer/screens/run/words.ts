import type { Run } from '../../../shared/entities/run.ts'
import { count, duration, percent, plural } from '../../../shared/wording.ts'

/** The state in the words of every screen. */
export function stateWords({ state, kind, warnings }: Pick<Run, 'state' | 'kind' | 'warnings'>): string {
  switch (state) {
    case 'queued':
      return 'Waiting'
    case 'waiting':
      return 'Waiting'
    case 'running':
      return 'Working'
    case 'paused':
      return 'Paused'
    case 'cancelling':
      return 'Cancelling'
    case 'succeeded':
      if (kind === 'restore') return 'Verified'
      return warnings > 0 ? `Stored, ${plural(warnings, 'warning')}` : 'Stored'
    case 'partial':
      return kind === 'restore' ? 'Restored in part' : `Stored, ${plural(warnings, 'warning')}`
    case 'failed':
      return 'Failed'
    case 'cancelled':
      return 'Cancelled'
    case 'interrupted':
      return 'Interrupted'
    case 'missed':
      return 'Missed'
    case 'skipped':
      return 'Skipped'
  }
}

const types: Record<Run['type'], string> = {
  incremental: 'backup',
  full: 'full backup',
  config: 'backup of configuration',
  emergency: 'emergency backup',
}

/** What sort of run it is, and why it was started. */
export function kindWords(run: Run): string {
  const what = run.kind === 'restore' ? 'restore' : types[run.type]
  const why: Record<Run['trigger'], string> = {
    schedule: 'by its schedule',
    'catch-up': 'catching up a missed run',
    manual: `by ${run.askedBy}`,
    retry: `attempt ${run.attempt}`,
    recovery: 'finishing an interrupted run',
  }
  return `${run.dryRun ? 'dry run of a ' : ''}${what}, ${why[run.trigger]}`
}

/** The one sentence about a run, and what stands beside it. */
export function verdictOf(run: Run): { title: string; more: string } {
  const { progress, state, counts } = run
  const doing = run.kind === 'restore' ? 'Restoring' : 'Backing up'
  switch (state) {
    case 'queued':
    case 'waiting':
      return { title: 'Waiting', more: run.waitingFor ?? 'It begins in a moment.' }
    case 'running': {
      const share = progress?.totalBytes ? `, ${percent(progress.doneBytes, progress.totalBytes)}` : ''
      const left = progress?.msLeft ? `about ${duration(progress.msLeft)} left` : ''
      return { title: `${doing}${share}`, more: left }
    }
    case 'paused':
      return { title: 'Paused', more: 'What is stored so far is kept. It goes on when you say so.' }
    case 'cancelling':
      return { title: 'Cancelling', more: 'What is stored so far is reused by the next run.' }
    case 'succeeded':
    case 'partial':
      if (run.dryRun) return { title: 'Dry run: nothing was written', more: '' }
      if (run.kind === 'restore') return { title: stateWords(run), more: '' }
      return {
        title: stateWords(run),
        more: counts ? `${count(counts.filesNew + counts.filesChanged)} new or changed files` : '',
      }
    case 'failed':
      return { title: 'Failed', more: '' }
    case 'cancelled':
      return { title: 'Cancelled', more: 'What was stored is reused by the next run.' }
    case 'interrupted': {
      const share = progress?.totalBytes ? ` at ${percent(progress.doneBytes, progress.totalBytes)}` : ''
      return { title: `Interrupted${share}`, more: 'What was stored is reused by the run that finishes it.' }
    }
    case 'missed':
    case 'skipped':
      return { title: stateWords(run), more: run.waitingFor ?? '' }
  }
}
