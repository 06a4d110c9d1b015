import { compileList } from './files/pattern-list.ts'
import { compareRaw, type Raw } from './format/raw.ts'
import type { Id } from './format/id.ts'
import type { SavedSnapshot } from './format/snapshot.ts'
import { parseTime } from './format/time.ts'
import type { TreeNode } from './format/tree.ts'
import type { ListedNode } from './ls.ts'
import type { Repository } from './repository.ts'

export interface FindOptions {
  /**
   * Shell patterns matched against the name, or against the path where they hold a slash. As in restic, all below a
   * folder that matches is a match too.
   */
  patterns: string[]
  ignoreCase: boolean
  /** Epoch nanoseconds, inclusive. */
  newestNs: bigint | null
  oldestNs: bigint | null
}

/**
 * Matches per snapshot, newest snapshot first, snapshots without any left out; in the trees' order. A tree that
 * several snapshots have at one path is searched once. The index must be loaded.
 * @throws {AppError} invalid_input a pattern that breaks the rules; data_corrupt a tree that can't be read
 */
export async function* find(
  repo: Repository,
  snapshots: SavedSnapshot[],
  options: FindOptions,
  signal: AbortSignal,
): AsyncGenerator<{ snapshot: SavedSnapshot; matches: ListedNode[] }> {
  const { newestNs, oldestNs } = options
  const patterns = compileList(
    options.patterns.map(text => ({ text, origin: 'find' })),
    { fold: options.ignoreCase },
  )
  /** By path and tree: a pattern with a slash may match a tree in one place and not in another. */
  const searched = new Map<Raw, Map<Id, ListedNode[]>>()

  const isInTime = ({ mtime }: TreeNode): boolean => {
    if (newestNs === null && oldestNs === null) return true
    const ns = parseTime(mtime)
    return (oldestNs === null || ns >= oldestNs) && (newestNs === null || ns <= newestNs)
  }

  async function search(folder: Raw, tree: Id): Promise<ListedNode[]> {
    const known = searched.get(folder)?.get(tree)
    if (known) return known
    const matches: ListedNode[] = []
    for (const node of (await repo.loadTree(tree, signal)).sort((a, b) => compareRaw(a.name, b.name))) {
      signal.throwIfAborted()
      const path = `${folder}/${node.name}` as Raw
      if (patterns.matches(path) && isInTime(node)) matches.push({ path, node })
      if (node.subtree === null || !patterns.childMayMatch(path)) continue
      for (const match of await search(path, node.subtree)) matches.push(match)
    }
    const trees = searched.get(folder)
    if (trees) trees.set(tree, matches)
    else searched.set(folder, new Map([[tree, matches]]))
    return matches
  }

  const newestFirst = snapshots
    .map(snapshot => ({ snapshot, ns: parseTime(snapshot.time) }))
    .sort((a, b) =>
      a.ns === b.ns ? compareRaw(a.snapshot.id as Raw, b.snapshot.id as Raw) : a.ns < b.ns ? 1 : -1,
    )
  for (const { snapshot } of newestFirst) {
    const matches = await search('' as Raw, snapshot.tree)
    if (matches.length > 0) yield { snapshot, matches }
  }
}
