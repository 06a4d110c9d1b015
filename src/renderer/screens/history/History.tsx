import { Button, Select, TextInput } from '@mantine/core'
import { IconDownload, IconSearch } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Run, RunState } from '../../../shared/entities/run.ts'
import { count, duration, localTime, plural, shortBytes, visible } from '../../../shared/wording.ts'
import { toWireError, type WireError } from '../../../shared/errors.ts'
import { useLasting } from '../../parts/later.ts'
import { saveText } from '../../parts/save-text.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { useNow } from '../../parts/Moment.tsx'
import { Page } from '../../parts/Page.tsx'
import { StateIcon, lookOfRun } from '../../parts/StateIcon.tsx'
import { useRowHeight } from '../../parts/density.ts'
import { go, swap, useRoute } from '../../route.ts'
import { useMirror } from '../../store/context.tsx'
import { stateWords } from '../run/words.ts'
import { RunDrawer } from './RunDrawer.tsx'
import { csvOf, dayWords, rowsOf, timeOf } from './rows.ts'
import { useRuns } from './use-runs.ts'
import classes from './History.module.css'

const stateFilters: { value: string; label: string; states: RunState[] | null }[] = [
  { value: 'any', label: 'Any state', states: null },
  { value: 'stored', label: 'Stored', states: ['succeeded'] },
  { value: 'warnings', label: 'With warnings', states: ['partial'] },
  { value: 'failed', label: 'Failed', states: ['failed', 'interrupted'] },
  { value: 'missed', label: 'Missed', states: ['missed', 'skipped'] },
  { value: 'open', label: 'Going on', states: ['queued', 'waiting', 'running', 'paused', 'cancelling'] },
]

/** Every run there was, the newest first. */
export default function History() {
  const route = useRoute()
  const plans = Object.values(useMirror(state => state.plans))
  const planId = route.query.get('plan')
  const [stateFilter, setStateFilter] = useState('any')
  const [search, setSearch] = useState('')
  const states = stateFilters.find(({ value }) => value === stateFilter)!.states
  const history = useRuns({ planId, states })
  const needle = search.trim().toLowerCase()
  const runs = useMemo(
    () => (needle === '' ? history.runs : history.runs.filter(run => matches(run, needle))),
    [history.runs, needle],
  )
  const rows = useMemo(() => rowsOf(runs), [runs])
  const toCome = needle === '' ? history.total - history.runs.length : 0
  const chosen = route.query.get('run')
  const selected = history.runs.find(({ id }) => id === chosen) ?? null
  const choose = useCallback(
    (run: Run | null) =>
      swap('history', [], { ...(planId && { plan: planId }), ...(run && { run: run.id }) }),
    [planId],
  )
  const csv = useCsv(history.all)

  return (
    <Page
      flush
      title="History"
      aside={history.loading ? '' : plural(needle === '' ? history.total : runs.length, 'run')}
      actions={
        <>
          <Select
            aria-label="Plan"
            w={150}
            value={planId ?? ''}
            data={[
              { value: '', label: 'All plans' },
              ...plans.map(({ id, name }) => ({ value: id, label: visible(name) })),
            ]}
            onChange={value => go('history', [], value ? { plan: value } : {})}
          />
          <Select
            aria-label="State"
            w={140}
            value={stateFilter}
            data={stateFilters.map(({ value, label }) => ({ value, label }))}
            onChange={value => setStateFilter(value ?? 'any')}
          />
          <TextInput
            aria-label="Search runs"
            placeholder="Search runs"
            w={180}
            leftSection={<IconSearch size={15} />}
            value={search}
            onChange={event => {
              setSearch(event.currentTarget.value)
              // it is looked for in all of them
              history.need(Infinity)
            }}
          />
          <Button
            variant="default"
            leftSection={<IconDownload size={15} />}
            loading={csv.busy}
            disabled={history.total === 0}
            onClick={csv.save}
          >
            CSV
          </Button>
        </>
      }
    >
      <div className={classes['list']}>
        {(history.error ?? csv.error) && (
          <div className={classes['error']}>
            <ErrorNote
              error={(history.error ?? csv.error)!}
              again={history.error ? history.again : csv.save}
            />
          </div>
        )}
        {history.loading && <Ghosts />}
        {!history.loading && !history.error && rows.length + toCome === 0 && (
          <Empty filtered={planId !== null || stateFilter !== 'any' || needle !== ''} />
        )}
        {rows.length + toCome > 0 && (
          <Rows
            rows={rows}
            toCome={toCome}
            need={history.need}
            loaded={history.runs.length}
            selected={selected}
            choose={choose}
          />
        )}
      </div>
      {selected && <RunDrawer run={selected} close={() => choose(null)} />}
    </Page>
  )
}

/** All runs that the filters let through, as a file. */
function useCsv(all: () => Promise<readonly Run[]>) {
  const [state, setState] = useState<{ busy: boolean; error: WireError | null }>({ busy: false, error: null })
  async function save(): Promise<void> {
    setState({ busy: true, error: null })
    try {
      await saveText('holdfast-history.csv', csvOf(await all()), 'text/csv')
      setState({ busy: false, error: null })
    } catch (error) {
      setState({ busy: false, error: toWireError(error) })
    }
  }
  return { ...state, save: () => void save() }
}

/** Rows to come, once it has taken long enough to be noticed. */
function Ghosts() {
  if (!useLasting(true)) return null
  return (
    <div aria-hidden="true">
      {Array.from({ length: 12 }, (_, nth) => (
        <div key={nth} className={classes['ghostRow']} />
      ))}
    </div>
  )
}

const matches = (run: Run, needle: string): boolean =>
  [
    run.planName,
    run.type,
    stateWords(run),
    run.error?.message ?? '',
    run.waitingFor ?? '',
    run.snapshotId ?? '',
  ]
    .join(' ')
    .toLowerCase()
    .includes(needle)

const Empty = ({ filtered }: { filtered: boolean }) => (
  <div className={classes['empty']}>
    <h2>{filtered ? 'No run like that' : 'No run yet'}</h2>
    <p>
      {filtered
        ? 'Choose another plan or state, or look for something else.'
        : 'Every backup and restore will stand here, with what it did and what it could not do.'}
    </p>
  </div>
)

/** Of the head, which stays at the top. */
const headHeight = 28
const dayHeight = 28

function Rows({
  rows,
  toCome,
  need,
  loaded,
  selected,
  choose,
}: {
  rows: ReturnType<typeof rowsOf>
  /** Runs that are there but not loaded yet. */
  toCome: number
  need: (count: number) => void
  loaded: number
  selected: Run | null
  choose: (run: Run | null) => void
}) {
  const now = useNow()
  const rowHeight = useRowHeight()
  const scroller = useRef<HTMLDivElement>(null)
  const list = useVirtualizer({
    count: rows.length + toCome,
    getScrollElement: () => scroller.current,
    estimateSize: at => (rows[at]?.kind === 'day' ? dayHeight : rowHeight),
    overscan: 12,
    // another one with other rows: then, and only then, the places of all are worked out anew
    getItemKey: useCallback((at: number) => at, [rows, rowHeight]),
    scrollMargin: headHeight,
    scrollPaddingStart: headHeight + dayHeight,
  })
  const items = list.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= rows.length - 50 && toCome > 0) need(loaded + Math.max(0, last - rows.length) + 100)
  }, [last, rows.length, toCome, need, loaded])

  const selectedAt = selected ? rows.findIndex(row => row.kind === 'run' && row.run.id === selected.id) : -1
  const show = (at: number) => {
    const row = rows[at]
    if (row?.kind !== 'run') return
    choose(row.run)
    list.scrollToIndex(at)
  }
  /** To the run that is so many rows on; over days, which are none. */
  const move = (by: number) => {
    const step = by > 0 ? 1 : -1
    let at = Math.min(rows.length - 1, Math.max(0, selectedAt < 0 ? 0 : selectedAt + by))
    while (at >= 0 && at < rows.length && rows[at]?.kind !== 'run') at += step
    if (rows[at] === undefined) at = rows.findIndex(row => row.kind === 'run')
    show(at)
  }
  const keys: Record<string, () => void> = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(15),
    PageUp: () => move(-15),
    Home: () => move(-rows.length),
    End: () => move(rows.length),
    Escape: () => choose(null),
    Enter: () => selected && go('runs', [selected.id]),
  }
  const isShown = items.some(({ index }) => index === selectedAt)

  return (
    <div
      ref={scroller}
      className={classes['scroller']}
      role="grid"
      aria-label="Runs"
      aria-rowcount={rows.length + toCome + 1}
      aria-activedescendant={selected && isShown ? `run-${selected.id}` : undefined}
      tabIndex={0}
      onKeyDown={event => {
        if (event.ctrlKey || event.metaKey || event.altKey) return
        const act = keys[event.key]
        if (!act) return
        event.preventDefault()
        act()
      }}
    >
      <div className={classes['head']} role="row" aria-rowindex={1}>
        {columns.map(([name, right]) => (
          <span key={name} role="columnheader" data-right={right || undefined}>
            {name}
          </span>
        ))}
      </div>
      <CurrentDay
        startMs={dayAt(rows, items.find(item => item.end > (list.scrollOffset ?? 0) + headHeight)?.index)}
        now={now}
      />
      <div role="rowgroup" style={{ height: list.getTotalSize(), position: 'relative' }}>
        {items.map(item => {
          const row = rows[item.index]
          const style = { transform: `translateY(${item.start - headHeight}px)`, height: item.size }
          if (!row) return <div key={item.key} className={classes['ghost']} style={style} />
          if (row.kind === 'day') {
            return (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                className={classes['day']}
                style={style}
              >
                <span role="gridcell">{dayWords(row.startMs, now)}</span>
              </div>
            )
          }
          return (
            <RunRow
              key={item.key}
              run={row.run}
              nth={item.index + 2}
              style={style}
              chosen={item.index === selectedAt}
              choose={choose}
            />
          )
        })}
      </div>
    </div>
  )
}

const columns: readonly (readonly [name: string, right: boolean])[] = [
  ['State', false],
  ['Time', true],
  ['Plan', false],
  ['Run', false],
  ['Duration', true],
  ['Added', true],
  ['Changed', true],
]

/** The day that a row is of. */
function dayAt(rows: ReturnType<typeof rowsOf>, index: number | undefined): number | null {
  for (let at = Math.min(index ?? 0, rows.length - 1); at >= 0; at--) {
    const row = rows[at]
    if (row?.kind === 'day') return row.startMs
  }
  return null
}

/** Stays at the top while the rows of its day go by. The day has a row of its own for those who listen. */
const CurrentDay = memo(({ startMs, now }: { startMs: number | null; now: number }) =>
  startMs === null ? null : (
    <div className={classes['current']} aria-hidden="true">
      {dayWords(startMs, now)}
    </div>
  ),
)

const RunRow = memo(function RunRow({
  run,
  nth,
  style,
  chosen,
  choose,
}: {
  run: Run
  nth: number
  style: React.CSSProperties
  chosen: boolean
  choose: (run: Run) => void
}) {
  const reason =
    run.error?.message ??
    (run.state === 'missed' || run.state === 'skipped' || run.state === 'waiting' ? run.waitingFor : null)
  const changed = run.counts ? run.counts.filesNew + run.counts.filesChanged : null
  const took = run.startedAtMs !== null && run.endedAtMs !== null ? run.endedAtMs - run.startedAtMs : null
  return (
    // The keyboard works on the grid, which has the focus.
    <div
      id={`run-${run.id}`}
      role="row"
      aria-rowindex={nth}
      aria-selected={chosen}
      className={classes['row']}
      data-chosen={chosen}
      style={style}
      onClick={() => choose(run)}
      onDoubleClick={() => go('runs', [run.id])}
    >
      <span role="gridcell" className={classes['state']}>
        <StateIcon look={lookOfRun(run)} />
        {stateWords(run)}
      </span>
      <span role="gridcell" data-right="true" className={classes['quiet']}>
        {run.state === 'running' ? 'now' : localTime(timeOf(run)).slice(11, 16)}
      </span>
      <span role="gridcell">
        <bdi>{visible(run.planName)}</bdi>
      </span>
      {reason === null ? (
        <>
          <span role="gridcell" className={classes['quiet']}>
            {run.kind === 'restore'
              ? 'Restore'
              : run.type === 'incremental'
                ? 'Back up'
                : `Back up, ${run.type}`}
            {run.dryRun ? ', dry run' : ''}
          </span>
          <span role="gridcell" data-right="true">
            {took === null ? '' : duration(took)}
          </span>
          <span role="gridcell" data-right="true">
            {run.counts && !run.dryRun ? shortBytes(run.counts.bytesStored) : ''}
          </span>
          <span role="gridcell" data-right="true">
            {changed === null ? '' : count(changed)}
          </span>
        </>
      ) : (
        <span role="gridcell" className={classes['reason']} title={reason}>
          <bdi>{visible(reason)}</bdi>
        </span>
      )}
    </div>
  )
})
