import { localTime } from '../../shared/wording.ts'
import { useMirror } from '../store/context.tsx'
import { StateIcon } from './StateIcon.tsx'

/** The process that does the work does not answer. What is shown is what was known before. */
export function Offline() {
  const since = useMirror(state => state.lostSinceMs)
  return (
    <div
      role="status"
      style={{
        display: 'flex',
        gap: 8,
        alignItems: 'center',
        padding: '8px 24px',
        background: 'var(--hf-warnsoft)',
        borderBottom: '1px solid var(--hf-line2)',
      }}
    >
      <StateIcon look="offline" />
      <span>
        <strong>
          Holdfast does not answer{since === null ? '' : ` since ${localTime(since).slice(11)}`}.
        </strong>{' '}
        What you see is how things were then. It is tried again by itself; backups that were going on are
        finished when it is back.
      </span>
    </div>
  )
}
