import { SnapshotInfo } from '../../../shared/entities/destination.ts'
import type { Store } from './database.ts'
import { fold } from './search-query.ts'

/** A folder by its path, in one destination, whatever its contents were. The root has the name ''. */
export interface Folder {
  readonly parent: Folder | null
  readonly name: number
  readonly text: string
  readonly folded: string
  readonly children: Map<number, Folder>
  /** Its tree in each snapshot of the destination, in their order; 0 where it is not. Worked out when first needed. */
  trees: readonly number[] | null
  readonly snapshots: readonly Snapshot[]
}

export interface Snapshot {
  readonly destinationId: string
  readonly id: string
  readonly timeMs: number
  /** No later one is of the same machine and the same paths. */
  readonly newestOfItsKind: boolean
}

export interface Sighting {
  readonly snapshot: Snapshot
  readonly type: number
  readonly size: number
  readonly modified: number
  readonly content: number
}

export interface FolderMap {
  /** How many indexed snapshots there are. */
  snapshots(): number
  /** The folders that have been this tree, in some indexed snapshot. */
  places(tree: number): readonly Folder[]
  /** The trees that folders of such a (folded) name have been. */
  named(matches: (folded: string) => boolean): Set<number>
  /** Of a name in a folder, in all snapshots that have it, the oldest first. */
  history(folder: Folder, name: number): Sighting[]
  path(folder: Folder): string
  /** Whether some folders were left out: more than `most` are equal, or they are nested beyond all measure. */
  isIncomplete(): boolean
}

/** Deeper than any path that a system can hold; what a hostile repository may say. */
const deepest = 3_000

/** Finds the way between trees and paths, for one search; what was once worked out is remembered until its end. */
export function folderMap(store: Store, destinationId: string | undefined, most: number): FolderMap {
  const { db } = store
  const parents = db
    .prepare<[number], [number, number]>('SELECT parent, name FROM parent WHERE tree = ?')
    .raw()
  const nameText = db.prepare<[number], string>('SELECT text FROM name WHERE id = ?').pluck()
  const folderTrees = db.prepare<[number], [string, number]>(
    'SELECT text, content FROM version JOIN name ON name.id = name WHERE type = ? ORDER BY name',
  )
  folderTrees.raw()
  const look = db.prepare<[number, number], [number, number, number, number]>(
    `SELECT type, size, modified, content FROM entry JOIN version ON version.name = entry.name AND number = version
     WHERE entry.name = ? AND entry.tree = ?`,
  )
  look.raw()
  const dir = db.prepare<[], number>(`SELECT id FROM type WHERE text = 'dir'`).pluck().get() ?? -1

  const roots = readRoots(store, destinationId)
  const known = new Map<number, readonly Folder[]>()
  let incomplete = false

  const child = (folder: Folder, name: number): Folder => {
    const there = folder.children.get(name)
    if (there !== undefined) return there
    const text = nameText.get(name) ?? ''
    const { snapshots } = folder
    const made = {
      parent: folder,
      name,
      text,
      folded: fold(text),
      children: new Map(),
      trees: null,
      snapshots,
    }
    folder.children.set(name, made)
    return made
  }

  const places = (tree: number, depth = 0): readonly Folder[] => {
    const before = known.get(tree)
    if (before !== undefined) return before
    if (depth > deepest) {
      incomplete = true
      return []
    }
    known.set(tree, []) // against a circle, which only damage could make
    const found = new Set<Folder>()
    const root = roots.byTree.get(tree)
    if (root !== undefined) found.add(root)
    above: for (const [parent, name] of parents.all(tree)) {
      for (const folder of places(parent, depth + 1)) {
        if (found.size >= most) {
          incomplete = true
          break above
        }
        found.add(child(folder, name))
      }
    }
    const all = [...found]
    known.set(tree, all)
    return all
  }

  /** Its tree in each snapshot. Folders are worked out from the root down, each step once for every distinct tree. */
  const treesOf = (folder: Folder): readonly number[] => {
    const chain: Folder[] = []
    for (let at: Folder | null = folder; at !== null && at.trees === null; at = at.parent) chain.push(at)
    for (const at of chain.reverse()) {
      const steps = new Map<number, number>([[0, 0]])
      at.trees = at.parent!.trees!.map(above => {
        let tree = steps.get(above)
        if (tree === undefined) {
          const found = look.get(at.name, above)
          tree = found?.[0] === dir ? found[3] : 0
          steps.set(above, tree)
        }
        return tree
      })
    }
    return folder.trees!
  }

  return {
    snapshots: () => roots.count,
    places: tree => places(tree),
    named(matches) {
      const trees = new Set(matches('') ? roots.byTree.keys() : [])
      let last = ''
      let fits = false
      for (const [text, tree] of folderTrees.iterate(dir)) {
        if (text !== last) [last, fits] = [text, matches(fold(text))]
        if (fits) trees.add(tree)
      }
      return trees
    },
    history(folder, name) {
      const seen = new Map<number, Omit<Sighting, 'snapshot'> | null>([[0, null]])
      return treesOf(folder).flatMap((tree, index) => {
        let found = seen.get(tree)
        if (found === undefined) {
          const row = look.get(name, tree)
          found = row === undefined ? null : { type: row[0], size: row[1], modified: row[2], content: row[3] }
          seen.set(tree, found)
        }
        return found === null ? [] : { snapshot: folder.snapshots[index]!, ...found }
      })
    },
    path(folder) {
      const names: string[] = []
      for (let at = folder; at.parent !== null; at = at.parent) names.push(at.text)
      return names.reverse().reduce((path, name) => `${path}/${name}`, '')
    },
    isIncomplete: () => incomplete,
  }
}

/** The roots of the indexed snapshots, a folder for each destination. */
function readRoots(
  { db, decode }: Store,
  destinationId: string | undefined,
): { byTree: Map<number, Folder>; count: number } {
  const rows = db
    .prepare<unknown[], { uuid: string; id: string; time: number; data: string; tree: number }>(
      `SELECT uuid, snapshot.id, time, data, tree.id AS tree FROM snapshot
       JOIN destination ON destination.id = snapshot.destination
       JOIN tree ON tree.destination = snapshot.destination AND hash = root
       WHERE indexed = 1 ${destinationId === undefined ? '' : 'AND uuid = ?'} ORDER BY time, snapshot.id`,
    )
    .all(...(destinationId === undefined ? [] : [destinationId]))
  const byTree = new Map<number, Folder>()
  for (const [uuid, those] of Map.groupBy(rows, ({ uuid }) => uuid)) {
    const newest = new Map<string, string>()
    const kinds = those.map(({ id, data }) => {
      const record = decode(Kind, data, `The record of snapshot ${id}`)
      const kind = JSON.stringify([record?.hostname, [...new Set(record?.paths)].sort()])
      newest.set(kind, id)
      return kind
    })
    const snapshots = those.map(({ id, time }, index) => ({
      destinationId: uuid,
      id,
      timeMs: time,
      newestOfItsKind: newest.get(kinds[index]!) === id,
    }))
    const trees = those.map(({ tree }) => tree)
    const root: Folder = {
      parent: null,
      name: 0,
      text: '',
      folded: '',
      children: new Map(),
      trees,
      snapshots,
    }
    for (const tree of trees) byTree.set(tree, root)
  }
  return { byTree, count: rows.length }
}

const Kind = SnapshotInfo.pick({ hostname: true, paths: true })
