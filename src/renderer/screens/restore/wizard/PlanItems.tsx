import { Button, SegmentedControl } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useState } from 'react'
import type { RestoreAction, RestoreCounts } from '../../../../shared/entities/browse.ts'
import { toWireError } from '../../../../shared/errors.ts'
import { count, shortBytes, visible } from '../../../../shared/wording.ts'
import { ErrorNote } from '../../../parts/ErrorNote.tsx'
import { useNow } from '../../../parts/Moment.tsx'
import { useClient } from '../../../store/context.tsx'
import { modified } from '../dates.ts'
import { Name } from '../Name.tsx'
import { inSnapshot } from '../paths.ts'
import { Cell, HeadCell, Rows, SkeletonCells } from '../Rows.tsx'
import { Sign, type SignKind } from '../Sign.tsx'
import { useItems } from './items.ts'
import { isNewerOnDisk } from './requests.ts'
import { saveList } from './save-list.ts'
import classes from './Wizard.module.css'

const columns = '98px minmax(120px, 1fr) 60px 100px 60px 100px 124px'

const actionWords: Record<RestoreAction, [SignKind, string]> = {
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

/** What would happen to each item, as far as it is scrolled to. */
export function PlanItems({
  ids,
  into,
  counts,
  ready,
  waitingFor,
}: {
  ids: readonly string[]
  /** The folder that everything goes into; names are shown from there on. */
  into: string
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
                    <Name text={below(item.path, inSnapshot(into))} />
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
                  <Name text={below(item.path, inSnapshot(into))} gone={item.action === 'delete'} />
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

const below = (path: string, root: string): string => {
  const plain = inSnapshot(path)
  return root !== '/' && plain.startsWith(`${root}/`) ? plain.slice(root.length + 1) : path
}
