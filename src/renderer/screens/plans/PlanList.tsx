import { ActionIcon, Button, Menu, Modal } from '@mantine/core'
import { IconDots, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { Plan } from '../../../shared/entities/plan.ts'
import { hasEnded } from '../../../shared/entities/run.ts'
import { localTime } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { Moment, useNow } from '../../parts/Moment.tsx'
import { Name } from '../../parts/Name.tsx'
import { Page } from '../../parts/Page.tsx'
import { StateIcon, type Look } from '../../parts/StateIcon.tsx'
import { whenWords } from '../../parts/when-words.ts'
import { go, hrefOf } from '../../route.ts'
import { useAction, useMirror } from '../../store/context.tsx'
import { scheduleWords, whatWords } from './draft.ts'
import classes from './PlanList.module.css'

const looks: Record<string, Look> = {
  protected: 'proven',
  gaps: 'stored',
  working: 'working',
  waiting: 'waiting',
  attention: 'gap',
  paused: 'paused',
}

/** Every plan in a line: what, when, where, what comes next, and how it stands. */
export function PlanList() {
  const plans = Object.values(useMirror(state => state.plans)).sort((a, b) => a.createdAtMs - b.createdAtMs)
  const [removing, setRemoving] = useState<Plan | null>(null)
  const start = useAction('run.start')
  const pause = useAction('plan.pause')
  const resume = useAction('plan.resume')
  const error = start.error ?? pause.error ?? resume.error
  return (
    <Page
      title="Plans"
      aside={plans.length > 0 ? String(plans.length) : null}
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => go('plans', ['new'])}>
          Add a plan
        </Button>
      }
    >
      {error && <ErrorNote compact error={error} />}
      {plans.length === 0 ? (
        <Empty />
      ) : (
        <table className={classes['table']}>
          <thead>
            <tr>
              <th scope="col">Plan</th>
              <th scope="col">What</th>
              <th scope="col">When</th>
              <th scope="col">Where</th>
              <th scope="col">Next run</th>
              <th scope="col">
                <span className="hf-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {plans.map(plan => (
              <Row
                key={plan.id}
                plan={plan}
                start={() => void start.run({ planId: plan.id }).then(run => run && go('runs', [run.id]))}
                pause={until => void pause.run({ id: plan.id, until })}
                resume={() => void resume.run({ id: plan.id })}
                remove={() => setRemoving(plan)}
              />
            ))}
          </tbody>
        </table>
      )}
      <Remove plan={removing} close={() => setRemoving(null)} />
    </Page>
  )
}

const Empty = () => (
  <div className={classes['empty']}>
    <h2>There is no plan yet</h2>
    <p>
      A plan says what is backed up, when, where to and for how long it is kept. The first one takes about a
      minute.
    </p>
    <Button variant="default" onClick={() => go('first-run')}>
      Set up a backup
    </Button>
  </div>
)

function Row({
  plan,
  start,
  pause,
  resume,
  remove,
}: {
  plan: Plan
  start: () => void
  pause: (until: number | 'forever') => void
  resume: () => void
  remove: () => void
}) {
  const now = useNow()
  const state = useMirror(({ status }) => status?.plans.find(({ planId }) => planId === plan.id))
  const destination = useMirror(({ destinations }) => destinations[plan.destinationIds[0] ?? ''])
  const open = Object.values(useMirror(({ runs }) => runs)).find(
    run => run.planId === plan.id && !hasEnded(run.state),
  )
  const paused = plan.pausedUntilMs === 'forever' || (plan.pausedUntilMs ?? 0) > now
  const tomorrow = new Date(now)
  tomorrow.setHours(24, 0, 0, 0)
  return (
    <tr>
      <td style={{ width: '26%' }}>
        <a className={classes['name']} href={hrefOf('plans', [plan.id])}>
          <StateIcon look={looks[state?.state ?? ''] ?? 'unset'} />
          <span>
            <strong>
              <Name>{plan.name}</Name>
            </strong>
            <span className={classes['quiet']}>{state?.sentence ?? 'no run yet'}</span>
          </span>
        </a>
      </td>
      <td>
        <Name>{whatWords(plan)}</Name>
      </td>
      <td>
        {scheduleWords(plan)}
        {plan.schedule.some(({ disabledBecause }) => disabledBecause !== null) && (
          <span className={classes['quiet']}>turned off after failures</span>
        )}
      </td>
      <td>
        {destination ? <Name>{destination.name}</Name> : 'a destination that is gone'}
        {destination?.presence === 'absent' && <span className={classes['quiet']}>not connected</span>}
      </td>
      <td>
        {open ? (
          <a className={classes['name']} href={hrefOf('runs', [open.id])}>
            <strong>
              {open.state === 'running' ? 'backing up now' : (open.waitingFor ?? 'in the queue')}
            </strong>
          </a>
        ) : paused ? (
          `paused${typeof plan.pausedUntilMs === 'number' ? ` until ${localTime(plan.pausedUntilMs).slice(0, 16)}` : ''}`
        ) : typeof state?.nextDueAtMs === 'number' ? (
          <Moment atMs={state.nextDueAtMs} />
        ) : (
          'when you start it'
        )}
      </td>
      <td>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon aria-label={`More about ${plan.name}`}>
              <IconDots size={16} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={start}>Back up now</Menu.Item>
            <Menu.Item onClick={() => go('plans', [plan.id])}>Change it…</Menu.Item>
            <Menu.Item onClick={() => go('history', [], { plan: plan.id })}>Its history</Menu.Item>
            <Menu.Divider />
            {paused ? (
              <Menu.Item onClick={resume}>Resume</Menu.Item>
            ) : (
              <>
                <Menu.Item onClick={() => pause(tomorrow.getTime())}>Pause until tomorrow</Menu.Item>
                <Menu.Item onClick={() => pause('forever')}>Pause until I resume</Menu.Item>
              </>
            )}
            <Menu.Divider />
            <Menu.Item color="var(--hf-bad)" onClick={remove}>
              Remove…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </td>
    </tr>
  )
}

function Remove({ plan, close }: { plan: Plan | null; close: () => void }) {
  const remove = useAction('plan.remove')
  const next = plan?.schedules.find(({ enabled }) => enabled)
  return (
    <Modal
      opened={plan !== null}
      onClose={close}
      title={
        <strong>
          <bdi>Remove “{plan?.name}”?</bdi>
        </strong>
      }
      withCloseButton={false}
    >
      <p style={{ margin: 0 }}>
        It is not backed up any more{next ? ` (${whenWords(next.when)})` : ''}. What stays:
      </p>
      <ul className={classes['stays']}>
        <li>its snapshots, to restore from at any time</li>
        <li>its history of runs</li>
        <li>the destination and its key</li>
      </ul>
      {remove.error && <ErrorNote compact error={remove.error} />}
      <div className={classes['buttons']}>
        <Button variant="default" data-autofocus onClick={close}>
          Keep it
        </Button>
        <Button
          color="var(--hf-bad)"
          styles={{ root: { color: 'var(--hf-surface)' } }}
          loading={remove.busy}
          onClick={() =>
            plan &&
            // removing answers with nothing: what failed is told by the error
            void remove.run({ id: plan.id }).then(done => done !== null && close())
          }
        >
          Remove the plan
        </Button>
      </div>
    </Modal>
  )
}
