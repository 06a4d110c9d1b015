import type { ReactNode } from 'react'
import classes from './Settings.module.css'

/** One setting: what it is and what it does on the left, its control on the right. */
export function Row({
  label,
  words,
  htmlFor,
  children,
}: {
  label: ReactNode
  words?: ReactNode
  /** Of the control, where it is one that a label names. */
  htmlFor?: string
  children: ReactNode
}) {
  return (
    <div className={classes['row']}>
      <div>
        {htmlFor === undefined ? (
          <div className={classes['name']}>{label}</div>
        ) : (
          <label htmlFor={htmlFor}>{label}</label>
        )}
        {words !== undefined && (
          <div className={classes['quiet']} id={htmlFor === undefined ? undefined : `${htmlFor}-words`}>
            {words}
          </div>
        )}
      </div>
      <div className={classes['value']}>{children}</div>
    </div>
  )
}
