import { SnapshotInfo } from '../../../shared/entities/destination.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Catalogue } from './catalogue.ts'
import type { Store } from './database.ts'

type Records = Pick<Catalogue['snapshots'], 'list' | 'replaceAll' | 'add' | 'markIndexed'>

/** The number of a destination in the index; made when it is first met. */
export function destinationNumbers({ db }: Store): {
  find(uuid: string): number | null
  make(uuid: string): number
} {
  const find = db.prepare<[string], { id: number }>('SELECT id FROM destination WHERE uuid = ?')
  const insert = db.prepare('INSERT INTO destination (uuid) VALUES (?)')
  return {
    find: uuid => find.get(uuid)?.id ?? null,
    make: uuid => find.get(uuid)?.id ?? Number(insert.run(uuid).lastInsertRowid),
  }
}

/** Tree IDs are 64 hex digits; anything else can't be in a repository. */
export function treeHash(id: string): Buffer {
  const hash = Buffer.from(id, 'hex')
  if (hash.length === 32 && id.length === 64) return hash
  throw new AppError('invalid_input', `${id.slice(0, 70)} is not the ID of a tree.`)
}

/**
 * The records of snapshots. `changed` hears when trees may have lost their last snapshot; `generation` grows with every
 * change of the records.
 */
export function snapshotQueries(
  store: Store,
  changed: () => void,
): Records & { forget(uuid: string): void; generation(): number } {
  const { db, write, decode } = store
  const numbers = destinationNumbers(store)
  const insert = db.prepare(
    `INSERT INTO snapshot (destination, id, time, plan, indexed, root, data) VALUES (?, ?, ?, ?, 0, ?, ?)
     ON CONFLICT (destination, id) DO UPDATE SET time = excluded.time, plan = excluded.plan,
       indexed = indexed AND root = excluded.root, root = excluded.root, data = excluded.data`,
  )
  const ids = db.prepare<[number], { id: string }>('SELECT id FROM snapshot WHERE destination = ?')
  const remove = db.prepare('DELETE FROM snapshot WHERE destination = ? AND id = ?')
  const removeAll = db.prepare('DELETE FROM snapshot WHERE destination = ?')
  const mark = db.prepare(
    `UPDATE snapshot SET indexed = 1 WHERE destination = ? AND id = ? AND EXISTS (
       SELECT 1 FROM tree WHERE tree.destination = snapshot.destination AND hash = root AND names IS NOT NULL)`,
  )

  let generation = 0
  const change = <T>(act: () => T): T => {
    generation++
    return write(act)
  }

  const put = (destination: number, snapshot: Omit<SnapshotInfo, 'indexed'>) => {
    const { id, timeMs, planId, treeId } = snapshot
    insert.run(destination, id, Math.floor(timeMs), planId, treeHash(treeId), JSON.stringify(snapshot))
  }

  return {
    generation: () => generation,
    list({ destinationId, planId }) {
      const destination = destinationId === undefined ? undefined : numbers.find(destinationId)
      if (destination === null) return []
      const terms = [
        ...(destination === undefined ? [] : ['destination = ?']),
        ...(planId === undefined ? [] : ['plan = ?']),
      ]
      const bound = [destination, planId].filter(value => value !== undefined)
      return db
        .prepare<unknown[], { id: string; data: string; indexed: number }>(
          `SELECT id, data, indexed FROM snapshot ${terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`}
           ORDER BY time DESC, id`,
        )
        .all(...bound)
        .flatMap(({ id, data, indexed }) => {
          const record = decode(SnapshotInfo.omit({ indexed: true }), data, `The record of snapshot ${id}`)
          return record === null ? [] : { ...record, indexed: indexed === 1 }
        })
    },
    replaceAll: (destinationId, snapshots) =>
      change(() => {
        const destination = numbers.make(destinationId)
        const wanted = new Set(snapshots.map(({ id }) => id))
        const gone = ids.all(destination).filter(({ id }) => !wanted.has(id))
        for (const { id } of gone) remove.run(destination, id)
        for (const snapshot of snapshots) put(destination, snapshot)
        if (gone.length > 0) changed()
      }),
    add: snapshot => change(() => put(numbers.make(snapshot.destinationId), snapshot)),
    markIndexed: (destinationId, snapshotId) =>
      change(() => {
        if (mark.run(numbers.find(destinationId), snapshotId).changes === 1) return
        throw new AppError('not_found', 'That snapshot, or its root, is not in the catalogue.', {
          hint: 'Refresh the destination.',
        })
      }),
    forget: uuid =>
      change(() => {
        const destination = numbers.find(uuid)
        if (destination !== null) removeAll.run(destination)
        changed()
      }),
  }
}
