import { Button, CloseButton } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useCallback, useEffect, useMemo, useRef, useState, type DragEvent } from 'react'
import { count, visible } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { useNow } from '../../parts/Moment.tsx'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { go, hrefOf } from '../../route.ts'
import { useAsked, useClient, useMirror } from '../../store/context.tsx'
import { dayAndTime } from './dates.ts'
import { Details, type Looked } from './Details.tsx'
import { useDragOut } from './drag-out.ts'
import { readDrop } from './dropped.ts'
import { FileList } from './FileList.tsx'
import { FolderTree } from './FolderTree.tsx'
import { Found } from './Found.tsx'
import { Header, type Scope } from './Header.tsx'
import { commonRoot, inSnapshot, joined, nameOf, parentOf } from './paths.ts'
import { goTo, type Place } from './place.ts'
import { distinct, shownFor } from './rail-model.ts'
import { bySnapshot, nothing, type Picked, type Selection } from './selection.ts'
import { SelectionBar, useSize } from './SelectionBar.tsx'
import { SnapshotFacts } from './SnapshotFacts.tsx'
import { TimeRail } from './TimeRail.tsx'
import { useFolder, useOf } from './use-folder.ts'
import { useTree } from './use-tree.ts'
import { begin, keepTicked, wasTicked } from './wizard/draft.ts'
import classes from './Restore.module.css'

/** The merged tree, the time rail, the folder, and what one file has been. */
export function Browse({ scope, place, gone }: { scope: Scope; place: Place; gone: boolean }) {
  const { destinationId, planId } = scope
  const client = useClient()
  const now = useNow()
  const destination = useMirror(state => state.destinations[destinationId])
  const made = useMirror(
    ({ runs }) =>
      Object.values(runs).filter(
        run => run.kind === 'backup' && run.destinationId === destinationId && run.snapshotId,
      ).length,
  )
  const listed = useAsked('snapshot.list', scope, `${destination?.refreshedAtMs} ${made}`)
  const all = listed.value ?? []
  const shown = useMemo(() => distinct(all), [listed.value])
  const allTime = place.snapshot === 'all'
  const known = place.snapshot && !allTime ? shownFor(all, shown, place.snapshot) : null
  const chosen = allTime ? null : (known ?? shown[0] ?? null)
  const root = useMemo(() => commonRoot(shown), [shown])
  const ready = listed.value !== null && shown.length > 0
  const path = place.path ?? root
  const asOf = allTime ? null : (chosen?.id ?? null)
  const common = ready ? { ...scope, asOf, showDeleted: place.showDeleted } : null

  // The address names the snapshot from the beginning, so that a new one does not move what is looked at.
  useEffect(() => {
    if (place.snapshot === null && chosen && place.find === null)
      goTo({ ...place, snapshot: chosen.id }, true)
  }, [place.snapshot, chosen?.id])

  const pages = useFolder(common && place.find === null ? { ...common, path } : null, 0)
  const tree = useTree(common && { ...common, showDeleted: place.showDeleted }, root, path)

  const ticks = JSON.stringify([destinationId, planId, place.snapshot, place.find])
  const [selection, setSelection] = useState<Selection>(() => wasTicked(ticks))
  const ticksBefore = useRef(ticks)
  // What was ticked at one time is not what is there at another.
  useEffect(() => {
    if (ticksBefore.current !== ticks) setSelection(nothing)
    ticksBefore.current = ticks
  }, [ticks])
  const change = useCallback((change: (before: Selection) => Selection) => setSelection(change), [])
  const { size, error: sizeError } = useSize(destinationId, selection)
  const dragOut = useDragOut(destinationId)
  const { forget } = dragOut
  useEffect(forget, [selection, forget])

  const [found, setFound] = useState<(Looked & { destinationId: string }) | null>(null)
  useEffect(() => setFound(null), [place.find])
  const [everywhere, setEverywhere] = useState(false)
  // Where there is little room, details lie over the list and are shown when they are asked for.
  const narrow = useMediaQuery('(max-width: 1100px)')
  const [asked, setAsked] = useState(false)
  const closed = narrow && !asked
  const [item, look] = useItem(place)
  const row = useOf(pages, each => (item === null ? undefined : each.rowAt(each.indexOf(item))))
  const total = useOf(pages, each => each.total)
  const looked: (Looked & { destinationId: string }) | null =
    place.find !== null ? found : row ? { ...row, path: joined(path, row.name), destinationId } : null

  const timeOf = (id: string) => all.find(snapshot => snapshot.id === id)?.timeMs ?? null
  const restore = (items: readonly Picked[], where: 'folder' | 'original', target: string | null = null) => {
    const parts = bySnapshot(new Map(items.map(item => [item.path, item])))
    keepTicked(ticks, selection)
    begin({
      destinationId: looked && place.find !== null ? looked.destinationId : destinationId,
      planId: planId ?? null,
      parts: parts.map(part => ({ ...part, timeMs: timeOf(part.snapshotId) })),
      target: where === 'original' ? { kind: 'original' } : target ? { kind: 'folder', path: target } : null,
      folders: items.some(({ type }) => type === 'dir'),
      back: location.hash,
    })
    go('restore', ['wizard', where === 'original' || target ? 'conflicts' : 'target'])
  }

  const [dropping, setDropping] = useState(false)
  const [refused, setRefused] = useState<string | null>(null)
  const drop = async (event: DragEvent) => {
    event.preventDefault()
    setDropping(false)
    const dropped = readDrop(event.dataTransfer)
    if (dropped.kind === 'refused') return setRefused(dropped.why)
    setRefused(null)
    if (dropped.kind === 'target') {
      if (selection.size > 0) return restore([...selection.values()], 'folder', dropped.path)
      return setRefused(`Tick what you want to restore first, then drop ${visible(dropped.path)} here again.`)
    }
    if (dropped.path !== null) {
      const inside = inSnapshot(dropped.path)
      const versions = await client.call('browse.versions', { ...scope, path: inside }).catch(() => [])
      if (versions.length > 0)
        return goTo({ ...place, find: null, path: parentOf(inside), item: nameOf(inside), showDeleted: true })
    }
    goTo({ ...place, find: dropped.name, item: null })
  }

  const nobody = listed.value !== null && all.length === 0
  return (
    <section
      className={classes['screen']}
      aria-label="Restore"
      onDragOver={event => {
        if (![...event.dataTransfer.types].includes('Files')) return
        event.preventDefault()
        setDropping(true)
      }}
      onDragLeave={event => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropping(false)
      }}
      onDrop={event => void drop(event)}
    >
      <h1 className="hf-hidden">Restore</h1>
      <Header scope={scope} place={place} snapshots={listed.value ? all.length : null} chosen={chosen} />
      {dropping && (
        <div className={classes['drop']} aria-hidden="true">
          <strong>Drop a file to find its versions</strong>
          or a folder to restore into it
        </div>
      )}
      {(refused ?? (gone || null)) && (
        <div className={classes['refused']} role="alert">
          <StateIcon look="gap" />
          <span>
            {refused ??
              'The plan or destination of this address is no longer there. What it stored is still in its repository.'}
          </span>
          {refused && <CloseButton size={24} aria-label="Dismiss" onClick={() => setRefused(null)} />}
        </div>
      )}
      {listed.error && !listed.value ? (
        <div className={classes['padded']}>
          <ErrorNote error={listed.error} again={listed.again} />
        </div>
      ) : nobody ? (
        <div className={classes['empty']}>
          <h1 style={{ marginTop: 0 }}>No snapshot yet</h1>
          <p>The first run makes one; from then on everything it stored can be found and restored here.</p>
          {planId && <RunNow planId={planId} />}
        </div>
      ) : (
        <div className={classes['columns']}>
          {place.find === null ? (
            <>
              <FolderTree
                tree={tree}
                root={root}
                path={path}
                onOpen={(next, quietly) => goTo({ ...place, path: next, item: null }, quietly)}
              />
              <TimeRail
                shown={shown}
                chosenId={chosen?.id ?? null}
                onChoose={snapshot => goTo({ ...place, snapshot })}
                onCompare={other =>
                  chosen && go('restore', ['compare'], compareQuery(scope, [chosen.id, other], path))
                }
              />
              <FileList
                pages={pages}
                root={root}
                path={path}
                selection={selection}
                onSelection={change}
                item={item}
                onItem={({ name }) => look(name)}
                onLook={() => setAsked(true)}
                onOpen={next => goTo({ ...place, path: next, item: nextItem(path, next) })}
                showDeleted={place.showDeleted}
                onShowDeleted={showDeleted => goTo({ ...place, showDeleted }, true)}
                onDragStart={(item, event) => {
                  const mine = selection.has(item.path) ? [...selection.values()] : [item]
                  dragOut.start(
                    mine,
                    mine.every(({ sizeBytes }) => sizeBytes !== null) ? sumOf(mine) : (size?.bytes ?? null),
                    event,
                  )
                }}
                wholeFolder={asOf}
                away={
                  <div className={classes['padded']}>
                    <h2>
                      This folder is not there {chosen ? `on ${dayAndTime(chosen.timeMs, now)}` : 'any more'}
                    </h2>
                    <p>
                      It was made later or deleted before. Choose another time on the rail, or look at all
                      time at once.
                    </p>
                    <Button variant="default" onClick={() => goTo({ ...place, snapshot: 'all' })}>
                      All time
                    </Button>{' '}
                    <Button variant="default" onClick={() => goTo({ ...place, path: null, item: null })}>
                      Up to {visible(nameOf(root))}
                    </Button>
                  </div>
                }
              />
            </>
          ) : (
            <Found
              key={`${everywhere} ${place.find}`}
              query={place.find}
              destinationId={everywhere ? null : destinationId}
              planId={planId ?? null}
              item={found?.path ?? null}
              onItem={one => setFound({ ...one, snapshotId: one.newestSnapshotId })}
              onOpen={one =>
                goTo({
                  ...place,
                  ...(one.destinationId === destinationId
                    ? {}
                    : { planId: null, destinationId: one.destinationId }),
                  find: null,
                  snapshot: one.newestSnapshotId,
                  path: one.type === 'dir' ? one.path : parentOf(one.path),
                  item: one.type === 'dir' ? null : nameOf(one.path),
                })
              }
              onSearch={find => goTo({ ...place, find })}
              onEverywhere={everywhere ? null : () => setEverywhere(true)}
              selection={selection}
              onSelection={change}
              onDragStart={(item, event) => dragOut.start([item], item.sizeBytes, event)}
            />
          )}
          {looked && !closed ? (
            <Details
              scope={place.find === null ? scope : { destinationId: looked.destinationId }}
              looked={looked}
              onClose={() => setAsked(false)}
              onOpen={next =>
                goTo({ ...place, find: null, snapshot: looked.snapshotId, path: next, item: null })
              }
              onCompare={(before, after) =>
                go('restore', ['compare'], {
                  ...compareQuery(scope, [before, after], looked.path),
                  file: 'yes',
                })
              }
              onRestore={(snapshotId, version) =>
                restore(
                  [
                    {
                      path: looked.path,
                      type: looked.type === 'dir' ? 'dir' : 'file',
                      sizeBytes: version?.sizeBytes ?? looked.sizeBytes,
                      snapshotId,
                    },
                  ],
                  'folder',
                )
              }
            />
          ) : (
            place.find === null && (
              <SnapshotFacts
                chosen={chosen}
                shown={shown}
                hidden={all.length - shown.length}
                onCompare={(before, after) =>
                  go('restore', ['compare'], compareQuery(scope, [before, after], '/'))
                }
              />
            )
          )}
        </div>
      )}
      {!nobody && (
        <SelectionBar
          selection={selection}
          size={size}
          error={sizeError}
          dragOut={dragOut}
          onClear={() => setSelection(nothing)}
          onRestoreTo={() => restore([...selection.values()], 'folder')}
          onRestoreInPlace={() => restore([...selection.values()], 'original')}
          hint={
            place.find === null
              ? `Tick files and folders to restore them${total ? `: ${count(total)} here` : ''}`
              : 'Tick what you want to restore, or open its place with Enter'
          }
        />
      )}
    </section>
  )
}

/**
 * What is looked at in a folder. The address follows once the keyboard rests: browsers refuse hundreds of changes of it
 * in a few seconds, as a key held down makes them.
 */
function useItem(place: Place): [string | null, (name: string) => void] {
  const [item, setItem] = useState(place.item)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const where = JSON.stringify({ ...place, item: null })
  useEffect(() => setItem(place.item), [place.item, where])
  useEffect(() => () => clearTimeout(timer.current), [where])
  const look = (name: string) => {
    setItem(name)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => goTo({ ...place, item: name }, true), 250)
  }
  return [item, look]
}

const sumOf = (items: readonly Picked[]): number =>
  items.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)

/** Going up, the folder one comes from is looked at. */
const nextItem = (from: string, to: string): string | null =>
  from !== to && parentOf(from) === to ? nameOf(from) : null

const compareQuery = (
  scope: Scope,
  [a, b]: readonly [string, string],
  path: string,
): Record<string, string> => ({
  ...(scope.planId ? { plan: scope.planId } : { destination: scope.destinationId }),
  before: a,
  after: b,
  path,
})

function RunNow({ planId }: { planId: string }) {
  return (
    <Button size="sm" component="a" href={hrefOf('plans', [planId])}>
      Open the plan
    </Button>
  )
}
