import { plural, visible } from '../../../shared/wording.ts'
import type { Affected, CheckProblem } from '../check.ts'
import { shortId, type BlobType, type Id } from '../format/id.ts'
import { concatRaw, textFromRaw, type Raw } from '../format/raw.ts'
import type { SavedSnapshot } from '../format/snapshot.ts'
import type { TreeNode } from '../format/tree.ts'
import { kinds, type Finding, type Ledger } from './ledger.ts'
import { loadTree } from './trees.ts'

/** Problems of one kind that are listed one by one. */
const mostOfAKind = 100
/** Paths kept for one problem, and how many of them its message names. */
const mostPaths = 100
const namedPaths = 3

/** One line of the report: a finding, or all those of a kind beyond the first hundred. */
interface Entry {
  finding: Finding
  more: number
  places: number
  snapshots: Set<Id>
  paths: Map<Raw, Id>
}

/** Findings in a fixed order, with the files and snapshots they concern. */
export async function report(
  ledger: Ledger,
  snapshots: readonly SavedSnapshot[],
): Promise<{ problems: CheckProblem[]; damagedSnapshots: Id[] }> {
  const told = ledger.findings.length
  const { entries, byPlace } = group(ledger.findings)
  const damaged = new Set<Id>(ledger.unreadableSnapshots)
  if (byPlace.size > 0) {
    const uses = findUses(ledger, byPlace)
    for (const snapshot of snapshots) if (await uses.count(snapshot)) damaged.add(snapshot.id)
    for (const snapshot of snapshots.toReversed()) await uses.listPaths(snapshot)
    // A tree that could be read before and now can't: what it takes away must be told, too.
    if (ledger.findings.length > told) return report(ledger, snapshots)
  }
  return {
    problems: entries.map(entry => describe(entry, ledger.unreadableSnapshots.size > 0)),
    damagedSnapshots: [...ledger.unreadableSnapshots, ...snapshots.map(({ id }) => id)].filter(id =>
      damaged.has(id),
    ),
  }
}

const placeOf = ({ level, at }: Finding): string | null =>
  level === 'hint' || !at
    ? null
    : 'pack' in at
      ? `pack ${at.pack}`
      : 'tree' in at
        ? `in ${at.tree}`
        : `${at.type} ${at.blob}`

function group(findings: readonly Finding[]): { entries: Entry[]; byPlace: Map<string, Entry[]> } {
  const order = new Map<string, number>(kinds.map((kind, at) => [kind, at]))
  const rank = ({ level, kind }: Finding) => (level === 'error' ? 0 : kinds.length) + order.get(kind)!
  const sorted = findings.toSorted(
    (a, b) => rank(a) - rank(b) || compare(a.subject, b.subject) || compare(a.message, b.message),
  )
  const entries: Entry[] = []
  const byPlace = new Map<string, Entry[]>()
  let ofThisKind = 0
  for (const finding of sorted) {
    const last = entries.at(-1)
    const same = last?.finding.kind === finding.kind && last.finding.level === finding.level
    ofThisKind = same ? ofThisKind + 1 : 1
    let entry = last
    if (!last || ofThisKind <= mostOfAKind + 1) {
      entry = { finding, more: 0, places: 0, snapshots: new Set(), paths: new Map() }
      entries.push(entry)
    }
    if (ofThisKind > mostOfAKind) entry!.more++
    const place = placeOf(finding)
    if (place === null) continue
    const there = byPlace.get(place)
    if (!there) byPlace.set(place, [entry!])
    else if (!there.includes(entry!)) there.push(entry!)
  }
  return { entries, byPlace }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Which files need what is lost. Every tree is counted once, however many snapshots share it, and only where
 * something is lost are paths spelled out.
 */
function findUses(ledger: Ledger, byPlace: Map<string, Entry[]>) {
  const none: ReadonlyMap<Entry, number> = new Map()
  const counts = new Map<Id, ReadonlyMap<Entry, number>>()
  const listed = new Set<string>()

  /** The entries to blame for a blob, [] when a whole copy is left. */
  function blame(type: BlobType, id: Id): Entry[] {
    if (!ledger.isLost(type, id)) return []
    const own = byPlace.get(`${type} ${id}`) ?? []
    return [
      ...own,
      ...ledger.index.find(type, id).flatMap(({ packId }) => byPlace.get(`pack ${packId}`) ?? []),
    ]
  }

  const blameFile = (node: TreeNode): Set<Entry> =>
    new Set(node.type === 'file' ? (node.content ?? []).flatMap(id => blame('data', id)) : [])

  async function countTree(id: Id): Promise<ReadonlyMap<Entry, number>> {
    const known = counts.get(id)
    if (known) return known
    const total = new Map<Entry, number>()
    const add = (entry: Entry, places: number) => total.set(entry, (total.get(entry) ?? 0) + places)
    for (const entry of byPlace.get(`in ${id}`) ?? []) add(entry, 1)
    const lost = new Set(blame('tree', id))
    for (const entry of lost) add(entry, 1)
    const nodes = ledger.isLost('tree', id) ? null : await loadTree(ledger, id)
    for (const node of nodes ?? []) {
      for (const entry of blameFile(node)) add(entry, 1)
      const below = node.type === 'dir' && node.subtree !== null ? await countTree(node.subtree) : none
      for (const [entry, places] of below) add(entry, places)
    }
    const result = total.size > 0 ? total : none
    counts.set(id, result)
    return result
  }

  function keep(entry: Entry, snapshot: SavedSnapshot, path: Raw): void {
    if (entry.paths.size < mostPaths && !entry.paths.has(path)) entry.paths.set(path, snapshot.id)
  }

  async function list(snapshot: SavedSnapshot, id: Id, folder: Raw): Promise<void> {
    const found = await countTree(id)
    const here = `${id} ${folder}`
    if (listed.has(here) || [...found.keys()].every(entry => entry.paths.size >= mostPaths)) return
    listed.add(here)
    ledger.run.signal.throwIfAborted()
    for (const entry of byPlace.get(`in ${id}`) ?? []) keep(entry, snapshot, folder)
    for (const entry of blame('tree', id)) keep(entry, snapshot, folder)
    const nodes = ledger.isLost('tree', id) ? null : await loadTree(ledger, id)
    for (const node of nodes ?? []) {
      for (const entry of blameFile(node)) keep(entry, snapshot, concatRaw(folder, node.name))
      if (node.type === 'dir' && node.subtree !== null)
        await list(snapshot, node.subtree, concatRaw(folder, node.name, '/'))
    }
  }

  return {
    /** Whether anything in it is lost. */
    async count(snapshot: SavedSnapshot): Promise<boolean> {
      const found = await countTree(snapshot.tree)
      for (const [entry, places] of found) {
        entry.places += places
        entry.snapshots.add(snapshot.id)
      }
      return found.size > 0
    },
    listPaths: (snapshot: SavedSnapshot) => list(snapshot, snapshot.tree, '/' as Raw),
  }
}

function describe(entry: Entry, someUnreadable: boolean): CheckProblem {
  const { finding, more, places } = entry
  const { level, kind, at } = finding
  const problem =
    more > 1
      ? {
          level,
          kind,
          subject: `${more} more`,
          message: `${more} more like these, such as: ${finding.message}`,
        }
      : { level, kind, subject: finding.subject, message: finding.message }
  if (level === 'hint' || !at) return problem
  if (places === 0) {
    const none = someUnreadable ? 'No snapshot that can be read' : 'No snapshot'
    return { ...problem, message: `${problem.message} ${none} is damaged by that.` }
  }
  const paths = [...entry.paths].map(([path, snapshot]) => ({ snapshot, path }))
  const affected: Affected = { places, snapshots: [...entry.snapshots], paths }
  return { ...problem, message: `${problem.message} ${effect(affected)}`, affected }
}

function effect({ places, snapshots, paths }: Affected): string {
  const names = paths
    .slice(0, namedPaths)
    .map(({ path, snapshot }) => `${visible(textFromRaw(path))} in snapshot ${shortId(snapshot)}`)
  const rest = places - names.length
  const more = rest > 0 ? `, and ${rest} more in ${plural(snapshots.length, 'snapshot')}` : ''
  return `Damaged by that: ${names.join(', ')}${more}.`
}
