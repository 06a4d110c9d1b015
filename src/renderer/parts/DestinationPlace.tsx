import { Button, Radio, TextInput } from '@mantine/core'
import { IconDeviceDesktop, IconRefresh, IconUsb } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { PlaceReport } from '../../shared/entities/browse.ts'
import { plural, shortBytes } from '../../shared/wording.ts'
import { useAsked, useMirror } from '../store/context.tsx'
import { ErrorNote } from './ErrorNote.tsx'
import { FolderChooser } from './FolderChooser.tsx'
import { useRested } from './later.ts'
import { isAbsolute, isBelow, joined } from './local-path.ts'
import { Name } from './Name.tsx'
import { useOf, type PlaceUse } from './place.ts'
import { StateIcon, type Look } from './StateIcon.tsx'
import classes from './DestinationPlace.module.css'

export interface Place {
  readonly path: string
  readonly report: PlaceReport | null
  readonly use: PlaceUse
}

/** Where a backup goes: a drive that is connected, or any folder; what is there is looked at as it is typed. */
export function DestinationPlace({
  path,
  sources,
  onChange,
  existingOnly = false,
}: {
  path: string
  /** Folders that are to be protected: the backup can't be inside of them. */
  sources: readonly string[]
  /** Hears of each change, and of what was found there. */
  onChange: (place: Place) => void
  /** A backup is looked for that is there already. */
  existingOnly?: boolean
}) {
  const home = useMirror(state => state.info)
  const destinations = Object.values(useMirror(state => state.destinations))
  const drives = useAsked('destination.places', undefined)
  const suggested = useAsked('source.suggest', undefined)
  const [browsing, setBrowsing] = useState(false)
  const typed = path.trim()
  const rested = useRested(typed)
  const complete = isAbsolute(rested)
  const look = useAsked('destination.look', complete ? { path: rested } : null)
  const report = look.value && rested === typed && complete && !look.loading ? look.value : null
  const use: PlaceUse = useOf(report, destinations, sources)
  const found = JSON.stringify([report, use.kind])

  useEffect(() => {
    onChange({ path, report, use })
    // `found` stands for the report and what follows from it
  }, [found])

  const choose = (next: string) => onChange({ path: next, report: null, use: { kind: 'none' } })
  const folderOn = (drive: string) => (existingOnly ? drive : joined(drive, 'holdfast'))

  return (
    <div className={classes['stack']}>
      <section aria-labelledby="drives">
        <h2 id="drives" className={classes['heading']}>
          Connected drives
        </h2>
        {drives.error && <ErrorNote compact error={drives.error} again={drives.again} />}
        <ul className={classes['drives']}>
          {(drives.value ?? []).map(drive => (
            <li key={drive.path} className={classes['drive']}>
              <label>
                <Radio
                  name="drive"
                  checked={typed === folderOn(drive.path) || (typed !== '' && isBelow(typed, drive.path))}
                  onChange={() => choose(folderOn(drive.path))}
                />
                {drive.sameDriveAsSystem ? <IconDeviceDesktop size={18} /> : <IconUsb size={18} />}
                <span className={classes['name']}>
                  <Name>{drive.label}</Name>{' '}
                  <span className={`${classes['quiet']} mono`} style={{ fontSize: 12 }}>
                    <Name>{drive.path}</Name>
                  </span>
                </span>
                <span className={classes['room']}>
                  {drive.sameDriveAsSystem && 'same drive as the system · '}
                  {shortBytes(drive.freeBytes)} free of {shortBytes(drive.totalBytes)}
                </span>
              </label>
            </li>
          ))}
          <li className={classes['drive']}>
            <span className={classes['quiet']}>
              {drives.value?.length === 0
                ? 'No other drive is connected. Plug one in and look again, or name a folder below.'
                : 'Plugged one in just now?'}
            </span>
            <Button
              variant="subtle"
              ml="auto"
              leftSection={<IconRefresh size={14} aria-hidden="true" />}
              onClick={drives.again}
            >
              Look again
            </Button>
          </li>
        </ul>
      </section>
      <div className={classes['row']}>
        <TextInput
          label={existingOnly ? 'Folder of the backup' : 'Folder for the backup'}
          placeholder="/mnt/backup/holdfast"
          value={path}
          onChange={event => choose(event.currentTarget.value)}
          error={typed !== '' && !isAbsolute(typed) ? 'Write the path from the root on.' : null}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', height: 32 } }}
          autoComplete="off"
          spellCheck={false}
        />
        <Button
          variant="default"
          h={32}
          aria-expanded={browsing}
          onClick={() => setBrowsing(before => !before)}
        >
          Browse…
        </Button>
      </div>
      {browsing && (
        <FolderChooser
          title={existingOnly ? 'The folder of the backup' : 'A folder for the backup'}
          from={report && report.state !== 'missing' ? report.path : (suggested.value?.home ?? '/')}
          take={chosen => {
            choose(chosen)
            setBrowsing(false)
          }}
          cancel={() => setBrowsing(false)}
        />
      )}
      <div role="status" className={classes['stack']} style={{ gap: 4 }}>
        {look.error && complete && rested === typed && <ErrorNote compact error={look.error} />}
        {report && (
          <Report report={report} use={use} existingOnly={existingOnly} host={home?.hostname ?? ''} />
        )}
      </div>
    </div>
  )
}

const looks: Record<PlaceUse['kind'], Look> = {
  none: 'unset',
  new: 'note',
  existing: 'stored',
  known: 'stored',
  refused: 'failed',
}

function Report({
  report,
  use,
  existingOnly,
  host,
}: {
  report: PlaceReport
  use: PlaceUse
  existingOnly: boolean
  host: string
}) {
  const { repository } = report
  const nothing = existingOnly && use.kind === 'new'
  return (
    <>
      <div className={classes['report']}>
        <StateIcon look={nothing ? 'gap' : looks[use.kind]} />
        <span>
          {nothing ? (
            'There is no backup in this folder. The right one has a file “config” and folders “data” and “keys” in it.'
          ) : use.kind === 'refused' ? (
            use.why
          ) : use.kind === 'known' ? (
            <>
              This is “<Name>{use.destination.name}</Name>”, which {host === '' ? 'this computer' : host} uses
              already.
            </>
          ) : use.kind === 'existing' && repository ? (
            <>
              <strong>There is a backup here already:</strong> {plural(repository.snapshots, 'snapshot')},{' '}
              {plural(repository.keys, 'key')}. It can be used with its key.
            </>
          ) : (
            report.message
          )}
        </span>
      </div>
      {!existingOnly && report.sameDriveAsSystem && use.kind !== 'refused' && (
        <div className={classes['report']}>
          <StateIcon look="gap" />
          <span>
            <strong>This is the drive the system is on.</strong> It helps against deleted files, but is lost
            together with this computer. A drive of its own is better.
          </span>
        </div>
      )}
    </>
  )
}
