import { rmSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { ZodType } from 'zod'
import { Settings, AuditEntry } from '../../../shared/entities/application.ts'
import { Run } from '../../../shared/entities/run.ts'
import { plural } from '../../../shared/wording.ts'
import { chainEnd, setChainEnd } from './audit.ts'
import {
  connect,
  isSqlite,
  makePrivateFile,
  openStore,
  parseJson,
  useWal,
  type SqlConnection,
  type Store,
} from './database.ts'
import { DestinationShape, destinationQueries } from './destinations.ts'
import { migrate } from './migrate.ts'
import { planQueries, PlanShape, ScheduleShape } from './plans.ts'
import { blockSize, reservedRevision } from './revisions.ts'
import { runQueries } from './runs.ts'
import { settingsQueries } from './settings.ts'

/** After so many places in a table that can't be read, the rest of it is given up. */
const mostFailures = 500

/**
 * Makes a fresh catalogue at `to` with all that can be read of the damaged one at `from`, row by row; what it found
 * is told at the next opening (`takeNotice`), with `aside`, where the damaged one will be. `from` is only read. Every row is checked by its schema before it is taken.
 * @throws SqliteError about the new file only: a full disk
 */
export function rescue(from: string, to: string, aside: string, nowMs: number): void {
  for (const suffix of ['', '-wal', '-journal']) rmSync(to + suffix, { force: true }) // of an interrupted rescue
  makePrivateFile(to)
  const db = connect(to)
  const damaged = openDamaged(from)
  try {
    useWal(db)
    migrate(db)
    const store = openStore(
      db,
      () => undefined,
      () => undefined,
    )
    store.writeDurably(() => {
      const found = takeOver(damaged, store, nowMs)
      const notice = `The catalogue was damaged. It was set aside as ${aside}. ${found}`
      db.prepare(`INSERT INTO meta VALUES ('notice', ?)`).run(notice)
    })
  } finally {
    damaged?.close()
    rmSync(`${from}-shm`, { force: true }) // made by reading
    if (statSync(`${from}-wal`, { throwIfNoEntry: false })?.size === 0) rmSync(`${from}-wal`)
    db.close()
  }
}

/** What the rescue has to tell; once, even if the process ended in between. */
export function takeNotice({ db, writeDurably }: Store): string | null {
  const notice = db.prepare<[], string>(`SELECT value FROM meta WHERE key = 'notice'`).pluck().get() ?? null
  if (notice !== null) writeDurably(() => void db.prepare(`DELETE FROM meta WHERE key = 'notice'`).run())
  return notice
}

/** null when not even its head can be read. */
function openDamaged(path: string): SqlConnection | null {
  let db: SqlConnection | undefined
  try {
    db = new Database(path, { readonly: true, timeout: 0 })
    db.unsafeMode(true)
    db.pragma('writable_schema = ON') // reads a file that is shorter than its head says
    db.pragma('trusted_schema = OFF')
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
    return db
  } catch {
    db?.close()
    return null
  }
}

function takeOver(damaged: SqlConnection | null, store: Store, nowMs: number): string {
  const plans = planQueries(store)
  const destinations = destinationQueries(store, { forgetSnapshots: () => undefined, plans })
  const runs = runQueries(store)
  let newest = 0
  const taken: string[] = []
  const lost: string[] = []
  /** Takes each row that is readable and valid; what two rows contradict each other in, the first keeps. */
  const each = <T>(
    table: string,
    one: string,
    shape: ZodType<T>,
    take: (value: T, row: Record<string, unknown>) => void,
  ) => {
    let good = 0
    let bad = 0
    const whole = survivors(damaged, table, row => {
      const value = shape.safeParse(row['data'] === undefined ? row : parseJson(row['data']))
      try {
        if (!value.success) throw value.error
        store.db.transaction(() => take(value.data, row))()
        good++
      } catch (error) {
        if (isSqlite(error, 'SQLITE_FULL')) throw error
        bad++
      }
    })
    if (good > 0) taken.push(plural(good, one))
    if (bad > 0) lost.push(plural(bad, one))
    if (!whole) lost.push(`an unknown number of ${one}s`)
  }
  const numbered = <T extends { revision: number }>(value: T): T => {
    newest = Math.max(newest, value.revision)
    return value
  }

  each('destination', 'destination', DestinationShape, found =>
    destinations.insert({ ...numbered(found), refreshedAtMs: null }),
  )
  each('plan', 'plan', PlanShape, found => plans.insert(numbered(found)))
  each('schedule', 'state of a schedule', ScheduleShape, plans.saveSchedule)
  each('settings', 'row of settings', Settings, settingsQueries(store).save)
  const runIds = new Map<number, string>()
  each('run', 'record of a run', Run, (found, row) => {
    runs.save(numbered(found))
    runIds.set(Number(row['_row']), found.id)
  })
  takeLogs(damaged, store, runIds)

  // As it was, hashes and all: where something is missing, or was changed, verifying goes on to say so.
  const insert = store.db.prepare(
    'INSERT INTO audit VALUES (@seq, @at, @who, @action, @subject, @detail, @hash)',
  )
  let last = { count: 0, hash: '' }
  each('audit', 'entry of the audit log', AuditRow, found => {
    insert.run(found)
    if (found.seq > last.count) last = { count: found.seq, hash: found.hash }
  })
  const end = readOr(damaged, db => chainEnd(db), last)
  if (end.count >= last.count && /^[0-9a-f]{64}$/.test(end.hash)) last = end
  if (last.count > 0) setChainEnd(store.db, last)

  // Revisions were given one by one, so there were always fewer of them than milliseconds since 1970.
  const revision = readOr(damaged, db => reservedRevision(db).read(), 0)
  const reserved = Number.isSafeInteger(revision) ? revision : 0
  reservedRevision(store.db).write(Math.max(newest + blockSize, reserved, Math.floor(nowMs)))

  return (
    `${taken.length === 0 ? 'Nothing could be rescued' : `Rescued: ${taken.join(', ')}`}.` +
    (lost.length === 0 ? '' : ` Could not be read: ${lost.join(', ')}.`)
  )
}

const AuditRow = AuditEntry.omit({ atMs: true }).extend({ at: AuditEntry.shape.atMs })

/**
 * Hands out every row that can be read, stepping over damaged pages; false when some rows may have been passed over.
 * Every table read so has row numbers, so reading can begin anywhere.
 */
function survivors(
  damaged: SqlConnection | null,
  table: string,
  take: (row: Record<string, unknown>) => void,
): boolean {
  if (damaged === null) return false
  const seen = new Set<number>()
  const read = (
    direction: 1 | -1,
    rest: string,
    ...bound: number[]
  ): { last: number | null; ended: boolean } => {
    let before = bound[0] ?? -direction * Infinity
    const rows: Record<string, unknown>[] = []
    let ended = false
    try {
      const page = damaged.prepare<number[], Record<string, unknown>>(
        `SELECT rowid AS _row, * FROM ${table} ${rest}`,
      )
      for (const row of page.iterate(...bound)) {
        const at = Number(row['_row'])
        if (direction * at <= direction * before) throw new Error('the order is broken') // pages in a circle
        before = at
        rows.push(row)
      }
      ended = true
    } catch {
      // What was read before the damage counts.
    }
    for (const row of rows) {
      if (seen.has(Number(row['_row']))) continue
      seen.add(Number(row['_row']))
      take(row)
    }
    return { last: rows.length === 0 ? null : Number(rows.at(-1)!['_row']), ended }
  }

  let from = -1
  let step = 1
  let whole = true
  for (let failures = 0; failures < mostFailures;) {
    const { last, ended } = read(1, 'WHERE rowid > ? ORDER BY rowid LIMIT 500', from)
    if (ended && last === null) break
    if (last !== null) [from, step] = [last, 1]
    if (ended) continue
    whole = false
    failures++
    from += step
    step = Math.min(step * 2, 128)
  }
  if (!whole) read(-1, 'ORDER BY rowid DESC') // from the other end, in case a wrong row number led past some
  return whole
}

/** Up to the first that can't be read. `runIds`: which run had which number in the damaged catalogue. */
function takeLogs(damaged: SqlConnection | null, { db }: Store, runIds: ReadonlyMap<number, string>): void {
  const newRow = db.prepare<[string], number>('SELECT seq FROM run WHERE id = ?').pluck()
  for (const [table, columns] of [
    ['run_log', 'at, level, text'],
    ['run_warning', 'kind, path, message'],
  ] as const) {
    const insert = db.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?, ?, ?, ?, ?)`)
    try {
      const rows = damaged
        ?.prepare<[], [number, ...unknown[]]>(`SELECT run, seq, ${columns} FROM ${table} ORDER BY run, seq`)
        .raw()
      let [lastRun, lastSeq] = [-1, -1]
      for (const [old, ...line] of rows?.iterate() ?? []) {
        const seq = Number(line[0])
        if (old < lastRun || (old === lastRun && seq <= lastSeq)) break // pages in a circle
        ;[lastRun, lastSeq] = [old, seq]
        const run = newRow.get(runIds.get(old) ?? '')
        if (run === undefined || line.includes(null)) continue
        try {
          insert.run(run, ...line)
        } catch (error) {
          if (isSqlite(error, 'SQLITE_FULL')) throw new FullDisk(error)
        }
      }
    } catch (error) {
      if (error instanceof FullDisk) throw error.cause
      // The rest of the lines is lost; the runs they belong to are told of where they are.
    }
  }
}

/** The new file's full disk, among errors of the damaged one. */
class FullDisk extends Error {
  override readonly cause: unknown
  constructor(cause: unknown) {
    super('no space left')
    this.cause = cause
  }
}

function readOr<T>(db: SqlConnection | null, read: (db: SqlConnection) => T, fallback: T): T {
  try {
    return db === null ? fallback : read(db)
  } catch {
    return fallback
  }
}
