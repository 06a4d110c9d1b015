import { IconCheck, IconCircle } from '@tabler/icons-react'
import type { Run, RunProgress } from '../../../shared/entities/run.ts'
import { percent } from '../../../shared/wording.ts'
import { StateIcon } from '../../parts/StateIcon.tsx'
import classes from './RunView.module.css'

type Phase = RunProgress['phase']

/** The steps of a run with the share of the time that they usually take. */
const steps: Record<Run['kind'], readonly { phases: readonly Phase[]; label: string; share: number }[]> = {
  backup: [
    { phases: ['hooks', 'prepare'], label: 'Prepare', share: 1 },
    { phases: ['scan'], label: 'Scan', share: 1.2 },
    { phases: ['store'], label: 'Back up', share: 6 },
    { phases: ['commit'], label: 'Finish', share: 1 },
  ],
  restore: [
    { phases: ['hooks', 'prepare', 'scan'], label: 'Prepare', share: 1 },
    { phases: ['restore', 'store'], label: 'Restore and verify', share: 6 },
    { phases: ['commit'], label: 'Finish', share: 1 },
  ],
}

/** Where a run is: what is done, what goes on, what is to come. */
export function Phases({ run }: { run: Run }) {
  const { progress } = run
  const at = steps[run.kind].findIndex(({ phases }) => progress && phases.includes(progress.phase))
  const share = progress?.totalBytes ? Math.min(1, progress.doneBytes / progress.totalBytes) : 0
  return (
    <ol className={classes['phases']} aria-label="Steps of this run">
      {steps[run.kind].map(({ label, share: width }, nth) => (
        <li key={label} style={{ flexGrow: width }} aria-current={nth === at ? 'step' : undefined}>
          <div className={classes['track']}>
            <div style={{ width: nth < at ? '100%' : nth === at ? `${share * 100}%` : 0 }} />
          </div>
          <span>
            {nth < at ? (
              <IconCheck size={14} color="var(--hf-accent)" aria-label="done" />
            ) : nth === at ? (
              <StateIcon look="working" size={14} />
            ) : (
              <IconCircle size={12} color="var(--hf-ink3)" aria-hidden="true" />
            )}
            {nth === at ? <strong>{label}</strong> : label}
            {nth === at && progress?.totalBytes ? (
              <em>{percent(progress.doneBytes, progress.totalBytes)}</em>
            ) : null}
          </span>
        </li>
      ))}
    </ol>
  )
}
