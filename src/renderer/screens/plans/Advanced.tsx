import { ActionIcon, Button, NumberInput, SegmentedControl, TagsInput, Textarea } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import type { Hooks, PlanDraft } from '../../../shared/entities/plan.ts'
import { ChipNumber, Sentence } from '../../parts/Chip.tsx'
import { plural } from '../../../shared/wording.ts'
import { spanWords } from './draft.ts'
import classes from './Editor.module.css'

const kinds = [
  ['before', 'Before a run', 'One that fails ends the run before anything is read.'],
  ['after', 'After a run', 'Also when it failed. One that fails is a warning.'],
  ['onFailure', 'When a run fails', ''],
] as const

/** Commands around a run, and what few people ever change. */
export function Advanced({
  draft,
  onChange,
}: {
  draft: PlanDraft
  onChange: (change: Partial<PlanDraft>) => void
}) {
  return (
    <>
      <div className={classes['head']}>
        <h2 id="section-advanced">Advanced</h2>
      </div>
      {kinds.map(([kind, title, words]) => (
        <Commands
          key={kind}
          title={title}
          words={words}
          hooks={draft.hooks[kind]}
          onChange={hooks => onChange({ hooks: { ...draft.hooks, [kind]: hooks } })}
        />
      ))}
      <Sentence>
        A run may take
        <ChipNumber
          label="Longest run, in minutes"
          value={draft.maxRunMinutes}
          min={1}
          max={60 * 24 * 14}
          unit="minutes; the next run goes on from there"
          shown={spanWords(draft.maxRunMinutes)}
          onChange={maxRunMinutes => onChange({ maxRunMinutes })}
        />
        and is tried again
        <ChipNumber
          label="Retries after a failure that may pass"
          value={draft.retries}
          min={0}
          max={20}
          unit="times, with growing pauses"
          zero="Never"
          shown={draft.retries === 0 ? 'never' : plural(draft.retries, 'time')}
          onChange={retries => onChange({ retries })}
        />
        after a failure that may pass.
      </Sentence>
      <div className={classes['grid']}>
        <div>
          <h3 className={classes['sub']}>Compression</h3>
          <SegmentedControl
            mt={4}
            aria-label="Compression"
            data={[
              { value: 'off', label: 'Off' },
              { value: 'fast', label: 'Fast' },
              { value: 'default', label: 'Default' },
              { value: 'max', label: 'Best' },
            ]}
            value={draft.compression}
            onChange={compression => onChange({ compression: compression as PlanDraft['compression'] })}
          />
        </div>
        <TagsInput
          label="Tags on its snapshots"
          placeholder="Enter adds one"
          size="xs"
          value={draft.tags}
          onChange={tags => onChange({ tags })}
        />
      </div>
    </>
  )
}

function Commands({
  title,
  words,
  hooks,
  onChange,
}: {
  title: string
  words: string
  hooks: Hooks['before']
  onChange: (hooks: Hooks['before']) => void
}) {
  return (
    <div className={classes['source']} style={{ gap: 8, padding: 0, border: 0 }}>
      <div className={classes['head']}>
        <h3 className={classes['sub']}>{title}</h3>
        <span className={classes['aside']}>{hooks.length === 0 ? 'no command' : words}</span>
        <Button
          className={classes['right'] ?? ''}
          variant="subtle"
          leftSection={<IconPlus size={16} aria-hidden="true" />}
          onClick={() => onChange([...hooks, { command: '', timeoutSeconds: 60 }])}
        >
          Add a command
        </Button>
      </div>
      {hooks.map((hook, at) => (
        <div key={at} className={classes['hook']}>
          <Textarea
            aria-label={`${title}, command ${at + 1}`}
            placeholder="pg_dump … > /var/backups/orders.sql"
            autosize
            minRows={1}
            maxRows={6}
            size="xs"
            spellCheck={false}
            value={hook.command}
            onChange={event =>
              onChange(
                hooks.map((each, index) =>
                  index === at ? { ...each, command: event.currentTarget.value } : each,
                ),
              )
            }
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
          />
          <NumberInput
            aria-label={`${title}, time limit of command ${at + 1} in seconds`}
            size="xs"
            w={96}
            min={1}
            max={86_400}
            allowDecimal={false}
            suffix=" s"
            value={hook.timeoutSeconds}
            onChange={next =>
              onChange(
                hooks.map((each, index) =>
                  index === at ? { ...each, timeoutSeconds: typeof next === 'number' ? next : 60 } : each,
                ),
              )
            }
          />
          <ActionIcon
            aria-label={`Remove command ${at + 1}`}
            onClick={() => onChange(hooks.filter((_, index) => index !== at))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
    </div>
  )
}
