import { ActionIcon, Tooltip } from '@mantine/core'
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react'
import { useEffect, useId, useMemo, useRef, type KeyboardEvent } from 'react'
import { plural, shortBytes } from '../../../shared/wording.ts'
import { useNow } from '../../parts/Moment.tsx'
import { day, dayAndTime, dayOfMonth, monthName, timeOfDay, yearOf } from './dates.ts'
import { railRows, step, stepMonth, type RailRow, type RailSnapshot } from './rail-model.ts'
import classes from './TimeRail.module.css'

/** Time as a rail: days as dots, months as labels. Up is newer. By keyboard: arrows go by snapshot, page keys by month. */
export function TimeRail({
  shown,
  chosenId,
  onChoose,
  onCompare,
}: {
  /** Distinct, the newest first. */
  shown: readonly RailSnapshot[]
  chosenId: string | null
  onChoose: (snapshotId: string) => void
  /** With the chosen one; Shift and a click. */
  onCompare: (snapshotId: string) => void
}) {
  const id = useId()
  const now = useNow()
  const box = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => railRows(shown, chosenId), [shown, chosenId])
  const newer = step(shown, chosenId, -1)
  const older = step(shown, chosenId, 1)
  const chosenAt = rows.findLastIndex(row => row.kind !== 'month' && row.chosen)

  useEffect(() => {
    const chosen = box.current?.querySelector('[aria-selected="true"]')
    chosen?.scrollIntoView({ block: 'nearest' })
  }, [chosenId])

  const onKeyDown = (event: KeyboardEvent) => {
    const targets: Record<string, string | null> = {
      ArrowUp: newer,
      ArrowDown: older,
      PageUp: stepMonth(shown, chosenId, -1),
      PageDown: stepMonth(shown, chosenId, 1),
      Home: shown[0]?.id ?? null,
      End: shown.at(-1)?.id ?? null,
    }
    if (!(event.key in targets) || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const target = targets[event.key]
    if (target) onChoose(target)
  }

  return (
    <div className={classes['rail']}>
      <div className={classes['buttons']}>
        <Tooltip label="Newer snapshot">
          <ActionIcon
            size={24}
            aria-label="Newer snapshot"
            disabled={!newer}
            onClick={() => newer && onChoose(newer)}
          >
            <IconChevronUp size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Older snapshot">
          <ActionIcon
            size={24}
            aria-label="Older snapshot"
            disabled={!older}
            onClick={() => older && onChoose(older)}
          >
            <IconChevronDown size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
      <div
        ref={box}
        className={classes['days']}
        role="listbox"
        tabIndex={0}
        aria-label="Snapshots, the newest first"
        aria-activedescendant={chosenAt >= 0 ? `${id}-${chosenAt}` : undefined}
        onKeyDown={onKeyDown}
      >
        {rows.map((row, at) => (
          <div
            key={`${row.kind} ${row.key}`}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === chosenAt}
            aria-label={spoken(row, shown, now)}
            title={spoken(row, shown, now)}
            className={classes['row']}
            data-kind={row.kind}
            data-chosen={row.kind !== 'month' && row.chosen}
            data-large={row.kind === 'day' && row.large}
            data-label={row.kind !== 'time' && row.label}
            onClick={event => (event.shiftKey ? onCompare(row.snapshotId) : onChoose(row.snapshotId))}
          >
            <span className={classes['month']}>
              {row.kind !== 'time' && row.label ? monthLabel(row, rows, at) : ''}
            </span>
            <span className={classes['mark']}>
              <span className={classes['dot']} />
              <span className={classes['day']}>
                {row.kind === 'month'
                  ? row.days === 1
                    ? dayOfMonth(row.timeMs)
                    : `${row.days} d`
                  : row.kind === 'day'
                    ? dayOfMonth(row.timeMs)
                    : timeOfDay(row.timeMs)}
              </span>
            </span>
          </div>
        ))}
      </div>
    </div>
  )
}

/** The year where it changes, so that two Novembers are told apart. */
function monthLabel(row: RailRow, rows: readonly RailRow[], at: number): string {
  const before = rows.slice(0, at).findLast(({ kind }) => kind !== 'time')
  const changes = before !== undefined && yearOf(before.timeMs) !== yearOf(row.timeMs)
  return changes ? `${monthName(row.timeMs)} ’${String(yearOf(row.timeMs)).slice(2)}` : monthName(row.timeMs)
}

function spoken(row: RailRow, shown: readonly RailSnapshot[], now: number): string {
  if (row.kind === 'month')
    return `${monthName(row.timeMs)} ${yearOf(row.timeMs)}, ${plural(row.days, 'day')}`
  const { files, bytes } = shown.find(({ id }) => id === row.snapshotId) ?? { files: null, bytes: null }
  const what = files === null || bytes === null ? '' : `, ${plural(files, 'file')}, ${shortBytes(bytes)}`
  if (row.kind === 'day' && row.snapshots > 1 && !row.chosen)
    return `${day(row.timeMs, now)}, ${plural(row.snapshots, 'snapshot')} that differ`
  return `${dayAndTime(row.timeMs, now)}${what}`
}
