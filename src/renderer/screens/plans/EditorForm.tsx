import { Fragment, useEffect, useRef, useState } from 'react'
import type { Plan, PlanDraft } from '../../../shared/entities/plan.ts'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { hrefOf } from '../../route.ts'
import { Advanced } from './Advanced.tsx'
import { sections, sectionWords, type Problem, type Section } from './draft.ts'
import { Keep } from './Keep.tsx'
import { Summary } from './Summary.tsx'
import { What } from './What.tsx'
import { When } from './When.tsx'
import { Where } from './Where.tsx'
import form from '../../parts/Form.module.css'
import classes from './Editor.module.css'

/** One page: the list of sections, the form, and the summary that stays in sight. */
export function EditorForm({
  id,
  draft,
  plan,
  changes,
  problems,
  wanted,
  onChange,
}: {
  id: string
  draft: PlanDraft
  plan: Plan | null
  changes: readonly string[]
  /** What kept it from being saved, once that was tried. */
  problems: readonly Problem[]
  /** The section that the address names. */
  wanted: string | null
  onChange: (change: Partial<PlanDraft>) => void
}) {
  const scroller = useRef<HTMLDivElement>(null)
  const [current, setCurrent] = useState<Section>('what')

  useEffect(() => {
    if (wanted === null) return
    const section = scroller.current?.querySelector<HTMLElement>(`[data-section="${CSS.escape(wanted)}"]`)
    section?.scrollIntoView({ block: 'start' })
    section?.focus({ preventScroll: true })
  }, [wanted])

  function onScroll(): void {
    const box = scroller.current
    if (!box) return
    const all = [...box.querySelectorAll<HTMLElement>('[data-section]')]
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 2
    const at = atEnd ? all.at(-1) : all.findLast(each => each.offsetTop <= box.scrollTop + 80)
    const name = at?.dataset['section'] as Section | undefined
    if (name !== undefined) setCurrent(name)
  }

  const part: Record<Section, React.ReactNode> = {
    what: <What draft={draft} planId={plan?.id ?? null} onChange={onChange} />,
    when: <When draft={draft} plan={plan} onChange={onChange} />,
    where: <Where draft={draft} onChange={onChange} />,
    keep: <Keep draft={draft} onChange={onChange} />,
    advanced: <Advanced draft={draft} onChange={onChange} />,
  }
  return (
    <div className={classes['editor']}>
      <nav className={classes['sections']} aria-label="Sections of the plan">
        {sections.map(section => (
          <a
            key={section}
            href={hrefOf('plans', [id], { section })}
            aria-current={section === current ? 'location' : undefined}
            onClick={event => {
              // the same address once more tells nobody
              if (wanted !== section) return
              event.preventDefault()
              scroller.current?.querySelector(`[data-section="${section}"]`)?.scrollIntoView()
            }}
          >
            {sectionWords[section]}
          </a>
        ))}
      </nav>
      <div className={`${classes['form']} ${form['form']}`} ref={scroller} onScroll={onScroll}>
        {sections.map(section => (
          <section
            key={section}
            className={classes['section']}
            data-section={section}
            tabIndex={-1}
            style={{ outline: 'none' }}
            aria-labelledby={`section-${section}`}
          >
            <Fragment>{part[section]}</Fragment>
            {problems
              .filter(problem => problem.section === section)
              .map(({ message }) => (
                <div key={message} className={classes['wrong']} role="alert">
                  <StateIcon look="failed" />
                  {message}
                </div>
              ))}
          </section>
        ))}
      </div>
      <Summary id={id} draft={draft} plan={plan} changes={changes} />
    </div>
  )
}
