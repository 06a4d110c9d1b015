import Database from 'better-sqlite3'
import { AppError } from '../../../shared/errors.ts'
import type { SqlConnection } from './database.ts'
import { plansRunsAudit } from './migrations/001-plans-runs-audit.ts'
import { restoredItems } from './migrations/002-restored-items.ts'

export interface Migration {
  readonly name: string
  readonly sql: string
}

/** In order; the version of a catalogue is how many of these it has had. Never change one that was released: add. */
export const migrations: readonly Migration[] = [plansRunsAudit, restoredItems]

/** "HFct": tells Holdfast's catalogue from any other SQLite file. */
export const applicationId = 0x48466374

export const pragmaNumber = (db: SqlConnection, name: string): number =>
  Number(db.pragma(name, { simple: true }))

/** The version is recorded twice, so that a flipped bit in the header is not taken for a newer Holdfast's. */
export const recordedVersion = (db: SqlConnection): number | null => {
  const row = db.prepare<[], { value: number }>(`SELECT value FROM meta WHERE key = 'version'`).get()
  return typeof row?.value === 'number' ? row.value : null
}

/** Brings the catalogue up to `all`, each step wholly or not at all. @throws catalogue_unusable a newer one made it */
export function migrate(db: SqlConnection, all: readonly Migration[] = migrations): void {
  for (let version = pragmaNumber(db, 'user_version'); version < all.length; version++) {
    const { name, sql } = all[version]!
    const step = db.transaction(() => {
      db.exec(sql)
      db.prepare(`INSERT OR REPLACE INTO meta VALUES ('version', ?)`).run(version + 1)
      db.pragma(`application_id = ${applicationId}`)
      db.pragma(`user_version = ${version + 1}`)
    })
    try {
      step.immediate()
    } catch (error) {
      throw new Error(`Step ${version + 1} (${name}) of the catalogue's schema failed.`, { cause: error })
    }
  }
}

export const newerCatalogue = (directory: string): AppError =>
  new AppError(
    'catalogue_unusable',
    `A newer Holdfast made the catalogue in ${directory}. It was not changed.`,
    {
      hint: 'Use that newer Holdfast.',
    },
  )

/** All that a schema says, to compare: a flipped bit in it may leave a sound file that no query understands. */
export const schemaOf = (db: SqlConnection): string =>
  JSON.stringify(db.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name').all())

/** What `make` makes of an empty database, as `schemaOf` gives it. */
export function expectedSchema(make: (db: SqlConnection) => void): string {
  const db = new Database(':memory:')
  try {
    make(db)
    return schemaOf(db)
  } finally {
    db.close()
  }
}
