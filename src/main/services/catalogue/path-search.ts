import type { FoundPath } from '../../../shared/entities/destination.ts'
import type { Catalogue } from './catalogue.ts'
import type { Store } from './database.ts'
import { folderMap, type Folder, type FolderMap } from './folder-map.ts'
import { parseQuery, type ParsedQuery } from './search-query.ts'

/**
 * Search over the paths of all indexed snapshots.
 *
 * Names that match come first, the best fitting one first; of each, the folders that hold it, the newest version first;
 * from those the way up to the roots gives paths. It stops at the first path too many, so the most common names cost no
 * more than rare ones. Only then is each path that is shown followed down from the root of every snapshot, to count.
 */
export function pathSearch(store: Store): Catalogue['snapshots']['search'] {
  const { db } = store
  const names = matchingNames(store)
  const entries = db
    .prepare<[number], number>('SELECT tree FROM entry WHERE name = ? ORDER BY tree DESC')
    .pluck()
  const folders = db
    .prepare<[number], number>(
      `SELECT entry.tree FROM entry JOIN version ON version.name = entry.name AND number = version
       WHERE entry.name = ? AND type = (SELECT id FROM type WHERE text = 'dir') ORDER BY entry.tree DESC`,
    )
    .pluck()
  const types = db.prepare<[], [number, string]>('SELECT id, text FROM type').raw()

  return ({ query, destinationId, limit }) => {
    const parsed = parseQuery(query)
    const map = folderMap(store, destinationId, Math.max(limit + 1, 2_000))
    const found: { folder: Folder; id: number; text: string }[] = []
    const within = parsed.folders[0] === undefined ? null : map.named(parsed.folders[0])
    search: for (const { id, text } of within?.size === 0 ? [] : names(parsed)) {
      const seen = new Set<Folder>()
      for (const tree of (parsed.foldersOnly ? folders : entries).iterate(id)) {
        if (within?.has(tree) === false) continue
        for (const folder of map.places(tree)) {
          if (seen.has(folder) || !isBelow(folder, parsed)) continue
          seen.add(folder)
          found.push({ folder, id, text })
          if (found.length > limit) break search
        }
      }
    }
    const typeNames = new Map(types.all())
    return {
      found: found
        .slice(0, limit)
        .flatMap(({ folder, id, text }) => describe(map, folder, id, text, typeNames)),
      more: found.length > limit || map.isIncomplete(),
      snapshotsSearched: map.snapshots(),
    }
  }
}

/** Whether the folders above are those that were asked for. */
function isBelow(folder: Folder, { folders }: ParsedQuery): boolean {
  let above: Folder | null = folder
  for (const matches of folders) {
    if (above === null || !matches(above.folded)) return false
    above = above.parent
  }
  return true
}

function describe(
  map: FolderMap,
  folder: Folder,
  name: number,
  text: string,
  types: ReadonlyMap<number, string>,
): FoundPath[] {
  const having = map.history(folder, name)
  const newest = having.at(-1)
  if (newest === undefined) return [] // the ways up and down contradict each other: damage
  return [
    {
      destinationId: newest.snapshot.destinationId,
      path: `${map.path(folder)}/${text}`,
      type: types.get(newest.type) ?? '',
      sizeBytes: newest.size,
      modifiedAtMs: newest.modified,
      versions: new Set(having.map(({ type, content }) => `${type} ${content}`)).size,
      snapshots: having.length,
      firstSeenMs: having[0]!.snapshot.timeMs,
      lastSeenMs: newest.snapshot.timeMs,
      newestSnapshotId: newest.snapshot.id,
      deleted: !newest.snapshot.newestOfItsKind,
    },
  ]
}

interface Name {
  id: number
  text: string
}

/** Most searches end within so many names; to sort all of a hundred thousand would take most of their time. */
const firstNames = 1_000

/** Distinct names that match, the best fitting first. */
function matchingNames({ db }: Store): (query: ParsedQuery) => Iterable<Name> {
  const statement = (narrowed: boolean) =>
    db.prepare<[Record<string, string | number>], Name>(
      `SELECT id, text FROM name WHERE coalesce(folded, text) LIKE @like ESCAPE '\\'
       ${narrowed ? 'AND id IN (SELECT rowid FROM name_parts WHERE name_parts MATCH @parts)' : ''}
       ORDER BY CASE WHEN coalesce(folded, text) LIKE @exact ESCAPE '\\' THEN 0
         WHEN coalesce(folded, text) LIKE @beginning ESCAPE '\\' THEN 1 ELSE 2 END, length(text), text, id
       LIMIT @most OFFSET @from`,
    )
  const scan = statement(false)
  const narrowed = statement(true)

  return function* ({ like, exact, beginning, parts }) {
    const bound = {
      like,
      exact,
      beginning,
      ...(parts.length === 0
        ? {}
        : { parts: parts.map(part => `"${part.replaceAll('"', '""')}"`).join(' AND ') }),
    }
    const names = parts.length === 0 ? scan : narrowed
    const first = names.all({ ...bound, from: 0, most: firstNames })
    yield* first
    if (first.length === firstNames) yield* names.all({ ...bound, from: firstNames, most: -1 })
  }
}
