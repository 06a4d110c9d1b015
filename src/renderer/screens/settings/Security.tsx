import type { VaultInfo } from '../../../shared/entities/application.ts'
import { StateIcon, type Look } from '../../parts/StateIcon.tsx'
import { VaultUnlock } from '../../parts/VaultUnlock.tsx'
import { useAsked, useMirror } from '../../store/context.tsx'
import { AuditLog } from './AuditLog.tsx'
import classes from './Settings.module.css'

const states: Record<VaultInfo['state'], [look: Look, words: string]> = {
  open: ['stored', 'Open: backups start by themselves.'],
  locked: ['gap', 'Locked: no backup and no restore until it is opened.'],
  new: ['unset', 'Not made yet: the first password makes it.'],
  unavailable: ['failed', 'Out of reach: no backup and no restore until it is back.'],
}
const kinds = { keychain: 'The keychain of this computer', 'sealed-file': 'A sealed file' } as const

/** Where secrets are kept, and who asked for what. */
export function Security() {
  const mirrored = useMirror(state => state.vault)
  // It may have been locked or opened by somebody else; nobody tells of that.
  const asked = useAsked('vault.info', undefined, mirrored?.state)
  const vault = asked.value ?? mirrored
  return (
    <>
      <h2 className={classes['heading']}>Passwords of repositories</h2>
      {vault && (
        <>
          <p className={classes['said']} role="status" style={{ margin: '0 0 4px' }}>
            <StateIcon look={states[vault.state][0]} />
            <span>
              <strong>{kinds[vault.kind]}.</strong> {states[vault.state][1]}
            </span>
          </p>
          {vault.state === 'open' ? (
            <p className={classes['lead']}>{vault.explanation}</p>
          ) : (
            <VaultUnlock key={vault.state} vault={vault} opened={asked.again} />
          )}
          <p className={classes['lead']}>
            What is kept here only spares you typing. If this computer is lost, the recovery kit opens the
            repositories, and nothing else does.
          </p>
        </>
      )}
      <AuditLog />
    </>
  )
}
