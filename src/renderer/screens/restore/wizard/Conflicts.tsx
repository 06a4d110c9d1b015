import { Button } from '@mantine/core'
import { go } from '../../../route.ts'
import { StateIcon } from '../../../parts/StateIcon.tsx'
import { decide, type Draft } from './draft.ts'
import type { ConflictMode } from './requests.ts'
import { StepPage } from './Wizard.tsx'
import classes from './Wizard.module.css'

const modes: [mode: ConflictMode, name: string, meaning: string][] = [
  [
    'keep-both',
    'Keep both',
    'What is there stays as it is. A file that differs is restored beside it under a name of its own.',
  ],
  [
    'overwrite',
    'Overwrite',
    'A file that differs is replaced by the one from the backup. What it was before is not kept.',
  ],
  [
    'if-newer',
    'Overwrite only if the backup is newer',
    'A file that was changed since stays. An older one is replaced, and what it was before is not kept.',
  ],
  ['skip', 'Skip', 'What is there stays as it is. Only what is missing is restored.'],
  [
    'mirror',
    'Exact mirror',
    'Folders become exactly what they were: files that differ are replaced, and what the backup does not have is deleted. Neither is kept. What would be deleted is listed first.',
  ],
]

/** What becomes of what is there already. */
export function Conflicts({ draft, title, onClose }: { draft: Draft; title: string; onClose: () => void }) {
  const why = mirrorRefused(draft)
  return (
    <StepPage
      title={title}
      step="Conflicts"
      onClose={onClose}
      said="Nothing has been changed yet. The next step shows what would happen to each file."
      actions={
        <>
          <Button size="sm" variant="default" onClick={() => go('restore', ['wizard', 'target'])}>
            Back
          </Button>
          <Button size="sm" onClick={() => go('restore', ['wizard', 'plan'])}>
            Show the plan
          </Button>
        </>
      }
    >
      <div className={classes['column']}>
        <div>
          <h2 id="conflicts">What if a file is there already and differs?</h2>
          <div className={classes['choices']} role="radiogroup" aria-labelledby="conflicts">
            {modes.map(([mode, name, meaning]) => {
              const disabled = mode === 'mirror' && why !== null
              return (
                <label key={mode} className={classes['choice']} data-disabled={disabled}>
                  <input
                    type="radio"
                    name="conflicts"
                    checked={draft.conflicts === mode}
                    disabled={disabled}
                    onChange={() => decide({ conflicts: mode })}
                  />
                  <span>
                    <strong>{name}</strong>
                    <small>{disabled ? why : meaning}</small>
                  </span>
                </label>
              )
            })}
          </div>
          {draft.conflicts !== 'keep-both' && draft.conflicts !== 'skip' && (
            <div className={classes['note']} style={{ marginTop: 16 }}>
              <StateIcon look="gap" />
              <span>
                Files that are overwritten{draft.conflicts === 'mirror' ? ' or deleted' : ''} are not kept
                anywhere, unless a backup has them. A snapshot before the restore, and undoing it, come with a
                later version.
              </span>
            </div>
          )}
        </div>
      </div>
    </StepPage>
  )
}

function mirrorRefused({ folders, parts }: Draft): string | null {
  if (!folders) return 'Only folders can be mirrored, and none is among what you chose.'
  if (parts.length > 1)
    return 'What you chose comes from several snapshots, and a folder can only be like one of them.'
  return null
}
