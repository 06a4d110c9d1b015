import { Button, CloseButton } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconFolderOpen, IconHistory } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import type { FileVersion } from '../../../shared/entities/browse.ts'
import { count, plural, shortBytes } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { useNow } from '../../parts/Moment.tsx'
import { useAsked } from '../../store/context.tsx'
import { dayAndTime } from './dates.ts'
import type { FolderQuery } from './folder-pages.ts'
import { Name, TypeIcon } from './Name.tsx'
import { nameOf } from './paths.ts'
import { Preview } from './Preview.tsx'
import { useSlow } from './use-folder.ts'
import classes from './Details.module.css'

/** What is looked at: of a file its preview and its versions, of a folder how much is in it. */
export interface Looked {
  readonly path: string
  readonly type: string
  readonly snapshotId: string
  readonly deleted: boolean
  /** Of what is looked at; they tell its version where several snapshots have it. */
  readonly sizeBytes: number | null
  readonly modifiedAtMs: number
}

export function Details({
  scope,
  looked,
  onRestore,
  onCompare,
  onOpen,
  onClose,
}: {
  scope: Pick<FolderQuery, 'destinationId' | 'planId'>
  looked: Looked
  onRestore: (snapshotId: string, version: FileVersion | null) => void
  /** Two contents of this file, the older one first. */
  onCompare: (before: string, after: string) => void
  onOpen: (path: string) => void
  onClose: () => void
}) {
  const narrow = useMediaQuery('(max-width: 1100px)')
  return (
    <aside
      className={classes['aside']}
      aria-label="Details"
      onKeyDown={event => event.key === 'Escape' && narrow && onClose()}
    >
      <div className={classes['head']}>
        <TypeIcon name={looked.path} type={looked.type} />
        <h2>
          <Name text={nameOf(looked.path)} gone={looked.deleted} />
        </h2>
        {narrow && <CloseButton size={24} ml="auto" aria-label="Close details" onClick={onClose} />}
      </div>
      {looked.type === 'dir' ? (
        <FolderFacts key={looked.path} scope={scope} looked={looked} onRestore={onRestore} onOpen={onOpen} />
      ) : (
        <FileFacts
          key={looked.path}
          scope={scope}
          looked={looked}
          onRestore={onRestore}
          onCompare={onCompare}
        />
      )}
    </aside>
  )
}

/** So that going through a list by arrow keys does not ask for everything on the way. */
function useSettled<T>(value: T, afterMs = 120): T | null {
  const [settled, setSettled] = useState<T | null>(null)
  const key = JSON.stringify(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs)
    return () => clearTimeout(timer)
  }, [key])
  return JSON.stringify(settled) === key ? settled : null
}

function FolderFacts({
  scope,
  looked,
  onRestore,
  onOpen,
}: {
  scope: Pick<FolderQuery, 'destinationId' | 'planId'>
  looked: Looked
  onRestore: (snapshotId: string, version: null) => void
  onOpen: (path: string) => void
}) {
  const query = useSettled({
    destinationId: scope.destinationId,
    snapshotId: looked.snapshotId,
    paths: [looked.path],
  })
  const { value, error, loading } = useAsked('browse.measure', query)
  const slow = useSlow(loading || query === null)
  return (
    <>
      {error ? (
        <ErrorNote error={error} compact />
      ) : (
        <dl className={classes['facts']}>
          <dt>Files</dt>
          <dd>{value ? count(value.files) : slow ? '…' : ''}</dd>
          <dt>Folders</dt>
          <dd>{value ? count(Math.max(0, value.folders - 1)) : slow ? '…' : ''}</dd>
          <dt>Size</dt>
          <dd>{value ? shortBytes(value.bytes) : slow ? '…' : ''}</dd>
        </dl>
      )}
      <Button
        variant="default"
        leftSection={<IconFolderOpen size={16} />}
        onClick={() => onOpen(looked.path)}
        fullWidth
      >
        Open folder
      </Button>
      <Button
        variant="default"
        leftSection={<IconHistory size={16} />}
        onClick={() => onRestore(looked.snapshotId, null)}
        fullWidth
      >
        Restore this folder…
      </Button>
    </>
  )
}

function FileFacts({
  scope,
  looked,
  onRestore,
  onCompare,
}: {
  scope: Pick<FolderQuery, 'destinationId' | 'planId'>
  looked: Looked
  onRestore: (snapshotId: string, version: FileVersion | null) => void
  onCompare: (before: string, after: string) => void
}) {
  const now = useNow()
  const query = useSettled({ ...scope, path: looked.path })
  const asked = useAsked('browse.versions', query)
  const [chosen, setChosen] = useState<string | null>(null)
  const versions = asked.value ?? []
  // What is looked at may lie in an older snapshot than the newest that has the same content.
  const current =
    versions.find(({ newestSnapshotId }) => newestSnapshotId === chosen) ?? versionOf(versions, looked)
  const snapshotId = chosen ?? looked.snapshotId
  const slow = useSlow(asked.loading || query === null)
  const at = current ? versions.indexOf(current) : -1
  const other = versions[at === 0 ? 1 : 0]

  return (
    <>
      <Preview destinationId={scope.destinationId} snapshotId={snapshotId} path={looked.path} />
      {asked.error ? (
        <ErrorNote error={asked.error} again={asked.again} compact />
      ) : (
        <div className={classes['history']}>
          <div className={classes['versionsHead']}>
            <h3 id="versions">Versions</h3>
            <span>{asked.value ? count(versions.length) : slow ? '…' : ''}</span>
            {current && other && (
              <button
                type="button"
                className={classes['link']}
                onClick={() => {
                  const [first, second] = [current, other].toSorted((a, b) => a.lastSeenMs - b.lastSeenMs)
                  onCompare(first!.newestSnapshotId, second!.newestSnapshotId)
                }}
              >
                Compare
              </button>
            )}
          </div>
          <div className={classes['versions']} role="radiogroup" aria-labelledby="versions">
            {versions.slice(0, mostVersions).map(version => (
              <label key={version.newestSnapshotId} className={classes['version']}>
                <input
                  type="radio"
                  name="version"
                  checked={version === current}
                  onChange={() => setChosen(version.newestSnapshotId)}
                />
                <span>
                  {dayAndTime(version.modifiedAtMs, now)}
                  <small>in {plural(version.snapshots, 'snapshot')}</small>
                </span>
                <span className={classes['size']}>{shortBytes(version.sizeBytes)}</span>
              </label>
            ))}
          </div>
          {versions.length > mostVersions && (
            <p className={classes['quiet']} style={{ marginTop: 8 }}>
              {count(versions.length - mostVersions)} older versions: choose their day on the time rail.
            </p>
          )}
        </div>
      )}
      <Button
        variant="default"
        leftSection={<IconHistory size={16} />}
        disabled={!current && !asked.error}
        onClick={() => onRestore(snapshotId, current ?? null)}
        fullWidth
        style={{ flex: 'none' }}
      >
        Restore this version…
      </Button>
    </>
  )
}

const mostVersions = 100

/** Which of them is looked at. A version may be in many snapshots, of which only the newest is named. */
const versionOf = (versions: readonly FileVersion[], looked: Looked): FileVersion | undefined =>
  versions.find(({ newestSnapshotId }) => newestSnapshotId === looked.snapshotId) ??
  versions.find(
    ({ sizeBytes, modifiedAtMs }) => sizeBytes === looked.sizeBytes && modifiedAtMs === looked.modifiedAtMs,
  ) ??
  versions.find(({ sizeBytes }) => sizeBytes === looked.sizeBytes)
