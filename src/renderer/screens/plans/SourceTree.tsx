import {
  IconCheck,
  IconChevronDown,
  IconChevronRight,
  IconFile,
  IconFolder,
  IconFolderOpen,
  IconMinus,
} from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useId, useRef, useState, type KeyboardEvent } from 'react'
import { plural, shortBytes } from '../../../shared/wording.ts'
import { Name } from '../../parts/Name.tsx'
import { useSizes } from '../../parts/sizes.ts'
import { useFolders } from './folders.ts'
import { opensFor, rootsOf, rowsOf, type TreeRow } from './tree-rows.ts'
import { checkOf, toggled, type Check, type Selection } from './tree-selection.ts'
import classes from './SourceTree.module.css'

type EntryRow = Extract<TreeRow, { kind: 'entry' }>

/** Folders of this machine with boxes: checked is protected, a box cleared below a checked one is left out. */
export function SourceTree({
  home,
  selection,
  label,
  onChange,
}: {
  home: string
  selection: Selection
  label: string
  onChange: (selection: Selection) => void
}) {
  const id = useId()
  const roots = rootsOf(home, selection.paths)
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(
    () => new Set([home, ...opensFor(roots, [...selection.paths, ...selection.leftOut]).slice(0, 30)]),
  )
  const { folders, retry } = useFolders([...expanded])
  const rows = rowsOf(roots, expanded, folders)
  const [activePath, setActivePath] = useState<string | null>(null)
  const active = Math.max(
    0,
    rows.findIndex(row => row.kind === 'entry' && row.path === activePath),
  )
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 28,
    overscan: 8,
  })
  const shown = virtual.getVirtualItems().map(({ index }) => index)
  if (rows.length > 0 && !shown.includes(active)) shown.push(active)
  const entries = shown.map(index => rows[index]).filter((row): row is EntryRow => row?.kind === 'entry')
  const sizes = useSizes(entries.filter(({ folder }) => folder).map(({ path }) => path))
  const largest = Math.max(1, ...roots.map(root => sizes.get(root)?.bytes ?? 0))

  function open(path: string, on: boolean): void {
    const next = new Set(expanded)
    if (on) next.add(path)
    else next.delete(path)
    setExpanded(next)
    if (on && folders.get(path)?.state === 'failed') retry(path)
  }
  function activate(index: number, step: 1 | -1 = 1): void {
    let at = Math.max(0, Math.min(rows.length - 1, index))
    while (rows[at]?.kind === 'note') at += step
    const row = rows[at]
    if (row?.kind !== 'entry') return
    setActivePath(row.path)
    virtual.scrollToIndex(at)
  }

  function onKeyDown(event: KeyboardEvent): void {
    const row = rows[active]
    if (row?.kind !== 'entry') return
    const parent = rows.findLastIndex(
      (each, at) => at < active && each.kind === 'entry' && each.level < row.level,
    )
    const acts: Record<string, () => void> = {
      ArrowDown: () => activate(active + 1),
      ArrowUp: () => activate(active - 1, -1),
      Home: () => activate(0),
      End: () => activate(rows.length - 1, -1),
      PageDown: () => activate(active + 8),
      PageUp: () => activate(active - 8, -1),
      ArrowRight: () => (row.folder && !row.expanded ? open(row.path, true) : activate(active + 1)),
      ArrowLeft: () => (row.expanded ? open(row.path, false) : parent >= 0 && activate(parent)),
      Enter: () => row.folder && open(row.path, !row.expanded),
      ' ': () => onChange(toggled(selection, row.path)),
    }
    const act = acts[event.key]
    if (!act) return
    event.preventDefault()
    act()
  }

  return (
    <div
      ref={scroller}
      className={classes['tree']}
      role="tree"
      aria-label={label}
      aria-multiselectable="true"
      tabIndex={0}
      aria-activedescendant={rows.length > 0 ? `${id}-${active}` : undefined}
      onKeyDown={onKeyDown}
      style={{ height: virtual.getTotalSize() + 10 }}
    >
      <div className={classes['inner']} role="presentation" style={{ height: virtual.getTotalSize() }}>
        {shown.map(index => {
          const row = rows[index]
          if (!row) return null
          const style = { transform: `translateY(${index * 28}px)` }
          if (row.kind === 'note') {
            return (
              <div
                key={`note ${row.path} ${row.text}`}
                className={`${classes['row']} ${classes['note']}`}
                style={{ ...style, paddingLeft: indent(row.level) + 28 }}
                role="presentation"
              >
                {row.text}
              </div>
            )
          }
          return (
            <Row
              key={row.path}
              id={`${id}-${index}`}
              row={row}
              check={checkOf(selection, row.path)}
              active={index === active}
              style={style}
              size={sizes.get(row.path)}
              largest={largest}
              activate={() => setActivePath(row.path)}
              open={() => open(row.path, !row.expanded)}
              toggle={() => onChange(toggled(selection, row.path))}
            />
          )
        })}
      </div>
    </div>
  )
}

const indent = (level: number): number => 8 + (level - 1) * 14

const checkedWords: Record<Check, boolean | 'mixed'> = {
  checked: true,
  mixed: 'mixed',
  unchecked: false,
  'left-out': false,
  'within-left-out': false,
}

function Row({
  id,
  row,
  check,
  active,
  style,
  size,
  largest,
  activate,
  open,
  toggle,
}: {
  id: string
  row: EntryRow
  check: Check
  active: boolean
  style: React.CSSProperties
  size: ReturnType<ReturnType<typeof useSizes>['get']>
  largest: number
  activate: () => void
  open: () => void
  toggle: () => void
}) {
  const Twist = row.expanded ? IconChevronDown : IconChevronRight
  const Icon = !row.folder ? IconFile : row.expanded ? IconFolderOpen : IconFolder
  const bytes = row.folder ? size?.bytes : (row.sizeBytes ?? undefined)
  const partly = row.folder && size?.complete === false
  return (
    <div
      id={id}
      className={classes['row']}
      style={{ ...style, paddingLeft: indent(row.level) }}
      role="treeitem"
      aria-level={row.level}
      aria-posinset={row.place}
      aria-setsize={row.of}
      aria-checked={checkedWords[check]}
      aria-disabled={check === 'within-left-out'}
      {...(row.folder && { 'aria-expanded': row.expanded })}
      data-active={active}
      data-out={check === 'left-out' ? 'true' : check === 'within-left-out' ? 'within' : undefined}
      onClick={activate}
      onDoubleClick={() => row.folder && open()}
      title={
        check === 'within-left-out'
          ? 'Left out together with the folder above it: check that one first'
          : undefined
      }
    >
      <span className={classes['twist']} onClick={open}>
        {row.folder && <Twist size={16} aria-hidden="true" />}
      </span>
      <span className={classes['box']} data-state={check} onClick={toggle}>
        {check === 'mixed' ? (
          <IconMinus size={12} stroke={3} aria-hidden="true" />
        ) : check === 'checked' ? (
          <IconCheck size={12} stroke={3} aria-hidden="true" />
        ) : null}
      </span>
      <Icon size={16} stroke={1.75} className={classes['icon']} aria-hidden="true" />
      <span className={classes['name']}>
        <Name>{row.name}</Name>
      </span>
      {check === 'left-out' && <span className={classes['tag']}>excluded</span>}
      <span className={classes['files']}>
        {row.folder && size ? `${partly ? 'at least ' : ''}${plural(size.files, 'file')}` : ''}
      </span>
      <span className={classes['bytes']}>
        {bytes === undefined ? (row.folder && size === undefined ? '…' : '–') : shortBytes(bytes)}
      </span>
      <span className={classes['bar']}>
        <span style={{ width: `${Math.min(100, ((bytes ?? 0) / largest) * 100)}%` }} />
      </span>
    </div>
  )
}
