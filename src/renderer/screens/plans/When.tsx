import { ActionIcon, Button, Checkbox, Select, Switch } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import type { Plan, PlanDraft, Schedule } from '../../../shared/entities/plan.ts'
import { ChipMenu, ChipNumber, Sentence } from '../../parts/Chip.tsx'
import { ScheduleSentence } from '../../parts/ScheduleSentence.tsx'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { freshId, whenWords } from '../../parts/when-words.ts'
import { useAction } from '../../store/context.tsx'
import { spanWords } from './draft.ts'
import classes from './Editor.module.css'

const types = [
  ['incremental', 'what has changed'],
  ['full', 'everything anew'],
  ['config', 'configuration only'],
] as const

const usualCatchUp = 7 * 24 * 60

/** When it runs, and what a run waits for. */
export function When({
  draft,
  plan,
  onChange,
}: {
  draft: PlanDraft
  /** As it is saved, for where its schedules stand. */
  plan: Plan | null
  onChange: (change: Partial<PlanDraft>) => void
}) {
  const { schedules, conditions, zone } = draft
  const put = (id: string, change: Partial<Schedule>) =>
    onChange({ schedules: schedules.map(each => (each.id === id ? { ...each, ...change } : each)) })
  const condition = (change: Partial<PlanDraft['conditions']>) =>
    onChange({ conditions: { ...conditions, ...change } })
  return (
    <>
      <div className={classes['head']}>
        <h2 id="section-when">When & conditions</h2>
        <span className={classes['aside']}>
          {schedules.length === 0 ? 'only when you start it' : (zone ?? 'in this computer’s time zone')}
        </span>
        <Button
          className={classes['right'] ?? ''}
          variant="subtle"
          leftSection={<IconPlus size={16} aria-hidden="true" />}
          disabled={schedules.length >= 20}
          onClick={() =>
            onChange({
              schedules: [
                ...schedules,
                {
                  id: freshId(
                    schedules.length === 0 ? 'daily' : 'schedule',
                    schedules.map(({ id }) => id),
                  ),
                  type: 'incremental',
                  enabled: true,
                  when:
                    schedules.length === 0
                      ? { kind: 'daily', time: '02:00' }
                      : { kind: 'weekly', weekday: 0, time: '03:00' },
                },
              ],
            })
          }
        >
          Add a schedule
        </Button>
      </div>
      {schedules.length > 0 && (
        <ul className={classes['rows']}>
          {schedules.map(schedule => (
            <li key={schedule.id} className={classes['row']}>
              <Sentence>
                <ScheduleSentence when={schedule.when} onChange={when => put(schedule.id, { when })} />
                <span className={classes['quiet']}>back up</span>
                <ChipMenu
                  label="What kind of run"
                  value={schedule.type}
                  options={types}
                  onChange={type => put(schedule.id, { type })}
                />
              </Sentence>
              <span className={classes['right']} />
              <StoppedSchedule plan={plan} id={schedule.id} />
              <Switch
                aria-label={`${whenWords(schedule.when)} is on`}
                checked={schedule.enabled}
                onChange={event => put(schedule.id, { enabled: event.currentTarget.checked })}
              />
              <ActionIcon
                aria-label={`Remove ${whenWords(schedule.when)}`}
                onClick={() => onChange({ schedules: schedules.filter(({ id }) => id !== schedule.id) })}
              >
                <IconTrash size={16} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
      <div className={classes['options']}>
        <Checkbox
          label="On AC power"
          checked={conditions.acPower}
          onChange={event => condition({ acPower: event.currentTarget.checked })}
        />
        <Checkbox
          label="Unmetered network"
          checked={conditions.unmeteredNetwork}
          onChange={event => condition({ unmeteredNetwork: event.currentTarget.checked })}
        />
        <Checkbox
          label="Low priority"
          checked={conditions.lowPriority}
          onChange={event => condition({ lowPriority: event.currentTarget.checked })}
        />
        <span className={classes['options']} style={{ gap: 8 }}>
          <Checkbox
            label="After wake, if missed"
            checked={conditions.catchUpMinutes > 0}
            onChange={event => condition({ catchUpMinutes: event.currentTarget.checked ? usualCatchUp : 0 })}
          />
          {conditions.catchUpMinutes > 0 && (
            <>
              within
              <ChipNumber
                label="Catch up within, in hours"
                value={Math.max(1, Math.round(conditions.catchUpMinutes / 60))}
                min={1}
                max={24 * 366}
                unit="hours; later than that it counts as missed"
                shown={spanWords(conditions.catchUpMinutes)}
                onChange={hours => condition({ catchUpMinutes: hours * 60 })}
              />
            </>
          )}
        </span>
      </div>
      <Select
        label="Time zone"
        placeholder="This computer’s"
        style={{ maxWidth: 320 }}
        searchable
        clearable
        data={Intl.supportedValuesOf('timeZone')}
        value={zone}
        onChange={next => onChange({ zone: next })}
        limit={100}
        nothingFoundMessage="No zone of that name"
      />
    </>
  )
}

function StoppedSchedule({ plan, id }: { plan: Plan | null; id: string }) {
  const enable = useAction('plan.enableSchedule')
  const because = plan?.schedule.find(each => each.id === id)?.disabledBecause ?? null
  if (plan === null || because === null) return null
  return (
    <span className={classes['state']}>
      <StateIcon look="failed" />
      <span title={because}>turned off after failures</span>
      <Button
        variant="default"
        loading={enable.busy}
        onClick={() => void enable.run({ id: plan.id, scheduleId: id })}
      >
        Turn on
      </Button>
    </span>
  )
}
