import { Button, Checkbox, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Destination } from '../../../shared/entities/destination.ts'
import { DestinationPlace, type Place } from '../../parts/DestinationPlace.tsx'
import { freshName } from '../../parts/place.ts'
import { ExistingKey } from '../../parts/recovery/ExistingKey.tsx'
import { keyFrom } from '../../parts/recovery/key.ts'
import { randomKey, useProving } from '../../parts/recovery/proving.ts'
import { RecoveryKey, Tests } from '../../parts/recovery/RecoveryKey.tsx'
import { VaultUnlock } from '../../parts/VaultUnlock.tsx'
import { useMirror } from '../../store/context.tsx'
import classes from './Editor.module.css'

/** A new destination without leaving the page: its place, then its key, as in the first run. */
export function AddDestination({
  sources,
  added,
  close,
}: {
  sources: readonly string[]
  /** Called as soon as it is there. */
  added: (destination: Destination) => void
  close: () => void
}) {
  const info = useMirror(state => state.info)
  const vault = useMirror(state => state.vault)
  const destinations = Object.values(useMirror(state => state.destinations))
  const [place, setPlace] = useState<Place>({ path: '', report: null, use: { kind: 'none' } })
  const [typedName, setTypedName] = useState<string | null>(null)
  const [typedKey, setTypedKey] = useState('')
  const [key] = useState(randomKey)
  const [kept, setKept] = useState(false)
  /** What was decided when it was made; the place looks different since. */
  const [making, setMaking] = useState<{ path: string; name: string; existing: boolean } | null>(null)
  const proving = useProving()
  const { kind } = place.use
  const path = place.path.trim()
  const name =
    typedName ??
    freshName(
      path || 'Backup',
      destinations.map(each => each.name),
    )
  const locked = vault !== null && vault.state !== 'open'
  const ready =
    name.trim() !== '' && !locked && (kind === 'new' || (kind === 'existing' && typedKey.trim() !== ''))

  const start = (of: { path: string; name: string; existing: boolean }) =>
    void proving.start({
      draft: { name: of.name.trim(), location: { kind: 'local', path: of.path } },
      key: of.existing ? keyFrom(typedKey) : key,
      create: !of.existing,
    })
  const done = () => {
    if (proving.destination) added(proving.destination)
    close()
  }

  if (making && !making.existing) {
    return (
      <div className={classes['source']} style={{ padding: '16px 0' }}>
        <RecoveryKey
          proving={proving}
          again={() => start(making)}
          facts={{
            key,
            hostname: info?.hostname ?? 'this computer',
            destination: making.name,
            path: making.path,
            repositoryId: proving.destination?.repositoryId ?? null,
            date: new Date().toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' }),
            version: info?.version ?? '',
          }}
        />
        <Checkbox
          label="The key is stored away from this computer"
          checked={kept}
          onChange={event => setKept(event.currentTarget.checked)}
        />
        <div className={classes['buttons']}>
          <Button disabled={!kept || proving.phase !== 'tested'} onClick={done}>
            Use this destination
          </Button>
          {proving.phase === 'failed' && proving.destination === null && (
            <Button variant="default" onClick={() => setMaking(null)}>
              Back
            </Button>
          )}
        </div>
      </div>
    )
  }
  return (
    <div className={classes['source']} style={{ padding: '8px 0' }}>
      <DestinationPlace
        path={place.path}
        sources={sources}
        onChange={next => {
          if (next.path !== place.path) {
            setTypedName(null)
            proving.forget()
            setMaking(null)
          }
          setPlace(next)
        }}
      />
      {kind === 'existing' && <ExistingKey value={typedKey} onChange={setTypedKey} />}
      {(kind === 'new' || kind === 'existing') && (
        <TextInput
          label="What to call it"
          value={name}
          maxLength={80}
          style={{ maxWidth: 320 }}
          onChange={event => setTypedName(event.currentTarget.value)}
        />
      )}
      {locked && vault && <VaultUnlock vault={vault} opened={() => {}} />}
      {making?.existing && <Tests proving={proving} again={() => start(making)} />}
      <div className={classes['buttons']}>
        {proving.phase === 'tested' ? (
          <Button onClick={done}>Use this destination</Button>
        ) : place.use.kind === 'known' ? (
          <Button
            variant="default"
            onClick={() => {
              if (place.use.kind === 'known') added(place.use.destination)
              close()
            }}
          >
            Use it
          </Button>
        ) : (
          <Button
            variant="default"
            disabled={!ready}
            loading={proving.phase === 'making' || proving.phase === 'testing'}
            onClick={() => {
              const next = { path, name, existing: kind === 'existing' }
              setMaking(next)
              start(next)
            }}
          >
            {kind === 'existing' ? 'Open it with the key' : 'Make a repository there'}
          </Button>
        )}
        <Button variant="subtle" onClick={close}>
          Cancel
        </Button>
      </div>
    </div>
  )
}
