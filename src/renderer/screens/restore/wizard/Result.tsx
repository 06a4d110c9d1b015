import { Button, CopyButton } from '@mantine/core'
import { IconClipboardCheck, IconFileAlert, IconFolder, IconRefresh } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { RestoreCounts } from '../../../../shared/entities/browse.ts'
import type { Run } from '../../../../shared/entities/run.ts'
import { toWireError } from '../../../../shared/errors.ts'
import { count, duration, plural, shortBytes, visible } from '../../../../shared/wording.ts'
import { desktop } from '../../../client.ts'
import { ErrorNote } from '../../../parts/ErrorNote.tsx'
import { Mark } from '../../../parts/Mark.tsx'
import { go, hrefOf } from '../../../route.ts'
import { useAsked, useClient } from '../../../store/context.tsx'
import { Name, Path } from '../Name.tsx'
import { Sign, type SignKind } from '../Sign.tsx'
import { useItems } from './items.ts'
import { wholeAndApart, summed } from './requests.ts'
import { saveList } from './save-list.ts'
import { outcomeOf } from './outcome.ts'
import { StepPage } from './Wizard.tsx'
import classes from './Wizard.module.css'

const colours = { ok: 'ok', gap: 'warnfill', bad: 'bad', quiet: 'ink2' } as const

/** What came of it. Green only for what was read back and found equal. */
export function Result({
  runs,
  title,
  onClose,
}: {
  runs: readonly Run[]
  title: string
  onClose: () => void
}) {
  const client = useClient()
  const heading = useRef<HTMLHeadingElement>(null)
  const { apart } = wholeAndApart(runs.flatMap(({ restore }) => restore ?? []))
  const counts = summed(
    runs.map(run => run.restoreCounts),
    apart,
  )
  const outcome = outcomeOf(runs, counts)
  const target = runs[0]?.restore?.target
  const ids = runs.map(({ id }) => id)
  const failed = useItems(ids, ['failed'], counts.failed > 0)
  const warnings = useAsked(
    'run.warnings',
    runs[0] && runs[0].warnings > 0 ? { id: runs[0].id, limit: 100 } : null,
  )
  const [said, setSaid] = useState<string | null>(null)
  useEffect(() => heading.current?.focus(), [])

  const bridge = desktop()
  const tookMs =
    Math.max(...runs.map(({ endedAtMs }) => endedAtMs ?? 0)) -
    Math.min(...runs.map(run => run.startedAtMs ?? run.createdAtMs))
  const folder = target?.kind === 'folder' ? target.path : null
  const error = runs.find(run => run.error !== null)?.error ?? null
  const line = (kind: SignKind, number: number, word: string, where: string) => (
    <div data-none={number === 0}>
      <Sign kind={kind} none={number === 0} />
      <dt>
        {count(number)} {word}
      </dt>
      <dd>{number > 0 ? where : ''}</dd>
    </div>
  )
  return (
    <StepPage title={title} step="Result" onClose={onClose} said={null}>
      <div className={classes['result']}>
        <div>
          <div className={classes['hero']} style={{ color: `var(--hf-${colours[outcome.tone]})` }}>
            <Mark
              size={44}
              sign={outcome.tone === 'ok' || outcome.tone === 'quiet' ? 'whole' : 'attention'}
            />
            <div style={{ color: 'var(--hf-ink)' }}>
              <h2 ref={heading} tabIndex={-1}>
                {outcome.title}
              </h2>
              <p>
                {outcome.sentence} {tookMs > 0 && `It took ${duration(tookMs)}.`}
              </p>
              <div className={classes['buttons']}>
                {bridge && folder && (
                  <Button
                    size="sm"
                    onClick={() =>
                      void bridge
                        .showInFolder(folder)
                        .catch((error: unknown) => setSaid((error as Error).message))
                    }
                  >
                    Open folder
                  </Button>
                )}
                {folder && (
                  <CopyButton value={folder}>
                    {({ copied, copy }) => (
                      <Button size="sm" variant={bridge ? 'default' : 'filled'} onClick={copy}>
                        {copied ? 'Copied' : 'Copy path'}
                      </Button>
                    )}
                  </CopyButton>
                )}
                <Button size="sm" variant={folder ? 'default' : 'filled'} onClick={onClose}>
                  Done
                </Button>
              </div>
              {folder && (
                <p className={classes['into']} style={{ margin: '12px 0 0' }}>
                  <IconFolder size={16} stroke={1.75} aria-hidden="true" />
                  <Path text={folder} />
                </p>
              )}
            </div>
          </div>
          {error && <ErrorNote error={error} />}
          <dl className={classes['lines']}>
            {line('create', counts.create, 'created', folder ? 'in the folder you chose' : 'where they were')}
            {counts.keepBoth > 0 &&
              line(
                'keep-both',
                counts.keepBoth,
                'beside others',
                'under names of their own; what was there is unchanged',
              )}
            {line('overwrite', counts.overwrite, 'overwritten', 'what they were before is not kept')}
            {line('unchanged', counts.unchanged, 'unchanged', 'not touched')}
            {counts.skip > 0 && line('skip', counts.skip, 'left as they are', 'there already')}
            {line('delete', counts.delete, 'deleted', 'not in the backup')}
            {counts.failed > 0 && line('failed', counts.failed, 'failed', 'each with its reason below')}
          </dl>
          {counts.failed > 0 && (
            <>
              <h3>Not restored</h3>
              <ul className={classes['next']}>
                {failed.items.slice(0, 100).map(item => (
                  <li key={`${item.path} ${item.seq}`}>
                    <IconFileAlert size={16} aria-hidden="true" />
                    <span>
                      <Name text={item.path} />
                      <br />
                      {visible(item.note)}
                    </span>
                  </li>
                ))}
                {counts.failed > 100 && (
                  <li>And {count(counts.failed - 100)} more: export the report to see all.</li>
                )}
              </ul>
            </>
          )}
          {warnings.value && warnings.value.length > 0 && counts.failed === 0 && (
            <>
              <h3>Notes</h3>
              <ul className={classes['next']}>
                {warnings.value.map(({ seq, path, message }) => (
                  <li key={seq}>
                    <IconFileAlert size={16} aria-hidden="true" />
                    <span>
                      <bdi>{visible(path)}</bdi>: {visible(message)}
                    </span>
                  </li>
                ))}
              </ul>
            </>
          )}
          <h3>What next</h3>
          <ul className={classes['next']}>
            <li>
              <IconClipboardCheck size={16} aria-hidden="true" />
              <span role="status">{said ?? 'A report with every item was kept with this run.'}</span>
              <Button
                variant="default"
                onClick={() =>
                  void saveList(client, ids, null, 'restore report.csv')
                    .then(setSaid)
                    .catch((error: unknown) => setSaid(`Not saved: ${toWireError(error).message}`))
                }
              >
                Export report
              </Button>
              {ids[0] && (
                <Button variant="default" component="a" href={hrefOf('runs', [ids[0]])}>
                  Open run
                </Button>
              )}
            </li>
            <li>
              <IconRefresh size={16} aria-hidden="true" />
              <span>{nextWords(outcome.tone, counts)}</span>
              <Button variant="default" onClick={() => go('restore')}>
                Restore more
              </Button>
            </li>
          </ul>
        </div>
      </div>
    </StepPage>
  )
}

function nextWords(tone: 'ok' | 'gap' | 'bad' | 'quiet', counts: RestoreCounts): string {
  if (tone === 'bad' || tone === 'gap')
    return 'The same restore can be started again: what is restored already is found and not written a second time.'
  return counts.bytesWritten > 0
    ? `${shortBytes(counts.bytesWritten)} were written. ${plural(counts.filesVerified, 'file was', 'files were')} read back.`
    : 'Nothing was written.'
}
