import { existsSync, rmSync } from 'node:fs'
import type { Catalogue } from './catalogue.ts'
import {
  connect,
  guarded,
  isDamageAtFirstSight,
  makePrivateFile,
  openStore,
  useWal,
  type SqlConnection,
} from './database.ts'
import { isIndex, makeIndex } from './index-schema.ts'
import { suspicion } from './damage.ts'
import { folderQueries } from './folders.ts'
import { treeIntake } from './path-index.ts'
import { pathSearch } from './path-search.ts'
import { snapshotQueries } from './snapshots.ts'
import { sweeping } from './sweep.ts'

export const indexName = 'snapshots.db'

export interface Index {
  readonly snapshots: Catalogue['snapshots']
  /** Nothing is known of any snapshot: it was made, or made again, just now. */
  readonly isNew: boolean
  /** Forgets the snapshots of a destination. */
  forget(destinationId: string): void
  /** Forgets those of all destinations but these. */
  keepOnly(destinationIds: readonly string[]): void
  close(): void
}

/** Opens the index of snapshots, or makes it; one that is damaged or of another version is dropped, and that is told. */
export function openIndex(path: string, confirmOwner: () => void, notice: (text: string) => void): Index {
  const { db, isNew } = openFile(path, notice)
  const store = openStore(db, confirmOwner, notice)
  const sweep = sweeping(store)
  const { forget, generation, ...records } = snapshotQueries(store, sweep.wanted)
  const known = db.prepare<[], string>('SELECT uuid FROM destination').pluck()
  return {
    snapshots: guarded(
      {
        ...records,
        ...treeIntake(store),
        ...folderQueries(store, generation),
        search: pathSearch(store),
        sweep: sweep.slice,
      },
      () => makePrivateFile(suspicion(path)),
    ),
    isNew,
    forget,
    keepOnly(ids) {
      for (const uuid of known.all()) if (!ids.includes(uuid)) forget(uuid)
    },
    close: () => void db.close(),
  }
}

function openFile(path: string, notice: (text: string) => void): { db: SqlConnection; isNew: boolean } {
  const wasThere = existsSync(path)
  const sound = wasThere && !existsSync(suspicion(path)) ? trySound(path) : null
  if (sound !== null) return { db: sound, isNew: false }
  for (const suffix of ['', '-wal', '-journal', '.suspect']) rmSync(path + suffix, { force: true })
  makePrivateFile(path)
  const db = connect(path)
  try {
    makeIndex(db)
    useWal(db)
  } catch (error) {
    db.close()
    throw error
  }
  if (wasThere)
    notice('The index of snapshots was damaged or outdated. It is made again from the repositories.')
  return { db, isNew: true }
}

function trySound(path: string): SqlConnection | null {
  const unclean = existsSync(`${path}-wal`)
  makePrivateFile(path)
  const db = connect(path)
  try {
    const sound = isIndex(db) && (!unclean || db.pragma('quick_check(1)', { simple: true }) === 'ok')
    if (sound) {
      db.prepare(`SELECT rowid FROM name_parts WHERE name_parts MATCH '"abc"' LIMIT 1`).get() // it opens when first used
      useWal(db)
      return db
    }
  } catch (error) {
    if (!isDamageAtFirstSight(error)) throw error
  }
  db.close()
  return null
}
