import { ActionIcon, Button, CopyButton, SegmentedControl } from '@mantine/core'
import { IconCheck, IconChevronRight, IconCopy, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { useState } from 'react'
import { hasEnded, type Run } from '../../../shared/entities/run.ts'
import { bytes, count, duration, localTime, percent, visible } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { dayAndTime } from '../../parts/clock-words.ts'
import { Facts } from '../../parts/Facts.tsx'
import { Page } from '../../parts/Page.tsx'
import { useNow } from '../../parts/Moment.tsx'
import { StateIcon, lookOfRun } from '../../parts/StateIcon.tsx'
import { go, hrefOf, useRoute } from '../../route.ts'
import { useAction, useAsked, useMirror } from '../../store/context.tsx'
import { Phases } from './Phases.tsx'
import { RateGraph } from './RateGraph.tsx'
import { useRates } from './rates.ts'
import { RunLog } from './RunLog.tsx'
import { Unread } from './Unread.tsx'
import { kindWords, stateWords, verdictOf } from './words.ts'
import classes from './RunView.module.css'

/** One run, while it goes on and afterwards. */
export default function RunView() {
  const id = useRoute().rest[0] ?? ''
  const live = useMirror(state => state.runs[id])
  const asked = useAsked('run.get', live ? null : { id })
  const run = live ?? asked.value
  if (run) return <Loaded run={run} />
  return (
    <Page title="Run">
      {asked.error && <ErrorNote error={asked.error} again={asked.again} />}
      {asked.error && <a href={hrefOf('history')}>All runs</a>}
    </Page>
  )
}

function Loaded({ run }: { run: Run }) {
  const now = useNow(hasEnded(run.state) ? 60_000 : 1000)
  const [tab, setTab] = useState<'important' | 'everything'>('important')
  const rates = useRates(run)
  const { title, more } = verdictOf(run)
  const from = run.startedAtMs ?? run.createdAtMs
  return (
    <Page
      crumbs={
        <a className={classes['crumb']} href={hrefOf('history')}>
          History
          <IconChevronRight size={14} aria-hidden="true" />
        </a>
      }
      title={<bdi>{visible(run.planName)}</bdi>}
      aside={`${dayAndTime(from, now)}, ${kindWords(run)}`}
      actions={<Actions run={run} />}
    >
      <div className={classes['verdict']}>
        <StateIcon look={lookOfRun(run)} size={22} />
        <h2>{title}</h2>
        <span>{more}</span>
        <span className={classes['right']}>
          {hasEnded(run.state) ? '' : 'You can close this window. The run goes on.'}
        </span>
      </div>
      <Announce run={run} />
      {!hasEnded(run.state) && <Phases run={run} />}
      {run.error && (
        <div className={classes['cause']}>
          <ErrorNote compact error={run.error} />
        </div>
      )}
      <div className={classes['columns']}>
        <div>
          {run.kind === 'backup' && rates.length > 1 && <RateGraph rates={rates} />}
          {run.progress && !hasEnded(run.state) && run.progress.path !== '' && (
            <section>
              <h3>Reading now</h3>
              <p className={classes['path']}>
                <bdi>{visible(run.progress.path)}</bdi>
              </p>
            </section>
          )}
          {run.warnings > 0 && <Unread run={run} />}
          <section>
            <div className={classes['logHead']}>
              <h3>Log</h3>
              <SegmentedControl
                value={tab}
                onChange={value => setTab(value === 'everything' ? 'everything' : 'important')}
                data={[
                  { value: 'important', label: 'Important' },
                  { value: 'everything', label: 'Everything' },
                ]}
              />
            </div>
            <RunLog run={run} everything={tab === 'everything'} />
          </section>
        </div>
        <aside>
          <Figures run={run} now={now} />
          <h3>Same thing in a terminal</h3>
          <div className={classes['command']}>
            <code>{run.command}</code>
            <CopyButton value={run.command}>
              {({ copied, copy }) => (
                <ActionIcon onClick={copy} aria-label="Copy the command">
                  {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
                </ActionIcon>
              )}
            </CopyButton>
          </div>
        </aside>
      </div>
    </Page>
  )
}

function Actions({ run }: { run: Run }) {
  const cancel = useAction('run.cancel')
  const pause = useAction('run.pause')
  const resume = useAction('run.resume')
  const again = useAction('run.start')
  if (hasEnded(run.state)) {
    return (
      <>
        {run.snapshotId !== null && run.kind === 'backup' && (
          <Button
            variant="default"
            onClick={() =>
              go('restore', [], { ...(run.planId && { plan: run.planId }), snapshot: run.snapshotId! })
            }
          >
            Browse snapshot
          </Button>
        )}
        {run.planId !== null && run.kind === 'backup' && (
          <Button
            variant="default"
            loading={again.busy}
            onClick={() =>
              void again
                .run({ planId: run.planId!, type: run.type, dryRun: run.dryRun })
                .then(next => next && go('runs', [next.id]))
            }
          >
            {run.state === 'failed' || run.state === 'interrupted' ? 'Try again' : 'Run again'}
          </Button>
        )}
      </>
    )
  }
  const failed = cancel.error ?? pause.error ?? resume.error
  return (
    <>
      {failed && <span role="alert">{visible(failed.message)}</span>}
      {run.state === 'running' && (
        <Button
          variant="default"
          leftSection={<IconPlayerPause size={15} />}
          onClick={() => void pause.run({ id: run.id })}
        >
          Pause
        </Button>
      )}
      {run.state === 'paused' && (
        <Button leftSection={<IconPlayerPlay size={15} />} onClick={() => void resume.run({ id: run.id })}>
          Go on
        </Button>
      )}
      <Button
        variant="default"
        disabled={run.state === 'cancelling'}
        loading={cancel.busy}
        onClick={() => void cancel.run({ id: run.id })}
      >
        {run.state === 'cancelling' ? 'Cancelling…' : 'Cancel'}
      </Button>
    </>
  )
}

/** Says quarters and changes of state aloud, and nothing in between. */
function Announce({ run }: { run: Run }) {
  const { progress } = run
  const quarter = progress?.totalBytes ? Math.floor((4 * progress.doneBytes) / progress.totalBytes) * 25 : 0
  return (
    <div className="hf-hidden" role="status" aria-live="polite">
      {stateWords(run)}
      {run.state === 'running' && quarter > 0 ? `, ${quarter} %` : ''}
    </div>
  )
}

function Figures({ run, now }: { run: Run; now: number }) {
  const { progress, counts, restoreCounts } = run
  const tookMs = run.startedAtMs === null ? null : (run.endedAtMs ?? now) - run.startedAtMs
  const rows: [string, string | null][] = [
    ['Started', run.startedAtMs === null ? null : localTime(run.startedAtMs)],
    [run.endedAtMs === null ? 'Going on for' : 'Took', tookMs === null ? null : duration(tookMs)],
    ['Asked for by', run.askedBy],
    ['Snapshot', run.snapshotId?.slice(0, 8) ?? null],
  ]
  const stored: [string, string | null][] = counts
    ? [
        ['Files looked at', count(counts.filesTotal)],
        ['New', count(counts.filesNew)],
        ['Changed', count(counts.filesChanged)],
        ['Unchanged', count(counts.filesUnmodified)],
        ['Size of it all', bytes(counts.bytesScanned)],
        ['New data', bytes(counts.bytesNew)],
        [run.dryRun ? 'Would be stored' : 'Stored', bytes(counts.bytesStored)],
        [
          'Compression',
          counts.bytesStored > 0 && counts.bytesNew > 0
            ? `${(counts.bytesNew / counts.bytesStored).toFixed(1)} : 1`
            : null,
        ],
        [
          'Throughput',
          tookMs && counts.bytesScanned > 0 ? `${bytes((counts.bytesScanned * 1000) / tookMs)}/s` : null,
        ],
      ]
    : restoreCounts
      ? [
          ['Created', count(restoreCounts.create)],
          ['Overwritten', count(restoreCounts.overwrite)],
          ['Beside others', count(restoreCounts.keepBoth)],
          ['Unchanged', count(restoreCounts.unchanged)],
          ['Left alone', count(restoreCounts.skip)],
          ['Deleted', count(restoreCounts.delete)],
          ['Failed', count(restoreCounts.failed)],
          ['Written', bytes(restoreCounts.bytesWritten)],
          ['Verified', `${count(restoreCounts.filesVerified)} files`],
        ]
      : progress
        ? [
            [
              'Files done',
              progress.totalFiles === null
                ? count(progress.doneFiles)
                : `${count(progress.doneFiles)} of ${count(progress.totalFiles)}`,
            ],
            [
              'Bytes done',
              progress.totalBytes === null
                ? bytes(progress.doneBytes)
                : `${bytes(progress.doneBytes)} of ${bytes(progress.totalBytes)}`,
            ],
            ['Share', progress.totalBytes ? percent(progress.doneBytes, progress.totalBytes) : null],
          ]
        : []
  return (
    <>
      {stored.length > 0 && (
        <>
          <h3>{hasEnded(run.state) ? 'Result' : 'Progress'}</h3>
          <Facts rows={stored} />
        </>
      )}
      <h3>This run</h3>
      <Facts rows={rows} />
    </>
  )
}
