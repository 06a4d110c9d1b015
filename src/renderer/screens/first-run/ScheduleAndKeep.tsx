import { TextInput } from '@mantine/core'
import { IconInfoCircle, IconMoonStars } from '@tabler/icons-react'
import type { RetentionPolicy, When } from '../../../shared/entities/plan.ts'
import { Sentence } from '../../parts/Chip.tsx'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { KeepSentence } from '../../parts/KeepSentence.tsx'
import { NextTimes } from '../../parts/NextTimes.tsx'
import { ScheduleSentence } from '../../parts/ScheduleSentence.tsx'
import { useAsked } from '../../store/context.tsx'
import { Title } from './Step.tsx'
import classes from './FirstRun.module.css'

/** One sentence says when it backs up and how much of the past stays. */
export function ScheduleAndKeep({
  when,
  policy,
  planName,
  setWhen,
  setPolicy,
  setPlanName,
}: {
  when: When
  policy: RetentionPolicy
  planName: string
  setWhen: (when: When) => void
  setPolicy: (policy: RetentionPolicy) => void
  setPlanName: (name: string) => void
}) {
  const preview = useAsked('schedule.preview', { when, zone: null, count: 3 })
  return (
    <>
      <Title>How often, and how long to keep it?</Title>
      <p className={classes['lead']}>One sentence. Click a word to change it, now or at any time later.</p>
      <div className={classes['fields']}>
        <div className={classes['sentence']}>
          <Sentence large>
            <ScheduleSentence when={when} onChange={setWhen} />
            <span style={{ marginLeft: -6 }}>, keep</span>
            <KeepSentence
              policy={policy}
              rules={['daily', 'weekly', 'monthly']}
              end="."
              onChange={setPolicy}
            />
          </Sentence>
        </div>
        {preview.error ? (
          <ErrorNote compact error={preview.error} />
        ) : (
          <section aria-labelledby="next">
            <h2 id="next" className={classes['heading']}>
              After the first backup, next
            </h2>
            <NextTimes times={(preview.value?.nextMs ?? []).map(atMs => ({ atMs, words: '' }))} />
          </section>
        )}
        <TextInput
          label="What to call the plan"
          value={planName}
          maxLength={80}
          onChange={event => setPlanName(event.currentTarget.value)}
          error={planName.trim() === '' ? 'It needs a name.' : null}
          style={{ maxWidth: 320 }}
        />
        <div style={{ display: 'grid', gap: 8 }}>
          <p className={classes['note']}>
            <IconMoonStars size={16} aria-hidden="true" color="var(--hf-ink3)" />
            If the computer is asleep or off at that time, it backs up soon after it wakes.
          </p>
          <p className={classes['note']}>
            <IconInfoCircle size={16} aria-hidden="true" color="var(--hf-ink3)" />
            What to keep is stored with the plan. Clean-up comes with a later version; until then every
            snapshot is kept.
          </p>
        </div>
      </div>
    </>
  )
}
