import { ActionIcon, Button } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { hasEnded, type Run } from '../../../shared/entities/run.ts'
import { bytes, count, duration, localTime, plural, visible } from '../../../shared/wording.ts'
import { Name } from '../../parts/Name.tsx'
import { Facts } from '../../parts/Facts.tsx'
import { StateIcon, lookOfRun } from '../../parts/StateIcon.tsx'
import { go } from '../../route.ts'
import { useAsked } from '../../store/context.tsx'
import { kindWords, stateWords } from '../run/words.ts'
import classes from './History.module.css'

/** What there is to know of one run, beside the list. */
export function RunDrawer({ run, close }: { run: Run; close: () => void }) {
  const { counts } = run
  const warnings = useAsked('run.warnings', run.warnings > 0 ? { id: run.id, limit: 5 } : null, run.warnings)
  const took = run.startedAtMs !== null && run.endedAtMs !== null ? run.endedAtMs - run.startedAtMs : null
  const begun = run.startedAtMs ?? run.dueAtMs ?? run.createdAtMs
  return (
    <aside
      className={classes['drawer']}
      aria-label="The chosen run"
      onKeyDown={event => event.key === 'Escape' && close()}
    >
      <div className={classes['drawerBody']}>
        <div className={classes['drawerHead']}>
          <strong>
            {run.kind === 'restore' ? 'Restore' : 'Back up'}, <Name>{run.planName}</Name>
          </strong>
          <ActionIcon onClick={close} aria-label="Close">
            <IconX size={16} />
          </ActionIcon>
        </div>
        <p className={classes['quiet']}>
          {localTime(begun)}
          {run.startedAtMs === null || run.endedAtMs === null
            ? ''
            : ` to ${localTime(run.endedAtMs).slice(11)}`}
          , {kindWords(run)}
        </p>
        <p className={classes['state']}>
          <StateIcon look={lookOfRun(run)} />
          {stateWords(run)}
        </p>
        {run.error && (
          <p>
            {visible(run.error.message)} <span className={classes['quiet']}>{run.error.hint}</span>
          </p>
        )}
        {!run.error && run.waitingFor && <p>{visible(run.waitingFor)}</p>}
        <Facts
          rows={[
            ['Snapshot', run.snapshotId && <code>{run.snapshotId.slice(0, 8)}</code>],
            ['Took', took === null ? null : duration(took)],
            ['Files looked at', counts && count(counts.filesTotal)],
            ['New or changed', counts && plural(counts.filesNew + counts.filesChanged, 'file')],
            ['Size of it all', counts && bytes(counts.bytesScanned)],
            ['New data', counts && bytes(counts.bytesNew)],
            [run.dryRun ? 'Would be stored' : 'Stored', counts && bytes(counts.bytesStored)],
            ['Proof', run.kind === 'backup' && counts && !run.dryRun ? 'no drill yet' : null],
          ]}
        />
        {warnings.value && warnings.value.length > 0 && (
          <>
            <strong>{plural(run.warnings, 'warning')}</strong>
            <ul className={classes['warnings']}>
              {warnings.value.map(({ seq, path, message }) => (
                <li key={seq}>
                  <bdi>{visible(path)}</bdi> <span className={classes['quiet']}>{message}</span>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      <div className={classes['drawerBar']}>
        {run.snapshotId !== null && run.kind === 'backup' ? (
          <Button
            onClick={() =>
              go('restore', [], { ...(run.planId && { plan: run.planId }), snapshot: run.snapshotId! })
            }
          >
            Browse snapshot
          </Button>
        ) : null}
        <Button variant="default" onClick={() => go('runs', [run.id])}>
          {hasEnded(run.state) ? 'Log' : 'Open'}
        </Button>
      </div>
    </aside>
  )
}
