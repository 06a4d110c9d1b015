import { ActionIcon, Button, SegmentedControl, Select, Tooltip } from '@mantine/core'
import { IconArrowsExchange, IconX } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { Comparison } from '../../../shared/entities/browse.ts'
import { count, shortBytes, visible } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { useNow } from '../../parts/Moment.tsx'
import { Page } from '../../parts/Page.tsx'
import { go } from '../../route.ts'
import { useAsked } from '../../store/context.tsx'
import { dayAndTime } from './dates.ts'
import type { Scope } from './Header.tsx'
import { Name, TypeIcon } from './Name.tsx'
import { nameOf, parentOf } from './paths.ts'
import { distinct } from './rail-model.ts'
import { Cell, HeadCell, Rows, SkeletonCells } from './Rows.tsx'
import { SideBySide } from './SideBySide.tsx'
import { Sign, type SignKind } from './Sign.tsx'
import { useSlow } from './use-folder.ts'
import classes from './Restore.module.css'
import own from './Compare.module.css'

type Change = Comparison['change']
const words: Record<Change, [SignKind, string]> = {
  added: ['create', 'Added'],
  removed: ['delete', 'Removed'],
  changed: ['overwrite', 'Changed'],
  type: ['overwrite', 'Another kind'],
  metadata: ['unchanged', 'Attributes'],
}
const columns = '112px minmax(160px, 1fr) 84px 84px 84px'
const most = 5000

/** What differs between two snapshots; of a file, its two contents side by side. */
export function Compare({ scope, query }: { scope: Scope; query: URLSearchParams }) {
  const now = useNow()
  const listed = useAsked('snapshot.list', scope)
  const shown = useMemo(() => distinct(listed.value ?? []), [listed.value])
  const path = query.get('path') ?? '/'
  const isFile = query.get('file') === 'yes'
  const all = listed.value ?? []
  const timeOf = (id: string | null) => all.find(snapshot => snapshot.id === id)?.timeMs ?? 0
  // Whichever way round they were chosen, time runs from left to right.
  const [before, after] = [query.get('before'), query.get('after')].sort((a, b) => timeOf(a) - timeOf(b))
  const ready = listed.value !== null && before && after
  const asked = useAsked(
    'browse.compare',
    ready && !isFile ? { destinationId: scope.destinationId, before, after, path, limit: most } : null,
  )
  const slow = useSlow(asked.loading && asked.value === null)
  const [filter, setFilter] = useState<'all' | 'added' | 'changed' | 'removed'>('all')
  const [active, setActive] = useState(-1)
  const entries = asked.value?.entries ?? []
  const is = (one: Comparison) => (one.change === 'type' ? 'changed' : one.change)
  const numbers = { added: 0, changed: 0, removed: 0, metadata: 0 }
  for (const one of entries) numbers[is(one)]++
  const rows = filter === 'all' ? entries : entries.filter(one => is(one) === filter)

  const show = (change: Record<string, string>) => {
    const next = Object.fromEntries([...query, ...Object.entries(change)])
    go('restore', ['compare'], next)
  }
  const options = [
    ...new Map(
      [...shown, ...all.filter(({ id }) => id === before || id === after)].map(one => [one.id, one]),
    ).values(),
  ]
    .toSorted((a, b) => b.timeMs - a.timeMs)
    .map(({ id, timeMs }) => ({ value: id, label: dayAndTime(timeMs, now) }))
  const back = () =>
    isFile && query.get('within')
      ? show({ path: query.get('within')!, file: 'no' })
      : go('restore', [], {
          ...(scope.planId ? { plan: scope.planId } : { destination: scope.destinationId }),
          ...(after ? { snapshot: after } : {}),
          ...(isFile ? { path: parentOf(path), item: nameOf(path) } : path === '/' ? {} : { path }),
        })
  const choose = (label: string, key: 'before' | 'after', value: string | null | undefined) => (
    <Select
      aria-label={label}
      w={190}
      searchable
      data={options}
      value={value ?? null}
      onChange={id => id && show({ before: before ?? '', after: after ?? '', [key]: id })}
    />
  )
  const open = (index: number) => {
    const one = rows[index]
    if (one?.type === 'file' && one.change === 'changed')
      show({ path: inWhole(path, one.path), within: path, file: 'yes' })
  }

  return (
    <Page
      flush
      title="Compare"
      aside={path === '/' ? 'everything' : <bdi>{visible(path)}</bdi>}
      actions={
        <>
          {choose('The older snapshot', 'before', before)}
          <IconArrowsExchange size={16} color="var(--hf-ink3)" aria-label="with" />
          {choose('The newer snapshot', 'after', after)}
          <Tooltip label="Close">
            <ActionIcon aria-label="Close" onClick={back}>
              <IconX size={16} />
            </ActionIcon>
          </Tooltip>
        </>
      }
    >
      <div className={classes['list']} data-wide="true">
        {listed.error && !listed.value ? (
          <div className={classes['padded']}>
            <ErrorNote error={listed.error} again={listed.again} />
          </div>
        ) : listed.value && (!before || !after || before === after) ? (
          <div className={classes['padded']}>
            <h2>Choose two snapshots</h2>
            <p>These are one and the same. Choose another one above.</p>
          </div>
        ) : isFile && ready ? (
          <SideBySide
            destinationId={scope.destinationId}
            path={path}
            sides={[
              { snapshotId: before, label: dayAndTime(timeOf(before), now) },
              { snapshotId: after, label: dayAndTime(timeOf(after), now) },
            ]}
          />
        ) : asked.error ? (
          <div className={classes['padded']}>
            <ErrorNote error={asked.error} again={asked.again} />
          </div>
        ) : (
          <>
            <div className={own['filters']}>
              <SegmentedControl
                aria-label="Which differences"
                value={filter}
                onChange={value => {
                  setFilter(value as typeof filter)
                  setActive(-1)
                }}
                data={[
                  { value: 'all', label: `All ${count(entries.length)}` },
                  { value: 'added', label: `Added ${count(numbers.added)}` },
                  { value: 'changed', label: `Changed ${count(numbers.changed)}` },
                  { value: 'removed', label: `Removed ${count(numbers.removed)}` },
                ]}
              />
              {asked.value?.more && (
                <span className={classes['quiet']} role="status">
                  Only the first {count(most)} differences are listed. Open a folder and compare there to see
                  the rest.
                </span>
              )}
              {asked.loading && slow && (
                <span className={classes['quiet']} role="status">
                  Comparing…
                </span>
              )}
            </div>
            <Rows
              label="Differences"
              count={asked.value ? rows.length : slow ? 10 : 0}
              columns={columns}
              active={active}
              onActive={setActive}
              onOpen={open}
              takesFocus
              head={
                <>
                  <HeadCell>Change</HeadCell>
                  <HeadCell>Name</HeadCell>
                  <HeadCell align="right">Before</HeadCell>
                  <HeadCell align="right">After</HeadCell>
                  <HeadCell>
                    <span className="hf-hidden">Look at both</span>
                  </HeadCell>
                </>
              }
              row={index => {
                const one = rows[index]
                if (!one) return <SkeletonCells index={index} columns={5} />
                const [sign, word] = words[one.change]
                const size = (bytes: number | null) => (bytes === null ? '' : shortBytes(bytes))
                return (
                  <>
                    <Cell>
                      <Sign kind={sign} />
                      {word}
                    </Cell>
                    <Cell>
                      <TypeIcon name={one.path} type={one.type} />
                      <Name text={one.path.slice(1)} gone={one.change === 'removed'} />
                    </Cell>
                    <Cell align="right" quiet>
                      {size(one.beforeBytes)}
                    </Cell>
                    <Cell align="right" quiet>
                      {size(one.afterBytes)}
                    </Cell>
                    <Cell align="right">
                      {one.type === 'file' && one.change === 'changed' && (
                        <Button size="compact-sm" variant="subtle" tabIndex={-1} onClick={() => open(index)}>
                          Look
                        </Button>
                      )}
                    </Cell>
                  </>
                )
              }}
            >
              {asked.value && rows.length === 0 && (
                <div className={classes['padded']}>
                  <h2>{filter === 'all' ? 'Nothing differs' : 'None of these'}</h2>
                  <p>
                    {filter === 'all'
                      ? 'Both snapshots hold the same here, byte for byte.'
                      : 'The two snapshots differ in other ways.'}
                  </p>
                </div>
              )}
            </Rows>
          </>
        )}
      </div>
    </Page>
  )
}

/** What differs is named from the folder on that is compared. */
const inWhole = (folder: string, path: string): string => (folder === '/' ? path : `${folder}${path}`)
