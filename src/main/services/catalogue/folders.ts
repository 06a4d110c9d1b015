import type { FileVersion, FolderRow } from '../../../shared/entities/browse.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Catalogue } from './catalogue.ts'
import type { Store } from './database.ts'
import { folderHistory, type FolderHistory, type Indexed, type Seen } from './folder-history.ts'
import { naturalKey, sortedSlowly } from './natural-order.ts'

type Folders = Pick<Catalogue['snapshots'], 'folder' | 'versions' | 'measure'>

/** Looked up before everything else gets its turn: some milliseconds' work. */
const sliceLookups = 2_500
/** Of folders that were opened last; their further pages cost nothing. */
const mostKeptRows = 150_000
/** Whose sizes are remembered: a selection is measured again with each click. */
const mostKeptSizes = 50_000
/** Deeper than any path that a system can hold; what a hostile repository may say. */
const deepest = 3_000

const breathe = () => new Promise<void>(resume => setImmediate(resume))

interface Listing {
  readonly rows: readonly FolderRow[]
  readonly notIndexed: number
}

/**
 * Folders as they were over time. A folder that many snapshots share is one tree and looked at once, however many they
 * are; one with a great many entries is gone through in slices.
 *
 * @param generation counts changes of the records of snapshots: what a folder holds depends on nothing else
 */
export function folderQueries(store: Store, generation: () => number): Folders {
  const history = folderHistory(store, generation)
  const opened = new Map<string, Listing>()
  const sizes = new Map<number, Size>()

  function keep(key: string, listing: Listing): void {
    opened.set(key, listing)
    let rows = 0
    for (const [each, kept] of [...opened].reverse()) {
      rows += kept.rows.length
      if (rows > mostKeptRows && each !== key) opened.delete(each)
    }
  }

  return {
    async folder({ offset, limit, ...query }) {
      const key = JSON.stringify([history.generation(), query])
      let listing = opened.get(key) ?? null
      opened.delete(key) // it becomes the one used last
      listing ??= await list(history, query)
      if (listing === null) return null
      keep(key, listing)
      const { rows, notIndexed } = listing
      return { rows: rows.slice(offset, offset + limit), total: rows.length, notIndexed }
    },

    async versions({ destinationId, planId, path }) {
      const scope = history.snapshots(destinationId).filter(within(planId))
      const names = history.names(path)
      if (names === null) return []
      return versionsOf(
        scope,
        history.follow(
          scope.map(({ root }) => root),
          names,
        ),
      )
    },

    async measure({ destinationId, snapshotId, paths }) {
      const snapshot = history.snapshots(destinationId).find(({ id }) => id === snapshotId)
      if (snapshot === undefined || snapshot.root === 0) return null
      if (sizes.size > mostKeptSizes) sizes.clear()
      const total = { files: 0, folders: 0, bytes: 0 }
      for (const path of outermost(paths)) {
        const names = history.names(path)
        const [found = null] = names === null ? [] : history.follow([snapshot.root], names)
        if (found === null) throw missing(path)
        if (found.type !== 'dir') {
          total.files++
          total.bytes += found.sizeBytes
          continue
        }
        const below = await sizeBelow(history, found.content, sizes)
        total.files += below.files
        total.folders += below.folders + (names!.length === 0 ? 0 : 1)
        total.bytes += below.bytes
      }
      return total
    },
  }
}

const within =
  (planId: string | undefined) =>
  (snapshot: Indexed): boolean =>
    planId === undefined || snapshot.planId === planId

const missing = (path: string): AppError =>
  new AppError('not_found', `There is no ${path} in what is looked at.`, {
    hint: 'Go up a folder, or look at another time.',
  })

/** null: the snapshot that is asked for is not in the index. */
async function list(
  history: FolderHistory,
  query: Omit<Parameters<Folders['folder']>[0], 'offset' | 'limit'>,
): Promise<Listing | null> {
  const { destinationId, planId, path, asOf, showDeleted } = query
  const known = history.snapshots(destinationId)
  const chosen = asOf === null ? null : known.find(({ id }) => id === asOf)
  if (chosen === undefined || chosen?.root === 0) return null
  const scope = known.filter(snapshot => snapshot === chosen || within(planId)(snapshot))
  const indexed = scope.filter(({ root }) => root !== 0)
  const notIndexed = scope.length - indexed.length
  if (indexed.length === 0) return { rows: [], notIndexed }
  const names = history.names(path)
  const found = history.follow(
    indexed.map(({ root }) => root),
    names ?? [],
  )
  if (names === null || found.every(each => each === null)) throw missing(path)
  if (found.every(each => each?.type !== 'dir'))
    throw new AppError('not_found', `${path} is no folder.`, { hint: 'Open the folder that it is in.' })

  const trees = found.map(each => (each?.type === 'dir' ? each.content : 0))
  const all = laterLast(trees)
  /** Whose names are there; what only others have is deleted. */
  const now = new Set(
    chosen === null ? newest(indexed).map(nth => trees[nth]!) : [trees[indexed.indexOf(chosen)]!],
  )
  const there = new Set<number>()
  for (const tree of now) if (tree !== 0) for (const name of history.listing(tree)) there.add(name)
  const shown = new Set(there)
  if (chosen === null || showDeleted) {
    const others = chosen === null ? all : laterLast(earlier(indexed, trees, chosen))
    for (const [nth, { tree }] of others.entries()) {
      for (const name of history.listing(tree)) shown.add(name)
      if (nth % 50 === 49) await breathe()
    }
  }

  const rows = new Map<number, Draft>()
  await gather(history, shown, all, rows)
  if (chosen !== null) {
    const nth = indexed.indexOf(chosen)
    await choose(history, there, [{ tree: trees[nth]!, last: nth }], rows)
    const gone = new Set([...shown].filter(name => !there.has(name)))
    await choose(history, gone, laterLast(earlier(indexed, trees, chosen)), rows)
  }
  const finished: ReturnType<typeof finish>[] = []
  for (const draft of rows.values()) {
    finished.push(finish(draft, there, indexed))
    if (finished.length % sliceLookups === 0) await breathe()
  }
  const sorted = await sortedSlowly(finished, inOrder, breathe)
  return { rows: sorted.map(({ row }) => row), notIndexed }
}

/** Distinct trees, each with the last snapshot that has it; those come later whose last is later. */
function laterLast(trees: readonly number[]): { tree: number; last: number }[] {
  const lasts = new Map<number, number>()
  for (const [nth, tree] of trees.entries()) if (tree !== 0) lasts.set(tree, nth)
  return [...lasts].map(([tree, last]) => ({ tree, last })).sort((a, b) => a.last - b.last)
}

/** The same trees, those alone that snapshots of the same kind had before the chosen one. */
function earlier(indexed: readonly Indexed[], trees: readonly number[], chosen: Indexed): number[] {
  const end = indexed.indexOf(chosen)
  return trees.slice(0, end).map((tree, nth) => (indexed[nth]!.kind === chosen.kind ? tree : 0))
}

/** Places of the snapshots after which none of their kind comes. */
const newest = (indexed: readonly Indexed[]): number[] => [
  ...new Map(indexed.map(({ kind }, nth) => [kind, nth])).values(),
]

/** What is known of a name while its versions come in. */
interface Draft {
  readonly name: number
  readonly text: string
  /** Of all that it was and is no folder. */
  readonly contents: Set<string>
  /** The last snapshot that has it, by its place. */
  last: number
  /** What is shown, and the snapshot it is of. */
  seen: Seen
  of: number
}

type Placed = readonly { tree: number; last: number }[]

async function inSlices(
  history: FolderHistory,
  names: ReadonlySet<number>,
  trees: Placed,
  take: (found: Seen & { text: string; last: number }) => void,
): Promise<void> {
  if (trees.length === 0) return
  const numbers = trees.map(({ tree }) => tree)
  const wanted = [...names]
  const step = Math.max(10, Math.floor(sliceLookups / numbers.length))
  for (let at = 0; at < wanted.length; at += step) {
    if (at > 0) await breathe()
    for (const found of history.versions(wanted.slice(at, at + step), numbers)) {
      take({ ...found, last: trees[found.last]!.last })
    }
  }
}

/** Everything that these names were, over all trees; shown is the last of it. */
const gather = (
  history: FolderHistory,
  names: ReadonlySet<number>,
  trees: Placed,
  rows: Map<number, Draft>,
): Promise<void> =>
  inSlices(history, names, trees, found => {
    const { name, text, last } = found
    const draft = rows.get(name) ?? { name, text, contents: new Set(), last, seen: found, of: last }
    rows.set(name, draft)
    if (found.type !== 'dir') draft.contents.add(contentOf(found))
    if (last > draft.last) [draft.last, draft.seen, draft.of] = [last, found, last]
  })

/** Shows of these names what the last of some trees has. */
async function choose(
  history: FolderHistory,
  names: ReadonlySet<number>,
  trees: Placed,
  rows: ReadonlyMap<number, Draft>,
): Promise<void> {
  const decided = new Set<number>()
  await inSlices(history, names, trees, found => {
    const draft = rows.get(found.name)
    if (draft === undefined) return // its tree was swept away this moment
    if (decided.has(found.name) && found.last <= draft.of) return
    decided.add(found.name)
    ;[draft.seen, draft.of] = [found, found.last]
  })
}

const contentOf = ({ type, content }: Seen): string => `${type} ${content}`

function finish(
  { name, text, contents, last, seen, of }: Draft,
  there: ReadonlySet<number>,
  indexed: readonly Indexed[],
): { row: FolderRow; key: string } {
  const isFolder = seen.type === 'dir'
  const row = {
    name: text,
    type: shownType(seen.type),
    sizeBytes: isFolder ? null : seen.sizeBytes,
    modifiedAtMs: seen.modifiedAtMs,
    versions: isFolder ? 0 : contents.size,
    deleted: !there.has(name),
    lastSeenMs: indexed[last]!.timeMs,
    snapshotId: indexed[of]!.id,
  }
  return { row, key: naturalKey(text) }
}

const shownType = (type: string): FolderRow['type'] =>
  type === 'file' || type === 'dir' || type === 'symlink' ? type : 'other'

/** Folders first, then as people sort names. */
function inOrder(a: { row: FolderRow; key: string }, b: { row: FolderRow; key: string }): number {
  const byType = Number(b.row.type === 'dir') - Number(a.row.type === 'dir')
  if (byType !== 0) return byType
  if (a.key !== b.key) return a.key < b.key ? -1 : 1
  return a.row.name < b.row.name ? -1 : a.row.name > b.row.name ? 1 : 0
}

/** The newest first. @param found what lay at a path in each of the snapshots, which go from the oldest on */
function versionsOf(snapshots: readonly Indexed[], found: readonly (Seen | null)[]): FileVersion[] {
  const versions = new Map<string, FileVersion>()
  for (const [nth, seen] of found.entries()) {
    if (seen === null || seen.type === 'dir') continue
    const { id, timeMs } = snapshots[nth]!
    const before = versions.get(contentOf(seen))
    versions.set(contentOf(seen), {
      sizeBytes: seen.sizeBytes,
      modifiedAtMs: seen.modifiedAtMs,
      firstSeenMs: before?.firstSeenMs ?? timeMs,
      lastSeenMs: timeMs,
      snapshots: (before?.snapshots ?? 0) + 1,
      newestSnapshotId: id,
    })
  }
  return [...versions.values()].reverse().sort((a, b) => b.lastSeenMs - a.lastSeenMs)
}

/** Paths inside a snapshot, each once, and none that lies in another. */
export function outermost(paths: readonly string[]): string[] {
  const clean = [
    ...new Set(
      paths.map(
        path =>
          `/${path
            .split('/')
            .filter(part => part !== '' && part !== '.')
            .join('/')}`,
      ),
    ),
  ]
  const all = new Set(clean)
  if (all.has('/')) return ['/']
  return clean.filter(path => {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      if (all.has(path.slice(0, at))) return false
    return true
  })
}

interface Size {
  readonly files: number
  readonly folders: number
  readonly bytes: number
}

/** All that is in a folder, at whatever depth. A tree met again is not gone through again. */
async function sizeBelow(history: FolderHistory, root: number, known: Map<number, Size>): Promise<Size> {
  const path = [await measured(history, root)]
  let looked = 0
  for (let at = path.at(-1)!; ; at = path.at(-1)!) {
    const child = at.below.pop()
    if (child === undefined) {
      known.set(at.tree, { files: at.files, folders: at.folders, bytes: at.bytes })
      path.pop()
      if (path.length === 0) return known.get(root)!
      continue
    }
    const size = known.get(child)
    if (size === undefined) {
      if (path.length > deepest)
        throw new AppError('data_corrupt', 'Folders are nested beyond all measure in this snapshot.')
      at.below.push(child)
      const entered = await measured(history, child)
      path.push(entered)
      looked += entered.files + entered.folders + 1
      if (looked > sliceLookups) {
        looked = 0
        await breathe()
      }
      continue
    }
    at.files += size.files
    at.folders += size.folders
    at.bytes += size.bytes
  }
}

async function measured(history: FolderHistory, tree: number) {
  const found = { tree, files: 0, folders: 0, bytes: 0, below: [] as number[] }
  const names = history.listing(tree)
  for (let at = 0; at < names.length; at += sliceLookups) {
    if (at > 0) await breathe()
    for (const { type, sizeBytes, content } of history.entries(names.slice(at, at + sliceLookups), tree)) {
      if (type !== 'dir') {
        found.files++
        found.bytes += sizeBytes
        continue
      }
      found.folders++
      if (content !== 0) found.below.push(content)
    }
  }
  return found
}
