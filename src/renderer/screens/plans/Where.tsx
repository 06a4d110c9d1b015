import { Button, Radio } from '@mantine/core'
import { IconDeviceFloppy, IconPlus } from '@tabler/icons-react'
import { useState } from 'react'
import type { Destination } from '../../../shared/entities/destination.ts'
import type { PlanDraft } from '../../../shared/entities/plan.ts'
import { shortBytes } from '../../../shared/wording.ts'
import { isBelow } from '../../parts/local-path.ts'
import { Name } from '../../parts/Name.tsx'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { useAsked, useMirror } from '../../store/context.tsx'
import { AddDestination } from './AddDestination.tsx'
import classes from './Editor.module.css'

/** Where it is backed up to. */
export function Where({
  draft,
  onChange,
}: {
  draft: PlanDraft
  onChange: (change: Partial<PlanDraft>) => void
}) {
  const destinations = Object.values(useMirror(state => state.destinations)).sort(
    (a, b) => a.createdAtMs - b.createdAtMs,
  )
  const [adding, setAdding] = useState(false)
  const chosen = draft.destinationIds[0]
  const sources = draft.sources.flatMap(({ paths }) => paths)
  const gone = chosen !== undefined && !destinations.some(({ id }) => id === chosen)
  return (
    <>
      <div className={classes['head']}>
        <h2 id="section-where">Where</h2>
        <span className={classes['aside']}>one destination; copies to others come with a later version</span>
        <Button
          className={classes['right'] ?? ''}
          variant="subtle"
          leftSection={<IconPlus size={16} aria-hidden="true" />}
          aria-expanded={adding}
          onClick={() => setAdding(before => !before)}
        >
          Add a destination
        </Button>
      </div>
      {destinations.length > 0 && (
        <ul className={classes['rows']}>
          {destinations.map(destination => (
            <Row
              key={destination.id}
              destination={destination}
              chosen={destination.id === chosen}
              inside={sources.find(
                path => path === destination.location.path || isBelow(destination.location.path, path),
              )}
              choose={() => onChange({ destinationIds: [destination.id] })}
            />
          ))}
        </ul>
      )}
      {destinations.length === 0 && !adding && (
        <p className={classes['note']}>
          There is no destination yet. Add the drive or folder that takes the backup.
        </p>
      )}
      {gone && (
        <div className={classes['wrong']}>
          <StateIcon look="failed" /> The destination of this plan has been removed. Choose another one.
        </div>
      )}
      {adding && (
        <AddDestination
          sources={sources}
          added={destination => onChange({ destinationIds: [destination.id] })}
          close={() => setAdding(false)}
        />
      )}
    </>
  )
}

function Row({
  destination,
  chosen,
  inside,
  choose,
}: {
  destination: Destination
  chosen: boolean
  inside: string | undefined
  choose: () => void
}) {
  const { name, location, presence, hasPassword } = destination
  const look = useAsked('destination.look', presence === 'present' ? { path: location.path } : null)
  return (
    <li className={classes['row']}>
      <label className={classes['place']}>
        <Radio name="destination" checked={chosen} onChange={choose} />
        <IconDeviceFloppy size={18} stroke={1.75} color="var(--hf-ink2)" aria-hidden="true" />
        <span>
          <Name>{name}</Name>{' '}
          <span className={`${classes['quiet']} mono`} style={{ fontSize: 12 }}>
            <Name>{location.path}</Name>
          </span>
        </span>
      </label>
      <span className={classes['state']}>
        {inside !== undefined && chosen ? (
          <>
            <StateIcon look="gap" /> lies in what is backed up: {inside}
          </>
        ) : presence === 'absent' ? (
          <>
            <StateIcon look="offline" /> not connected: runs wait until it is
          </>
        ) : !hasPassword ? (
          <>
            <StateIcon look="gap" /> its password is missing here
          </>
        ) : (
          <>
            <StateIcon look="stored" />
            {typeof look.value?.freeBytes === 'number'
              ? `connected, ${shortBytes(look.value.freeBytes)} free`
              : 'connected'}
            {look.value?.sameDriveAsSystem ? ', on the system’s drive' : ''}
          </>
        )}
      </span>
    </li>
  )
}
