import { IconFileAlert } from '@tabler/icons-react'
import type { Run } from '../../../shared/entities/run.ts'
import { plural, visible } from '../../../shared/wording.ts'
import { useAsked } from '../../store/context.tsx'
import classes from './RunView.module.css'

const shown = 100

/** What the run could not read or store whole. */
export function Unread({ run }: { run: Run }) {
  const { value } = useAsked('run.warnings', { id: run.id, limit: shown }, run.warnings)
  if (!value || value.length === 0) return null
  return (
    <section>
      <h3>{plural(run.warnings, 'warning')}</h3>
      <ul className={classes['unread']}>
        {value.map(({ seq, path, message }) => (
          <li key={seq}>
            <IconFileAlert size={16} color="var(--hf-warnfill)" aria-hidden="true" />
            <span>
              <bdi>{visible(path)}</bdi>
              <span className={classes['quiet']}> {message}</span>
            </span>
          </li>
        ))}
      </ul>
      {run.warnings > value.length && (
        <p className={classes['quiet']}>and {plural(run.warnings - value.length, 'more')}</p>
      )}
    </section>
  )
}
