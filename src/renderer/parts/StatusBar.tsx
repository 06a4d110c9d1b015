import { Menu, UnstyledButton } from '@mantine/core'
import { IconChevronDown, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { hasEnded, type Run } from '../../shared/entities/run.ts'
import { localTime, percent, rate, visible } from '../../shared/wording.ts'
import { hrefOf } from '../route.ts'
import { useAction, useMirror } from '../store/context.tsx'
import { Moment, useNow } from './Moment.tsx'
import { Name } from './Name.tsx'
import { StateIcon, lookOfRun } from './StateIcon.tsx'
import classes from './StatusBar.module.css'

/** What is going on, what comes next, and a way to hold it all. */
export function StatusBar() {
  const runs = useMirror(state => state.runs)
  const status = useMirror(state => state.status)
  const current = Object.values(runs)
    .filter(({ state }) => !hasEnded(state))
    .sort(
      (a, b) =>
        Number(b.state === 'running') - Number(a.state === 'running') || a.createdAtMs - b.createdAtMs,
    )[0]
  const next = status?.plans
    .filter(({ nextDueAtMs }) => nextDueAtMs !== null)
    .sort((a, b) => a.nextDueAtMs! - b.nextDueAtMs!)[0]
  return (
    <footer className={classes['bar']}>
      {current ? <Current run={current} /> : <span className={classes['quiet']}>Nothing is running</span>}
      {next && (
        <span className={classes['next']}>
          Next: <Name>{next.name}</Name>, <Moment atMs={next.nextDueAtMs!} />
        </span>
      )}
      <span style={{ flex: 1 }} />
      <Pause />
    </footer>
  )
}

function Current({ run }: { run: Run }) {
  const { progress } = run
  const share = progress?.totalBytes ? percent(progress.doneBytes, progress.totalBytes) : null
  const doing =
    run.state === 'running'
      ? `${run.kind === 'restore' ? 'restoring' : 'backing up'}${share ? `, ${share}` : ''}`
      : run.state === 'cancelling'
        ? 'cancelling'
        : (run.waitingFor ?? run.state)
  return (
    <a className={classes['current']} href={hrefOf('runs', [run.id])}>
      <StateIcon look={lookOfRun(run)} />
      <span>
        <Name>{run.planName}</Name>: {visible(doing)}
      </span>
      {progress?.totalBytes ? (
        <span className={classes['track']} aria-hidden="true">
          <span style={{ width: `${Math.min(100, (100 * progress.doneBytes) / progress.totalBytes)}%` }} />
        </span>
      ) : null}
      {progress?.bytesPerSecond ? <span>{rate(progress.bytesPerSecond)}</span> : null}
    </a>
  )
}

const hourMs = 3_600_000

function Pause() {
  const settings = useMirror(state => state.settings)
  const pause = useAction('app.pause')
  const resume = useAction('app.resume')
  const now = useNow()
  const until = settings?.pausedUntilMs ?? null
  if (until === 'forever' || (until !== null && until > now)) {
    return (
      <UnstyledButton className={classes['pause']} onClick={() => void resume.run(undefined)}>
        <IconPlayerPlay size={14} aria-hidden="true" />
        Paused{until === 'forever' ? '' : ` until ${localTime(until).slice(11, 16)}`} · Resume
      </UnstyledButton>
    )
  }
  const tomorrow = new Date(now)
  tomorrow.setHours(24, 0, 0, 0)
  return (
    <Menu position="top-end">
      <Menu.Target>
        <UnstyledButton className={classes['pause']}>
          <IconPlayerPause size={14} aria-hidden="true" />
          Pause
          <IconChevronDown size={14} aria-hidden="true" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void pause.run({ until: now + hourMs })}>For one hour</Menu.Item>
        <Menu.Item onClick={() => void pause.run({ until: tomorrow.getTime() })}>Until tomorrow</Menu.Item>
        <Menu.Item onClick={() => void pause.run({ until: 'forever' })}>Until I resume</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
