import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef } from 'react'
import type { Preview } from '../../../shared/entities/browse.ts'
import { plural, visible } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { useAsked } from '../../store/context.tsx'
import { diffLines, type DiffLine } from './line-diff.ts'
import { nameOf } from './paths.ts'
import classes from './Restore.module.css'
import own from './Compare.module.css'

interface Side {
  readonly snapshotId: string
  readonly label: string
}

/** Two contents of one file. */
export function SideBySide({
  destinationId,
  path,
  sides: [left, right],
}: {
  destinationId: string
  path: string
  sides: readonly [Side, Side]
}) {
  const before = useAsked('browse.preview', { destinationId, snapshotId: left.snapshotId, path })
  const after = useAsked('browse.preview', { destinationId, snapshotId: right.snapshotId, path })
  const error = before.error ?? after.error
  if (error)
    return (
      <div className={classes['padded']}>
        <ErrorNote
          error={error}
          again={() => {
            before.again()
            after.again()
          }}
        />
      </div>
    )
  if (!before.value || !after.value) return null
  return (
    <>
      <div className={own['sides']} data-head="true">
        <strong>{left.label}</strong>
        <strong>{right.label}</strong>
      </div>
      {before.value.kind === 'text' && after.value.kind === 'text' ? (
        <Texts before={before.value} after={after.value} />
      ) : (
        <div className={own['sides']}>
          <Content preview={before.value} name={nameOf(path)} />
          <Content preview={after.value} name={nameOf(path)} />
        </div>
      )}
    </>
  )
}

function Content({ preview, name }: { preview: Preview; name: string }) {
  if (preview.kind === 'image')
    return (
      <img
        src={`data:${preview.mime};base64,${preview.base64}`}
        alt={visible(name)}
        className={own['image']}
      />
    )
  return (
    <p className={classes['quiet']} style={{ padding: 16 }}>
      {preview.kind === 'none' ? preview.why : 'This side is a text, the other one is none.'}
    </p>
  )
}

type Text = Extract<Preview, { kind: 'text' }>

function Texts({ before, after }: { before: Text; after: Text }) {
  const box = useRef<HTMLDivElement>(null)
  const diff = useMemo(() => diffLines(before.text, after.text), [before.text, after.text])
  const virtual = useVirtualizer({
    count: diff.lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => 20,
    overscan: 20,
  })
  const differing = diff.lines.filter(({ kind }) => kind !== 'same').length
  const words = [
    differing === 0 ? 'The texts are the same.' : `${plural(differing, 'line differs', 'lines differ')}.`,
    diff.coarse && 'They have too little in common to be matched line by line.',
    (before.truncated || after.truncated) && 'Only the beginning of the file is compared.',
  ].filter(Boolean)
  return (
    <>
      <div className={own['filters']}>
        <span className={classes['quiet']} role="status">
          {words.join(' ')}
        </span>
      </div>
      <div
        ref={box}
        className={own['texts']}
        tabIndex={0}
        role="region"
        aria-label="The two texts side by side"
      >
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = diff.lines[index]!
            return (
              <div
                key={index}
                className={own['line']}
                data-kind={line.kind}
                style={{ transform: `translateY(${start}px)` }}
              >
                <Half
                  side={line.before}
                  sign={line.kind === 'removed' || line.kind === 'changed' ? '−' : ''}
                />
                <Half side={line.after} sign={line.kind === 'added' || line.kind === 'changed' ? '+' : ''} />
              </div>
            )
          })}
        </div>
      </div>
    </>
  )
}

/** A line may be a whole file without line ends. */
const mostOfLine = 500

function Half({ side, sign }: { side: DiffLine['before']; sign: string }) {
  return (
    <span className={own['half']} data-none={side === null}>
      <span className={own['number']}>{side?.number}</span>
      <span className={own['sign']}>{sign}</span>
      <code>{side?.text.slice(0, mostOfLine)}</code>
    </span>
  )
}
