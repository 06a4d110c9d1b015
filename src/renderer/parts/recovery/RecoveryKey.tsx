import { ActionIcon, Button, CopyButton, FileButton, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy, IconDeviceFloppy, IconEye, IconEyeOff, IconPrinter } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { bytes, duration } from '../../../shared/wording.ts'
import { ErrorNote } from '../ErrorNote.tsx'
import { Mark } from '../Mark.tsx'
import { Name } from '../Name.tsx'
import { StateIcon } from '../StateIcon.tsx'
import { groupsOf } from './key.ts'
import { kitFileName, kitText, readKit, type KitFacts } from './kit.ts'
import { KitSheet, PrintedKit } from './KitSheet.tsx'
import type { Proving, useProving } from './proving.ts'
import { saveKit } from './save-kit.ts'
import classes from './RecoveryKey.module.css'

const titles: Record<Proving['phase'], string> = {
  idle: 'Your recovery key',
  making: 'Your recovery key',
  testing: 'Your recovery key',
  tested: 'Tested: this key opens your backup',
  failed: 'Your recovery key',
}

/** Shows a new key once, gets it saved, and tells how it was proven. */
export function RecoveryKey({
  facts,
  proving,
  again,
}: {
  facts: KitFacts
  proving: ReturnType<typeof useProving>
  /** Tries again what failed. */
  again: () => void
}) {
  const [hidden, setHidden] = useState(false)
  const tested = proving.phase === 'tested'
  return (
    <div className={classes['room']}>
      <div className={classes['columns']}>
        <div>
          <KeyTitle phase={proving.phase} />
          <p className={classes['lead']}>
            If this computer is lost, the recovery key is the only way in. Nobody, including us, can open the
            repository without it. It is shown only now.
          </p>
          <div className={classes['caption']}>
            <h2>Recovery key</h2>
            <Tooltip label={hidden ? 'Show the key' : 'Hide the key'}>
              <ActionIcon
                aria-label={hidden ? 'Show the key' : 'Hide the key'}
                onClick={() => setHidden(before => !before)}
              >
                {hidden ? <IconEye size={18} /> : <IconEyeOff size={18} />}
              </ActionIcon>
            </Tooltip>
            <CopyButton value={facts.key} timeout={4000}>
              {({ copied, copy }) => (
                <Tooltip label={copied ? 'Copied' : 'Copy the key'}>
                  <ActionIcon aria-label={copied ? 'Copied' : 'Copy the key'} onClick={copy}>
                    {copied ? <IconCheck size={18} /> : <IconCopy size={18} />}
                  </ActionIcon>
                </Tooltip>
              )}
            </CopyButton>
          </div>
          <div
            className={`${classes['key']} mono`}
            role="group"
            aria-label="Recovery key"
            data-testid="recovery-key"
          >
            {groupsOf(facts.key).map((group, at) => (
              <span key={at}>{hidden ? '····' : group}</span>
            ))}
          </div>
          <KitButtons facts={facts} proving={proving} ready={proving.destination !== null} />
          <Tests proving={proving} again={again} />
        </div>
        <div className={classes['preview']}>
          What the kit looks like
          <KitSheet facts={facts} hidden={hidden} />
        </div>
        {tested && <PrintedKit facts={facts} />}
      </div>
    </div>
  )
}

export function KeyTitle({ phase, title }: { phase: Proving['phase']; title?: string }) {
  const tested = phase === 'tested'
  return (
    <div className={classes['title']} role="status">
      <span style={{ display: 'inline-flex', color: tested ? 'var(--hf-ok)' : 'var(--hf-ink2)' }}>
        <Mark size={40} />
      </span>
      <h1 tabIndex={-1}>{title ?? titles[phase]}</h1>
    </div>
  )
}

function KitButtons({
  facts,
  proving,
  ready,
}: {
  facts: KitFacts
  proving: ReturnType<typeof useProving>
  ready: boolean
}) {
  const [said, setSaid] = useState<ReactNode>(null)
  async function save(): Promise<void> {
    try {
      const path = await saveKit(kitFileName(facts.hostname), kitText(facts))
      if (path !== null)
        setSaid(
          <>
            Saved as <Name>{path}</Name>
          </>,
        )
    } catch (error) {
      setSaid(`It could not be saved: ${(error as Error).message}`)
    }
  }
  async function check(file: File | null): Promise<void> {
    if (!file || !proving.destination) return
    const startedMs = performance.now()
    const kit = readKit(await file.text())
    if (!kit) return setSaid('That file is not a recovery kit.')
    if (!kit.intact) return setSaid('That kit is damaged: its checksum does not match. Save it again.')
    if (kit.key !== facts.key) return setSaid('That kit holds another key: it belongs to another backup.')
    setSaid('Read back.')
    await proving.test(proving.destination, kit.key, [
      {
        words: 'Read the kit back, checksum matches',
        detail: `${file.name}, ${bytes(file.size)}`,
        ms: performance.now() - startedMs,
      },
    ])
  }
  return (
    <div className={classes['buttons']}>
      <Button
        size="sm"
        variant="default"
        disabled={!ready}
        leftSection={<IconDeviceFloppy size={16} aria-hidden="true" />}
        onClick={() => void save()}
      >
        Save kit…
      </Button>
      <Button
        size="sm"
        variant="default"
        disabled={proving.phase !== 'tested'}
        leftSection={<IconPrinter size={16} aria-hidden="true" />}
        onClick={() => print()}
      >
        Print
      </Button>
      <FileButton accept=".txt,text/plain" onChange={file => void check(file)}>
        {props => (
          <Button size="sm" variant="subtle" disabled={proving.phase !== 'tested'} {...props}>
            Check a saved kit…
          </Button>
        )}
      </FileButton>
      <span role="status">{said}</span>
    </div>
  )
}

const doing: Partial<Record<Proving['phase'], string>> = {
  making: 'Making the repository…',
  testing: 'Opening it with the key, and with a wrong one…',
}

/** How the key was proven, a row each; or what is wrong. */
export function Tests({ proving, again }: { proving: Proving; again: () => void }) {
  const { phase, proofs, error } = proving
  if (phase === 'idle') return null
  return (
    <section className={classes['tests']} aria-labelledby="how-tested">
      <h2 id="how-tested">{error ? 'What went wrong' : 'How it was tested'}</h2>
      {error && (
        <>
          <ErrorNote compact error={error} again={again} />
          {proving.destination && <p>The repository that was made is kept; nothing is in it yet.</p>}
        </>
      )}
      {!error && (
        <ul>
          {proofs.map(({ words, detail, ms }) => (
            <li key={words}>
              <StateIcon look="proven" />
              <span>{words}</span>
              <Name>{detail}</Name>
              <span>{duration(ms)}</span>
            </li>
          ))}
          {doing[phase] !== undefined && (
            <li>
              <StateIcon look="working" />
              <span>{doing[phase]}</span>
            </li>
          )}
        </ul>
      )}
    </section>
  )
}
