import { chmodSync, closeSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { ZodType } from 'zod'
import { AppError } from '../../../shared/errors.ts'

export type SqlConnection = Database.Database

/** What each group of queries gets: the open file and how to change it. */
export interface Store {
  readonly db: SqlConnection
  /** Survives the end of the process, however it ends; a power cut may take back the last seconds, never half a change. */
  write<T>(change: () => T): T
  /**
   * Survives a power cut too, with everything that was written before it. It costs one fsync, 2 to 3 ms measured, so all
   * that a person decided or must be able to rely on is written so: plans, destinations, settings, ends of runs, audit.
   */
  writeDurably<T>(change: () => T): T
  /** Parses what is stored as JSON. A row that is not valid is told once and left out. */
  decode<T>(schema: ZodType<T>, json: unknown, what: string): T | null
}

export const isSqlite = (error: unknown, code: string): boolean =>
  error instanceof Database.SqliteError && (error.code === code || error.code.startsWith(`${code}_`))

/** FTS5 speaks of some of its damage as of a plain error. */
export const isDamage = (error: unknown): boolean =>
  isSqlite(error, 'SQLITE_CORRUPT') ||
  isSqlite(error, 'SQLITE_NOTADB') ||
  (isPlainError(error) && error.message.includes('fts5'))

/** While a file is examined, a statement of ours that SQLite does not understand means that the schema is damaged. */
export const isDamageAtFirstSight = (error: unknown): boolean => isDamage(error) || isPlainError(error)

const isPlainError = (error: unknown): error is Error =>
  error instanceof Database.SqliteError && error.code === 'SQLITE_ERROR'

/** Makes an empty file that nobody else may read; one that is there is kept, and closed to others. */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600)) // SQLite gives its -wal the same mode
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    chmodSync(path, 0o600) // never opened: to close it would release this process's locks on it
  }
}

/**
 * A connection that holds the file for itself. Exclusive locking before the first access lets SQLite keep the index of
 * its log in memory, so there is no -shm file, and it also works where memory can't be shared (network drives).
 */
export function connect(path: string): SqlConnection {
  const db = new Database(path, { timeout: 0 })
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('trusted_schema = OFF')
    db.pragma('cell_size_check = ON')
    db.pragma('recursive_triggers = ON') // else INSERT OR REPLACE passes by the triggers that guard the audit log
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

export function useWal(db: SqlConnection): void {
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = NORMAL')
  db.pragma('foreign_keys = ON')
  db.pragma('journal_size_limit = 16777216')
}

export function openStore(
  db: SqlConnection,
  confirmOwner: () => void,
  notice: (text: string) => void,
): Store {
  const write = <T>(change: () => T): T => {
    if (db.inTransaction) return change()
    confirmOwner()
    return db.transaction(change).immediate()
  }
  return {
    db,
    write,
    writeDurably(change) {
      if (db.inTransaction) return change()
      db.pragma('synchronous = FULL')
      try {
        return write(change)
      } finally {
        db.pragma('synchronous = NORMAL')
      }
    },
    decode(schema, json, what) {
      const parsed = schema.safeParse(parseJson(json))
      if (parsed.success) return parsed.data
      notice(`${what} is damaged in the catalogue and was left out (${parsed.error.issues[0]?.message}).`)
      return null
    },
  }
}

/** As JSON, checked first: what could not be read again is never stored. */
export const encode = <T>(schema: ZodType<T>, value: T): string => JSON.stringify(schema.parse(value))

/** undefined for what is no JSON. */
export function parseJson(json: unknown): unknown {
  try {
    return JSON.parse(String(json))
  } catch {
    return undefined
  }
}

/** What SQLite throws, in the words of the application; anything else as it is. */
export function translated(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  if (isSqlite(error, 'SQLITE_FULL'))
    return new AppError('disk_full', 'No space is left for the catalogue. Nothing was saved.', {
      hint: 'Free some space on the disk with the data directory and try again.',
      cause: error,
    })
  if (isDamage(error))
    return new AppError('catalogue_unusable', `The catalogue is damaged (${error.message}).`, {
      hint: 'Start Holdfast again: it sets the damaged file aside and rescues what can be read.',
      cause: error,
    })
  if (isSqlite(error, 'SQLITE_BUSY') || isSqlite(error, 'SQLITE_LOCKED'))
    return new AppError('already_running', 'Another program has the catalogue open.', {
      hint: 'End that program and start again.',
      cause: error,
    })
  if (['SQLITE_IOERR', 'SQLITE_READONLY', 'SQLITE_CANTOPEN', 'SQLITE_PERM'].some(c => isSqlite(error, c)))
    return new AppError('catalogue_unusable', `The catalogue can't be read or written (${error.message}).`, {
      hint: 'Check the disk with the data directory, and the permissions there.',
      cause: error,
    })
  return error
}

// Groups are plain objects of functions; wrapping them keeps each signature.
type Group = object

/** The same functions, with what SQLite throws translated; `damaged` hears of damage first. */
export function guarded<G extends Group>(group: G, damaged: () => void): G {
  const guard =
    (call: (...input: unknown[]) => unknown) =>
    (...input: unknown[]) => {
      const fail = (error: unknown) => {
        if (isDamage(error)) damaged()
        throw translated(error)
      }
      try {
        const answer = call(...input)
        return answer instanceof Promise ? answer.catch(fail) : answer
      } catch (error) {
        return fail(error)
      }
    }
  return Object.fromEntries(
    Object.entries(group).map(([name, member]) => [
      name,
      typeof member === 'function' ? guard(member as (...input: unknown[]) => unknown) : member,
    ]),
  ) as G
}
