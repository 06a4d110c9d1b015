import type { Store } from './database.ts'
import { fold } from './search-query.ts'
import { unpackNumbers } from './varints.ts'

/** Looked at, and removed, in one slice: some milliseconds. */
const treesPerSlice = 500
const entriesPerSlice = 1_000
const namesPerSlice = 100

interface TreeRow {
  destination: number
  hash: Buffer
  id: number
  names: Buffer | null
}

/**
 * Removes what no snapshot reaches: first trees that nothing holds, again and again until there are none (what they
 * held may then be held by nothing, too), then versions and names that are in no tree any more.
 */
export function sweeping({ db, write }: Store): { wanted(): void; slice(): boolean } {
  const next = db.prepare<[number, Buffer], TreeRow>(
    `SELECT destination, hash, id, names FROM tree WHERE (destination, hash) > (?, ?)
     ORDER BY destination, hash LIMIT ${treesPerSlice}`,
  )
  const held = db.prepare<[number], number>('SELECT 1 FROM parent WHERE tree = ? LIMIT 1').pluck()
  const roots = db.prepare<[], [number, Buffer]>('SELECT destination, root FROM snapshot').raw()
  const unfinished = db
    .prepare<[], number>('SELECT DISTINCT destination FROM snapshot WHERE indexed = 0')
    .pluck()
  const subtree = db
    .prepare<[number, number], number>(
      `SELECT content FROM entry JOIN version ON version.name = entry.name AND number = version
       WHERE entry.name = ? AND entry.tree = ? AND type = (SELECT id FROM type WHERE text = 'dir')`,
    )
    .pluck()
  const removeParent = db.prepare('DELETE FROM parent WHERE tree = ? AND parent = ? AND name = ?')
  const removeEntry = db.prepare('DELETE FROM entry WHERE name = ? AND tree = ?')
  const removeTree = db.prepare('DELETE FROM tree WHERE destination = ? AND hash = ?')
  const removeVersions = db.prepare(
    'DELETE FROM version WHERE name = ? AND number NOT IN (SELECT version FROM entry WHERE name = ?)',
  )
  const used = db.prepare<[number], number>('SELECT 1 FROM entry WHERE name = ? LIMIT 1').pluck()
  const text = db.prepare<[number], string>('SELECT text FROM name WHERE id = ?').pluck()
  const removeName = db.prepare('DELETE FROM name WHERE id = ?')
  const removeParts = db.prepare(`INSERT INTO name_parts (name_parts, rowid, text) VALUES ('delete', ?, ?)`)

  const start: { destination: number; hash: Buffer } = { destination: -1, hash: Buffer.alloc(0) }
  let state: 'idle' | 'trees' | 'names' = 'trees' // a sweep may have ended with the process
  let at: { destination: number; hash: Buffer } = start
  let removedAny = false
  let again = false
  const touched = new Set<number>()

  /** Gives how many entries it had. */
  const drop = ({ destination, hash, id, names }: TreeRow): number => {
    const all = names === null ? [] : unpackNumbers(names)
    for (const name of all) {
      const below = subtree.get(name, id)
      if (below !== undefined) removeParent.run(below, id, name)
      removeEntry.run(name, id)
      touched.add(name)
    }
    removeTree.run(destination, hash)
    return all.length
  }

  const sweepTrees = () => {
    const left = new Set(unfinished.all())
    const rooted = new Set(roots.all().map(([destination, root]) => `${destination} ${root.toString('hex')}`))
    const rows = next.all(at.destination, at.hash)
    let entries = 0
    let reached = 0
    for (const row of rows) {
      reached++
      at = row
      if (left.has(row.destination) || held.get(row.id) !== undefined) continue
      if (rooted.has(`${row.destination} ${row.hash.toString('hex')}`)) continue
      entries += drop(row)
      removedAny = true
      if (entries > entriesPerSlice) break
    }
    if (reached === rows.length && rows.length < treesPerSlice) {
      state = removedAny || again ? 'trees' : 'names'
      ;[at, removedAny, again] = [start, false, false]
    }
  }

  const sweepNames = () => {
    for (const name of [...touched].slice(0, namesPerSlice)) {
      touched.delete(name)
      removeVersions.run(name, name)
      const spelling = used.get(name) === undefined ? text.get(name) : undefined
      if (spelling === undefined) continue
      removeParts.run(name, fold(spelling))
      removeName.run(name)
    }
    if (touched.size === 0) state = 'idle'
  }

  return {
    wanted() {
      if (state === 'trees') again = true
      else [state, at] = ['trees', start]
    },
    slice() {
      if (state === 'idle') return false
      write(state === 'trees' ? sweepTrees : sweepNames)
      db.pragma('incremental_vacuum(100)')
      return (state as string) !== 'idle'
    },
  }
}
