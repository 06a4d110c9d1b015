import { Button, TextInput } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import { DestinationPlace, type Place } from '../../parts/DestinationPlace.tsx'
import { Page } from '../../parts/Page.tsx'
import { freshName } from '../../parts/place.ts'
import { ExistingKey } from '../../parts/recovery/ExistingKey.tsx'
import { keyFrom } from '../../parts/recovery/key.ts'
import { randomKey, useProving } from '../../parts/recovery/proving.ts'
import { RecoveryKey, Tests } from '../../parts/recovery/RecoveryKey.tsx'
import { VaultUnlock } from '../../parts/VaultUnlock.tsx'
import { go, hrefOf } from '../../route.ts'
import { useAction, useMirror } from '../../store/context.tsx'
import classes from './Storage.module.css'

/** A new destination: where, then its key. What is there already is used with the key it has. */
export function AddDestination() {
  const info = useMirror(state => state.info)
  const vault = useMirror(state => state.vault)
  const destinations = Object.values(useMirror(state => state.destinations))
  const plans = Object.values(useMirror(state => state.plans))
  const [place, setPlace] = useState<Place>({ path: '', report: null, use: { kind: 'none' } })
  const [name, setName] = useState<string | null>(null)
  const [typed, setTyped] = useState('')
  const [step, setStep] = useState<'where' | 'key'>('where')
  const key = useRef<string>(undefined)
  const newKey = (key.current ??= randomKey())
  const proving = useProving()
  const refresh = useAction('destination.refresh')

  const { kind } = place.use
  const shownName =
    name ??
    (place.path.trim() === ''
      ? ''
      : freshName(
          place.path.trim(),
          destinations.map(each => each.name),
        ))
  const draft = { name: shownName.trim(), location: { kind: 'local' as const, path: place.path.trim() } }
  const existing = kind === 'existing'
  const open = vault === null || vault.state === 'open'
  const ready = (kind === 'new' || (existing && typed.trim() !== '')) && draft.name !== '' && open
  const prove = () =>
    void proving.start({ draft, key: existing ? keyFrom(typed) : newKey, create: !existing })
  const busy = proving.phase === 'making' || proving.phase === 'testing'

  async function finish(): Promise<void> {
    const { destination } = proving
    if (!destination) return
    // what is there already becomes searchable; that goes on by itself
    if (existing) void refresh.run({ id: destination.id })
    go('storage', [destination.id])
  }

  return (
    <Page
      flush
      crumbs={
        <>
          <a href={hrefOf('storage')} style={{ color: 'var(--hf-ink3)', textDecoration: 'none' }}>
            Storage
          </a>
          <IconChevronRight size={14} color="var(--hf-ink3)" aria-hidden="true" />
        </>
      }
      title="Add a destination"
    >
      <div className={classes['page']}>
        <div className={classes['add']}>
          <div>
            {step === 'where' ? (
              <>
                <DestinationPlace
                  path={place.path}
                  sources={plans.flatMap(({ sources }) => sources.flatMap(({ paths }) => paths))}
                  onChange={next => {
                    if (next.path !== place.path) {
                      setName(null)
                      proving.forget()
                    }
                    setPlace(next)
                  }}
                />
                {existing && <ExistingKey value={typed} onChange={setTyped} />}
                {(kind === 'new' || existing) && (
                  <TextInput
                    label="What to call it"
                    value={shownName}
                    maxLength={80}
                    maw={320}
                    onChange={event => setName(event.currentTarget.value)}
                  />
                )}
                {vault && !open && <VaultUnlock vault={vault} opened={() => undefined} />}
              </>
            ) : existing ? (
              <Tests proving={proving} again={prove} />
            ) : (
              <RecoveryKey
                facts={{
                  key: newKey,
                  hostname: info?.hostname ?? '',
                  destination: draft.name,
                  path: draft.location.path,
                  repositoryId: proving.destination?.repositoryId ?? null,
                  date: longDate(proving.destination?.createdAtMs ?? new Date().getTime()),
                  version: info?.version ?? '',
                }}
                proving={proving}
                again={prove}
              />
            )}
          </div>
        </div>
        <footer className={classes['bottom']}>
          {step === 'key' && proving.destination === null && (
            <Button
              size="sm"
              variant="default"
              disabled={busy}
              onClick={() => {
                proving.forget()
                setStep('where')
              }}
            >
              Back
            </Button>
          )}
          {proving.destination === null && (
            <Button size="sm" variant="default" onClick={() => go('storage')}>
              Cancel
            </Button>
          )}
          {step === 'where' ? (
            <Button
              size="sm"
              disabled={!ready}
              onClick={() => {
                setStep('key')
                prove()
              }}
            >
              {existing ? 'Use the backup there' : 'Make it'}
            </Button>
          ) : (
            <Button
              size="sm"
              loading={busy}
              disabled={proving.phase !== 'tested'}
              onClick={() => void finish()}
            >
              Done
            </Button>
          )}
        </footer>
      </div>
    </Page>
  )
}

const longDate = (ms: number): string =>
  new Date(ms).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })
