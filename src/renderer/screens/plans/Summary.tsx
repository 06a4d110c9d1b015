import { useEffect, useState } from 'react'
import type { Plan, PlanDraft } from '../../../shared/entities/plan.ts'
import { hasEnded } from '../../../shared/entities/run.ts'
import { duration, plural, shortBytes } from '../../../shared/wording.ts'
import { keepWords } from '../../parts/keep-words.ts'
import { useRested } from '../../parts/later.ts'
import { NextTimes, type NextTime } from '../../parts/NextTimes.tsx'
import type { Measured } from '../../parts/measured.ts'
import { hrefOf } from '../../route.ts'
import { useAsked, useClient, useMirror } from '../../store/context.tsx'
import { problemsOf, scheduleWords, whatWords, type Section } from './draft.ts'
import classes from './Editor.module.css'

const typeTags = { incremental: 'incremental', full: 'full', config: 'configuration' } as const

/** The plan in one sentence, what it comes to, and what is not saved yet. */
export function Summary({
  id,
  draft,
  plan,
  changes,
}: {
  /** As in the address. */
  id: string
  draft: PlanDraft
  plan: Plan | null
  /** Since it was saved, in words. */
  changes: readonly string[]
}) {
  const destinations = useMirror(state => state.destinations)
  const where = draft.destinationIds
    .map(each => destinations[each]?.name ?? 'a destination that is gone')
    .join(', ')
  const total = useTotal(draft)
  const next = useNextTimes(draft)
  const runs = useAsked('run.list', plan ? { planId: plan.id, limit: 20 } : null, plan?.revision)
  const last = runs.value?.runs.find(
    run => run.kind === 'backup' && !run.dryRun && hasEnded(run.state) && run.counts !== null,
  )
  const word = (section: Section, words: string) => (
    <a className={classes['word']} href={hrefOf('plans', [id], { section })}>
      <bdi>{words}</bdi>
    </a>
  )
  return (
    <aside className={classes['summary']} aria-label="Summary of the plan" tabIndex={0}>
      <h2>In one sentence</h2>
      <p className={classes['sentence']}>
        Back up {word('what', whatWords(draft))} {word('when', scheduleWords(draft))} to{' '}
        {word('where', where || 'nowhere yet')}, and keep {word('keep', keepWords(draft.retention.standard))}.
      </p>
      <dl className={classes['facts']}>
        <div>
          <dt>All of it</dt>
          <dd>
            {draft.sources.every(({ paths }) => paths.length === 0)
              ? 'nothing chosen'
              : total === null
                ? '…'
                : `${total.complete ? '' : 'at least '}${shortBytes(total.bytes)}, ${plural(total.files, 'file')}`}
          </dd>
        </div>
        {total !== null && total.excludedFiles > 0 && (
          <div>
            <dt>Left out</dt>
            <dd>
              {shortBytes(total.excludedBytes)}, {plural(total.excludedFiles, 'file')}
            </dd>
          </div>
        )}
        {last?.counts && last.startedAtMs !== null && last.endedAtMs !== null && (
          <div>
            <dt>Last run</dt>
            <dd>
              {shortBytes(last.counts.bytesStored)} in {duration(last.endedAtMs - last.startedAtMs)}
            </dd>
          </div>
        )}
      </dl>
      <h2>Next five runs</h2>
      {next.length === 0 ? (
        <p className={classes['note']}>It runs when you start it.</p>
      ) : (
        <NextTimes times={next} zone={draft.zone} />
      )}
      <div role="status">
        {changes.length > 0 && (
          <p className={classes['changes']}>
            {plan ? 'Since last save: ' : 'Not saved yet: '}
            {changes.join(', ')}.
          </p>
        )}
        {problemsOf(draft).length === 0 ? null : (
          <p className={classes['changes']}>{problemsOf(draft)[0]?.message}</p>
        )}
      </div>
    </aside>
  )
}

type Total = Pick<Measured, 'files' | 'bytes' | 'excludedFiles' | 'excludedBytes' | 'complete'>

/** All sources, with their rules; null while it is being counted. */
function useTotal({
  sources,
}: PlanDraft): Pick<Measured, 'files' | 'bytes' | 'excludedFiles' | 'excludedBytes' | 'complete'> | null {
  const client = useClient()
  const [total, setTotal] = useState<Total | null>(null)
  const key = useRested(
    JSON.stringify(
      sources.filter(({ paths }) => paths.length > 0).map(({ paths, rules }) => ({ paths, rules })),
    ),
    800,
  )
  useEffect(() => {
    let current = true
    const asks = JSON.parse(key) as Pick<PlanDraft['sources'][number], 'paths' | 'rules'>[]
    Promise.all(asks.map(ask => client.call('source.measure', ask))).then(
      all =>
        current &&
        setTotal(
          all.reduce<Total>(
            (sum, each) => ({
              files: sum.files + each.files,
              bytes: sum.bytes + each.bytes,
              excludedFiles: sum.excludedFiles + each.excludedFiles,
              excludedBytes: sum.excludedBytes + each.excludedBytes,
              complete: sum.complete && each.complete,
            }),
            { files: 0, bytes: 0, excludedFiles: 0, excludedBytes: 0, complete: true },
          ),
        ),
      // a pattern that is half typed: the field of patterns says so
      () => current && setTotal(null),
    )
    return () => void (current = false)
  }, [client, key])
  return total
}

/** The next five of all its schedules. */
function useNextTimes({ schedules, zone }: PlanDraft): readonly NextTime[] {
  const client = useClient()
  const [times, setTimes] = useState<readonly NextTime[]>([])
  const key = useRested(JSON.stringify([schedules.filter(({ enabled }) => enabled), zone]))
  useEffect(() => {
    let current = true
    const [all, inZone] = JSON.parse(key) as [PlanDraft['schedules'], string | null]
    Promise.all(
      all.map(({ when, type }) =>
        client
          .call('schedule.preview', { when, zone: inZone, count: 5 })
          .then(({ nextMs }) => nextMs.map(atMs => ({ atMs, words: typeTags[type] }))),
      ),
    ).then(
      found =>
        current &&
        setTimes(
          found
            .flat()
            .sort((a, b) => a.atMs - b.atMs)
            .slice(0, 5),
        ),
      () => current && setTimes([]),
    )
    return () => void (current = false)
  }, [client, key])
  return times
}
