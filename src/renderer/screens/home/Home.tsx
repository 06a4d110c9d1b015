import { ActionIcon, Button, Menu } from '@mantine/core'
import { IconDots, IconHistory } from '@tabler/icons-react'
import type { Destination } from '../../../shared/entities/destination.ts'
import type { Plan } from '../../../shared/entities/plan.ts'
import { hasEnded, type Run } from '../../../shared/entities/run.ts'
import { relative, shortBytes, visible } from '../../../shared/wording.ts'
import { clockTime, dayAndTime } from '../../parts/clock-words.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { Mark } from '../../parts/Mark.tsx'
import { useNow } from '../../parts/Moment.tsx'
import { Name } from '../../parts/Name.tsx'
import { StateIcon, type Look } from '../../parts/StateIcon.tsx'
import { go, hrefOf } from '../../route.ts'
import { useAction, useAsked, useMirror } from '../../store/context.tsx'
import { attentionOf, type Attention, type Fix } from './attention.ts'
import { daysOf } from './days.ts'
import { Cell, Strip } from './Strip.tsx'
import { heroOf } from './hero.ts'
import classes from './Home.module.css'

/** How things are, in one sentence; what needs somebody; how each plan is doing. */
export default function Home() {
  const status = useMirror(state => state.status)
  const plans = Object.values(useMirror(state => state.plans)).sort((a, b) => a.createdAtMs - b.createdAtMs)
  const destinations = Object.values(useMirror(state => state.destinations))
  const vault = useMirror(state => state.vault)
  const now = useNow()
  const live = useMirror(state => state.runs)
  // Ended runs change what the history says: ask again when there is another one.
  const ended = Object.values(live).filter(({ state }) => hasEnded(state)).length
  const history = useAsked('run.list', { limit: 1000 }, ended)
  const runs = history.value?.runs ?? Object.values(live)
  if (status && plans.length === 0) return <Nothing />

  const lastRuns = Object.fromEntries(plans.map(({ id }) => [id, lastBackup(runs, id)]))
  const attention = attentionOf({ plans, destinations, status, lastRuns, vault, nowMs: now })
  return (
    <div className={classes['home']}>
      <Hero plans={plans} attention={attention} />
      {history.error && <ErrorNote error={history.error} again={history.again} />}
      {attention.length > 0 && (
        <section aria-labelledby="attention">
          <h2 id="attention" className={classes['heading']}>
            Needs attention <span>{attention.length}</span>
          </h2>
          <ul className={classes['attention']}>
            {attention.map((item, nth) => (
              <AttentionRow key={item.key} item={item} suggested={nth === 0} />
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="plans">
        <div className={classes['plansHead']}>
          <h2 id="plans" className={classes['heading']}>
            Plans
          </h2>
          <Legend />
        </div>
        <div className={classes['row']} data-head="true" aria-hidden="true">
          <span />
          <span className={classes['span']}>
            <span>{firstDay()}</span>
            <span>today</span>
          </span>
          <span>Newest snapshot</span>
          <span>Next run</span>
          <span>Proof</span>
          <span />
        </div>
        <ul className={classes['plans']}>
          {plans.map(plan => (
            <PlanRow
              key={plan.id}
              plan={plan}
              runs={runs}
              gap={attention.some(({ planId, look }) => planId === plan.id && look !== 'note')}
            />
          ))}
        </ul>
      </section>
    </div>
  )
}

const lastBackup = (runs: readonly Run[], planId: string): Run | undefined =>
  runs
    .filter(
      run =>
        run.planId === planId &&
        run.kind === 'backup' &&
        !run.dryRun &&
        hasEnded(run.state) &&
        run.state !== 'skipped',
    )
    .reduce<Run | undefined>(
      (best, run) => (best && best.createdAtMs >= run.createdAtMs ? best : run),
      undefined,
    )

function firstDay(): string {
  const date = new Date()
  date.setDate(date.getDate() - 29)
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
}

/** Before the first plan. */
function Nothing() {
  return (
    <div className={classes['nothing']}>
      <span style={{ color: 'var(--hf-ink2)' }}>
        <Mark size={44} />
      </span>
      <h1>Nothing is protected yet</h1>
      <p>A first backup of Documents, Desktop and Pictures takes about a minute to set up.</p>
      <Button onClick={() => go('first-run')}>Set up a backup</Button>
      <a href={hrefOf('first-run', ['existing'])} className={classes['existing']}>
        <IconHistory size={16} aria-hidden="true" /> Restore from an existing backup
      </a>
    </div>
  )
}

function useFix(): (fix: Fix) => void {
  const start = useAction('run.start')
  const enable = useAction('plan.enableSchedule')
  return fix => {
    if (fix.kind === 'go') go(fix.page, fix.rest)
    else if (fix.kind === 'enable') void enable.run({ id: fix.planId, scheduleId: fix.scheduleId })
    else void start.run({ planId: fix.planId }).then(run => run && go('runs', [run.id]))
  }
}

function Hero({ plans, attention }: { plans: readonly Plan[]; attention: readonly Attention[] }) {
  const status = useMirror(state => state.status)
  const fix = useFix()
  const { title, sentence, sign, tone } = heroOf(status, attention)
  const first = plans[0]
  return (
    <header className={classes['hero']}>
      <span style={{ color: `var(--hf-${tone})` }}>
        <Mark size={44} sign={sign} />
      </span>
      <div>
        <h1>{title}</h1>
        <p>
          <bdi>{visible(sentence)}</bdi>
        </p>
        <div className={classes['buttons']}>
          {first && (
            <Menu disabled={plans.length === 1} position="bottom-start">
              <Menu.Target>
                <Button
                  size="sm"
                  variant={attention[0]?.fix.act.kind === 'run' ? 'default' : 'filled'}
                  onClick={() => plans.length === 1 && fix({ kind: 'run', planId: first.id })}
                >
                  {plans.length === 1 ? `Back up ${first.name}` : 'Back up now'}
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                {plans.map(({ id, name }) => (
                  <Menu.Item key={id} onClick={() => fix({ kind: 'run', planId: id })}>
                    <Name>{name}</Name>
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          )}
          <Button
            size="sm"
            variant="default"
            leftSection={<IconHistory size={16} />}
            onClick={() => go('restore')}
          >
            Restore a file…
          </Button>
        </div>
      </div>
    </header>
  )
}

/** The first row's fix is the one action of the page, where it is one that can be done at once. */
function AttentionRow({ item, suggested }: { item: Attention; suggested: boolean }) {
  const fix = useFix()
  return (
    <li>
      <StateIcon look={item.look} size={17} />
      <div>
        <Fact fact={item.fact} subject={item.subject} />
        <div className={classes['quiet']}>
          <bdi>{visible(item.consequence)}</bdi>
        </div>
      </div>
      <Button
        variant={suggested && item.fix.act.kind === 'run' ? 'filled' : 'default'}
        aria-description={item.fact}
        onClick={() => fix(item.fix.act)}
      >
        {item.fix.label}
      </Button>
    </li>
  )
}

function Fact({ fact, subject }: Pick<Attention, 'fact' | 'subject'>) {
  const at = subject === null ? -1 : fact.indexOf(subject)
  if (subject === null || at < 0) return <bdi>{visible(fact)}</bdi>
  return (
    <span>
      {visible(fact.slice(0, at))}
      <strong>
        <Name>{subject}</Name>
      </strong>
      {visible(fact.slice(at + subject.length))}
    </span>
  )
}

const legend = [
  ['stored', 'stored'],
  ['warnings', 'with warnings'],
  ['missed', 'missed'],
  ['failed', 'failed'],
] as const

const Legend = () => (
  <div className={classes['legend']} aria-hidden="true">
    {legend.map(([day, words]) => (
      <span key={day}>
        <svg width="7" height="16" viewBox="0 0 9 26" preserveAspectRatio="none">
          <Cell day={day} />
        </svg>
        {words}
      </span>
    ))}
  </div>
)

const looks: Record<string, Look> = {
  protected: 'proven',
  gaps: 'stored',
  working: 'working',
  waiting: 'waiting',
  attention: 'gap',
  paused: 'paused',
}

function PlanRow({ plan, runs, gap }: { plan: Plan; runs: readonly Run[]; gap: boolean }) {
  const now = useNow()
  const state = useMirror(({ status }) => status?.plans.find(({ planId }) => planId === plan.id))
  const destination = useMirror(({ destinations }) => destinations[plan.destinationIds[0] ?? ''])
  const open = Object.values(useMirror(all => all.runs)).find(
    run => run.planId === plan.id && !hasEnded(run.state),
  )
  const own = runs.filter(({ planId }) => planId === plan.id)
  const newest = own.find(run => run.kind === 'backup' && run.counts !== null && run.snapshotId !== null)
  const cells = daysOf(own, now, 30, state?.nextDueAtMs ?? null)
  const paths = plan.sources
    .flatMap(source => source.paths)
    .map(path => path.slice(path.lastIndexOf('/') + 1) || path)
  const shown = `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`
  return (
    <li className={classes['row']}>
      <a className={classes['name']} href={hrefOf('plans', [plan.id])}>
        <StateIcon look={gap && state?.state === 'gaps' ? 'gap' : looks[state?.state ?? 'gaps']!} />
        <span>
          <strong>
            <Name>{plan.name}</Name>
          </strong>
          <span className={classes['quiet']}>
            <Name>{shown}</Name>
          </span>
          <span className={classes['quiet']}>
            {newest?.counts ? `${shortBytes(newest.counts.bytesScanned)} · ` : ''}
            {plan.schedule[0]?.words.replace(/ \(cron .*\)$/, '') ?? 'started by hand'}
          </span>
        </span>
      </a>
      <Strip cells={cells} label={plan.name} />
      <span>
        {state?.newestSnapshotAtMs ? (
          <>
            {dayAndTime(state.newestSnapshotAtMs, now)}
            <span className={classes['quiet']}>{relative(state.newestSnapshotAtMs, now)}</span>
          </>
        ) : (
          <span className={classes['quiet']}>none yet</span>
        )}
      </span>
      <Next plan={plan} dueMs={state?.nextDueAtMs ?? null} open={open} destination={destination} />
      <span className={classes['quiet']}>no drill yet</span>
      <PlanMenu plan={plan} />
    </li>
  )
}

/** When it runs next, or why it does not. */
function Next({
  plan,
  dueMs,
  open,
  destination,
}: {
  plan: Plan
  dueMs: number | null
  open: Run | undefined
  destination: Destination | undefined
}) {
  const now = useNow()
  if (open) {
    return (
      <a href={hrefOf('runs', [open.id])} className={classes['link']}>
        {open.state === 'running' ? (
          'Backing up now'
        ) : (
          <bdi>{visible(open.waitingFor ?? 'In the queue')}</bdi>
        )}
      </a>
    )
  }
  if (plan.pausedUntilMs !== null) {
    const until = plan.pausedUntilMs
    return (
      <span>
        Paused
        <span className={classes['quiet']}>
          {until === 'forever' ? 'until you resume it' : `until ${clockTime(until)}`}
        </span>
      </span>
    )
  }
  if (destination?.presence === 'absent') {
    return (
      <span>
        <span className={classes['warn']}>Waiting for a drive</span>
        <span className={classes['quiet']}>
          plug in <Name>{destination.name}</Name>
        </span>
      </span>
    )
  }
  if (dueMs === null) return <span className={classes['quiet']}>when you start it</span>
  return (
    <span>
      {dayAndTime(dueMs, now)}
      <span className={classes['quiet']}>
        {plan.conditions.acPower ? 'on AC power' : relative(dueMs, now)}
      </span>
    </span>
  )
}

function PlanMenu({ plan }: { plan: Plan }) {
  const fix = useFix()
  const pause = useAction('plan.pause')
  const resume = useAction('plan.resume')
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={`More about ${plan.name}`}>
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => fix({ kind: 'run', planId: plan.id })}>Back up now</Menu.Item>
        <Menu.Item onClick={() => go('restore', [], { plan: plan.id })}>Restore from it…</Menu.Item>
        <Menu.Item onClick={() => go('history', [], { plan: plan.id })}>Its history</Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => go('plans', [plan.id])}>Change it…</Menu.Item>
        {plan.pausedUntilMs === null ? (
          <Menu.Item onClick={() => void pause.run({ id: plan.id, until: 'forever' })}>Pause</Menu.Item>
        ) : (
          <Menu.Item onClick={() => void resume.run({ id: plan.id })}>Resume</Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
