import { CloseButton, SegmentedControl, Select, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { plural, visible } from '../../../shared/wording.ts'
import { useNow } from '../../parts/Moment.tsx'
import { useMirror } from '../../store/context.tsx'
import { dayAndTime } from './dates.ts'
import { goTo, type Place } from './place.ts'
import classes from './Restore.module.css'

export interface Scope {
  readonly destinationId: string
  readonly planId?: string
}

/** What is searched, in whose backups, and as of when. */
export function Header({
  scope,
  place,
  snapshots,
  chosen,
}: {
  scope: Scope
  place: Place
  /** null: not known yet. */
  snapshots: number | null
  chosen: { id: string; timeMs: number } | null
}) {
  const now = useNow()
  const plans = useMirror(state => state.plans)
  const destinations = useMirror(state => state.destinations)
  const [text, setText] = useState(place.find ?? '')
  useEffect(() => setText(place.find ?? ''), [place.find])
  // Searched while one types, once the typing rests; the address gets one entry for it, not one a letter.
  useEffect(() => {
    const wanted = text.trim()
    if (wanted === (place.find ?? '')) return
    const timer = setTimeout(
      () => goTo({ ...place, find: wanted === '' ? null : wanted }, place.find !== null),
      250,
    )
    return () => clearTimeout(timer)
  }, [text])

  const one = Object.values(destinations)
  const options = [
    {
      group: 'Plans',
      items: Object.values(plans).map(({ id, name }) => ({ value: `plan ${id}`, label: visible(name) })),
    },
    {
      group: 'All snapshots of a destination',
      items: one.map(({ id, name }) => ({ value: `destination ${id}`, label: visible(name) })),
    },
  ].filter(({ items }) => items.length > 0)
  return (
    <div className={classes['header']}>
      <TextInput
        className={classes['search']}
        size="sm"
        styles={{ input: { height: 32, minHeight: 32, fontSize: 13, borderColor: 'var(--hf-control)' } }}
        aria-label="Search every file in all snapshots"
        placeholder={`Search every file in ${
          snapshots === null ? 'all snapshots' : plural(snapshots, 'snapshot')
        }, or drop a file to find its versions`}
        leftSection={<IconSearch size={16} aria-hidden="true" />}
        rightSection={
          text !== '' && <CloseButton size={24} aria-label="Back to folders" onClick={() => setText('')} />
        }
        value={text}
        onChange={event => setText(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key === 'Escape' && text !== '') setText('')
          if (event.key === 'Enter' && text.trim() !== '' && text.trim() !== place.find)
            goTo({ ...place, find: text.trim() }, place.find !== null)
        }}
        type="search"
        spellCheck={false}
        maxLength={500}
      />
      <Select
        aria-label="Whose snapshots"
        w={150}
        styles={{ input: { height: 32, minHeight: 32, borderColor: 'var(--hf-control)' } }}
        comboboxProps={{ width: 260, position: 'bottom-end' }}
        data={options}
        value={scope.planId ? `plan ${scope.planId}` : `destination ${scope.destinationId}`}
        onChange={value => {
          const [kind, id = null] = value?.split(' ') ?? []
          goTo({
            ...place,
            planId: kind === 'plan' ? id : null,
            destinationId: kind === 'plan' ? null : id,
            snapshot: null,
            path: null,
            item: null,
          })
        }}
      />
      <SegmentedControl
        aria-label="As of a time, or all time"
        value={place.snapshot === 'all' ? 'all' : 'one'}
        onChange={value =>
          goTo({ ...place, find: null, snapshot: value === 'all' ? 'all' : (chosen?.id ?? null) })
        }
        data={[
          { value: 'one', label: chosen ? `As of ${dayAndTime(chosen.timeMs, now)}` : 'As of a time' },
          { value: 'all', label: 'All time' },
        ]}
      />
    </div>
  )
}
