import { Button, Checkbox } from '@mantine/core'
import { IconChevronRight, IconHome } from '@tabler/icons-react'
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react'
import type { FolderRow } from '../../../shared/entities/browse.ts'
import { count, plural, shortBytes, visible } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { useNow } from '../../parts/Moment.tsx'
import { modified, shortDay } from './dates.ts'
import type { FolderPages, SortBy, Sorting } from './folder-pages.ts'
import { DeletedTag, Name, TypeIcon } from './Name.tsx'
import { joined, nameOf, parentOf, way } from './paths.ts'
import { Cell, HeadCell, Rows, SkeletonCells, Tick } from './Rows.tsx'
import { between, isPicked, mostPicked, pick, unpick, type Picked, type Selection } from './selection.ts'
import { useOf, useSlow } from './use-folder.ts'
import classes from './Restore.module.css'

const columns = '16px minmax(120px, 1fr) 64px 108px 52px'

export const picked = (folder: string, row: FolderRow): Picked => ({
  path: joined(folder, row.name),
  type: row.type,
  sizeBytes: row.sizeBytes,
  snapshotId: row.snapshotId,
})

/** One folder: what is in it, at a time or over all time. */
export function FileList({
  pages,
  root,
  path,
  selection,
  onSelection,
  item,
  onItem,
  onOpen,
  onLook,
  showDeleted,
  onShowDeleted,
  onDragStart,
  away,
  wholeFolder,
}: {
  pages: FolderPages | null
  root: string
  path: string
  selection: Selection
  onSelection: (change: (before: Selection) => Selection) => void
  /** The row that is looked at. */
  item: string | null
  onItem: (row: FolderRow) => void
  onOpen: (path: string) => void
  /** A file is opened, which is to look at it. */
  onLook: () => void
  showDeleted: boolean
  onShowDeleted: (on: boolean) => void
  onDragStart: (item: Picked, event: React.DragEvent) => void
  /** What to do where the folder is not there at this time. */
  away: ReactNode
  /** The snapshot that this folder, taken as a whole, comes from; null: all time is looked at. */
  wholeFolder: string | null
}) {
  const now = useNow()
  const [sorting, setSorting] = useState<Sorting>({ by: 'name', down: false })
  const [busy, setBusy] = useState(false)
  const anchor = useRef<number | null>(null)
  useEffect(() => {
    anchor.current = null
  }, [path])
  const slow = useSlow(pages === null || (pages.total === null && pages.error === null))
  useOf(pages, each => each.version())
  useEffect(() => pages?.sort(sorting), [pages, sorting])
  const total = pages?.total ?? 0
  const active = item === null || !pages ? -1 : pages.indexOf(item)
  const onShown = useCallback((from: number, to: number) => pages?.show(from, to), [pages])

  const sortBy = (by: SortBy) => ({
    sorted: sorting.by === by ? (sorting.down ? ('descending' as const) : ('ascending' as const)) : undefined,
    onSort: () => setSorting(before => ({ by, down: before.by === by ? !before.down : by !== 'name' })),
  })
  const rowsAt = (indexes: readonly number[]): Picked[] =>
    indexes.flatMap(index => {
      const row = pages?.rowAt(index)
      return row ? [picked(path, row)] : []
    })
  const tick = (index: number, range: boolean) => {
    const row = pages?.rowAt(index)
    if (!row) return
    if (range && anchor.current !== null) {
      const items = rowsAt(between(anchor.current, index).slice(0, mostPicked))
      onSelection(before => pick(before, items))
      return
    }
    anchor.current = index
    const one = picked(path, row)
    onSelection(before => (isPicked(before, one.path) ? unpick(before, [one.path]) : pick(before, [one])))
  }
  const whole = selection.size > 0 && isPicked(selection, path)
  const some = selection.size > 0 && [...selection.keys()].some(each => parentOf(each) === path)
  const tickAll = async () => {
    if (!pages || total === 0) return
    if (whole) return onSelection(before => unpick(before, [path]))
    if (total > mostPicked && wholeFolder !== null) {
      return onSelection(before =>
        pick(before, [{ path, type: 'dir', sizeBytes: null, snapshotId: wholeFolder }]),
      )
    }
    setBusy(true)
    const rows = (await pages.all()).slice(0, mostPicked)
    setBusy(false)
    // What is deleted at this time is restored from another snapshot, and only where somebody means it.
    const items = rows.filter(({ deleted }) => !deleted || wholeFolder === null).map(row => picked(path, row))
    onSelection(before =>
      items.every(each => isPicked(before, each.path))
        ? unpick(before, items.map(each => each.path)) // prettier-ignore
        : pick(before, items),
    )
  }

  const open = (index: number) => {
    const row = pages?.rowAt(index)
    if (row?.type === 'dir') onOpen(joined(path, row.name))
    else if (row) onLook()
  }

  return (
    <div className={classes['list']}>
      <div className={classes['crumbs']}>
        <nav aria-label="Folder">
          {way(root, path).map((folder, at, all) => (
            <span key={folder}>
              {at > 0 && <IconChevronRight size={12} aria-hidden="true" />}
              {at === all.length - 1 && at > 0 ? (
                <Name text={nameOf(folder)} strong />
              ) : (
                <button type="button" onClick={() => onOpen(folder)} title={visible(folder)}>
                  {at === 0 ? (
                    <>
                      <IconHome size={15} stroke={1.75} aria-hidden="true" />
                      {all.length === 1 ? (
                        <Name text={folder} strong />
                      ) : (
                        <span className="hf-hidden">{folder}</span>
                      )}
                    </>
                  ) : (
                    <Name text={nameOf(folder)} />
                  )}
                </button>
              )}
            </span>
          ))}
        </nav>
        {pages && pages.gathered !== null && (
          <span className={classes['quiet']} role="status">
            Sorting {count(total)} entries: {count(pages.gathered)} read
          </span>
        )}
        {busy && (
          <span className={classes['quiet']} role="status">
            Reading all of {plural(total, 'entry', 'entries')}
          </span>
        )}
        <Checkbox
          label="Show deleted"
          styles={{ body: { alignItems: 'center' } }}
          checked={showDeleted}
          onChange={event => onShowDeleted(event.currentTarget.checked)}
        />
      </div>
      {pages && pages.notIndexed > 0 && (
        <div className={classes['notice']} role="status">
          {plural(pages.notIndexed, 'snapshot is', 'snapshots are')} still being read and may hold more of
          this folder.
        </div>
      )}
      {pages?.error && pages.total === null ? (
        pages.error.code === 'not_found' ? (
          away
        ) : (
          <div className={classes['padded']}>
            <ErrorNote error={pages.error} again={() => pages.show(0, 0)} />
          </div>
        )
      ) : (
        <Rows
          label={`Contents of ${path}`}
          count={pages?.total ?? (slow ? 12 : 0)}
          columns={columns}
          active={active}
          onActive={index => {
            const row = pages?.rowAt(index)
            if (row) onItem(row)
          }}
          onOpen={open}
          isTicked={index => {
            const row = pages?.rowAt(index)
            return row !== undefined && isPicked(selection, joined(path, row.name))
          }}
          onTick={tick}
          onTickAll={() => void tickAll()}
          onShown={onShown}
          onDragStart={(index, event) => {
            const row = pages?.rowAt(index)
            if (row) onDragStart(picked(path, row), event)
            else event.preventDefault()
          }}
          onKey={event => {
            const up = event.key === 'Backspace' || (event.key === 'ArrowUp' && event.altKey)
            if (!up || path === root) return
            event.preventDefault()
            onOpen(parentOf(path))
          }}
          head={
            <>
              <div role="columnheader">
                <button
                  type="button"
                  className={classes['tickAll']}
                  onClick={() => void tickAll()}
                  aria-label={whole ? 'Untick everything in this folder' : 'Tick everything in this folder'}
                >
                  <Tick on={whole} some={some && !whole} />
                </button>
              </div>
              <HeadCell {...sortBy('name')}>Name</HeadCell>
              <HeadCell align="right" {...sortBy('size')}>
                Size
              </HeadCell>
              <HeadCell {...sortBy('modified')}>Modified</HeadCell>
              <HeadCell align="right">Versions</HeadCell>
            </>
          }
          row={index => {
            const row = pages?.rowAt(index)
            if (!row) return <SkeletonCells index={index} columns={5} />
            return (
              <>
                <div role="gridcell" data-tick className={classes['tickCell']}>
                  <Tick on={isPicked(selection, joined(path, row.name))} />
                </div>
                <Cell>
                  <TypeIcon name={row.name} type={row.type} />
                  <Name text={row.name} gone={row.deleted} />
                  {row.deleted && <DeletedTag />}
                </Cell>
                <Cell align="right" quiet>
                  {row.sizeBytes === null ? '' : shortBytes(row.sizeBytes)}
                </Cell>
                <Cell quiet>
                  {row.deleted
                    ? `last seen ${shortDay(row.lastSeenMs, now)}`
                    : modified(row.modifiedAtMs, now)}
                </Cell>
                <Cell align="right" quiet>
                  {row.type === 'dir' ? '' : count(row.versions)}
                </Cell>
              </>
            )
          }}
        >
          {pages?.total === 0 && (
            <div className={classes['padded']}>
              <strong>This folder is empty</strong>
              <p className={classes['quiet']}>
                {showDeleted
                  ? 'It has never held anything up to here.'
                  : 'What was deleted from it is not shown; tick “Show deleted” to see it.'}
              </p>
              {path !== root && (
                <Button variant="default" onClick={() => onOpen(parentOf(path))}>
                  Up to {visible(nameOf(parentOf(path)))}
                </Button>
              )}
            </div>
          )}
        </Rows>
      )}
    </div>
  )
}
