import { IconFolder } from '@tabler/icons-react'
import { useState } from 'react'
import type { RestoreCounts, RestoreItem } from '../../../../shared/entities/browse.ts'
import { toWireError, type WireError } from '../../../../shared/errors.ts'
import { count, plural, shortBytes } from '../../../../shared/wording.ts'
import { ErrorNote } from '../../../parts/ErrorNote.tsx'
import { StateIcon } from '../../../parts/StateIcon.tsx'
import { useClient, useMirror } from '../../../store/context.tsx'
import { Path } from '../Name.tsx'
import { decide, type Draft } from './draft.ts'
import { eachPage } from './items.ts'
import { apartOf, canKeepApart, type Decided } from './requests.ts'
import classes from './Wizard.module.css'

/** What the whole of it means: where to, how much, and what would be lost. */
export function PlanFacts({
  into,
  draft,
  decided,
  ids,
  counts,
  ready,
}: {
  into: string
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
          <Path text={into} />
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
