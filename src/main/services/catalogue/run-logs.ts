import type { RestoreItem } from '../../../shared/entities/browse.ts'
import type { LogLine, RunWarning } from '../../../shared/entities/run.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Catalogue } from './catalogue.ts'
import type { Store } from './database.ts'

type Logs = Pick<
  Catalogue['runs'],
  'appendLog' | 'log' | 'appendWarnings' | 'warnings' | 'appendItems' | 'items' | 'forgetLogsBefore'
>

/** Lines, warnings and restored items of each run, numbered from 1. */
export function runLogQueries({ db, write }: Store): Logs {
  const rowOf = db.prepare<[string], { seq: number }>('SELECT seq FROM run WHERE id = ?')
  const lastLine = db.prepare<[number], { seq: number | null }>(
    'SELECT max(seq) AS seq FROM run_log WHERE run = ?',
  )
  const lastWarning = db.prepare<[number], { seq: number | null }>(
    'SELECT max(seq) AS seq FROM run_warning WHERE run = ?',
  )
  const addLine = db.prepare('INSERT INTO run_log VALUES (?, ?, ?, ?, ?)')
  const addWarning = db.prepare('INSERT INTO run_warning VALUES (?, ?, ?, ?, ?)')
  const lines = db.prepare<[number, number, number], LogLine>(
    'SELECT seq, at AS atMs, level, text FROM run_log WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?',
  )
  const warnings = db.prepare<[number, number, number], RunWarning>(
    'SELECT seq, kind, path, message FROM run_warning WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?',
  )
  const lastItem = db.prepare<[number], { seq: number | null }>(
    'SELECT max(seq) AS seq FROM run_item WHERE run = ?',
  )
  const addItem = db.prepare('INSERT INTO run_item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const items = (actions: readonly string[] | undefined) =>
    db.prepare<unknown[], RestoreItem>(
      `SELECT seq, action, type, path, size AS sizeBytes, modified AS modifiedAtMs, disk_size AS onDiskBytes,
         disk_modified AS onDiskModifiedAtMs, note FROM run_item WHERE run = ? AND seq > ?
       ${actions === undefined ? '' : `AND action IN (${actions.map(() => '?').join(', ')})`} ORDER BY seq LIMIT ?`,
    )
  const old = 'run IN (SELECT seq FROM run WHERE is_open = 0 AND coalesce(ended, created) < ?)'
  const forgetLines = db.prepare(`DELETE FROM run_log WHERE ${old}`)
  const forgetWarnings = db.prepare(`DELETE FROM run_warning WHERE ${old}`)

  const forgetItems = db.prepare(`DELETE FROM run_item WHERE ${old}`)

  const numberOf = (runId: string): number => {
    const row = rowOf.get(runId)
    if (row !== undefined) return row.seq
    throw new AppError('not_found', 'There is no such run.', { hint: 'List the runs again.' })
  }

  return {
    appendLog: (runId, added) =>
      write(() => {
        const run = numberOf(runId)
        let seq = lastLine.get(run)?.seq ?? 0
        for (const { atMs, level, text } of added) addLine.run(run, ++seq, atMs, level, text)
      }),
    log: (runId, afterSeq, limit) => lines.all(numberOf(runId), afterSeq, limit),
    appendWarnings: (runId, added) =>
      write(() => {
        const run = numberOf(runId)
        let seq = lastWarning.get(run)?.seq ?? 0
        for (const { kind, path, message } of added) addWarning.run(run, ++seq, kind, path, message)
      }),
    warnings: (runId, afterSeq, limit) => warnings.all(numberOf(runId), afterSeq, limit),
    appendItems: (runId, added) =>
      write(() => {
        const run = numberOf(runId)
        let seq = lastItem.get(run)?.seq ?? 0
        for (const item of added) {
          const { action, type, path, sizeBytes, modifiedAtMs, onDiskBytes, onDiskModifiedAtMs, note } = item
          const known = [sizeBytes, modifiedAtMs, onDiskBytes, onDiskModifiedAtMs]
          addItem.run(run, ++seq, action, type, path, ...known, note)
        }
      }),
    items: (runId, { actions, afterSeq, limit }) =>
      items(actions).all(numberOf(runId), afterSeq, ...(actions ?? []), limit),
    forgetLogsBefore: ms =>
      write(() => {
        forgetLines.run(ms)
        forgetWarnings.run(ms)
        forgetItems.run(ms)
      }),
  }
}
