import { TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import type { Destination } from '../../../shared/entities/destination.ts'
import { plural } from '../../../shared/wording.ts'
import { DestinationPlace, type Place } from '../../parts/DestinationPlace.tsx'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { Moment } from '../../parts/Moment.tsx'
import { Name } from '../../parts/Name.tsx'
import { freshName } from '../../parts/place.ts'
import { ExistingKey } from '../../parts/recovery/ExistingKey.tsx'
import { keyFrom } from '../../parts/recovery/key.ts'
import { useProving } from '../../parts/recovery/proving.ts'
import { Tests } from '../../parts/recovery/RecoveryKey.tsx'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { VaultUnlock } from '../../parts/VaultUnlock.tsx'
import { go } from '../../route.ts'
import { useAction, useAsked, useMirror } from '../../store/context.tsx'
import { Step, Title } from './Step.tsx'
import classes from './FirstRun.module.css'

const labels = ['Where it is', 'Its key', 'What is in it']

/** The second door: a backup that is there already, its key, and what is in it. */
export function Existing() {
  const vault = useMirror(state => state.vault)
  const destinations = Object.values(useMirror(state => state.destinations))
  const [at, setAt] = useState(0)
  const [place, setPlace] = useState<Place>({ path: '', report: null, use: { kind: 'none' } })
  const [name, setName] = useState<string | null>(null)
  const [typed, setTyped] = useState('')
  const proving = useProving()
  const known = place.use.kind === 'known' ? place.use.destination : null
  const destination = known ?? proving.destination
  const shownName =
    name ??
    freshName(
      place.path.trim() || 'Backup',
      destinations.map(each => each.name),
    )
  const open = vault === null || vault.state === 'open'
  const start = () =>
    void proving.start({
      draft: { name: shownName.trim(), location: { kind: 'local', path: place.path.trim() } },
      key: keyFrom(typed),
      create: false,
    })

  // The key opened it: on to what is in it.
  useEffect(() => {
    if (at === 1 && proving.phase === 'tested') setAt(2)
  }, [at, proving.phase])

  const shared = {
    steps: labels,
    at,
    small: <p>Nothing is changed in the backup by looking at it.</p>,
  }

  if (at === 0) {
    return (
      <Step
        {...shared}
        back={() => go('first-run')}
        next={{
          label: 'Continue',
          ready: place.use.kind === 'existing' || known !== null,
          act: () => {
            if (proving.destination === null) proving.forget()
            setAt(known ? 2 : 1)
          },
        }}
      >
        <Title>Where is the backup?</Title>
        <p className={classes['lead']}>
          Connect its drive and name its folder; the recovery kit says which. Backups that restic made open as
          well.
        </p>
        <div className={classes['fields']}>
          <DestinationPlace
            existingOnly
            path={place.path}
            sources={[]}
            onChange={next => {
              if (next.path !== place.path) {
                setName(null)
                proving.forget()
              }
              setPlace(next)
            }}
          />
        </div>
      </Step>
    )
  }
  if (at === 1) {
    return (
      <Step
        {...shared}
        back={() => setAt(0)}
        next={{
          label: 'Open it',
          ready: open && typed.trim() !== '' && shownName.trim() !== '',
          busy: proving.phase === 'making' || proving.phase === 'testing',
          act: start,
        }}
      >
        <Title>Its key</Title>
        <p className={classes['lead']}>
          Nobody, including us, can open it without. Look for the recovery kit, on paper or on a stick, or for
          another computer that uses this backup.
        </p>
        <div className={classes['fields']}>
          {vault && !open ? (
            <VaultUnlock vault={vault} opened={() => {}} />
          ) : (
            <>
              <ExistingKey
                value={typed}
                onChange={next => {
                  setTyped(next)
                  if (proving.phase === 'failed' && next !== typed) proving.forget()
                }}
              />
              <TextInput
                label="What to call it"
                value={shownName}
                maxLength={80}
                onChange={event => setName(event.currentTarget.value)}
                style={{ maxWidth: 320 }}
              />
            </>
          )}
          <Tests proving={proving} again={start} />
        </div>
      </Step>
    )
  }
  return (
    <Step
      {...shared}
      back={() => setAt(known ? 0 : 1)}
      next={{ label: 'Browse and restore', ready: destination !== null, act: () => go('restore') }}
    >
      {destination && <Found destination={destination} proving={proving} />}
    </Step>
  )
}

/** Reads the snapshots of a destination and says what they are. */
function Found({
  destination,
  proving,
}: {
  destination: Destination
  proving: ReturnType<typeof useProving>
}) {
  const refresh = useAction('destination.refresh')
  const asked = useRef(false)
  const [done, setDone] = useState(false)
  const read = () => void refresh.run({ id: destination.id }).then(fresh => setDone(fresh !== null))
  useEffect(() => {
    if (asked.current) return
    asked.current = true
    read()
    // once for this destination
  }, [destination.id])
  const snapshots = useAsked('snapshot.list', done ? { destinationId: destination.id } : null)
  const list = snapshots.value ?? []
  const hosts = [...new Set(list.map(({ hostname }) => hostname))]
  const newest = list[0]
  const oldest = list.at(-1)
  return (
    <>
      <Title>
        {!done || snapshots.value === null
          ? 'Reading what is in it…'
          : list.length === 0
            ? 'There is no snapshot in it yet'
            : `${plural(list.length, 'snapshot')} found`}
      </Title>
      <p className={classes['lead']}>
        “<Name>{destination.name}</Name>” at <Name mono>{destination.location.path}</Name>
      </p>
      {refresh.error && <ErrorNote error={refresh.error} again={read} />}
      {snapshots.error && <ErrorNote error={snapshots.error} again={snapshots.again} />}
      {newest && oldest && (
        <ul className={classes['list']} style={{ maxWidth: 640 }}>
          <li className={classes['folder']} style={{ gap: 12 }}>
            <StateIcon look="stored" />
            Newest
            <span style={{ marginLeft: 'auto' }}>
              <Moment atMs={newest.timeMs} />
            </span>
          </li>
          <li className={classes['folder']} style={{ gap: 12 }}>
            <StateIcon look="stored" />
            Oldest
            <span style={{ marginLeft: 'auto' }}>
              <Moment atMs={oldest.timeMs} />
            </span>
          </li>
          <li className={classes['folder']} style={{ gap: 12 }}>
            <StateIcon look="note" />
            From
            <span style={{ marginLeft: 'auto' }}>
              <Name>{hosts.slice(0, 3).join(', ')}</Name>
              {hosts.length > 3 ? ` and ${hosts.length - 3} more` : ''}
            </span>
          </li>
        </ul>
      )}
      {proving.phase === 'tested' && (
        <div style={{ maxWidth: 640 }}>
          <Tests proving={proving} again={() => {}} />
        </div>
      )}
    </>
  )
}
