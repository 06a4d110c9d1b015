import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useId, useRef, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import classes from './Rows.module.css'

export interface RowsProps {
  /** What it is a list of, for those who listen. */
  label: string
  count: number
  rowHeight?: number
  /** As CSS has it; head and rows share it. */
  columns: string
  head?: ReactNode
  /** The cells of a row. */
  row: (index: number) => ReactNode
  /** The row the keyboard is at; -1 for none. */
  active: number
  onActive: (index: number) => void
  /** Enter, and a double click. */
  onOpen?: (index: number) => void
  /** Several rows can be ticked; `range`: all from the last one that was ticked or unticked. */
  isTicked?: (index: number) => boolean
  onTick?: (index: number, range: boolean) => void
  onTickAll?: () => void
  /** Keys that this list does not know itself. */
  onKey?: (event: KeyboardEvent) => void
  /** What is in sight, to be loaded. */
  onShown?: (from: number, to: number) => void
  onDragStart?: (index: number, event: React.DragEvent) => void
  /** Takes the keyboard when it appears. */
  takesFocus?: boolean
  children?: ReactNode
}

/** Rows that leave the sight are used again for those that come into it: that is cheaper than making new ones. */
const pool = 96

/**
 * Rows of one height, of which only those in sight exist. By keyboard: arrows, page keys, Home and End move; Space
 * ticks, with Shift a range; Enter opens.
 */
export function Rows(props: RowsProps) {
  const { label, count, rowHeight = 32, columns, head, row, active, onActive, onShown, children } = props
  const { isTicked, onTick } = props
  const box = useRef<HTMLDivElement>(null)
  const id = useId()
  const headHeight = head ? 29 : 0
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    scrollPaddingStart: headHeight,
    paddingStart: 0,
  })
  const items = virtual.getVirtualItems()
  const from = items[0]?.index ?? 0
  const to = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (count > 0) onShown?.(from, to)
  }, [from, to, count, onShown])
  useEffect(() => {
    if (active >= 0 && active < count) virtual.scrollToIndex(active, { align: 'auto' })
  }, [active, count > 0])
  // Another list begins at its top; the keyboard stays where it is.
  useEffect(() => {
    if (active < 0) virtual.scrollToOffset(0)
  }, [label])
  useEffect(() => {
    if (props.takesFocus) box.current?.focus({ preventScroll: true })
  }, [])

  const page = () => Math.max(1, Math.floor((box.current?.clientHeight ?? 320) / rowHeight) - 2)
  const move = (event: KeyboardEvent, index: number) => {
    event.preventDefault()
    const next = Math.max(0, Math.min(count - 1, index))
    if (event.shiftKey && onTick) {
      if (active >= 0 && !isTicked?.(active)) onTick(active, false)
      onTick(next, true)
    }
    onActive(next)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== box.current) return
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey
    if (count > 0 && plain) {
      if (event.key === 'ArrowDown') return move(event, active + 1)
      if (event.key === 'ArrowUp') return move(event, Math.max(0, active - 1))
      if (event.key === 'PageDown') return move(event, active + page())
      if (event.key === 'PageUp') return move(event, active - page())
      if (event.key === 'Home') return move(event, 0)
      if (event.key === 'End') return move(event, count - 1)
      if (event.key === ' ' && active >= 0 && onTick) {
        event.preventDefault()
        return onTick(active, event.shiftKey)
      }
      if (event.key === 'Enter' && active >= 0) {
        event.preventDefault()
        return props.onOpen?.(active)
      }
    }
    if ((event.ctrlKey || event.metaKey) && event.key === 'a' && props.onTickAll) {
      event.preventDefault()
      return props.onTickAll()
    }
    props.onKey?.(event)
  }
  const onClick = (index: number) => (event: MouseEvent) => {
    onActive(index)
    if (!onTick) return
    const onBox = (event.target as Element).closest('[data-tick]') !== null
    if (event.shiftKey) onTick(index, true)
    else if (onBox || event.ctrlKey || event.metaKey) onTick(index, false)
  }

  return (
    <div
      ref={box}
      className={classes['box']}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={count + (head ? 1 : 0)}
      aria-multiselectable={onTick ? true : undefined}
      aria-activedescendant={active >= 0 && active >= from && active <= to ? `${id}-${active}` : undefined}
      onKeyDown={onKeyDown}
    >
      {head && (
        <div
          className={classes['head']}
          role="row"
          aria-rowindex={1}
          style={{ gridTemplateColumns: columns }}
        >
          {head}
        </div>
      )}
      <div role="rowgroup" className={classes['rows']} style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => (
          <div
            key={items.length < pool ? index % pool : index}
            id={`${id}-${index}`}
            role="row"
            aria-rowindex={index + (head ? 2 : 1)}
            aria-selected={onTick ? (isTicked?.(index) ?? false) : index === active}
            className={classes['row']}
            data-active={index === active}
            style={{ gridTemplateColumns: columns, height: rowHeight, transform: `translateY(${start}px)` }}
            onClick={onClick(index)}
            onDoubleClick={event => {
              if ((event.target as Element).closest('[data-tick], button') === null) props.onOpen?.(index)
            }}
            draggable={props.onDragStart !== undefined}
            onDragStart={event => props.onDragStart?.(index, event)}
          >
            {row(index)}
          </div>
        ))}
      </div>
      {children}
    </div>
  )
}

type Align = 'left' | 'right'

export function HeadCell({
  children,
  align = 'left',
  sorted,
  onSort,
}: {
  children?: ReactNode
  align?: Align
  sorted?: 'ascending' | 'descending' | undefined
  onSort?: () => void
}) {
  return (
    <div role="columnheader" className={classes['headCell']} data-align={align} aria-sort={sorted}>
      {onSort ? (
        <button type="button" onClick={onSort}>
          {children}
          {sorted && <span aria-hidden="true">{sorted === 'ascending' ? '↑' : '↓'}</span>}
        </button>
      ) : (
        children
      )}
    </div>
  )
}

export function Cell({
  children,
  align = 'left',
  quiet = false,
}: {
  children?: ReactNode
  align?: Align
  quiet?: boolean
}) {
  return (
    <div role="gridcell" className={classes['cell']} data-align={align} data-quiet={quiet}>
      {children}
    </div>
  )
}

/** Looks like a check box; the row says by `aria-selected` whether it is ticked, and Space ticks it. */
export function Tick({ on, some = false }: { on: boolean; some?: boolean }) {
  return (
    <span className={classes['tick']} data-on={on || some} aria-hidden="true">
      <svg viewBox="0 0 16 16" width="12" height="12">
        {some ? <path d="M4 8h8" /> : on ? <path d="M3.5 8.5l3 3 6-7" /> : null}
      </svg>
    </span>
  )
}

/** While a row is loaded; it has its final height, so nothing jumps. */
export function SkeletonCells({ index, columns }: { index: number; columns: number }) {
  return Array.from({ length: columns }, (_, at) => (
    <Cell key={at}>
      <span
        className={classes['bone']}
        style={{ width: at === 0 ? 14 : `${35 + ((index * 17 + at * 29) % 40)}%` }}
      />
    </Cell>
  ))
}
