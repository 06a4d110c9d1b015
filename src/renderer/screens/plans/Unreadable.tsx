import { Button } from '@mantine/core'
import { useState } from 'react'
import { hasEnded } from '../../../shared/entities/run.ts'
import { plural } from '../../../shared/wording.ts'
import { Name } from '../../parts/Name.tsx'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { hrefOf } from '../../route.ts'
import { useAsked } from '../../store/context.tsx'
import classes from './Editor.module.css'

/** What the newest run of the plan could not read; nothing where it could read everything. */
export function Unreadable({ planId }: { planId: string }) {
  const [show, setShow] = useState(false)
  const runs = useAsked('run.list', { planId, limit: 10 })
  const run = runs.value?.runs.find(
    ({ kind, dryRun, state }) => kind === 'backup' && !dryRun && hasEnded(state),
  )
  const warnings = useAsked('run.warnings', run && run.warnings > 0 ? { id: run.id, limit: 100 } : null)
  const unread = (warnings.value ?? []).filter(({ kind }) => kind === 'unreadable')
  if (!run || unread.length === 0) return null
  return (
    <>
      <div className={classes['options']} style={{ gap: 8 }}>
        <StateIcon look="gap" />
        <span>
          Unreadable last time: <strong>{plural(unread.length, 'item')}</strong>
        </span>
        <Button variant="transparent" px={4} h={20} aria-expanded={show} onClick={() => setShow(!show)}>
          {show ? 'Hide' : 'Show'}
        </Button>
        <a className={classes['crumb']} href={hrefOf('runs', [run.id])}>
          the run
        </a>
      </div>
      {show && (
        <ul className={classes['paths']} aria-label="Unreadable last time" tabIndex={0}>
          {unread.map(({ seq, path, message }) => (
            <li key={seq}>
              <Name mono>{path}</Name> <span className={classes['quiet']}>{message}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
