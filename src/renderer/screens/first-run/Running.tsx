import { Button } from '@mantine/core'
import { hasEnded, type Run } from '../../../shared/entities/run.ts'
import type { WireError } from '../../../shared/errors.ts'
import { duration, rate, shortBytes } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { Mark } from '../../parts/Mark.tsx'
import { Name } from '../../parts/Name.tsx'
import { go } from '../../route.ts'
import { shareOf, wordsOfRun } from './running-words.ts'
import classes from './FirstRun.module.css'

/** The first run, while it goes on and when it has ended. */
export function Running({
  run,
  error,
  again,
}: {
  run: Run | null
  error: WireError | null
  again: () => void
}) {
  if (error) return <ErrorNote error={error} again={again} />
  const { title, sentence } = wordsOfRun(run)
  const share = shareOf(run)
  const ended = run !== null && hasEnded(run.state)
  const stored = run?.state === 'succeeded' || run?.state === 'partial'
  const progress = run?.progress
  return (
    <>
      <div className={classes['hero']}>
        <span
          style={{
            display: 'inline-flex',
            color: `var(--hf-${stored ? 'stored' : ended ? 'warnfill' : 'accent'})`,
          }}
        >
          <Mark
            size={44}
            sign={stored ? 'whole' : ended ? 'attention' : run?.state === 'waiting' ? 'waiting' : 'working'}
          />
        </span>
        <div role="status">
          <h1 className={classes['title']} tabIndex={-1}>
            {title}
          </h1>
          <p>{sentence}</p>
          {run?.error?.hint && <p>{run.error.hint}</p>}
        </div>
      </div>
      <div
        className={classes['progress']}
        data-done={stored}
        role="progressbar"
        aria-label="First backup"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : Math.round(share)}
      >
        <div style={{ width: `${share ?? 0}%` }} />
      </div>
      {run && (
        <div className={classes['figures']}>
          {stored && run.startedAtMs !== null && run.endedAtMs !== null ? (
            <span>took {duration(run.endedAtMs - run.startedAtMs)}</span>
          ) : (
            <>
              <span>
                {shortBytes(progress?.doneBytes ?? 0)}
                {progress?.totalBytes ? ` of ${shortBytes(progress.totalBytes)}` : ''}
              </span>
              {progress?.bytesPerSecond ? <span>{rate(progress.bytesPerSecond)}</span> : null}
            </>
          )}
          <Button variant="subtle" onClick={() => go('runs', [run.id])}>
            Show the run
          </Button>
        </div>
      )}
      <div className={classes['current']}>
        {!ended && progress?.path ? <Name mono>{progress.path}</Name> : null}
      </div>
      {stored && (
        <p className={classes['lead']}>
          Try it: find a file in Restore and bring it back beside the original. A backup is worth what can be
          restored from it.
        </p>
      )}
      {run?.state === 'failed' && (
        <Button variant="default" size="sm" onClick={again}>
          Try again
        </Button>
      )}
    </>
  )
}
