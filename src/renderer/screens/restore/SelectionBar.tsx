import { Button } from '@mantine/core'
import { IconGripVertical } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { toWireError, type WireError } from '../../../shared/errors.ts'
import { plural, shortBytes } from '../../../shared/wording.ts'
import { useClient } from '../../store/context.tsx'
import type { DragOut } from './drag-out.ts'
import { bySnapshot, type Selection } from './selection.ts'
import classes from './Restore.module.css'

interface Size {
  readonly files: number
  readonly folders: number
  readonly bytes: number
}

/** How much is ticked: of files it is known, what folders hold is asked for. */
export function useSize(
  destinationId: string,
  selection: Selection,
): { size: Size | null; error: WireError | null } {
  const client = useClient()
  const [answer, setAnswer] = useState<{ of: Selection; size: Size | null; error: WireError | null } | null>(
    null,
  )
  useEffect(() => {
    if (selection.size === 0) return
    const items = [...selection.values()]
    if (items.every(({ type }) => type !== 'dir')) {
      const bytes = items.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)
      return setAnswer({ of: selection, size: { files: items.length, folders: 0, bytes }, error: null })
    }
    let left = false
    const timer = setTimeout(() => {
      Promise.all(
        bySnapshot(selection).map(part => client.call('browse.measure', { destinationId, ...part })),
      ).then(
        parts => {
          const size = parts.reduce((sum, part) => ({
            files: sum.files + part.files,
            folders: sum.folders + part.folders,
            bytes: sum.bytes + part.bytes,
          }))
          if (!left) setAnswer({ of: selection, size, error: null })
        },
        (error: unknown) => !left && setAnswer({ of: selection, size: null, error: toWireError(error) }),
      )
    }, 80)
    return () => {
      left = true
      clearTimeout(timer)
    }
  }, [client, destinationId, selection])
  return answer?.of === selection ? answer : { size: null, error: null }
}

/** What is ticked, and what can be done with it. */
export function SelectionBar({
  selection,
  size,
  error,
  dragOut,
  onRestoreTo,
  onRestoreInPlace,
  onClear,
  hint,
}: {
  selection: Selection
  size: Size | null
  error: WireError | null
  dragOut: DragOut
  onRestoreTo: () => void
  onRestoreInPlace: () => void
  onClear: () => void
  /** What there is to do while nothing is ticked. */
  hint: string
}) {
  const none = selection.size === 0
  const files = [...selection.values()].filter(({ type }) => type !== 'dir').length
  const folders = selection.size - files
  const address = none ? null : (dragOut.download?.([...selection.values()]) ?? null)
  const words = dragOut.download && address === null ? 'Use “Restore to…” for this selection' : dragOut.words
  const canDrag = !none && dragOut.possible && (dragOut.download === null || address !== null)
  const what = [
    folders > 0 && plural(folders, 'folder'),
    files > 0 && plural(files, 'file'),
    size && shortBytes(size.bytes),
  ].filter(Boolean)
  return (
    <div className={classes['bar']} role="region" aria-label="Selection">
      <div
        className={classes['grip']}
        draggable={canDrag}
        onPointerDown={() => !none && dragOut.prepare([...selection.values()], size?.bytes ?? null)}
        onDragStart={event => dragOut.start([...selection.values()], size?.bytes ?? null, event)}
      >
        {canDrag && <IconGripVertical size={16} aria-hidden="true" />}
        {none ? (
          <span className={classes['quiet']}>{hint}</span>
        ) : (
          <span>
            <strong>{selection.size.toLocaleString('en-GB')} selected</strong> {what.join(', ')}
          </span>
        )}
        {!none && (
          <span className={classes['quiet']} role="status">
            {error ? error.message : words}
          </span>
        )}
      </div>
      <span style={{ flex: 1 }} />
      {!none && (
        <Button variant="subtle" size="sm" onClick={onClear}>
          Clear
        </Button>
      )}
      {address !== null && (
        <Button variant="default" size="sm" component="a" href={address} download>
          Download
        </Button>
      )}
      <Button variant="default" size="sm" disabled={none} onClick={onRestoreTo}>
        Restore to…
      </Button>
      <Button size="sm" disabled={none} onClick={onRestoreInPlace}>
        Restore in place…
      </Button>
    </div>
  )
}
