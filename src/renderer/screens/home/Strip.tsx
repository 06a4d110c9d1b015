import { Tooltip } from '@mantine/core'
import { useState } from 'react'
import type { Day, DayCell } from './days.ts'
import classes from './Strip.module.css'

const words: Record<Day, string> = {
  stored: 'stored',
  warnings: 'stored, with warnings',
  missed: 'missed',
  failed: 'failed',
  due: 'due today',
  quiet: 'nothing was due',
}

const date = (ms: number): string =>
  new Date(ms).toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' })

/** Thirty days at a glance; arrows walk through them. */
export function Strip({ cells, label }: { cells: readonly DayCell[]; label: string }) {
  const [at, setAt] = useState(cells.length - 1)
  const count = (day: Day) => cells.filter(cell => cell.day === day).length
  const summary = (['stored', 'warnings', 'missed', 'failed'] as const)
    .filter(day => count(day) > 0)
    .map(day => `${count(day)} ${words[day]}`)
    .join(', ')
  const step = (by: number) => setAt(before => Math.min(cells.length - 1, Math.max(0, before + by)))
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={`${label}, last ${cells.length} days: ${summary || 'nothing yet'}`}
      aria-valuemin={1}
      aria-valuemax={cells.length}
      aria-valuenow={at + 1}
      aria-valuetext={`${date(cells[at]!.startMs)}: ${words[cells[at]!.day]}`}
      className={classes['strip']}
      onKeyDown={event => {
        if (event.key === 'ArrowLeft') step(-1)
        else if (event.key === 'ArrowRight') step(1)
        else return
        event.preventDefault()
      }}
    >
      {cells.map(({ startMs, day }, nth) => (
        <Tooltip key={startMs} label={`${date(startMs)}: ${words[day]}`}>
          <span className={classes['slot']} data-current={nth === at}>
            <Cell day={day} />
          </span>
        </Tooltip>
      ))}
    </div>
  )
}

/** Its shape says as much as its colour. */
export function Cell({ day }: { day: Day }) {
  return (
    <svg width="9" height="26" viewBox="0 0 9 26" aria-hidden="true">
      {day === 'stored' && <rect width="9" height="26" rx="2" fill="var(--hf-stored)" />}
      {day === 'warnings' && (
        <>
          <rect width="9" height="17" rx="2" fill="var(--hf-stored)" />
          <path d="M4.5 19.5 8.6 26H.4z" fill="var(--hf-warnfill)" />
        </>
      )}
      {day === 'missed' && (
        <rect
          x=".75"
          y=".75"
          width="7.5"
          height="24.5"
          rx="2"
          fill="none"
          stroke="var(--hf-warnfill)"
          strokeWidth="1.5"
          strokeDasharray="3 2.4"
        />
      )}
      {day === 'failed' && (
        <>
          <rect
            x=".75"
            y=".75"
            width="7.5"
            height="24.5"
            rx="2"
            fill="var(--hf-badsoft)"
            stroke="var(--hf-bad)"
            strokeWidth="1.5"
          />
          <path
            d="M2.9 11.4 6.1 14.6M6.1 11.4 2.9 14.6"
            stroke="var(--hf-bad)"
            strokeWidth="1.4"
            strokeLinecap="round"
          />
        </>
      )}
      {day === 'due' && (
        <rect x=".5" y=".5" width="8" height="25" rx="2" fill="none" stroke="var(--hf-control)" />
      )}
      {day === 'quiet' && <circle cx="4.5" cy="13" r="1.5" fill="var(--hf-control)" />}
    </svg>
  )
}
