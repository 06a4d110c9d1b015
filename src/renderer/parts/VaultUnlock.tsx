import { Button, PasswordInput } from '@mantine/core'
import { useState } from 'react'
import type { VaultInfo } from '../../shared/entities/application.ts'
import { useAction } from '../store/context.tsx'
import { ErrorNote } from './ErrorNote.tsx'

/** Opens the place where passwords are kept, or makes it; `opened` is called once it is. */
export function VaultUnlock({ vault, opened }: { vault: VaultInfo; opened: () => void }) {
  const unlock = useAction('vault.unlock')
  const [passphrase, setPassphrase] = useState('')
  const [twice, setTwice] = useState('')
  const isNew = vault.state === 'new'
  const keychain = vault.kind === 'keychain'
  const differs = isNew && twice !== '' && twice !== passphrase
  const ready = keychain || (passphrase !== '' && (!isNew || twice === passphrase))

  async function submit(): Promise<void> {
    if (!ready) return
    // a keychain is opened by the system; the call only asks it again
    const info = await unlock.run({ passphrase: keychain ? ' ' : passphrase })
    if (info?.state === 'open') opened()
  }

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key !== 'Enter') return
    event.preventDefault()
    void submit()
  }

  return (
    <div data-first style={{ display: 'flex', flexDirection: 'column', gap: 12, maxWidth: 480 }}>
      <p style={{ margin: 0, color: 'var(--hf-ink2)' }}>
        {isNew
          ? 'Holdfast has to remember the key to make backups by itself. This computer has no keychain for that, so it keeps a sealed file, which a passphrase of yours opens.'
          : 'Holdfast has to remember the key to make backups by itself, and the place where it keeps passwords is locked.'}{' '}
        {vault.explanation}
      </p>
      {!keychain && (
        <PasswordInput
          label={isNew ? 'A passphrase for it' : 'Its passphrase'}
          value={passphrase}
          onChange={event => setPassphrase(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          autoComplete={isNew ? 'new-password' : 'current-password'}
        />
      )}
      {!keychain && isNew && (
        <PasswordInput
          label="The same again"
          value={twice}
          onChange={event => setTwice(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          error={differs ? 'They differ.' : null}
          autoComplete="new-password"
        />
      )}
      {unlock.error && <ErrorNote compact error={unlock.error} />}
      <div>
        <Button size="sm" disabled={!ready} loading={unlock.busy} onClick={() => void submit()}>
          {keychain ? 'Try again' : isNew ? 'Keep passwords there' : 'Unlock'}
        </Button>
      </div>
    </div>
  )
}
