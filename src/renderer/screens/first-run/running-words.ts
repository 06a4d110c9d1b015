import { hasEnded, type Run } from '../../../shared/entities/run.ts'
import { plural, shortBytes } from '../../../shared/wording.ts'

export interface Words {
  readonly title: string
  readonly sentence: string
}

/** What to say of the first run, as it stands. Stored is not proven: nothing here claims more. Pure. */
export function wordsOfRun(run: Run | null): Words {
  if (run === null) return { title: 'Starting the first backup', sentence: '' }
  const { progress, counts } = run
  switch (run.state) {
    case 'queued':
      return { title: 'The first backup is next', sentence: 'Another run has to end before it.' }
    case 'waiting':
      return {
        title: 'The first backup waits',
        sentence: `${run.waitingFor ?? 'Something has to happen first.'} It starts by itself then.`,
      }
    case 'running':
    case 'cancelling':
    case 'paused':
      return {
        title: 'The first backup is running',
        sentence:
          progress === null || progress.doneFiles === 0
            ? 'Looking at what there is. You can close this window; it goes on.'
            : `Your first ${plural(progress.doneFiles, 'file')} ${progress.doneFiles === 1 ? 'is' : 'are'} stored. ${leftWords(progress)}You can close this window; it goes on.`,
      }
    case 'succeeded':
    case 'partial': {
      const files = plural(counts?.filesTotal ?? 0, 'file')
      const unread =
        run.state === 'partial' || run.warnings > 0
          ? ` ${plural(run.warnings, 'item')} could not be read; the run names ${run.warnings === 1 ? 'it' : 'them'}.`
          : ''
      return {
        title: 'Your first snapshot is stored',
        sentence: `${files}, ${shortBytes(counts?.bytesScanned ?? 0)}, of which ${shortBytes(counts?.bytesStored ?? 0)} were written.${unread}`,
      }
    }
    case 'failed':
      return {
        title: 'The first backup failed',
        sentence: run.error?.message ?? 'It was not said why.',
      }
    case 'cancelled':
    case 'interrupted':
    case 'missed':
    case 'skipped':
      return {
        title: 'The first backup did not come to its end',
        sentence: 'What it stored is kept, and the next run goes on from there.',
      }
  }
}

function leftWords({ doneBytes, totalBytes }: NonNullable<Run['progress']>): string {
  return totalBytes === null || totalBytes <= doneBytes ? '' : `${shortBytes(totalBytes - doneBytes)} to go. `
}

/** 0 to 100; null while it is not known how much there is. */
export function shareOf(run: Run | null): number | null {
  if (run === null) return null
  if (run.state === 'succeeded' || run.state === 'partial') return 100
  if (hasEnded(run.state) || !run.progress?.totalBytes) return null
  return Math.min(100, (run.progress.doneBytes / run.progress.totalBytes) * 100)
}
