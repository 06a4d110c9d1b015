import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Catalogue } from './catalogue.ts'
import { auditQueries } from './audit.ts'
import { asidePath, examine, finishReplacement, replace, rescuedPath, suspicion } from './damage.ts'
import { connect, guarded, makePrivateFile, openStore, translated, useWal } from './database.ts'
import { destinationQueries } from './destinations.ts'
import { indexName, openIndex, type Index } from './open-index.ts'
import { lockName, takeOwnership, type Ownership } from './ownership.ts'
import { migrate } from './migrate.ts'
import { planQueries } from './plans.ts'
import { rescue, takeNotice } from './rescue.ts'
import { revisionNumbers } from './revisions.ts'
import { runQueries } from './runs.ts'
import { settingsQueries } from './settings.ts'

export const catalogueName = 'catalogue.db'

/**
 * The files that the process which owns the catalogue must never open itself, as a backup of the data directory would:
 * on Unix, closing such a handle releases the locks on them (ownership.ts). Absolute when `directory` is.
 */
export const catalogueFiles = (directory: string): string[] =>
  [catalogueName, `${catalogueName}-wal`, indexName, `${indexName}-wal`, lockName].map(name =>
    join(directory, name),
  )

/**
 * Opens the catalogue of a data directory, or makes both. It belongs to this process until `close`, or until the
 * process ends, however it ends.
 *
 * A damaged catalogue is set aside (`catalogue.damaged-<time>.db`), what can be read of it is taken over into a fresh
 * one, and `notices()` says so. The index of snapshots is a file of its own, `snapshots.db`: it can be made again from
 * the repositories at any time, so when it is damaged it is simply dropped, and `notices()` says that.
 * @throws already_running another process has it; at once
 * @throws catalogue_unusable a newer Holdfast's, or no catalogue (neither is touched), or it can't be read or written
 * @throws disk_full
 */
export function openCatalogue(directory: string, ports: { now: () => number }): Catalogue {
  let owner: Ownership | undefined
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    owner = takeOwnership(directory)
    return openOwned(directory, owner, ports.now)
  } catch (error) {
    owner?.release()
    throw translated(error)
  }
}

function openOwned(directory: string, owner: Ownership, now: () => number): Catalogue {
  const notices: string[] = []
  const notice = (text: string) => {
    if (!notices.includes(text)) notices.push(text)
  }
  const path = join(directory, catalogueName)
  const indexPath = join(directory, indexName)
  finishReplacement(path)
  // The index is always made after the catalogue. Where there is only an index, the catalogue was lost.
  if (sizeOf(path) === 0 && sizeOf(indexPath) > 0)
    notice(`The catalogue in ${directory} was gone or empty: plans and history start anew.`)
  else if (examine(directory, path) === 'damaged') {
    const aside = asidePath(path, now())
    rescue(path, rescuedPath(path), aside, now())
    replace(path, aside)
  }

  makePrivateFile(path)
  const db = connect(path)
  let index: Index | undefined
  try {
    useWal(db)
    migrate(db)
    const store = openStore(db, owner.confirm, notice)
    const told = takeNotice(store)
    if (told !== null) notice(told)
    const plans = planQueries(store)
    index = openIndex(indexPath, owner.confirm, notice)
    const destinations = destinationQueries(store, { forgetSnapshots: index.forget, plans })
    index.keepOnly(destinations.list().map(({ id }) => id))
    if (index.isNew) askForSnapshots(destinations)
    const suspect = () => makePrivateFile(suspicion(path)) // it is checked whole at the next start
    return {
      ...guarded({ nextRevision: revisionNumbers(store) }, suspect),
      plans: guarded(plans, suspect),
      destinations: guarded(destinations, suspect),
      runs: guarded(runQueries(store), suspect),
      snapshots: index.snapshots,
      settings: guarded(settingsQueries(store), suspect),
      audit: guarded(auditQueries(store), suspect),
      notices: () => notices,
      close: closing([index.close, () => db.close(), owner.release]),
    }
  } catch (error) {
    index?.close()
    db.close()
    throw error
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** What was known of their snapshots is gone: each is to be read again. */
function askForSnapshots(destinations: Catalogue['destinations']): void {
  for (const destination of destinations.list())
    if (destination.refreshedAtMs !== null) destinations.update({ ...destination, refreshedAtMs: null }, null)
}

/** Does each, also when one before it fails; a second call does nothing. */
function closing(steps: (() => unknown)[]): () => void {
  return () => {
    const step = steps.shift()
    if (step === undefined) return
    try {
      step()
    } finally {
      closing(steps)()
    }
  }
}
