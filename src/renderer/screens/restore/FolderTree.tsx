import { IconChevronDown, IconChevronRight, IconFolder, IconFolderOpen, IconHome } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useId, useMemo, useRef, type KeyboardEvent } from 'react'
import { Name } from './Name.tsx'
import { nameOf, parentOf } from './paths.ts'
import { flatten, mostShown, type TreeRow } from './tree-model.ts'
import type { Tree } from './use-tree.ts'
import classes from './FolderTree.module.css'

/** Folders, loaded as they are opened. Left and Right fold and unfold, or go up and down; Enter opens in the list. */
export function FolderTree({
  tree,
  root,
  path,
  onOpen,
}: {
  tree: Tree
  root: string
  /** The folder that the list shows. */
  path: string
  /** `quietly`: on the way by keyboard, so that "back" does not go through every step of it. */
  onOpen: (path: string, quietly: boolean) => void
}) {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => flatten(root, tree.folders, tree.open), [root, tree.folders, tree.open])
  const at = rows.findIndex(row => row.path === path)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => 26,
    overscan: 12,
  })
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: 'auto' })
  }, [at])

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const row = rows[at]
    const go = (next: number) => {
      const target = rows.slice(0, next + 1).findLast(({ kind }) => kind === 'folder')
      if (target) onOpen(target.path, true)
    }
    const acts: Record<string, () => void> = {
      ArrowDown: () => {
        const next = rows.findIndex(({ kind }, n) => n > at && kind === 'folder')
        if (next >= 0) go(next)
      },
      ArrowUp: () => go(Math.max(0, at - 1)),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      ArrowRight: () => {
        if (!row) return
        if (!tree.open.has(row.path)) tree.toggle(row.path, true)
        else if (rows[at + 1]?.kind === 'folder' && rows[at + 1]!.depth > row.depth) go(at + 1)
      },
      ArrowLeft: () => {
        if (!row) return
        if (tree.open.has(row.path) && row.path !== root) tree.toggle(row.path, false)
        else if (row.path !== root) onOpen(parentOf(row.path), true)
      },
    }
    const act = acts[event.key]
    if (!act) return
    event.preventDefault()
    act()
  }

  return (
    <div
      ref={box}
      className={classes['tree']}
      role="tree"
      tabIndex={0}
      aria-label="Folders"
      aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="none">
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index]!
          return (
            <div
              key={`${row.kind} ${row.path}`}
              id={`${id}-${index}`}
              role="treeitem"
              aria-level={row.depth + 1}
              aria-selected={index === at}
              aria-expanded={row.kind === 'folder' && row.mayOpen ? tree.open.has(row.path) : undefined}
              className={classes['row']}
              data-current={index === at}
              style={{ transform: `translateY(${start}px)`, paddingLeft: 4 + row.depth * 14 }}
              onClick={() => {
                if (row.kind !== 'folder') return
                if (row.mayOpen) tree.toggle(row.path, true)
                onOpen(row.path, false)
              }}
            >
              <RowBody
                row={row}
                open={tree.open.has(row.path)}
                isRoot={row.path === root}
                onToggle={tree.toggle}
              />
            </div>
          )
        })}
      </div>
    </div>
  )
}

function RowBody({
  row,
  open,
  isRoot,
  onToggle,
}: {
  row: TreeRow
  open: boolean
  isRoot: boolean
  onToggle: (path: string, open: boolean) => void
}) {
  if (row.kind === 'note') {
    return (
      <span className={classes['note']}>
        {row.why === 'more' ? `only the first ${mostShown} folders` : 'could not be opened'}
      </span>
    )
  }
  const Chevron = open ? IconChevronDown : IconChevronRight
  const Icon = isRoot ? IconHome : open ? IconFolderOpen : IconFolder
  return (
    <>
      <span
        className={classes['chevron']}
        aria-hidden="true"
        onClick={event => {
          if (!row.mayOpen) return
          event.stopPropagation()
          onToggle(row.path, !open)
        }}
      >
        {row.mayOpen && <Chevron size={12} />}
      </span>
      <Icon size={15} stroke={1.75} aria-hidden="true" style={{ flex: 'none' }} />
      <Name text={isRoot ? shortRoot(row.path) : nameOf(row.path)} gone={row.deleted} />
    </>
  )
}

/** Its end tells more than its beginning. */
const shortRoot = (path: string): string => (path.length <= 20 ? path : `…/${nameOf(path)}`)
