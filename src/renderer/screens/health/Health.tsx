import { Button, CopyButton, Skeleton } from '@mantine/core'
import { IconCheck, IconCopy, IconRefresh } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { toWireError, type WireError } from '../../../shared/errors.ts'
import { hasEnded } from '../../../shared/entities/run.ts'
import { visible } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { useLasting } from '../../parts/later.ts'
import { Moment, useNow } from '../../parts/Moment.tsx'
import { Page } from '../../parts/Page.tsx'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { go } from '../../route.ts'
import { useAction, useAsked, useClient, useMirror } from '../../store/context.tsx'
import { checksOf, groups, type Check, type Mend, type Tested } from './checks.ts'
import { reportOf } from './report.ts'
import classes from './Health.module.css'

/** What was looked at, what came of it, and the button that mends it. */
export default function Health() {
  const now = useNow()
  const info = useMirror(state => state.info)
  const status = useMirror(state => state.status)
  const vault = useMirror(state => state.vault)
  const settings = useMirror(state => state.settings)
  const plans = useMirror(state => state.plans)
  const destinations = useMirror(state => state.destinations)
  const live = useMirror(state => state.runs)
  const ended = Object.values(live).filter(({ state }) => hasEnded(state)).length
  const history = useAsked('run.list', { limit: 1000 }, ended)
  const { tested, busy, error, test } = useTests(Object.keys(plans))
  const askedAtMs = useMemo(() => new Date().getTime(), [status, destinations, vault, history.value])

  const checks = useMemo(
    () =>
      checksOf({
        plans: Object.values(plans).sort((a, b) => a.createdAtMs - b.createdAtMs),
        destinations: Object.values(destinations).sort((a, b) => a.createdAtMs - b.createdAtMs),
        status,
        vault,
        pausedUntilMs: settings?.pausedUntilMs ?? null,
        runs: history.value?.runs ?? [],
        tested,
        askedAtMs,
        nowMs: Math.max(now, askedAtMs),
      }),
    [plans, destinations, status, vault, settings, history.value, tested, askedAtMs, now],
  )
  const bad = checks.filter(check => check.bad).length
  const skeleton = useLasting(history.value === null && history.error === null)
  const empty = Object.keys(plans).length === 0

  return (
    <Page
      flush
      title="Health"
      aside={
        history.value === null
          ? ''
          : bad === 0
            ? `${checks.length} checks, nothing needs you`
            : `${bad} of ${checks.length} need attention`
      }
      actions={
        <>
          <CopyButton value={reportOf(checks, info, now)}>
            {({ copied, copy }) => (
              <Button
                variant="default"
                leftSection={
                  copied ? (
                    <IconCheck size={15} aria-hidden="true" />
                  ) : (
                    <IconCopy size={15} aria-hidden="true" />
                  )
                }
                onClick={copy}
              >
                {copied ? 'Copied' : 'Copy report'}
              </Button>
            )}
          </CopyButton>
          <Button
            variant="default"
            disabled={empty}
            loading={busy}
            leftSection={<IconRefresh size={15} aria-hidden="true" />}
            onClick={() => void test()}
          >
            Test all plans now
          </Button>
        </>
      }
    >
      {/* What scrolls can be reached by the keyboard. */}
      <div className={classes['scroller']} tabIndex={0} role="region" aria-label="Checks">
        {(history.error ?? error) && (
          <div className={classes['ghost']}>
            <ErrorNote error={(history.error ?? error)!} again={history.error ? history.again : test} />
          </div>
        )}
        {history.value === null && skeleton && <Ghosts />}
        {history.value !== null && <Checks checks={checks} />}
        {history.value !== null && (
          <p className={classes['note']}>
            {empty
              ? 'There is no plan yet, so there is not much to check.'
              : 'Green is kept for what a restore has proven, and restore drills come with a later version, as do checks of stored data and thresholds of your own. Until then: restore a file now and then.'}
          </p>
        )}
      </div>
    </Page>
  )
}

const Ghosts = () => (
  <div className={classes['ghost']} aria-hidden="true">
    {[48, 36, 60, 42, 55].map((width, nth) => (
      <Skeleton key={nth} height={10} width={`${width}%`} my={11} />
    ))}
  </div>
)

function Checks({ checks }: { checks: readonly Check[] }) {
  return (
    <table className={classes['table']}>
      <thead>
        <tr>
          <th scope="col">
            <span className="hf-hidden">State</span>
          </th>
          <th scope="col">Check</th>
          <th scope="col" data-right="true">
            Measured
          </th>
          <th scope="col" data-right="true">
            Limit
          </th>
          <th scope="col">Last tested</th>
          <th scope="col">
            <span className="hf-hidden">What to do</span>
          </th>
        </tr>
      </thead>
      {groups
        .map(group => ({ group, own: checks.filter(check => check.group === group) }))
        .filter(({ own }) => own.length > 0)
        .map(({ group, own }) => (
          <tbody key={group}>
            <tr>
              <th scope="colgroup" colSpan={6}>
                {group}
              </th>
            </tr>
            {own.map(check => (
              <CheckRow key={check.key} check={check} />
            ))}
          </tbody>
        ))}
    </table>
  )
}

function CheckRow({ check }: { check: Check }) {
  const { look, bad, fact, more, measured, limit, testedAtMs, mend } = check
  return (
    <tr>
      <td>
        <StateIcon look={look} />
        <span className="hf-hidden">
          {bad ? 'Needs attention' : look === 'stored' ? 'Fine' : 'For your information'}
        </span>
      </td>
      <td>
        <div className={classes['fact']} data-bad={bad}>
          <bdi>{visible(fact)}</bdi>
          {more !== undefined && (
            <span className={classes['more']}>
              <bdi>{visible(more)}</bdi>
            </span>
          )}
        </div>
      </td>
      <td data-right="true">{measured}</td>
      <td data-right="true" className={classes['quiet']}>
        {limit}
      </td>
      <td className={classes['time']}>{testedAtMs === null ? 'never' : <Moment atMs={testedAtMs} />}</td>
      <td>{mend && <MendButton mend={mend} fact={fact} />}</td>
    </tr>
  )
}

function MendButton({ mend, fact }: { mend: Mend; fact: string }) {
  const start = useAction('run.start')
  const enable = useAction('plan.enableSchedule')
  const resumePlan = useAction('plan.resume')
  const resumeAll = useAction('app.resume')
  const error = start.error ?? enable.error ?? resumePlan.error ?? resumeAll.error
  function act(): void {
    if (mend.kind === 'go') go(mend.page, mend.rest)
    else if (mend.kind === 'enable') void enable.run({ id: mend.planId, scheduleId: mend.scheduleId })
    else if (mend.kind === 'run')
      void start.run({ planId: mend.planId }).then(run => run && go('runs', [run.id]))
    else if (mend.planId === null) void resumeAll.run(undefined)
    else void resumePlan.run({ id: mend.planId })
  }
  return (
    <>
      {error && (
        <span role="alert" style={{ marginRight: 8 }}>
          {error.message}
        </span>
      )}
      <Button
        variant="default"
        loading={start.busy || enable.busy || resumePlan.busy || resumeAll.busy}
        aria-description={fact}
        onClick={act}
      >
        {mend.label}
      </Button>
    </>
  )
}

/** Tries everything that a run of each plan needs, one plan after the other. */
function useTests(planIds: readonly string[]) {
  const client = useClient()
  const [state, setState] = useState<{
    tested: Readonly<Record<string, Tested>>
    busy: boolean
    error: WireError | null
  }>({ tested: {}, busy: false, error: null })
  async function test(): Promise<void> {
    setState(before => ({ ...before, busy: true, error: null }))
    let error: WireError | null = null
    for (const id of planIds) {
      try {
        const rows = await client.call('plan.test', { id })
        const atMs = new Date().getTime()
        setState(before => ({ ...before, tested: { ...before.tested, [id]: { atMs, rows } } }))
      } catch (failure) {
        error = toWireError(failure)
        // removed meanwhile: there is nothing to test
        if (error.code === 'not_found') error = null
        else break
      }
    }
    setState(before => ({ ...before, busy: false, error }))
  }
  return { ...state, test }
}
