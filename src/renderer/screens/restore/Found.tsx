import { IconAsterisk, IconDatabase, IconFileSearch, IconFilterX } from '@tabler/icons-react'
import { useRef } from 'react'
import type { FoundPath } from '../../../shared/entities/destination.ts'
import { count, plural, shortBytes, visible } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { useNow } from '../../parts/Moment.tsx'
import { hrefOf } from '../../route.ts'
import { useAsked, useMirror } from '../../store/context.tsx'
import { modified, shortDay } from './dates.ts'
import { DeletedTag, Name, TypeIcon } from './Name.tsx'
import { nameOf, parentOf } from './paths.ts'
import { Cell, HeadCell, Rows, SkeletonCells, Tick } from './Rows.tsx'
import { otherSearches } from './other-searches.ts'
import { between, isPicked, pick, unpick, type Picked, type Selection } from './selection.ts'
import { useSlow } from './use-folder.ts'
import classes from './Restore.module.css'

const columns = '16px minmax(160px, 1fr) 64px 108px 52px'

const asPicked = ({ path, type, sizeBytes, newestSnapshotId }: FoundPath): Picked => ({
  path,
  type: type === 'dir' || type === 'file' || type === 'symlink' ? type : 'other',
  sizeBytes: type === 'dir' ? null : sizeBytes,
  snapshotId: newestSnapshotId,
})

/** What a search found in all snapshots; where it found nothing, ways on. */
export function Found({
  query,
  destinationId,
  planId,
  item,
  onItem,
  onOpen,
  onSearch,
  onEverywhere,
  selection,
  onSelection,
  onDragStart,
}: {
  query: string
  /** null: all destinations. */
  destinationId: string | null
  planId: string | null
  item: string | null
  onItem: (found: FoundPath) => void
  onOpen: (found: FoundPath) => void
  onSearch: (query: string) => void
  /** null: all are searched already. */
  onEverywhere: (() => void) | null
  selection: Selection
  onSelection: (change: (before: Selection) => Selection) => void
  onDragStart: (item: Picked, event: React.DragEvent) => void
}) {
  const now = useNow()
  const { value, error, loading, again } = useAsked('snapshot.search', {
    query,
    limit: 1000,
    ...(destinationId ? { destinationId } : {}),
  })
  const slow = useSlow(loading && value === null)
  const anchor = useRef<number | null>(null)
  const found = value?.found ?? []
  const names = useMirror(state => state.destinations)

  if (error && !value)
    return (
      <div className={classes['list']} data-wide="true">
        <div className={classes['padded']}>
          <ErrorNote error={error} again={again} />
        </div>
      </div>
    )
  if (value && found.length === 0 && !loading)
    return (
      <NoMatch
        query={query}
        searched={value.snapshotsSearched}
        planId={planId}
        onSearch={onSearch}
        onEverywhere={onEverywhere}
      />
    )

  const tick = (index: number, range: boolean) => {
    const at = range && anchor.current !== null ? between(anchor.current, index) : [index]
    const items = at.flatMap(each => (found[each] ? [asPicked(found[each])] : []))
    if (!range) anchor.current = index
    onSelection(before =>
      !range && items.every(({ path }) => isPicked(before, path))
        ? unpick(before, items.map(({ path }) => path)) // prettier-ignore
        : pick(before, items),
    )
  }
  return (
    <div className={classes['list']} data-wide="true">
      <div className={classes['crumbs']} role="status">
        {value && (
          <span>
            <strong>
              {value.more
                ? `The first ${count(found.length)} matches`
                : plural(found.length, 'match', 'matches')}
            </strong>{' '}
            for “{visible(query)}” in {plural(value.snapshotsSearched, 'snapshot')}
            {value.more && '. Add more of the name to narrow it down.'}
          </span>
        )}
      </div>
      <Rows
        label={`What was found for ${query}`}
        count={value ? found.length : slow ? 10 : 0}
        rowHeight={44}
        columns={columns}
        active={found.findIndex(({ path }) => path === item)}
        onActive={index => found[index] && onItem(found[index])}
        onOpen={index => found[index] && onOpen(found[index])}
        isTicked={index => found[index] !== undefined && isPicked(selection, found[index].path)}
        onTick={tick}
        onTickAll={() =>
          onSelection(before => pick(before, found.filter(({ deleted }) => !deleted).map(asPicked)))
        }
        onDragStart={(index, event) =>
          found[index] ? onDragStart(asPicked(found[index]), event) : event.preventDefault()
        }
        head={
          <>
            <HeadCell>
              <span className="hf-hidden">Ticked</span>
            </HeadCell>
            <HeadCell>Name</HeadCell>
            <HeadCell align="right">Size</HeadCell>
            <HeadCell>Modified</HeadCell>
            <HeadCell align="right">Versions</HeadCell>
          </>
        }
        row={index => {
          const row = found[index]
          if (!row) return <SkeletonCells index={index} columns={5} />
          const elsewhere = destinationId === null ? `${names[row.destinationId]?.name ?? ''}: ` : ''
          return (
            <>
              <div role="gridcell" data-tick className={classes['tickCell']}>
                <Tick on={isPicked(selection, row.path)} />
              </div>
              <Cell>
                <TypeIcon name={row.path} type={row.type} />
                <div className={classes['two']}>
                  <div>
                    <Name text={nameOf(row.path)} gone={row.deleted} />
                    {row.deleted && <DeletedTag />}
                  </div>
                  <bdi className={classes['under']} title={visible(row.path)}>
                    {elsewhere}
                    {visible(parentOf(row.path))}
                  </bdi>
                </div>
              </Cell>
              <Cell align="right" quiet>
                {row.type === 'dir' ? '' : shortBytes(row.sizeBytes)}
              </Cell>
              <Cell quiet>
                {row.deleted ? `last seen ${shortDay(row.lastSeenMs, now)}` : modified(row.modifiedAtMs, now)}
              </Cell>
              <Cell align="right" quiet>
                {row.type === 'dir' ? '' : count(row.versions)}
              </Cell>
            </>
          )
        }}
      />
    </div>
  )
}

function NoMatch({
  query,
  searched,
  planId,
  onSearch,
  onEverywhere,
}: {
  query: string
  searched: number
  planId: string | null
  onSearch: (query: string) => void
  onEverywhere: (() => void) | null
}) {
  const plan = useMirror(state => (planId ? state.plans[planId] : undefined))
  const left = plan?.sources.flatMap(({ rules }) => [...rules.excludes, ...rules.iexcludes]) ?? []
  return (
    <div className={classes['list']} data-wide="true">
      <div className={classes['padded']} role="status">
        <h2>
          No file named “{visible(query)}” in {plural(searched, 'snapshot')}
        </h2>
        <p>Names are searched, not what is in the files. Upper and lower case make no difference.</p>
        <ul className={classes['ways']}>
          {otherSearches(query).map(({ what, query }) => (
            <li key={query}>
              {query.startsWith('*.') ? (
                <IconFileSearch size={16} aria-hidden="true" />
              ) : (
                <IconAsterisk size={16} aria-hidden="true" />
              )}
              <span>{what}</span>
              <button type="button" className={`${classes['link']} mono`} onClick={() => onSearch(query)}>
                {visible(query)}
              </button>
            </li>
          ))}
          {onEverywhere && (
            <li>
              <IconDatabase size={16} aria-hidden="true" />
              <span>Search all destinations</span>
              <button type="button" className={classes['link']} onClick={onEverywhere}>
                Search
              </button>
            </li>
          )}
          {plan && left.length > 0 && (
            <li>
              <IconFilterX size={16} aria-hidden="true" />
              <span>
                {plan.name} leaves out {plural(new Set(left).size, 'pattern')}:{' '}
                <code>{[...new Set(left)].slice(0, 6).join(' ')}</code>
              </span>
              <a className={classes['link']} href={hrefOf('plans', [plan.id], { section: 'what' })}>
                Show
              </a>
            </li>
          )}
        </ul>
      </div>
    </div>
  )
}
