import { hash } from 'node:crypto'
import type { Catalogue, IndexedTree } from './catalogue.ts'
import type { Store } from './database.ts'
import { fold } from './search-query.ts'
import { destinationNumbers, treeHash } from './snapshots.ts'
import { packNumbers } from './varints.ts'

type Entry = IndexedTree['entries'][number]

/** 48 bits: enough to tell the versions of one file apart, and the names of one index but for a rare few. */
const shortHash = (text: string): number => hash('sha256', text, 'buffer').readUIntBE(0, 6)

/** Takes folders into the index; its schema stands in index-schema.ts. */
export function treeIntake(store: Store): Pick<Catalogue['snapshots'], 'unknownTrees' | 'addTrees'> {
  const { db, write } = store
  const destinations = destinationNumbers(store)
  const tree = db.prepare<[number, Buffer], { id: number; known: number }>(
    'SELECT id, names IS NOT NULL AS known FROM tree WHERE destination = ? AND hash = ?',
  )
  const insertTree = db.prepare('INSERT INTO tree VALUES (?, ?, ?, NULL)')
  const fill = db.prepare('UPDATE tree SET names = ? WHERE destination = ? AND hash = ?')
  const lastTree = db.prepare<[], number>('SELECT trees FROM counter').pluck()
  const setLastTree = db.prepare('UPDATE counter SET trees = ?')
  const insertEntry = db.prepare('INSERT INTO entry VALUES (?, ?, ?)')
  const insertParent = db.prepare('INSERT OR IGNORE INTO parent VALUES (?, ?, ?)')
  const nameOf = nameNumbers(store)
  const versionOf = versionNumbers(store)
  const typeOf = typeNumbers(store)

  const add = (destination: number, { treeId, entries }: IndexedTree) => {
    const hash = treeHash(treeId)
    const before = tree.get(destination, hash)
    if (before?.known === 1) return
    const number = before?.id ?? make(destination, hash)
    const names = new Set<number>()
    for (const entry of entries) {
      const name = nameOf(entry.name.toWellFormed().replaceAll('\0', '\uFFFD'))
      if (names.has(name)) continue // names that are no text may look alike; the first one stands for them
      names.add(name)
      const subtree =
        entry.type === 'dir' && entry.subtreeId !== null ? subtreeOf(destination, entry.subtreeId) : 0
      const content =
        entry.type === 'dir' ? subtree : entry.contentKey === '' ? 0 : shortHash(entry.contentKey)
      insertEntry.run(name, number, versionOf(name, typeOf(entry.type), entry, content))
      if (subtree !== 0) insertParent.run(subtree, number, name)
    }
    fill.run(packNumbers([...names]), destination, hash)
  }
  const make = (destination: number, hash: Buffer): number => {
    const number = (lastTree.get() ?? 0) + 1
    setLastTree.run(number)
    insertTree.run(destination, hash, number)
    return number
  }
  const subtreeOf = (destination: number, id: string): number => {
    const hash = treeHash(id)
    return tree.get(destination, hash)?.id ?? make(destination, hash)
  }

  return {
    unknownTrees(destinationId, treeIds) {
      const destination = destinations.find(destinationId)
      const isKnown = (id: string) => destination !== null && tree.get(destination, treeHash(id))?.known === 1
      return [...new Set(treeIds)].filter(id => !isKnown(id))
    },
    addTrees: (destinationId, trees) =>
      write(() => {
        const destination = destinations.make(destinationId)
        for (const tree of trees) add(destination, tree)
      }),
  }
}

/** The number of a name. Found by a short hash, so that an index does not hold every name a second time. */
function nameNumbers({ db }: Store): (name: string) => number {
  const find = db.prepare<[number, string], { id: number }>('SELECT id FROM name WHERE key = ? AND text = ?')
  const insert = db.prepare('INSERT INTO name (key, text, folded) VALUES (?, ?, ?)')
  const insertParts = db.prepare('INSERT INTO name_parts (rowid, text) VALUES (?, ?)')
  return name => {
    const key = shortHash(name)
    const known = find.get(key, name)
    if (known !== undefined) return known.id
    const folded = fold(name)
    // LIKE itself takes no notice of the case of ASCII letters, so only others need the second spelling.
    const id = Number(insert.run(key, name, /[^\0-\x7f]/.test(name) ? folded : null).lastInsertRowid)
    insertParts.run(id, folded)
    return id
  }
}

function versionNumbers({
  db,
}: Store): (name: number, type: number, entry: Entry, content: number) => number {
  const find = db.prepare<[number, number], [number, number, number, number]>(
    'SELECT type, size, modified, content FROM version WHERE name = ? AND number = ?',
  )
  find.raw()
  const insert = db.prepare('INSERT INTO version VALUES (?, ?, ?, ?, ?, ?)')
  return (name, type, entry, content) => {
    const size = whole(entry.sizeBytes)
    const modified = whole(entry.modifiedAtMs)
    const first = shortHash(`${type} ${size} ${modified} ${content}`) % 2 ** 24
    for (let number = first; ; number++) {
      const found = find.get(name, number)
      if (found === undefined) {
        insert.run(name, number, type, size, modified, content)
        return number
      }
      if (found[0] === type && found[1] === size && found[2] === modified && found[3] === content)
        return number
    }
  }
}

/** As SQLite stores it in a few bytes; times in a repository may be anything. */
const whole = (number: number): number =>
  Number.isFinite(number) ? Math.max(-(2 ** 52), Math.min(2 ** 52, Math.floor(number))) : 0

function typeNumbers({ db }: Store): (type: string) => number {
  const find = db.prepare<[string], number>('SELECT id FROM type WHERE text = ?').pluck()
  const insert = db.prepare('INSERT INTO type (text) VALUES (?)')
  return type => find.get(type) ?? Number(insert.run(type).lastInsertRowid)
}
