import { randomInt } from 'node:crypto'
import { statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { AppError } from '../../../shared/errors.ts'
import { isSqlite, makePrivateFile } from './database.ts'

export const lockName = 'catalogue.lock'

export interface Ownership {
  /** @throws lock_lost another process owns the directory now: nothing more may be written */
  confirm(): void
  release(): void
}

/**
 * Takes the data directory for this process, or fails at once. The system releases it when the process ends, however it
 * ends, so nothing stale is ever left.
 *
 * It is SQLite's exclusive lock on a file of its own, empty for ever: that works alike on every system, and holds while
 * a damaged catalogue is moved aside. On Unix such locks have a trap: they go when *this* process closes any other
 * handle on the file, as a backup of the data directory in this process would. So the file's time is set to a random
 * one, as a token: who takes the directory later sets another, and the former owner sees it before its next write.
 * @throws already_running
 */
export function takeOwnership(directory: string): Ownership {
  const path = join(directory, lockName)
  makePrivateFile(path)
  const lock = new Database(path, { timeout: 0 })
  try {
    lock.pragma('journal_mode = MEMORY') // else an empty journal would lie beside it
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (isSqlite(error, 'SQLITE_BUSY'))
      throw new AppError('already_running', `Holdfast is running already on ${directory}.`, {
        hint: 'Use the one that runs, or end it first.',
        cause: error,
      })
    if (!isSqlite(error, 'SQLITE_NOTADB')) throw error
    throw new AppError('catalogue_unusable', `${path} is not a lock of Holdfast's.`, {
      hint: 'Move that file away and start again.',
      cause: error,
    })
  }
  const token = 2 * randomInt(500_000_000, 950_000_000) // even: FAT keeps times to two seconds
  utimesSync(path, token, token)
  return {
    confirm() {
      const seen = statSync(path, { throwIfNoEntry: false })?.mtimeMs
      // Asking the lock itself also keeps it alive as long as anybody may write: an object nobody holds is closed.
      if (seen === token * 1000 && lock.inTransaction) return
      throw new AppError('lock_lost', `Another process has taken over ${directory}.`, {
        hint: 'End this process; the other one goes on.',
      })
    },
    release: () => void lock.close(),
  }
}
