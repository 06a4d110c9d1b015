import { Button } from '@mantine/core'
import { IconArrowsDiff, IconHistory } from '@tabler/icons-react'
import type { SnapshotInfo } from '../../../shared/entities/destination.ts'
import { count, plural, shortBytes, visible } from '../../../shared/wording.ts'
import { useNow } from '../../parts/Moment.tsx'
import { dayAndTime } from './dates.ts'
import classes from './Details.module.css'

/** While no file is looked at: the snapshot as a whole. */
export function SnapshotFacts({
  chosen,
  shown,
  hidden,
  onCompare,
}: {
  /** null: all time. */
  chosen: SnapshotInfo | null
  /** Distinct, the newest first. */
  shown: readonly SnapshotInfo[]
  /** Snapshots in which nothing changed. */
  hidden: number
  onCompare: (before: string, after: string) => void
}) {
  const now = useNow()
  const at = shown.findIndex(({ id }) => id === chosen?.id)
  const before = shown[at + 1]
  if (shown.length === 0) return null
  return (
    <aside className={classes['aside']} data-closed="true" aria-label="About this snapshot">
      <div className={classes['head']}>
        <IconHistory size={16} stroke={1.75} color="var(--hf-ink2)" aria-hidden="true" />
        <h2>{chosen ? dayAndTime(chosen.timeMs, now) : 'All time'}</h2>
      </div>
      {chosen ? (
        <dl className={classes['facts']}>
          <dt>Files</dt>
          <dd>{chosen.files === null ? 'not counted' : count(chosen.files)}</dd>
          <dt>Size</dt>
          <dd>{chosen.bytes === null ? 'not counted' : shortBytes(chosen.bytes)}</dd>
          <dt>From</dt>
          <dd>
            <bdi>{visible(chosen.hostname)}</bdi>
          </dd>
          <dt>Snapshot</dt>
          <dd>
            <code>{chosen.id.slice(0, 8)}</code>
          </dd>
        </dl>
      ) : (
        <p className={classes['quiet']}>
          Everything that was ever stored, merged: of each file its newest version, and what was deleted since
          is struck through.
        </p>
      )}
      {hidden > 0 && (
        <p className={classes['quiet']}>
          {plural(hidden, 'snapshot')} in which nothing changed {hidden === 1 ? 'is' : 'are'} left out of the
          time rail.
        </p>
      )}
      {chosen && before && at >= 0 && (
        <Button
          variant="default"
          fullWidth
          style={{ flex: 'none' }}
          leftSection={<IconArrowsDiff size={16} />}
          onClick={() => onCompare(before.id, chosen.id)}
        >
          Compare with the one before
        </Button>
      )}
      <p className={classes['quiet']}>
        Choose a file to see it and its versions. On the time rail, Shift and a click compares two snapshots.
      </p>
    </aside>
  )
}
