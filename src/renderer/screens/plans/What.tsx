import { ActionIcon, Button, Checkbox, TagsInput, Textarea, TextInput } from '@mantine/core'
import { IconFolderPlus, IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import type { PlanDraft, Source } from '../../../shared/entities/plan.ts'
import { plural } from '../../../shared/wording.ts'
import { ChipNumber } from '../../parts/Chip.tsx'
import { FolderChooser } from '../../parts/FolderChooser.tsx'
import { useAsked } from '../../store/context.tsx'
import { newSource } from './draft.ts'
import { patternsOf } from './pattern-text.ts'
import { PatternField } from './PatternField.tsx'
import { SourceTree } from './SourceTree.tsx'
import { parted, toggled, withPatterns, withSelection, type Selection } from './tree-selection.ts'
import { Unreadable } from './Unreadable.tsx'
import classes from './Editor.module.css'

const megabyte = 1_000_000

/** What is protected: a tree for each source, and rules for what is left out of it. */
export function What({
  draft,
  planId,
  onChange,
}: {
  draft: PlanDraft
  planId: string | null
  onChange: (change: Partial<PlanDraft>) => void
}) {
  const suggestions = useAsked('source.suggest', undefined)
  const home = suggestions.value?.home ?? ''
  const { sources } = draft
  const folders = sources.reduce((sum, { paths }) => sum + paths.length, 0)
  const put = (at: number, source: Source) =>
    onChange({ sources: sources.map((each, index) => (index === at ? source : each)) })
  return (
    <>
      <div className={classes['head']}>
        <h2 id="section-what">What</h2>
        <span className={classes['aside']}>{plural(folders, 'place')}</span>
        <Button
          className={classes['right'] ?? ''}
          variant="subtle"
          leftSection={<IconPlus size={16} aria-hidden="true" />}
          onClick={() =>
            onChange({ sources: [...sources, newSource(sources.map(({ component }) => component))] })
          }
        >
          Add source
        </Button>
      </div>
      <TextInput
        label="Name of the plan"
        placeholder="Workstation"
        value={draft.name}
        maxLength={80}
        style={{ maxWidth: 320 }}
        onChange={event => onChange({ name: event.currentTarget.value })}
      />
      {home !== '' &&
        sources.map((source, at) => (
          <SourceFields
            key={at}
            source={source}
            home={home}
            several={sources.length > 1}
            onChange={next => put(at, next)}
            remove={() => onChange({ sources: sources.filter((_, index) => index !== at) })}
          />
        ))}
      {planId !== null && <Unreadable planId={planId} />}
    </>
  )
}

function SourceFields({
  source,
  home,
  several,
  onChange,
  remove,
}: {
  source: Source
  home: string
  several: boolean
  onChange: (source: Source) => void
  remove: () => void
}) {
  const [details, setDetails] = useState(false)
  const [adding, setAdding] = useState(false)
  const { rules } = source
  const { selection, patterns } = parted(source.paths, rules.excludes)
  const setRules = (change: Partial<Source['rules']>) =>
    onChange({ ...source, rules: { ...rules, ...change } })
  const select = (next: Selection) =>
    onChange({
      ...source,
      paths: [...next.paths],
      rules: { ...rules, excludes: withSelection(selection, rules.excludes, next) },
    })
  const limit = rules.excludeLargerThanBytes

  return (
    <div className={classes['source']}>
      {several && (
        <div className={classes['head']}>
          <h3 className={classes['sub']}>{source.component}</h3>
          {source.isConfig && <span className={classes['aside']}>configuration</span>}
          <ActionIcon
            className={classes['right'] ?? ''}
            aria-label={`Remove the source ${source.component}`}
            onClick={remove}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      )}
      <SourceTree
        home={home}
        selection={selection}
        label={`Folders of ${source.component}`}
        onChange={select}
      />
      <div className={classes['options']}>
        <Button
          variant="subtle"
          ml={-12}
          leftSection={<IconFolderPlus size={16} aria-hidden="true" />}
          aria-expanded={adding}
          onClick={() => setAdding(before => !before)}
        >
          A folder from elsewhere…
        </Button>
        <Button
          variant="subtle"
          className={classes['right'] ?? ''}
          aria-expanded={details}
          onClick={() => setDetails(before => !before)}
        >
          {details ? 'Fewer details' : 'Details'}
        </Button>
      </div>
      {adding && (
        <FolderChooser
          title="A folder to protect"
          from="/"
          take={path => {
            if (!source.paths.includes(path)) select(toggled(selection, path))
            setAdding(false)
          }}
          cancel={() => setAdding(false)}
        />
      )}
      <PatternField
        paths={source.paths}
        patterns={patterns}
        onChange={next => setRules({ excludes: withPatterns(selection, next) })}
      />
      <div className={classes['options']}>
        <Checkbox
          label="Skip caches that say so"
          checked={rules.excludeCaches}
          onChange={event => setRules({ excludeCaches: event.currentTarget.checked })}
        />
        <Checkbox
          label="Stay on one file system"
          checked={rules.oneFileSystem}
          onChange={event => setRules({ oneFileSystem: event.currentTarget.checked })}
        />
        <span className={classes['options']} style={{ gap: 8 }}>
          Files of
          <ChipNumber
            label="Skip files larger than, in MB (0 for any size)"
            value={Math.round((limit ?? 0) / megabyte)}
            min={0}
            max={100_000_000}
            unit="MB"
            off={limit === null}
            zero="Any size"
            shown={limit === null ? 'any size' : `${Math.round(limit / megabyte)} MB at most`}
            onChange={size => setRules({ excludeLargerThanBytes: size === 0 ? null : size * megabyte })}
          />
        </span>
      </div>
      {details && (
        <div className={classes['details']}>
          <TextInput
            label="Component"
            description="What it is, so that it can be restored alone: database, models, logs"
            value={source.component}
            onChange={event =>
              onChange({
                ...source,
                component: event.currentTarget.value.toLowerCase().replace(/[^a-z0-9-]/g, '-'),
              })
            }
          />
          <TagsInput
            label="Skip folders that hold a file called"
            description="Such as .nobackup; Enter adds one"
            value={rules.excludeIfPresent}
            onChange={excludeIfPresent => setRules({ excludeIfPresent })}
            size="xs"
          />
          <Textarea
            label="Patterns in any case"
            description="One a line: *.iso finds *.ISO too"
            autosize
            minRows={2}
            value={rules.iexcludes.join('\n')}
            onChange={event => setRules({ iexcludes: patternsOf(event.currentTarget.value) })}
            size="xs"
          />
          <Checkbox
            mt={20}
            label="It is configuration: runs of that type take it too"
            checked={source.isConfig}
            onChange={event => onChange({ ...source, isConfig: event.currentTarget.checked })}
          />
        </div>
      )}
    </div>
  )
}
