import type { When } from '../../shared/entities/plan.ts'
import { ChipMenu, ChipNumber, ChipText } from './Chip.tsx'
import { ordinal, timeOf, unitWords, weekdays, withUnit, type Unit } from './when-words.ts'

const units = (['daily', 'weekly', 'monthly', 'hourly', 'minutes', 'cron'] as const).map(
  unit =>
    [unit, unit === 'cron' ? 'cron line…' : unit === 'minutes' ? 'few minutes…' : unitWords[unit]] as const,
)
const namesOfDays = weekdays.map((name, at) => [String(at), name] as const)

/** "Every [day] at [02:00]": each chip changes its part. Fits into any sentence. */
export function ScheduleSentence({
  when,
  onChange,
  capital = true,
}: {
  when: When
  onChange: (when: When) => void
  /** It begins a sentence. */
  capital?: boolean
}) {
  const unit = (
    <ChipMenu<Unit>
      label="How often"
      value={when.kind}
      options={units}
      shown={when.kind === 'minutes' ? 'minutes' : unitWords[when.kind]}
      onChange={next => onChange(withUnit(when, next))}
    />
  )
  const every = capital ? 'Every' : 'every'
  switch (when.kind) {
    case 'daily':
      return (
        <>
          {every} {unit} at <Time when={when} onChange={onChange} />
        </>
      )
    case 'weekly':
      return (
        <>
          {every} {unit} on
          <ChipMenu
            label="Day of the week"
            value={String(when.weekday)}
            options={namesOfDays}
            onChange={day => onChange({ ...when, weekday: Number(day) })}
          />
          at <Time when={when} onChange={onChange} />
        </>
      )
    case 'monthly':
      return (
        <>
          {every} {unit} on the
          <ChipNumber
            label="Day of the month"
            value={when.day}
            min={1}
            max={31}
            unit="of the month; in a shorter one, its last day"
            shown={ordinal(when.day)}
            onChange={day => onChange({ ...when, day })}
          />
          at <Time when={when} onChange={onChange} />
        </>
      )
    case 'hourly':
      return (
        <>
          {every} {unit} at minute
          <ChipNumber
            label="Minute of the hour"
            value={when.minute}
            min={0}
            max={59}
            unit="past the hour"
            shown={String(when.minute).padStart(2, '0')}
            onChange={minute => onChange({ ...when, minute })}
          />
        </>
      )
    case 'minutes':
      return (
        <>
          {every}
          <ChipNumber
            label="How many minutes"
            value={when.every}
            min={1}
            max={1440}
            unit="minutes"
            shown={String(when.every)}
            onChange={minutes => onChange({ kind: 'minutes', every: minutes })}
          />
          {unit}
        </>
      )
    case 'cron':
      return (
        <>
          {every} {unit}
          <ChipText
            label="Cron line of five fields"
            value={when.expression}
            read={text => (/^\S+(\s+\S+){4}$/.test(text.trim()) ? text.trim() : null)}
            wrong="Five fields: minute, hour, day, month, weekday."
            mono
            onChange={expression => onChange({ kind: 'cron', expression })}
          />
        </>
      )
  }
}

function Time({ when, onChange }: { when: Extract<When, { time: string }>; onChange: (when: When) => void }) {
  return (
    <ChipText
      label="Time of day"
      value={when.time}
      read={timeOf}
      wrong="A time as 02:00 or 2:30 pm."
      onChange={time => onChange({ ...when, time })}
    />
  )
}
