import type { ReactNode } from 'react'
import classes from './Page.module.css'

/** A screen: its header of 55 px (name, facts, actions), its body, and what is said to be where by landmarks. */
export function Page({
  title,
  crumbs,
  aside,
  actions,
  children,
  flush = false,
}: {
  title: ReactNode
  /** What stands before the title, such as the list it came from. */
  crumbs?: ReactNode
  /** Facts beside the title. */
  aside?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** The body brings its own padding and scrolls by itself. */
  flush?: boolean
}) {
  return (
    <section className={classes['page']}>
      <header className={classes['header']}>
        {crumbs}
        <h1 className={classes['title']}>{title}</h1>
        {aside && <div className={classes['aside']}>{aside}</div>}
        <div className={classes['actions']}>{actions}</div>
      </header>
      <div className={flush ? classes['flush'] : classes['body']}>{children}</div>
    </section>
  )
}
