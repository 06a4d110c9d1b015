import { hasEnded, Run, type RunState } from '../../../shared/entities/run.ts'
import type { Catalogue, RunQuery } from './catalogue.ts'
import { encode, type Store } from './database.ts'
import { runLogQueries } from './run-logs.ts'

interface Row {
  id: string
  data: string
  has_plan: number
  has_destination: number
}

// A removed plan or destination is taken out when read: to rewrite every record of its history would take long.
const columns = `run.id, run.data,
  EXISTS (SELECT 1 FROM plan WHERE plan.id = run.plan) AS has_plan,
  EXISTS (SELECT 1 FROM destination WHERE destination.id = run.destination) AS has_destination`

/** The filter of a query as SQL, and what is bound to it. */
function conditions(
  planId: string | undefined,
  states: readonly RunState[] | undefined,
): [string[], unknown[]] {
  const wanted = states === undefined ? [] : [`state IN (${states.map(() => '?').join(', ')})`]
  const plan = planId === undefined ? [] : ['plan = ?']
  return [
    [...plan, ...wanted],
    [...(planId === undefined ? [] : [planId]), ...(states ?? [])],
  ]
}
/** Neither a restore nor a dry run. */
const isBackup = `data ->> '$.kind' = 'backup' AND NOT data ->> '$.dryRun'`
const where = (terms: readonly string[]): string => (terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`)

export function runQueries(store: Store): Catalogue['runs'] {
  const { db, write, writeDurably, decode } = store
  const one = db.prepare<[string], Row>(`SELECT ${columns} FROM run WHERE id = ?`)
  const open = db.prepare<[], Row>(`SELECT ${columns} FROM run WHERE is_open = 1 ORDER BY created, seq`)
  const position = db.prepare<[string], { created: number; seq: number }>(
    'SELECT created, seq FROM run WHERE id = ?',
  )
  const save = db.prepare(
    `INSERT INTO run (id, plan, destination, state, created, ended, is_open, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET plan = excluded.plan, destination = excluded.destination, state = excluded.state,
       created = excluded.created, ended = excluded.ended, is_open = excluded.is_open, data = excluded.data`,
  )

  const read = (row: Row): Run | null => {
    const run = decode(Run, row.data, `The record of run ${row.id}`)
    if (run === null) return null
    const planId = row.has_plan === 1 ? run.planId : null
    return { ...run, planId, destinationId: row.has_destination === 1 ? run.destinationId : null }
  }

  return {
    save(run) {
      const change = () => {
        const { id, planId, destinationId, state, createdAtMs, endedAtMs } = run
        const isOpen = hasEnded(state) ? 0 : 1
        const data = encode(Run, run)
        save.run(id, planId, destinationId, state, Math.floor(createdAtMs), endedAtMs, isOpen, data)
      }
      // While it goes on it is saved often, and after a power cut it is an interrupted one in any case.
      if (hasEnded(run.state)) writeDurably(change)
      else write(change)
    },
    get(id) {
      const row = one.get(id)
      return row === undefined ? null : read(row)
    },
    page({ planId, states, after, limit }: RunQuery) {
      const [terms, bound] = conditions(planId, states)
      const total = db
        .prepare<unknown[], { total: number }>(`SELECT count(*) AS total FROM run ${where(terms)}`)
        .get(...bound)!.total
      const last = after === undefined ? undefined : position.get(after)
      if (after !== undefined && last === undefined) return { runs: [], total }
      const older = last === undefined ? [] : ['(created, seq) < (?, ?)']
      const rows = db
        .prepare<unknown[], Row>(
          `SELECT ${columns} FROM run ${where([...terms, ...older])} ORDER BY created DESC, seq DESC LIMIT ?`,
        )
        .all(...bound, ...(last === undefined ? [] : [last.created, last.seq]), limit)
      return { runs: rows.flatMap(row => read(row) ?? []), total }
    },
    open: () => open.all().flatMap(row => read(row) ?? []),
    newest(planId, states) {
      const [terms, bound] = conditions(planId, states)
      const row = db
        .prepare<unknown[], Row>(
          `SELECT ${columns} FROM run ${where([...terms, 'is_open = 0', isBackup])} ORDER BY created DESC, seq DESC LIMIT 1`,
        )
        .get(...bound)
      return row === undefined ? null : read(row)
    },
    ...runLogQueries(store),
  }
}
