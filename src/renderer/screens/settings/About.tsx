import { ActionIcon, CopyButton } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { Mark } from '../../parts/Mark.tsx'
import { Moment } from '../../parts/Moment.tsx'
import { Name } from '../../parts/Name.tsx'
import { useMirror } from '../../store/context.tsx'
import { Row } from './Row.tsx'
import classes from './Settings.module.css'

const hosts = { desktop: 'the desktop app', server: 'holdfast serve', cli: 'the command line' } as const

export function About() {
  const info = useMirror(state => state.info)
  if (!info) return null
  return (
    <>
      <div style={{ display: 'flex', gap: 16, alignItems: 'center', marginBottom: 16 }}>
        <span style={{ color: 'var(--hf-accent)', display: 'inline-flex' }}>
          <Mark size={40} />
        </span>
        <div>
          <h2 className={classes['heading']} style={{ margin: 0 }}>
            Holdfast {info.version}
          </h2>
          <div style={{ color: 'var(--hf-ink2)' }}>
            Backups you can prove, in standard restic repositories
          </div>
        </div>
      </div>
      <div className={classes['rows']}>
        <Row
          label="Data directory"
          words="Plans, history, audit log and the index of snapshots. Backups themselves are at the destinations."
        >
          <span className={classes['controls']}>
            <Name mono>{info.dataDirectory}</Name>
            <CopyButton value={info.dataDirectory}>
              {({ copied, copy }) => (
                <ActionIcon onClick={copy} aria-label="Copy the path of the data directory">
                  {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
                </ActionIcon>
              )}
            </CopyButton>
          </span>
        </Row>
        <Row
          label="Hosted by"
          words="The process that makes the backups; it goes on when this window is closed."
        >
          {hosts[info.host]} on <Name>{info.hostname}</Name>, process {info.pid}, started{' '}
          <Moment atMs={info.startedAtMs} />
        </Row>
        <Row label="Repositories" words="What restic writes, Holdfast reads, and the other way round.">
          restic format, version 2
        </Row>
      </div>
      <h2 className={classes['heading']}>Licence</h2>
      <p className={classes['lead']}>
        Holdfast is free software under the MIT licence: use it, change it, pass it on; there is no warranty.
      </p>
      <h2 className={classes['heading']}>Of others</h2>
      <p className={classes['lead']}>
        Typefaces: Inter by Rasmus Andersson and JetBrains Mono by JetBrains, both under the SIL Open Font
        License 1.1. Icons: Tabler Icons by Paweł Kuna, MIT licence. Both come with Holdfast; nothing is
        fetched from elsewhere.
      </p>
    </>
  )
}
