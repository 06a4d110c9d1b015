import { IconFolder, IconUsb } from '@tabler/icons-react'
import type { Destination } from '../../../shared/entities/destination.ts'
import type { Plan } from '../../../shared/entities/plan.ts'
import { count, percent, shortBytes } from '../../../shared/wording.ts'
import { Moment } from '../../parts/Moment.tsx'
import { Name } from '../../parts/Name.tsx'
import { StateIcon, type Look } from '../../parts/StateIcon.tsx'
import { go, hrefOf } from '../../route.ts'
import { useAsked, useMirror } from '../../store/context.tsx'
import type { Summary } from './summary.ts'
import classes from './Storage.module.css'

/** Present, absent, or in want of its password; in words, with what follows. */
export function stateOf(
  { presence, hasPassword, refreshedAtMs }: Destination,
  vaultIsOpen: boolean,
): { look: Look; words: string; more: string } {
  if (presence === 'absent')
    return { look: 'offline', words: 'Not connected', more: 'runs wait until it is back' }
  if (!vaultIsOpen) return { look: 'gap', words: 'Passwords are locked', more: 'no run until they are open' }
  if (!hasPassword) return { look: 'gap', words: 'Its password is lost here', more: 'no run without it' }
  if (refreshedAtMs === null)
    return { look: 'stored', words: 'Connected', more: 'its snapshots were not read yet' }
  return { look: 'stored', words: 'Connected', more: '' }
}

export function DestinationRow({
  destination,
  chosen,
  summary,
  plans,
}: {
  destination: Destination
  chosen: boolean
  summary: Summary | null
  plans: readonly Plan[]
}) {
  const vault = useMirror(state => state.vault)
  const { look, words, more } = stateOf(destination, vault?.state === 'open')
  const Icon = /^\/(media|run\/media|Volumes)\//.test(destination.location.path) ? IconUsb : IconFolder
  return (
    <tr data-chosen={chosen}>
      <td style={{ padding: 0 }}>
        <button
          type="button"
          className={classes['destination']}
          aria-pressed={chosen}
          onClick={() => go('storage', [destination.id])}
        >
          <Icon size={18} stroke={1.75} aria-hidden="true" />
          <span>
            <strong>
              <Name>{destination.name}</Name>
            </strong>
            <span className={classes['quiet']}>
              <Name>{destination.location.path}</Name>
            </span>
          </span>
        </button>
      </td>
      <td>
        <span className={classes['state']}>
          <StateIcon look={look} />
          <span>
            {words}
            {more !== '' && (
              <>
                <br />
                <span className={classes['quiet']}>{more}</span>
              </>
            )}
          </span>
        </span>
      </td>
      <td>
        <Room destination={destination} />
      </td>
      <td data-right="true">{summary ? count(summary.snapshots) : ''}</td>
      <td>{summary?.newest ? <Moment atMs={summary.newest.timeMs} /> : summary ? 'none' : ''}</td>
      <td>
        {plans.length === 0 ? (
          <span className={classes['quiet']}>none uses it</span>
        ) : (
          plans.map(({ id, name }, at) => (
            <span key={id}>
              {at > 0 && ', '}
              <a href={hrefOf('plans', [id])}>
                <Name>{name}</Name>
              </a>
            </span>
          ))
        )}
      </td>
    </tr>
  )
}

/** The drive's, not the repository's: others may have files there too. */
function Room({ destination }: { destination: Destination }) {
  const there = destination.presence !== 'absent'
  const look = useAsked(
    'destination.look',
    there ? { path: destination.location.path } : null,
    destination.revision,
  )
  const { freeBytes = null, totalBytes = null } = look.value ?? {}
  if (!there || look.error) return <span className={classes['quiet']}>not known</span>
  if (freeBytes === null || totalBytes === null) return null
  const used = totalBytes - freeBytes
  return (
    <span className={classes['room']}>
      <span className={classes['bar']} aria-hidden="true">
        <div style={{ width: percent(used, totalBytes).replace(' ', '') }} />
      </span>
      <span style={{ whiteSpace: 'nowrap' }}>
        {shortBytes(freeBytes)} free of {shortBytes(totalBytes)}
      </span>
    </span>
  )
}
