import { Button, CopyButton } from '@mantine/core'
import type { WireError } from '../../shared/errors.ts'
import { StateIcon } from './StateIcon.tsx'

/** Fact, consequence, action; the code is for whoever is asked for help. */
export function ErrorNote({
  error,
  again,
  compact = false,
}: {
  error: WireError
  again?: () => void
  compact?: boolean
}) {
  return (
    <div role="alert" style={{ display: 'flex', gap: 12, maxWidth: 640, padding: compact ? 0 : '24px 0' }}>
      <StateIcon look="failed" size={compact ? 16 : 20} />
      <div style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
        <div style={compact ? { fontWeight: 600 } : { fontSize: 15, lineHeight: '24px', fontWeight: 600 }}>
          {error.message}
        </div>
        {error.hint && <div style={{ color: 'var(--hf-ink2)' }}>{error.hint}</div>}
        <div style={{ display: 'flex', gap: 12, alignItems: 'center', marginTop: 8 }}>
          {again && (
            <Button variant="default" onClick={again}>
              Try again
            </Button>
          )}
          <code style={{ fontSize: 12, color: 'var(--hf-ink3)' }}>{error.code}</code>
          {!compact && (
            <CopyButton value={`${error.code}: ${error.message}${error.hint ? `\n${error.hint}` : ''}`}>
              {({ copied, copy }) => (
                <Button variant="subtle" onClick={copy}>
                  {copied ? 'Copied' : 'Copy for support'}
                </Button>
              )}
            </CopyButton>
          )}
        </div>
      </div>
    </div>
  )
}
