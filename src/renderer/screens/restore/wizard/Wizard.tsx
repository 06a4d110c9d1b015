import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { IconCheck, IconX } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import { visible } from '../../../../shared/wording.ts'
import { useNow } from '../../../parts/Moment.tsx'
import { Page } from '../../../parts/Page.tsx'
import { go } from '../../../route.ts'
import { useMirror } from '../../../store/context.tsx'
import { dayAndTime } from '../dates.ts'
import { Conflicts } from './Conflicts.tsx'
import { forget, useDraft } from './draft.ts'
import { nameOfParts, wholeAndApart } from './requests.ts'
import { PlanStep } from './PlanStep.tsx'
import { Running } from './Running.tsx'
import { Target } from './Target.tsx'
import browse from '../Restore.module.css'
import classes from './Wizard.module.css'

const steps = ['Target', 'Conflicts', 'Plan', 'Run', 'Result'] as const
export type Step = (typeof steps)[number]

/** From a selection to files on a disk, a step at a time. Nothing is written before the plan has been seen. */
export function Wizard({ step, query }: { step: string; query: URLSearchParams }) {
  const now = useNow()
  const draft = useDraft()
  const runs = useMirror(state => state.runs)
  const ids = (query.get('runs') ?? '').split(' ').filter(Boolean)

  const close = () => {
    const back = draft?.back
    forget()
    if (back) location.hash = back
    else go('restore')
  }
  if (step === 'run') {
    const [run] = ids.flatMap(id => runs[id] ?? [])
    const what = run?.restore
      ? nameOfParts(wholeAndApart(ids.flatMap(id => runs[id]?.restore ?? [])).whole)
      : 'what you chose'
    return <Running key={ids.join()} ids={ids} title={`Restore ${visible(what)}`} onClose={close} />
  }
  if (!draft) {
    return (
      <Page title="Restore">
        <div className={browse['padded']} style={{ padding: 0 }}>
          <h2>Nothing is chosen to be restored</h2>
          <p>Choose files or folders first; then it is asked where they go. Nothing has been changed.</p>
          <Button onClick={() => go('restore')}>Choose files</Button>
        </div>
      </Page>
    )
  }
  const times = [...new Set(draft.parts.map(({ timeMs }) => timeMs))]
  const from =
    times.length === 1 && typeof times[0] === 'number'
      ? `from ${dayAndTime(times[0], now)}`
      : `from ${times.length} snapshots`
  const title = `Restore ${visible(nameOfParts(draft.parts))} ${from}`
  const props = { draft, title, onClose: close }
  if (step === 'conflicts' && draft.target) return <Conflicts {...props} />
  if (step === 'plan' && draft.target) return <PlanStep {...props} />
  return <Target {...props} />
}

/** A step's page: its name and close button, the line of steps, the body, and a bar that says what has happened so far. */
export function StepPage({
  title,
  step,
  children,
  said,
  actions,
  onClose,
}: {
  title: string
  step: Step
  children: React.ReactNode
  said: React.ReactNode
  actions?: React.ReactNode
  onClose: () => void
}) {
  const at = steps.indexOf(step)
  const line = useRef<HTMLOListElement>(null)
  // A new step begins at its top, for the keyboard and for those who listen.
  useEffect(() => line.current?.querySelector<HTMLElement>('[aria-current]')?.focus(), [step])
  return (
    <Page
      flush
      title={title}
      actions={
        <Tooltip label="Close">
          <ActionIcon aria-label="Close" onClick={onClose}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      }
    >
      <div className={classes['wizard']}>
        <ol ref={line} className={classes['steps']} aria-label="Steps">
          {steps.map((name, n) => (
            <li
              key={name}
              tabIndex={n === at ? -1 : undefined}
              aria-current={n === at ? 'step' : undefined}
              data-done={n < at}
            >
              {n < at ? <IconCheck size={14} aria-hidden="true" /> : <span className={classes['ring']} />}
              {name}
              {n < at && <span className="hf-hidden"> (done)</span>}
            </li>
          ))}
        </ol>
        <div className={classes['body']}>{children}</div>
        {(said || actions) && (
          <div className={classes['bar']}>
            <span className={classes['said']}>{said}</span>
            {actions}
          </div>
        )}
      </div>
    </Page>
  )
}
