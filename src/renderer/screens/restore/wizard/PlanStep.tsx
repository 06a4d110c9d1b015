import { Button, Checkbox, SegmentedControl } from '@mantine/core'
import { IconDownload, IconFolder } from '@tabler/icons-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { RestoreAction, RestoreCounts, RestoreItem } from '../../../../shared/entities/browse.ts'
import { hasEnded } from '../../../../shared/entities/run.ts'
import { toWireError, type WireError } from '../../../../shared/errors.ts'
import { count, plural, shortBytes, visible } from '../../../../shared/wording.ts'
import { ErrorNote } from '../../../parts/ErrorNote.tsx'
import { useNow } from '../../../parts/Moment.tsx'
import { StateIcon } from '../../../parts/StateIcon.tsx'
import { go } from '../../../route.ts'
import { useClient, useMirror } from '../../../store/context.tsx'
import { modified } from '../dates.ts'
import { Name, Path } from '../Name.tsx'
import { commonRoot, inSnapshot, isWithin, parentOf } from '../paths.ts'
import { Cell, HeadCell, Rows, SkeletonCells } from '../Rows.tsx'
import { Sign, type SignKind } from '../Sign.tsx'
import { decide, forget, type Draft } from './draft.ts'
import { eachPage, useItems } from './items.ts'
import { apartOf, canKeepApart, isNewerOnDisk, requestsOf, summed, type Decided } from './requests.ts'
import { saveList } from './save-list.ts'
import { useRuns } from './use-runs.ts'
import { StepPage } from './Wizard.tsx'
import classes from './Wizard.module.css'

const columns = '98px minmax(120px, 1fr) 60px 100px 60px 100px 112px'

export const actionWords: Record<RestoreAction, [SignKind, string]> = {
  create: ['create', 'Create'],
  overwrite: ['overwrite', 'Overwrite'],
  unchanged: ['unchanged', 'Unchanged'],
  skip: ['skip', 'Skip'],
  delete: ['delete', 'Delete'],
  metadata: ['unchanged', 'Attributes'],
  'keep-both': ['keep-both', 'Keep both'],
  failed: ['failed', 'Fails'],
}

type Filter = 'all' | 'changes' | 'overwrites' | 'deletes'
const actionsOf: Record<Filter, RestoreAction[] | null> = {
  all: null,
  changes: ['create', 'overwrite', 'delete', 'metadata', 'keep-both', 'failed'],
  overwrites: ['overwrite'],
  deletes: ['delete'],
}

/** What would happen to each file, worked out against the disk as it is now. */
export function PlanStep({ draft, title, onClose }: { draft: Draft; title: string; onClose: () => void }) {
  const client = useClient()
  const decided: Decided = { ...draft, target: draft.target! }
  const requests = useMemo(() => requestsOf(decided), [draft])
  const [tries, setTries] = useState(0)
  const [ids, setIds] = useState<readonly string[]>([])
  const [refused, setRefused] = useState<WireError | null>(null)

  const done = useRef(new Set<string>())
  useEffect(() => {
    let left = false
    const mine: string[] = []
    setIds([])
    setRefused(null)
    const work = async () => {
      for (const request of requests) {
        const run = await client.call('restore.start', { request, dryRun: true })
        mine.push(run.id)
        if (left) return
      }
      setIds(mine)
    }
    work().catch((error: unknown) => !left && setRefused(toWireError(error)))
    return () => {
      left = true
      // A plan that nobody waits for any more is not worked out to its end; it may have ended meanwhile.
      for (const id of mine)
        if (!done.current.has(id)) void client.call('run.cancel', { id }).catch(() => undefined)
    }
  }, [client, requests, tries])

  const { runs, error } = useRuns(ids)
  for (const { id, state } of runs) if (hasEnded(state)) done.current.add(id)
  const ended = ids.length > 0 && runs.length === ids.length && runs.every(({ state }) => hasEnded(state))
  const failure = refused ?? error ?? runs.find(run => run.error !== null)?.error ?? null
  const counts = summed(
    runs.map(run => run.restoreCounts),
    draft.apart ? draft.apart.keepBoth.length + draft.apart.overwrite.length : 0,
  )
  const ready = ended && failure === null

  const [sure, setSure] = useState(false)
  const [starting, setStarting] = useState(false)
  const start = async () => {
    setStarting(true)
    const started: string[] = []
    try {
      for (const request of requests) {
        started.push((await client.call('restore.start', { request, dryRun: false })).id)
      }
      forget()
      go('restore', ['wizard', 'run'], { runs: started.join(' ') })
    } catch (error) {
      // What has been asked for goes on: it is shown, and says itself what is missing.
      if (started.length > 0) go('restore', ['wizard', 'run'], { runs: started.join(' ') })
      else setRefused(toWireError(error))
      setStarting(false)
    }
  }
  const nothing = ready && counts.create + counts.overwrite + counts.keepBoth + counts.delete === 0
  const waiting = runs.find(({ state }) => !hasEnded(state))

  return (
    <StepPage
      title={title}
      step="Plan"
      onClose={onClose}
      said={
        nothing ? 'Everything is there already: there is nothing to do.' : 'Nothing has been changed yet.'
      }
      actions={
        <>
          {ready && counts.delete > 0 && (
            <Checkbox
              label={`Delete ${plural(counts.delete, 'item')}`}
              checked={sure}
              onChange={event => setSure(event.currentTarget.checked)}
            />
          )}
          <Button size="sm" variant="default" onClick={() => go('restore', ['wizard', 'conflicts'])}>
            Back
          </Button>
          <Button
            size="sm"
            {...(ready && counts.delete > 0 ? { color: 'red.8' } : {})}
            disabled={
              !ready || (nothing && counts.unchanged + counts.failed === 0) || (counts.delete > 0 && !sure)
            }
            loading={starting}
            onClick={() => void start()}
          >
            {counts.delete > 0 ? 'Restore and delete' : 'Restore'}
          </Button>
        </>
      }
    >
      {failure ? (
        <div className={classes['column']}>
          <ErrorNote error={failure} again={() => setTries(before => before + 1)} />
        </div>
      ) : (
        <>
          <Items
            ids={ids}
            runs={ids.length}
            counts={counts}
            ready={ready}
            waitingFor={waiting?.waitingFor ?? null}
          />
          <Facts draft={draft} decided={decided} ids={ids} counts={counts} ready={ready} />
        </>
      )}
    </StepPage>
  )
}

function Items({
  ids,
  counts,
  ready,
  waitingFor,
}: {
  ids: readonly string[]
  runs: number
  counts: RestoreCounts
  ready: boolean
  waitingFor: string | null
}) {
  const client = useClient()
  const now = useNow()
  const [filter, setFilter] = useState<Filter | null>(null)
  const shown: Filter = filter ?? (counts.delete > 0 ? 'deletes' : 'all')
  const { items, complete, error, more } = useItems(ids, actionsOf[shown], ready)
  const [active, setActive] = useState(-1)
  const [saved, setSaved] = useState<string | null>(null)
  const root = useMemo(() => commonFolder(items), [items])
  const changes = counts.create + counts.overwrite + counts.keepBoth + counts.delete + counts.failed
  const total = changes + counts.unchanged + counts.skip
  const box = (kind: SignKind, word: string, number: number, beneath: string | null = null) => (
    <div>
      <dt>
        <Sign kind={kind} none={number === 0} />
        {word}
      </dt>
      <dd data-none={number === 0 || !ready}>
        {ready ? count(number) : '…'}
        {ready && beneath && <small>{beneath}</small>}
      </dd>
    </div>
  )
  return (
    <div className={classes['table']}>
      <dl className={classes['counts']}>
        {box(
          'create',
          'Create',
          counts.create,
          counts.keepBoth > 0 ? `and ${count(counts.keepBoth)} beside what is there` : null,
        )}
        {box('overwrite', 'Overwrite', counts.overwrite)}
        {counts.skip > 0
          ? box('unchanged', 'Left as they are', counts.unchanged + counts.skip)
          : box('unchanged', 'Unchanged', counts.unchanged)}
        {box('delete', 'Delete', counts.delete)}
      </dl>
      <div className={classes['filters']}>
        <SegmentedControl
          aria-label="Which items"
          value={shown}
          onChange={value => {
            setFilter(value as Filter)
            setActive(-1)
          }}
          data={[
            { value: 'all', label: `All ${ready ? count(total) : ''}` },
            { value: 'changes', label: `Changes ${ready ? count(changes) : ''}` },
            { value: 'overwrites', label: `Overwrites ${ready ? count(counts.overwrite) : ''}` },
            ...(counts.delete > 0 ? [{ value: 'deletes', label: `Deletes ${count(counts.delete)}` }] : []),
          ]}
        />
        <span className={classes['quiet']} role="status">
          {saved ?? (ready ? '' : (waitingFor ?? 'Comparing the backup with the disk…'))}
        </span>
        <Button
          variant="subtle"
          leftSection={<IconDownload size={16} />}
          disabled={!ready}
          onClick={() =>
            void saveList(client, ids, actionsOf[shown], 'restore plan.csv')
              .then(setSaved)
              .catch((error: unknown) => setSaved(`Not saved: ${toWireError(error).message}`))
          }
        >
          Export list
        </Button>
      </div>
      {error ? (
        <div style={{ padding: 24 }}>
          <ErrorNote error={error} compact />
        </div>
      ) : (
        <Rows
          label="What would happen"
          count={ready ? items.length : 10}
          columns={columns}
          active={active}
          onActive={setActive}
          onShown={(_, to) => {
            if (ready && !complete && to > items.length - 100) more()
          }}
          head={
            <>
              <HeadCell>Action</HeadCell>
              <HeadCell>Name</HeadCell>
              <HeadCell align="right">Backup</HeadCell>
              <HeadCell>Modified</HeadCell>
              <HeadCell align="right">On disk</HeadCell>
              <HeadCell>Modified</HeadCell>
              <HeadCell>Note</HeadCell>
            </>
          }
          row={index => {
            const item = items[index]
            if (!item) return <SkeletonCells index={index} columns={7} />
            const [sign, word] = actionWords[item.action]
            // A reason is never cut off: it takes the place of the figures that there are none of.
            if (item.action === 'failed')
              return (
                <>
                  <Cell>
                    <Sign kind={sign} />
                    {word}
                  </Cell>
                  <Cell>
                    <Name text={below(item.path, root)} />
                  </Cell>
                  <div role="gridcell" className={classes['reason']} title={visible(item.note)}>
                    {visible(item.note)}
                  </div>
                </>
              )
            const isNewer = item.action === 'overwrite' && isNewerOnDisk(item)
            return (
              <>
                <Cell>
                  <Sign kind={sign} />
                  {word}
                </Cell>
                <Cell>
                  <Name text={below(item.path, root)} gone={item.action === 'delete'} />
                </Cell>
                <Cell align="right" quiet>
                  {item.type === 'dir'
                    ? 'folder'
                    : item.action === 'delete'
                      ? '–'
                      : shortBytes(item.sizeBytes)}
                </Cell>
                <Cell quiet>{item.modifiedAtMs === null ? '' : modified(item.modifiedAtMs, now)}</Cell>
                <Cell align="right" quiet>
                  {item.onDiskBytes !== null
                    ? shortBytes(item.onDiskBytes)
                    : item.type === 'dir' && item.onDiskModifiedAtMs !== null
                      ? 'folder'
                      : '–'}
                </Cell>
                <Cell quiet>
                  {item.onDiskModifiedAtMs === null ? '' : modified(item.onDiskModifiedAtMs, now)}
                </Cell>
                <Cell quiet>
                  <span className={isNewer ? classes['newer'] : undefined} title={visible(item.note)}>
                    {item.action === 'metadata' ? 'content is the same' : visible(item.note)}
                  </span>
                </Cell>
              </>
            )
          }}
        >
          {ready && complete && items.length === 0 && (
            <p className={classes['quiet']} style={{ padding: 24 }}>
              None of these.
            </p>
          )}
        </Rows>
      )}
    </div>
  )
}

function Facts({
  draft,
  decided,
  ids,
  counts,
  ready,
}: {
  draft: Draft
  decided: Decided
  ids: readonly string[]
  counts: RestoreCounts
  ready: boolean
}) {
  const client = useClient()
  const destination = useMirror(state => state.destinations[draft.destinationId])
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<WireError | null>(null)
  const { target } = decided
  const tooLarge = counts.freeBytes !== null && counts.bytesToWrite > counts.freeBytes
  const keepBoth = async () => {
    setBusy(true)
    setError(null)
    try {
      const items: RestoreItem[] = []
      for await (const page of eachPage(client, ids, ['overwrite'])) items.push(...page)
      decide({ apart: apartOf(items, target) })
    } catch (failure) {
      setError(toWireError(failure))
    }
    setBusy(false)
  }
  return (
    <aside className={classes['facts']} aria-label="Facts">
      <div>
        <h2>Into</h2>
        <div className={classes['into']}>
          <IconFolder size={16} stroke={1.75} aria-hidden="true" />
          <Path text={target.kind === 'original' ? commonRoot(draft.parts) : target.path} />
        </div>
        <p className={classes['quiet']}>
          {target.kind === 'original' && 'Original place. '}
          {modeWords[draft.conflicts]}
        </p>
      </div>
      <dl>
        <dt>Writes</dt>
        <dd>{ready ? shortBytes(counts.bytesToWrite) : '…'}</dd>
        <dt>Free on disk</dt>
        <dd>{ready ? (counts.freeBytes === null ? 'not known' : shortBytes(counts.freeBytes)) : '…'}</dd>
        <dt>Reads from</dt>
        <dd>
          <bdi>{destination?.name ?? 'a destination that was removed'}</bdi>
        </dd>
      </dl>
      {ready && counts.overwrite > 0 && (
        <p className={classes['quiet']} style={{ fontSize: 13, lineHeight: '20px', color: 'var(--hf-ink2)' }}>
          {plural(counts.overwrite, 'file is', 'files are')} overwritten. What{' '}
          {counts.overwrite === 1 ? 'it is' : 'they are'} now is not kept: go back and choose “Keep both” if
          it may be needed.
        </p>
      )}
      {ready && tooLarge ? (
        <div className={classes['note']} role="alert">
          <StateIcon look="gap" />
          <span>
            There is less room than it takes. The restore would stop when the disk is full; what it had
            restored would stay.
          </span>
        </div>
      ) : (
        ready &&
        counts.newerOnDisk > 0 &&
        counts.overwrite > 0 &&
        draft.apart === null &&
        draft.conflicts !== 'if-newer' && (
          <div className={classes['note']}>
            <StateIcon look="gap" />
            <span>
              {plural(counts.newerOnDisk, 'file')} on disk {counts.newerOnDisk === 1 ? 'is' : 'are'}{' '}
              <strong>newer</strong> than the backup.{' '}
              {canKeepApart(decided) ? (
                <button
                  type="button"
                  className={classes['link']}
                  disabled={busy}
                  onClick={() => void keepBoth()}
                >
                  Keep both for these
                </button>
              ) : (
                'Go back and choose “Keep both” to lose none of them.'
              )}
            </span>
          </div>
        )
      )}
      {draft.apart && (
        <p className={classes['quiet']}>
          {draft.apart.keepBoth.length === 1
            ? 'One file that is newer on disk stays as it is; the one from the backup is put beside it.'
            : `${count(draft.apart.keepBoth.length)} files that are newer on disk stay as they are; those from the backup are put beside them.`}
        </p>
      )}
      {error && <ErrorNote error={error} compact />}
    </aside>
  )
}

const modeWords: Record<Draft['conflicts'], string> = {
  'keep-both': 'What is there stays; what differs is put beside it',
  overwrite: 'Overwrite what differs',
  'if-newer': 'Overwrite what is older than the backup',
  skip: 'Only what is missing',
  mirror: 'Exact mirror: also delete what the backup does not have',
}

/** Names are shown from the folder on that all of them lie in. */
function commonFolder(items: readonly RestoreItem[]): string {
  let root: string | null = null
  for (const { path } of items) {
    const folder = parentOf(inSnapshot(path))
    root ??= folder
    while (root !== '/' && !isWithin(folder, root)) root = parentOf(root)
  }
  return root ?? '/'
}

const below = (path: string, root: string): string => {
  const plain = inSnapshot(path)
  return root !== '/' && plain.startsWith(`${root}/`) ? plain.slice(root.length + 1) : path
}
