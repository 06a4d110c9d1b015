import { Button, Progress } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { hasEnded, type Run } from '../../../../shared/entities/run.ts'
import { count, duration, percent, plural, rate, shortBytes, visible } from '../../../../shared/wording.ts'
import { ErrorNote } from '../../../parts/ErrorNote.tsx'
import { StateIcon } from '../../../parts/StateIcon.tsx'
import { useAction, useClient } from '../../../store/context.tsx'
import { progressOf, milestone } from './progress.ts'
import { Result } from './Result.tsx'
import { useRuns } from './use-runs.ts'
import { StepPage } from './Wizard.tsx'
import classes from './Wizard.module.css'

/** The restore while it goes on, and what came of it. */
export function Running({
  ids,
  title,
  onClose,
}: {
  ids: readonly string[]
  title: string
  onClose: () => void
}) {
  const { runs, error } = useRuns(ids)
  const ended = runs.length > 0 && runs.length === ids.length && runs.every(({ state }) => hasEnded(state))
  if (error)
    return (
      <StepPage title={title} step="Run" onClose={onClose} said={null}>
        <div className={classes['column']}>
          <ErrorNote error={error} />
        </div>
      </StepPage>
    )
  if (ended) return <Result runs={runs} title={title} onClose={onClose} />
  return <Progressing runs={runs} title={title} onClose={onClose} />
}

function Progressing({ runs, title, onClose }: { runs: readonly Run[]; title: string; onClose: () => void }) {
  const client = useClient()
  const hold = useAction('run.pause')
  const goOn = useAction('run.resume')
  const [cancelling, setCancelling] = useState(false)
  const at = progressOf(runs)
  const current = runs.find(({ state }) => state === 'running') ?? runs.find(({ state }) => !hasEnded(state))
  const announced = useMilestone(at.share)
  const isHeld = current?.state === 'paused'
  const cancel = () => {
    setCancelling(true)
    for (const run of runs)
      // It may have ended meanwhile: then there is nothing to cancel.
      if (!hasEnded(run.state)) void client.call('run.cancel', { id: run.id }).catch(() => undefined)
  }
  const state =
    current?.state === 'waiting' || current?.state === 'queued'
      ? (current.waitingFor ?? 'Waiting for its turn')
      : isHeld
        ? 'Held'
        : cancelling || current?.state === 'cancelling'
          ? 'Cancelling: the file that is being written is finished or removed'
          : 'Restoring'
  return (
    <StepPage
      title={title}
      step="Run"
      onClose={onClose}
      said="You can close this window. Restore continues."
      actions={
        <>
          {current && (current.state === 'running' || isHeld) && (
            <Button
              size="sm"
              variant="default"
              onClick={() => void (isHeld ? goOn : hold).run({ id: current.id })}
            >
              {isHeld ? 'Go on' : 'Hold'}
            </Button>
          )}
          <Button size="sm" variant="default" disabled={cancelling} onClick={cancel}>
            Cancel
          </Button>
        </>
      }
    >
      <div className={classes['column']}>
        <div>
          <h2 style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
            <StateIcon look={isHeld ? 'paused' : current?.state === 'running' ? 'working' : 'waiting'} />
            {visible(state)}
            {current?.state === 'running' &&
              at.share !== null &&
              `, ${percent(at.doneBytes, at.totalBytes!)}`}
          </h2>
          <Progress
            value={(at.share ?? 0) * 100}
            size={6}
            color="var(--hf-accentfill)"
            aria-label="Restored so far"
            transitionDuration={300}
          />
          <div className={classes['progress']}>
            <span>
              {plural(at.doneFiles, 'file')}
              {at.totalFiles !== null && ` of ${count(at.totalFiles)}`}, {shortBytes(at.doneBytes)}
              {at.totalBytes !== null && ` of ${shortBytes(at.totalBytes)}`}
            </span>
            <span>
              {current?.progress?.bytesPerSecond ? rate(current.progress.bytesPerSecond) : ''}
              {typeof current?.progress?.msLeft === 'number' &&
                runs.length === 1 &&
                `, about ${duration(current.progress.msLeft)} left`}
            </span>
          </div>
          <div className={classes['current']}>
            <bdi>{visible(current?.progress?.path ?? '')}</bdi>
          </div>
          <div aria-live="polite" className="hf-hidden">
            {announced === null ? '' : `${announced} percent restored`}
          </div>
          {(hold.error ?? goOn.error) && <ErrorNote error={(hold.error ?? goOn.error)!} compact />}
        </div>
      </div>
    </StepPage>
  )
}

/** The last quarter that was passed: more would talk without end. */
function useMilestone(share: number | null): number | null {
  const last = useRef<number | null>(null)
  const [announced, setAnnounced] = useState<number | null>(null)
  useEffect(() => {
    const next = milestone(share)
    if (next === null || next === last.current) return
    last.current = next
    setAnnounced(next)
  }, [share])
  return announced
}
