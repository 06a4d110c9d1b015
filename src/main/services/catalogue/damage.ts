import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { AppError } from '../../../shared/errors.ts'
import { connect, isDamageAtFirstSight, type SqlConnection } from './database.ts'
import {
  applicationId,
  expectedSchema,
  migrate,
  migrations,
  newerCatalogue,
  pragmaNumber,
  recordedVersion,
  schemaOf,
} from './migrate.ts'

/** A catalogue up to this size is checked whole at every start; a larger one after an unclean end, or on suspicion. */
const alwaysCheckedBytes = 64 << 20
/** What can't be made again and is small: checked at every start. */
const precious = ['plan', 'destination', 'schedule', 'settings', 'meta']

/** Stands beside a catalogue that gave an error which speaks of damage; it is then checked whole at the next start. */
export const suspicion = (path: string): string => `${path}.suspect`

/**
 * Whether the file at `path` can be used as it is. What a newer Holdfast or another program made is refused untouched.
 *
 * `quick_check` finds broken pages and rows, not a changed letter in a text: that is for the schemas to find when a row
 * is read, as far as it can be found.
 * @throws catalogue_unusable
 */
export function examine(directory: string, path: string): 'sound' | 'damaged' {
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (sizeBytes === 0) return 'sound' // the first start
  const thorough = sizeBytes <= alwaysCheckedBytes || existsSync(`${path}-wal`) || existsSync(suspicion(path))
  const db = connect(path)
  try {
    const version = pragmaNumber(db, 'user_version')
    const signed = pragmaNumber(db, 'application_id') === applicationId
    const tables = new Set(db.prepare<[], string>('SELECT name FROM sqlite_schema').pluck().all())
    if (version === 0 && tables.size === 0) return 'sound' // the first start was interrupted
    if (!signed && !precious.every(table => tables.has(table)))
      throw new AppError(
        'catalogue_unusable',
        `${path} is not a catalogue of Holdfast's. It was not changed.`,
        {
          hint: 'Choose another data directory, or move that file away.',
        },
      )
    const recorded = tables.has('meta') ? recordedVersion(db) : null
    if (version > migrations.length && (recorded ?? version) === version) throw newerCatalogue(directory)
    if (!signed || version !== recorded) return 'damaged'
    if (schemaOf(db) !== expectedSchema(fresh => migrate(fresh, migrations.slice(0, version))))
      return 'damaged'
    const sound = thorough
      ? isSound(db, 'quick_check(1)')
      : precious.every(table => isSound(db, `quick_check('${table}')`))
    if (sound && thorough) rmSync(suspicion(path), { force: true })
    return sound ? 'sound' : 'damaged'
  } catch (error) {
    if (isDamageAtFirstSight(error)) return 'damaged'
    throw error
  } finally {
    db.close()
  }
}

const isSound = (db: SqlConnection, check: string): boolean => db.pragma(check, { simple: true }) === 'ok'

/** Where a damaged catalogue is to go. */
export function asidePath(path: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(':', '-') // Windows takes no colons
  const stem = `${path.replace(/\.db$/, '')}.damaged-${time}`
  let aside = `${stem}.db`
  for (let nth = 2; existsSync(aside); nth++) aside = `${stem}-${nth}.db`
  return aside
}

/**
 * Puts the rescued catalogue in the place of the damaged one, which is kept, with its log, as `aside`. Until here
 * nothing of the damaged one was touched; interrupted here, `finishReplacement` does the rest.
 */
export function replace(path: string, aside: string): void {
  // The log first: as long as the database stands in its place, the next start examines it again.
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${aside}-wal`)
  renameSync(path, aside)
  finishReplacement(path)
}

export const rescuedPath = (path: string): string => `${path}.rescued`

export function finishReplacement(path: string): void {
  if (existsSync(path) || !existsSync(rescuedPath(path))) return
  renameSync(rescuedPath(path), path)
  rmSync(suspicion(path), { force: true })
}
