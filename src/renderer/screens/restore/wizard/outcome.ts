import type { RestoreCounts } from '../../../../shared/entities/browse.ts'
import type { Run } from '../../../../shared/entities/run.ts'
import { plural } from '../../../../shared/wording.ts'

export interface Outcome {
  readonly tone: 'ok' | 'gap' | 'bad' | 'quiet'
  readonly title: string
  readonly sentence: string
}

/** What came of a restore, in words. `ok` is proven: every file was read back, and none failed. Pure. */
export function outcomeOf(runs: readonly Pick<Run, 'state'>[], counts: RestoreCounts): Outcome {
  const restored = counts.create + counts.overwrite + counts.keepBoth
  const items = plural(restored, 'item')
  const is = (state: Run['state']) => runs.some(run => run.state === state)
  const untouched = restored + counts.delete === 0
  if (is('interrupted'))
    return {
      tone: 'bad',
      title: 'Interrupted',
      sentence:
        'Holdfast ended in the middle of it. What was restored until then is in place and whole; the rest is missing.',
    }
  if (is('failed'))
    return {
      tone: 'bad',
      title: restored > 0 ? `Stopped after ${items}` : 'The restore failed',
      sentence: untouched
        ? 'Nothing was restored, and nothing was changed.'
        : 'What was restored until then stays where it is and is whole; the rest is missing.',
    }
  if (is('cancelled'))
    return {
      tone: 'quiet',
      title: restored > 0 ? `Cancelled after ${items}` : 'Cancelled',
      sentence: untouched
        ? 'Nothing was restored, and nothing was changed.'
        : 'What was done until then stays as it is, and every restored file is whole.',
    }
  if (counts.failed > 0 || is('partial'))
    return {
      tone: 'gap',
      title: `Restored ${items}, ${counts.failed > 0 ? `${plural(counts.failed, 'item')} failed` : 'with warnings'}`,
      sentence: 'What failed is named below with its reason. Everything else is in place.',
    }
  if (restored === 0)
    return counts.delete > 0
      ? {
          tone: 'quiet',
          title: `Deleted ${plural(counts.delete, 'item')}`,
          sentence: 'Everything that the backup has was there already and is unchanged.',
        }
      : {
          tone: 'quiet',
          title: counts.skip > 0 ? 'Nothing was restored' : 'Everything was there already',
          sentence:
            counts.skip > 0
              ? `${plural(counts.skip + counts.unchanged, 'item was', 'items were')} there already and left as they are, as you chose.`
              : `${plural(counts.unchanged, 'item')} are as they were backed up. Nothing was written.`,
        }
  if (counts.filesVerified === 0)
    return {
      tone: 'quiet',
      title: `Restored ${items}`,
      sentence: 'There was no content of files among it that could be read back.',
    }
  return {
    tone: 'ok',
    title: `Restored ${items}, verified`,
    sentence: 'Every restored file was read back from the disk and matches the backup.',
  }
}
