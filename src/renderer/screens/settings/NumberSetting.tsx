import { Button, NumberInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { SettingsChange } from '../../../shared/entities/application.ts'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { useAction } from '../../store/context.tsx'
import { Row } from './Row.tsx'
import classes from './Settings.module.css'

/** A number that is saved when it is left or Enter is pressed, and only when it is one that can be. */
export function NumberSetting({
  id,
  label,
  words,
  value,
  min,
  max,
  step = 1,
  unit,
  change,
  none,
}: {
  id: string
  label: string
  words: string
  value: number | null
  min: number
  max: number
  step?: number
  unit: string
  change: (value: number | null) => SettingsChange
  /** What an empty field means; without it there has to be a number. */
  none?: string
}) {
  const save = useAction('settings.update')
  const [text, setText] = useState<string | number>(value ?? '')
  useEffect(() => setText(value ?? ''), [value])
  const wrong = text === '' ? none === undefined : typeof text !== 'number' || text < min || text > max
  const next = text === '' ? null : Number(text)
  const put = () => {
    if (!wrong && next !== value) void save.run(change(next))
  }
  return (
    <Row
      label={label}
      htmlFor={id}
      words={
        <>
          {words}
          {wrong && (
            <span className={classes['said']} role="alert" style={{ color: 'var(--hf-bad)' }}>
              From {min} to {max} {unit}.
            </span>
          )}
          {save.error && (
            <span className={classes['said']} role="alert">
              <StateIcon look="failed" /> {save.error.message}
            </span>
          )}
        </>
      }
    >
      <span className={classes['controls']}>
        {none !== undefined && text !== '' && (
          <Button variant="subtle" onClick={() => void save.run(change(null))}>
            {none}
          </Button>
        )}
        <NumberInput
          id={id}
          aria-describedby={`${id}-words`}
          size="xs"
          w={112}
          min={min}
          max={max}
          step={step}
          allowDecimal={false}
          clampBehavior="none"
          placeholder={none ?? ''}
          value={text}
          error={wrong}
          onChange={setText}
          onBlur={put}
          onKeyDown={event => event.key === 'Enter' && put()}
        />
        <span className={classes['unit']}>{unit}</span>
      </span>
    </Row>
  )
}
