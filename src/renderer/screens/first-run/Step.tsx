import { Button } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react'
import { Mark } from '../../parts/Mark.tsx'
import { hrefOf } from '../../route.ts'
import form from '../../parts/Form.module.css'
import classes from './FirstRun.module.css'

/** One screen of the first run: where one is, the screen itself, and the way on. Enter goes on from anywhere in it. */
export function Step({
  steps,
  at,
  small,
  again,
  leave = true,
  totals,
  back,
  next,
  children,
}: {
  steps: readonly string[]
  at: number
  /** Below the steps: what to know about leaving. */
  small: ReactNode
  /** Another value: the screen is another one, though the step is the same. */
  again?: unknown
  /** Whether there is something left to leave. */
  leave?: boolean
  totals?: ReactNode
  back?: (() => void) | null
  next: { label: string; ready: boolean; busy?: boolean; act: () => void }
  children: ReactNode
}) {
  const body = useRef<HTMLDivElement>(null)
  useEffect(() => {
    body.current?.scrollTo(0, 0)
    const find = (what: string) => body.current?.querySelector<HTMLElement>(what)
    const first = find('[data-first] input') ?? find('h1')
    first?.focus()
  }, [at, again])

  function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
    if (event.key !== 'Enter' || event.defaultPrevented || !next.ready || next.busy === true) return
    const target = event.target as HTMLElement
    // popovers stand outside of the page, and buttons and links mean themselves
    if (!event.currentTarget.contains(target) || target.closest('button, a, textarea, [role="group"]')) return
    event.preventDefault()
    next.act()
  }

  return (
    <div className={classes['frame']}>
      <aside className={classes['aside']} aria-label="Steps">
        <span className={classes['mark']}>
          <Mark size={40} />
        </span>
        <ol className={classes['steps']}>
          {steps.map((step, index) => (
            <li key={step} className={classes['step']} aria-current={index === at ? 'step' : undefined}>
              <span className={classes['sign']}>
                {index < at ? (
                  <IconCheck size={16} aria-hidden="true" />
                ) : (
                  <span className={classes[index === at ? 'dot' : 'ring']} />
                )}
              </span>
              {step}
              {index < at && <span className="hf-hidden"> (done)</span>}
            </li>
          ))}
        </ol>
        <div className={classes['small']}>
          {small}
          {leave && (
            <a href={hrefOf('home')} className={classes['link']}>
              Leave
            </a>
          )}
        </div>
      </aside>
      <section className={`${classes['page']} ${form['form']}`} onKeyDown={onKeyDown}>
        <div className={classes['body']} ref={body}>
          {children}
        </div>
        <footer className={classes['footer']}>
          <div className={classes['totals']}>{totals}</div>
          {back && (
            <Button size="sm" h={32} variant="default" onClick={back}>
              Back
            </Button>
          )}
          <Button size="sm" h={32} disabled={!next.ready} loading={next.busy ?? false} onClick={next.act}>
            {next.label}
          </Button>
        </footer>
      </section>
    </div>
  )
}

export const Title = ({ children }: { children: ReactNode }) => (
  <h1 className={classes['title']} tabIndex={-1}>
    {children}
  </h1>
)
