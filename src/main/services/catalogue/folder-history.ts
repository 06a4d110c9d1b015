import { hash } from 'node:crypto'
import { SnapshotInfo } from '../../../shared/entities/destination.ts'
import type { Store } from './database.ts'
import { unpackNumbers } from './varints.ts'

/** A snapshot as its folders are looked up: its time, and the number of its root's tree. */
export interface Indexed {
  readonly id: string
  readonly timeMs: number
  readonly planId: string | null
  /** Equal for snapshots that are expected to hold the same places, so that what a later one lacks was deleted. */
  readonly kind: string
  /** 0 while it is not indexed. */
  readonly root: number
}

/** An entry of a folder, as one version of it. */
export interface Seen {
  readonly name: number
  readonly type: string
  readonly sizeBytes: number
  readonly modifiedAtMs: number
  /** Of a file: the same for the same content; of a folder: its tree. */
  readonly content: number
}

/** The ways down through the trees of an index, for what looks at folders by their path. */
export interface FolderHistory {
  /** All snapshots of a destination, the oldest first. Read once for as long as nothing about them changes. */
  snapshots(destinationId: string): readonly Indexed[]
  /** Numbers of the names of a path; null when one of them is in no snapshot at all. */
  names(path: string): number[] | null
  /** What lies at a path below each of these trees, in their order; null where nothing does. `[]` is the tree itself. */
  follow(roots: readonly number[], names: readonly number[]): (Seen | null)[]
  /** The names in a folder's listing. */
  listing(tree: number): number[]
  /**
   * Of these names, each version that one of these trees has; with the place in `trees` of the last that has it.
   * Some microseconds for each name and tree.
   */
  versions(names: readonly number[], trees: readonly number[]): (Seen & { text: string; last: number })[]
  /** The entries of one tree, by some of its names. */
  entries(names: readonly number[], tree: number): Pick<Seen, 'type' | 'sizeBytes' | 'content'>[]
  /** Grows with every change of what `snapshots` says. */
  generation(): number
}

/** Remembered from one question to the next. */
const mostSteps = 20_000

const Kind = SnapshotInfo.pick({ hostname: true, paths: true, planId: true, tags: true })

/** @param generation counts changes of the records of snapshots */
export function folderHistory(store: Store, generation: () => number): FolderHistory {
  const { db, decode } = store
  const records = db.prepare<[string], { id: string; time: number; data: string; tree: number | null }>(
    `SELECT snapshot.id, time, data, iif(indexed, tree.id, NULL) AS tree FROM snapshot
     JOIN destination ON destination.id = snapshot.destination
     LEFT JOIN tree ON tree.destination = snapshot.destination AND hash = root
     WHERE uuid = ? ORDER BY time, snapshot.id`,
  )
  const nameNumber = db
    .prepare<[number, string], number>('SELECT id FROM name WHERE key = ? AND text = ?')
    .pluck()
  const look = db.prepare<[number, number], Seen>(
    `SELECT entry.name, type.text AS type, size AS sizeBytes, modified AS modifiedAtMs, content FROM entry
     JOIN version ON version.name = entry.name AND number = entry.version JOIN type ON type.id = version.type
     WHERE entry.name = ? AND entry.tree = ?`,
  )
  const packed = db.prepare<[number], Buffer | null>('SELECT names FROM tree WHERE id = ?').pluck()
  // CROSS JOIN keeps this order: each name is sought in each tree, and nothing else is read.
  const versions = db.prepare<[string, string], Seen & { text: string; last: number }>(
    `WITH wanted AS MATERIALIZED (SELECT key AS nth, value AS tree FROM json_each(?)),
       found AS (SELECT entry.name, entry.version, max(wanted.nth) AS last
         FROM json_each(?) AS asked CROSS JOIN wanted
         CROSS JOIN entry ON entry.name = asked.value AND entry.tree = wanted.tree
         GROUP BY entry.name, entry.version)
     SELECT found.name, name.text, type.text AS type, size AS sizeBytes, modified AS modifiedAtMs, content, last
     FROM found CROSS JOIN version ON version.name = found.name AND number = found.version
     CROSS JOIN name ON name.id = found.name CROSS JOIN type ON type.id = version.type`,
  )
  const entries = db.prepare<[string, number], Pick<Seen, 'type' | 'sizeBytes' | 'content'>>(
    `SELECT type.text AS type, size AS sizeBytes, content FROM json_each(?) AS asked
     CROSS JOIN entry ON entry.name = asked.value AND entry.tree = ?
     CROSS JOIN version ON version.name = entry.name AND number = entry.version
     CROSS JOIN type ON type.id = version.type`,
  )
  /** From a tree by a name: whoever looks into one folder soon looks into the one beside it. */
  const steps = new Map<string, Seen | null>()
  const known = new Map<string, { generation: number; list: readonly Indexed[] }>()

  return {
    generation,

    snapshots(destinationId) {
      const before = known.get(destinationId)
      if (before?.generation === generation()) return before.list
      const list = records.all(destinationId).map(({ id, time, data, tree }) => {
        const record = decode(Kind, data, `The record of snapshot ${id}`)
        return { id, timeMs: time, planId: record?.planId ?? null, kind: kindOf(record), root: tree ?? 0 }
      })
      known.set(destinationId, { generation: generation(), list })
      return list
    },

    names(path) {
      const numbers: number[] = []
      for (const part of path.split('/')) {
        if (part === '' || part === '.') continue
        const name = stored(part)
        const number = nameNumber.get(hash('sha256', name, 'buffer').readUIntBE(0, 6), name)
        if (number === undefined) return null
        numbers.push(number)
      }
      return numbers
    },

    follow(roots, names) {
      let at: (Seen | null)[] = roots.map(root => (root === 0 ? null : folder(root)))
      if (steps.size > mostSteps) steps.clear()
      for (const name of names) {
        at = at.map(above => {
          if (above === null || above.type !== 'dir') return null
          const key = `${above.content} ${name}`
          const step = steps.get(key)
          if (step !== undefined) return step
          const found = look.get(name, above.content) ?? null
          steps.set(key, found)
          return found
        })
      }
      return at
    },

    listing(tree) {
      const names = packed.get(tree)
      return names === undefined || names === null ? [] : unpackNumbers(names)
    },
    versions: (names, trees) => versions.all(JSON.stringify(trees), JSON.stringify(names)),
    entries: (names, tree) => entries.all(JSON.stringify(names), tree),
  }
}

/** As names stand in the index (path-index.ts). */
export const stored = (name: string): string => name.toWellFormed().replaceAll('\0', '\uFFFD')

const folder = (tree: number): Seen => ({
  name: 0,
  type: 'dir',
  sizeBytes: 0,
  modifiedAtMs: 0,
  content: tree,
})

/** A plan's snapshots follow each other even when its folders were changed, but for those of its configuration alone. */
function kindOf(record: Pick<SnapshotInfo, 'hostname' | 'paths' | 'planId' | 'tags'> | null): string {
  if (record === null) return ''
  if (record.planId !== null) return JSON.stringify([record.planId, record.tags.includes('type:config')])
  return JSON.stringify([record.hostname, [...new Set(record.paths)].sort()])
}
