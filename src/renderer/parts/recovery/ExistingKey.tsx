import { Button, FileButton, PasswordInput } from '@mantine/core'
import { IconFileText } from '@tabler/icons-react'
import { useState } from 'react'
import { keyFrom } from './key.ts'
import { readKit } from './kit.ts'

/** Asks for the key of a backup that is there already: typed, pasted, or from a kit file. */
export function ExistingKey({
  onChange,
  value,
  error = null,
}: {
  value: string
  /** Hears the key as it is meant, and as it was typed. */
  onChange: (typed: string) => void
  error?: string | null
}) {
  const [said, setSaid] = useState<string | null>(null)
  async function open(file: File | null): Promise<void> {
    if (!file) return
    const kit = readKit(await file.text())
    if (!kit) return setSaid('That file is not a recovery kit.')
    setSaid(
      kit.intact ? 'Key taken from the kit.' : 'The kit is damaged somewhere; its key is tried all the same.',
    )
    onChange(kit.key)
  }
  return (
    <div style={{ display: 'flex', gap: 8, alignItems: 'flex-end', maxWidth: 640, flexWrap: 'wrap' }}>
      <PasswordInput
        style={{ flex: 1, minWidth: 280 }}
        label="Recovery key, or the password of the repository"
        placeholder="XXXX XXXX XXXX XXXX XXXX XXXX XXXX XXXX"
        value={value}
        onChange={event => onChange(event.currentTarget.value)}
        onBlur={() => onChange(keyFrom(value))}
        error={error}
        autoComplete="off"
        styles={{
          input: { height: 32 },
          innerInput: { height: 32, fontFamily: 'var(--mantine-font-family-monospace)' },
        }}
      />
      <FileButton accept=".txt,text/plain" onChange={file => void open(file)}>
        {props => (
          <Button
            h={32}
            variant="default"
            leftSection={<IconFileText size={16} aria-hidden="true" />}
            {...props}
          >
            Open kit…
          </Button>
        )}
      </FileButton>
      {said !== null && (
        <span role="status" style={{ color: 'var(--hf-ink3)', width: '100%' }}>
          {said}
        </span>
      )}
    </div>
  )
}
