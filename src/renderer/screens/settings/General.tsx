import { SegmentedControl, Switch, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { useEffect, useState } from 'react'
import { desktop } from '../../client.ts'
import { setCompact, useCompact } from '../../parts/density.ts'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { Row } from './Row.tsx'
import classes from './Settings.module.css'

const schemes: readonly { value: MantineColorScheme; label: string }[] = [
  { value: 'auto', label: 'System' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
]

export function General() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const compact = useCompact()
  return (
    <>
      <h2 className={classes['heading']}>General</h2>
      <p className={classes['lead']}>How this window looks is kept on this machine, for you alone.</p>
      <div className={classes['rows']}>
        <Row label="Colours" words="System goes with the day and night of your desktop.">
          <SegmentedControl
            aria-label="Colours"
            value={colorScheme}
            onChange={value => setColorScheme(schemes.find(each => each.value === value)?.value ?? 'auto')}
            data={[...schemes]}
          />
        </Row>
        <Row
          label="Compact rows"
          htmlFor="compact"
          words="Rows of tables are 28 pixels high instead of 32. Nothing else changes."
        >
          <Switch
            id="compact"
            aria-describedby="compact-words"
            checked={compact}
            onChange={event => setCompact(event.currentTarget.checked)}
          />
        </Row>
        <AtLogin />
      </div>
    </>
  )
}

/** Only a desktop can be started at login; what serves a browser is started by the system. */
function AtLogin() {
  const shell = desktop()
  const [on, setOn] = useState<boolean | null>(null)
  const [failed, setFailed] = useState<string | null>(null)
  useEffect(() => {
    shell?.opensAtLogin().then(setOn, (error: unknown) => setFailed((error as Error).message))
  }, [shell])
  if (!shell) {
    return (
      <Row
        label="Start at login"
        words="This window is open in a browser. Whatever runs “holdfast serve” starts it: “holdfast service” writes the file for that."
      >
        <span className={classes['quiet']}>not from here</span>
      </Row>
    )
  }
  return (
    <Row
      label="Start at login"
      htmlFor="at-login"
      words={
        failed === null ? (
          'Holdfast starts without a window and makes backups as planned.'
        ) : (
          <span className={classes['said']} role="alert">
            <StateIcon look="failed" /> {failed}
          </span>
        )
      }
    >
      <Switch
        id="at-login"
        aria-describedby="at-login-words"
        checked={on ?? false}
        disabled={on === null}
        onChange={event => {
          setFailed(null)
          shell.setOpensAtLogin(event.currentTarget.checked).then(setOn, (error: unknown) => {
            setFailed((error as Error).message)
          })
        }}
      />
    </Row>
  )
}
