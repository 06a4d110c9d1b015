import { Button, Select, TextInput } from '@mantine/core'
import { IconDownload, IconSearch } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Run, RunState } from '../../../shared/entities/run.ts'
import { count, duration, localTime, shortBytes, visible } from '../../../shared/wording.ts'
import { saveText } from '../../parts/save-text.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { useNow } from '../../parts/Moment.tsx'
import { Page } from '../../parts/Page.tsx'
import { StateIcon, lookOfRun } from '../../parts/StateIcon.tsx'
import { go, useRoute } from '../../route.ts'
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
const rowHeight = 32

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
  const choose = (run: Run | null) =>
    go('history', [], { ...(planId && { plan: planId }), ...(run && { run: run.id }) })

  return (
    <Page
      flush
      title="History"
      aside={`${count(history.total)} runs`}
      actions={
        <>
          <Select
            aria-label="Plan"
            w={150}
            value={planId ?? ''}
            data={[
              { value: '', label: 'All plans' },
              ...plans.map(({ id, name }) => ({ value: id, label: name })),
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
              history.need(Infinity)
            }}
          />
          <Button
            variant="default"
            leftSection={<IconDownload size={15} />}
            onClick={() =>
              void history.all().then(all => saveText('holdfast-history.csv', csvOf(all), 'text/csv'))
            }
          >
            CSV
          </Button>
        </>
      }
    >
      <div className={classes['list']}>
        {history.error && <ErrorNote error={history.error} again={() => location.reload()} />}
        {!history.loading && history.total === 0 && (
          <Empty filtered={planId !== null || stateFilter !== 'any'} />
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
        ? 'Choose another plan or state.'
        : 'Every backup and restore will stand here, with what it did and what it could not do.'}
    </p>
  </div>
)

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
  const scroller = useRef<HTMLDivElement>(null)
  const list = useVirtualizer({
    count: rows.length + toCome,
    getScrollElement: () => scroller.current,
    estimateSize: at => (rows[at]?.kind === 'day' ? 28 : rowHeight),
    overscan: 12,
  })
  const items = list.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= rows.length - 50 && toCome > 0) need(loaded + Math.max(0, last - rows.length) + 100)
  }, [last, rows.length, toCome, need, loaded])
  useEffect(() => list.measure(), [rows, list])

  const runs = rows.flatMap(row => (row.kind === 'run' ? [row.run] : []))
  const move = (by: number) => {
    const at = runs.findIndex(({ id }) => id === selected?.id)
    const next = runs[Math.min(runs.length - 1, Math.max(0, at + by))]
    if (!next) return
    choose(next)
    list.scrollToIndex(rows.findIndex(row => row.kind === 'run' && row.run.id === next.id))
  }

  return (
    <>
      <div className={classes['head']} role="presentation">
        <span>State</span>
        <span data-right="true">Time</span>
        <span>Plan</span>
        <span>Run</span>
        <span data-right="true">Duration</span>
        <span data-right="true">Added</span>
        <span data-right="true">Changed</span>
      </div>
      <div
        ref={scroller}
        className={classes['scroller']}
        role="grid"
        aria-label="Runs"
        aria-rowcount={rows.length + toCome}
        tabIndex={0}
        onKeyDown={event => {
          const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key]
          if (event.key === 'Escape') choose(null)
          else if (event.key === 'Enter' && selected) go('runs', [selected.id])
          else if (step) move(step)
          else return
          event.preventDefault()
        }}
      >
        <div style={{ height: list.getTotalSize(), position: 'relative' }}>
          {items.map(item => {
            const row = rows[item.index]
            const style = { transform: `translateY(${item.start}px)`, height: item.size }
            if (!row) return <div key={item.key} className={classes['ghost']} style={style} />
            if (row.kind === 'day') {
              return (
                <div
                  key={item.key}
                  role="row"
                  aria-rowindex={item.index + 1}
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
                nth={item.index + 1}
                style={style}
                chosen={row.run.id === selected?.id}
                choose={() => choose(row.run)}
              />
            )
          })}
        </div>
      </div>
    </>
  )
}

function RunRow({
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
  choose: () => void
}) {
  const reason =
    run.error?.message ??
    (run.state === 'missed' || run.state === 'skipped' || run.state === 'waiting' ? run.waitingFor : null)
  const changed = run.counts ? run.counts.filesNew + run.counts.filesChanged : null
  const took = run.startedAtMs !== null && run.endedAtMs !== null ? run.endedAtMs - run.startedAtMs : null
  return (
    // The keyboard works on the grid, which has the focus.
    <div
      role="row"
      aria-rowindex={nth}
      aria-selected={chosen}
      className={classes['row']}
      data-chosen={chosen}
      style={style}
      onClick={choose}
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
          <bdi>{reason}</bdi>
        </span>
      )}
    </div>
  )
}
