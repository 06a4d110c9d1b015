import { IconPlus } from '@tabler/icons-react'
import { Button, Menu, SegmentedControl, TagsInput } from '@mantine/core'
import { useState } from 'react'
import type { PlanDraft, Retention, RetentionPolicy } from '../../../shared/entities/plan.ts'
import { ChipNumber, Sentence } from '../../parts/Chip.tsx'
import { keepRules } from '../../parts/keep-words.ts'
import { KeepSentence, KeepSize, KeepWithin } from '../../parts/KeepSentence.tsx'
import { StateIcon } from '../../parts/StateIcon.tsx'
import classes from './Editor.module.css'

type Kind = keyof Retention
const kinds: { value: Kind; label: string }[] = [
  { value: 'standard', label: 'Every backup' },
  { value: 'full', label: 'Full' },
  { value: 'config', label: 'Configuration' },
  { value: 'emergency', label: 'Emergency' },
]

/** How much of the past stays, by type of backup. */
export function Keep({
  draft,
  onChange,
}: {
  draft: PlanDraft
  onChange: (change: Partial<PlanDraft>) => void
}) {
  const [kind, setKind] = useState<Kind>('standard')
  const { retention } = draft
  const policy = retention[kind]
  const inForce = keepRules.map(([rule]) => rule).filter(rule => (policy?.[rule] ?? 0) > 0)
  const put = (next: RetentionPolicy) => onChange({ retention: { ...retention, [kind]: next } })
  return (
    <>
      <div className={classes['head']}>
        <h2 id="section-keep">Keep</h2>
        <SegmentedControl
          className={classes['right'] ?? ''}
          aria-label="Kind of backup"
          data={kinds}
          value={kind}
          onChange={setKind}
        />
      </div>
      {policy === undefined ? (
        <Sentence>
          Full backups are kept as every other.
          <Button variant="subtle" onClick={() => put(retention.standard)}>
            Rules of their own
          </Button>
        </Sentence>
      ) : (
        <>
          <Sentence>
            Keep
            {inForce.length === 0 && policy.within === null && 'the newest only'}
            <KeepSentence
              policy={policy}
              rules={inForce}
              end={policy.within === null ? '' : ','}
              onChange={put}
            />
            {policy.within !== null && <KeepWithin policy={policy} onChange={put} />}
            <MoreRules policy={policy} onChange={put} />
            in all <KeepSize policy={policy} onChange={put} />
          </Sentence>
          <Sentence>
            Never fewer than
            <ChipNumber
              label="Never fewer snapshots than"
              value={policy.minimum}
              min={0}
              max={10_000}
              unit="snapshots"
              shown={String(policy.minimum)}
              onChange={minimum => put({ ...policy, minimum })}
            />
            and always those tagged
            <TagsInput
              aria-label="Tags that keep a snapshot"
              placeholder={policy.tags.length === 0 ? 'any tag' : ''}
              size="xs"
              w={200}
              value={policy.tags}
              onChange={tags => put({ ...policy, tags })}
            />
          </Sentence>
          {kind === 'full' && (
            <div>
              <Button
                variant="subtle"
                ml={-12}
                onClick={() => {
                  const { full: _, ...rest } = retention
                  onChange({ retention: rest })
                }}
              >
                As every other backup
              </Button>
            </div>
          )}
        </>
      )}
      <div className={classes['state']} style={{ whiteSpace: 'normal', alignItems: 'flex-start' }}>
        <StateIcon look="note" />
        <span>
          These rules are stored now and applied once clean-up exists: it comes with a later version. Until
          then every snapshot is kept.
        </span>
      </div>
    </>
  )
}

/** What a rule begins with when it is added. */
const usual = { last: 10, hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 2 } as const

/** Rules that are not in force, to be added. */
function MoreRules({
  policy,
  onChange,
}: {
  policy: RetentionPolicy
  onChange: (policy: RetentionPolicy) => void
}) {
  const others = keepRules.filter(([rule]) => policy[rule] === 0)
  if (others.length === 0 && policy.within !== null) return null
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="subtle" px={6} leftSection={<IconPlus size={14} aria-hidden="true" />}>
          Rule
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {others.map(([rule, , unit]) => (
          <Menu.Item key={rule} onClick={() => onChange({ ...policy, [rule]: usual[rule] })}>
            {rule === 'last' ? 'The last snapshots' : `One per ${unit}`}
          </Menu.Item>
        ))}
        {policy.within === null && (
          <Menu.Item onClick={() => onChange({ ...policy, within: '30d' })}>
            All of the last 30 days
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}
