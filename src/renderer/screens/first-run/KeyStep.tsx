import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Destination } from '../../../shared/entities/destination.ts'
import { Name } from '../../parts/Name.tsx'
import { ExistingKey } from '../../parts/recovery/ExistingKey.tsx'
import { keyFrom } from '../../parts/recovery/key.ts'
import type { KitFacts } from '../../parts/recovery/kit.ts'
import type { useProving } from '../../parts/recovery/proving.ts'
import { KeyTitle, RecoveryKey, Tests } from '../../parts/recovery/RecoveryKey.tsx'
import { VaultUnlock } from '../../parts/VaultUnlock.tsx'
import { useMirror } from '../../store/context.tsx'
import { Title } from './Step.tsx'
import classes from './FirstRun.module.css'

/** The key: a new one, one of a backup that is there already, or one that this computer has. */
export function KeyStep({
  known,
  existing,
  facts,
  proving,
  again,
}: {
  /** A destination of before, whose key is not shown again. */
  known: Destination | null
  existing: boolean
  facts: KitFacts
  proving: ReturnType<typeof useProving>
  again: () => void
}) {
  const vault = useMirror(state => state.vault)
  if (known) return <KnownKey destination={known} proving={proving} />
  if (vault && vault.state !== 'open') {
    return (
      <>
        <Title>A place for the key</Title>
        <div style={{ marginTop: 8 }}>
          <VaultUnlock vault={vault} opened={again} />
        </div>
      </>
    )
  }
  if (!existing) return <RecoveryKey facts={facts} proving={proving} again={again} />
  return (
    <>
      <KeyTitle
        phase={proving.phase}
        title={
          proving.phase === 'tested'
            ? 'Tested: this key opens the backup'
            : 'The key of the backup that is there'
        }
      />
      <p className={classes['lead']} style={{ marginTop: 8 }}>
        Its snapshots stay as they are; new ones are added beside them.
        {proving.error?.code === 'wrong_password' && ' Go back to type the key again.'}
      </p>
      <div style={{ maxWidth: 640 }}>
        <Tests proving={proving} again={again} />
      </div>
    </>
  )
}

function KnownKey({
  destination,
  proving,
}: {
  destination: Destination
  proving: ReturnType<typeof useProving>
}) {
  const [typed, setTyped] = useState('')
  const mine = proving.destination?.id === destination.id
  return (
    <>
      <Title>“{destination.name}” has its key already</Title>
      <p className={classes['lead']}>
        It was shown when <Name>{destination.location.path}</Name> was set up, and is not shown again. If you
        have the recovery kit at hand, try it now: better today than on the day you need it.
      </p>
      <div className={classes['fields']} style={{ gap: 12 }}>
        <ExistingKey value={typed} onChange={setTyped} />
        <div>
          <Button
            variant="default"
            disabled={typed.trim() === ''}
            loading={mine && proving.phase === 'testing'}
            onClick={() => void proving.test(destination, keyFrom(typed))}
          >
            Try this key
          </Button>
        </div>
        {mine && <Tests proving={proving} again={() => void proving.test(destination, keyFrom(typed))} />}
      </div>
    </>
  )
}
