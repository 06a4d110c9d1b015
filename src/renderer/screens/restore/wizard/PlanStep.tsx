import { Button, Checkbox } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import { hasEnded } from '../../../../shared/entities/run.ts'
import { toWireError, type WireError } from '../../../../shared/errors.ts'
import { plural } from '../../../../shared/wording.ts'
import { ErrorNote } from '../../../parts/ErrorNote.tsx'
import { go } from '../../../route.ts'
import { useClient } from '../../../store/context.tsx'
import { commonRoot } from '../paths.ts'
import { forget, type Draft } from './draft.ts'
import { requestsOf, summed, type Decided } from './requests.ts'
import { useRuns } from './use-runs.ts'
import { StepPage } from './Wizard.tsx'
import classes from './Wizard.module.css'
import { PlanFacts } from './PlanFacts.tsx'
import { PlanItems } from './PlanItems.tsx'

/** What would happen to each file, worked out against the disk as it is now. */
export function PlanStep({ draft, title, onClose }: { draft: Draft; title: string; onClose: () => void }) {
  const client = useClient()
  const into = draft.target?.kind === 'folder' ? draft.target.path : commonRoot(draft.parts)
  const decided: Decided = { ...draft, target: draft.target! }
  const requests = useMemo(() => requestsOf(decided), [draft])
  const [tries, setTries] = useState(0)
  const [ids, setIds] = useState<readonly string[]>([])
  const [refused, setRefused] = useState<WireError | null>(null)

  const done = useRef(new Set<string>())
  useEffect(() => {
    let left = false
    const mine: string[] = []
    setIds([])
    setRefused(null)
    const work = async () => {
      for (const request of requests) {
        const run = await client.call('restore.start', { request, dryRun: true })
        mine.push(run.id)
        if (left) return
      }
      setIds(mine)
    }
    work().catch((error: unknown) => !left && setRefused(toWireError(error)))
    return () => {
      left = true
      // A plan that nobody waits for any more is not worked out to its end; it may have ended meanwhile.
      for (const id of mine)
        if (!done.current.has(id)) void client.call('run.cancel', { id }).catch(() => undefined)
    }
  }, [client, requests, tries])

  const { runs, error } = useRuns(ids)
  for (const { id, state } of runs) if (hasEnded(state)) done.current.add(id)
  const ended = ids.length > 0 && runs.length === ids.length && runs.every(({ state }) => hasEnded(state))
  const failure = refused ?? error ?? runs.find(run => run.error !== null)?.error ?? null
  const counts = summed(
    runs.map(run => run.restoreCounts),
    draft.apart ? draft.apart.keepBoth.length + draft.apart.overwrite.length : 0,
  )
  const ready = ended && failure === null

  const [sure, setSure] = useState(false)
  const [starting, setStarting] = useState(false)
  const start = async () => {
    setStarting(true)
    const started: string[] = []
    try {
      for (const request of requests) {
        started.push((await client.call('restore.start', { request, dryRun: false })).id)
      }
      forget()
      go('restore', ['wizard', 'run'], { runs: started.join(' ') })
    } catch (error) {
      // What has been asked for goes on: it is shown, and says itself what is missing.
      if (started.length > 0) go('restore', ['wizard', 'run'], { runs: started.join(' ') })
      else setRefused(toWireError(error))
      setStarting(false)
    }
  }
  const nothing = ready && counts.create + counts.overwrite + counts.keepBoth + counts.delete === 0
  const waiting = runs.find(({ state }) => !hasEnded(state))

  return (
    <StepPage
      title={title}
      step="Plan"
      onClose={onClose}
      said={
        nothing ? 'Everything is there already: there is nothing to do.' : 'Nothing has been changed yet.'
      }
      actions={
        <>
          {ready && counts.delete > 0 && (
            <Checkbox
              label={`Delete ${plural(counts.delete, 'item')}`}
              checked={sure}
              onChange={event => setSure(event.currentTarget.checked)}
            />
          )}
          <Button size="sm" variant="default" onClick={() => go('restore', ['wizard', 'conflicts'])}>
            Back
          </Button>
          <Button
            size="sm"
            className={ready && counts.delete > 0 && sure ? classes['danger'] : undefined}
            disabled={
              !ready || (nothing && counts.unchanged + counts.failed === 0) || (counts.delete > 0 && !sure)
            }
            loading={starting}
            onClick={() => void start()}
          >
            {counts.delete > 0 ? 'Restore and delete' : 'Restore'}
          </Button>
        </>
      }
    >
      {failure ? (
        <div className={classes['column']}>
          <ErrorNote error={failure} again={() => setTries(before => before + 1)} />
        </div>
      ) : (
        <>
          <PlanItems
            ids={ids}
            into={into}
            counts={counts}
            ready={ready}
            waitingFor={waiting?.waitingFor ?? null}
          />
          <PlanFacts into={into} draft={draft} decided={decided} ids={ids} counts={counts} ready={ready} />
        </>
      )}
    </StepPage>
  )
}
