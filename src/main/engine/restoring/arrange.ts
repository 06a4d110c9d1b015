import { AppError } from '../../../shared/errors.ts'
import { shortId, type Id } from '../format/id.ts'
import { rawFromText, textFromRaw, type Raw } from '../format/raw.ts'
import type { SavedSnapshot } from '../format/snapshot.ts'
import type { TreeNode } from '../format/tree.ts'
import type { Repository } from '../repository.ts'

/** What is to be restored of a snapshot, item by item; no character of a path means anything but itself. */
export interface ChosenItems {
  /** Absolute inside the snapshot; `/` stands for all that is in it. One that lies in another adds nothing. */
  readonly paths: readonly string[]
  /**
   * `name`: each item goes right into the target. `path`: into the folders that it has below `subpath`, which must hold
   * all of them; those that are missing are made as they were, those that are there stay as they are.
   */
  readonly placedBy: 'name' | 'path'
}

/** Some entries of a folder. */
export interface Part {
  readonly nodes: TreeNode[]
  /** What is meant of those nodes that are only on the way to it. */
  readonly parts: ReadonlyMap<TreeNode, Part>
}

/** The names on the way to the items; an empty one is an item itself, with everything in it. */
type Wanted = Map<string, Wanted>

/** @throws not_found an item that is not in the snapshot; data_corrupt a folder on the way that can't be read */
export async function arrange(
  repo: Repository,
  snapshot: SavedSnapshot,
  subpath: string,
  { paths, placedBy }: ChosenItems,
  signal: AbortSignal,
): Promise<Part> {
  let wanted = wantedOf(paths)
  let tree: Id = snapshot.tree
  const flat: TreeNode[] = []
  let at = ''
  for (const name of placedBy === 'path' ? namesIn(subpath) : []) {
    const [found] = await entries(tree, new Map([[name, new Map()]]), at)
    const below = wanted.get(name)
    if (wanted.size > 0 && (below === undefined || wanted.size > 1))
      throw new RangeError(`an item lies outside of ${subpath}`)
    wanted = below ?? wanted
    at = `${at}/${name}`
    tree = subtree(found!.node, at)
  }
  const part = await descend(tree, wanted, at)
  return placedBy === 'name' ? { nodes: flat, parts: new Map() } : part

  async function descend(tree: Id, wanted: Wanted, at: string): Promise<Part> {
    const parts = new Map<TreeNode, Part>()
    if (wanted.size === 0) {
      const nodes = await repo.loadTree(tree, signal)
      flat.push(...nodes)
      return { nodes, parts }
    }
    const found = await entries(tree, wanted, at)
    for (const { node, name } of found) {
      const below = wanted.get(name)!
      const path = `${at}/${name}`
      if (below.size === 0) flat.push(node)
      else parts.set(node, await descend(subtree(node, path), below, path))
    }
    return { nodes: found.map(({ node }) => node), parts }
  }

  async function entries(tree: Id, wanted: Wanted, at: string): Promise<{ node: TreeNode; name: string }[]> {
    signal.throwIfAborted()
    const nodes = await repo.loadTree(tree, signal)
    const byName = new Map<Raw, TreeNode>(nodes.map(node => [node.name, node]))
    let byText: Map<string, TreeNode> | undefined
    return [...wanted.keys()].map(name => {
      // A name that is no text can be asked for as it is shown.
      byText ??= byName.has(rawFromText(name)) ? byText : textsOf(nodes)
      const node = byName.get(rawFromText(name)) ?? byText?.get(name)
      if (node !== undefined) return { node, name }
      throw missing(`${at}/${name}`)
    })
  }

  function subtree(node: TreeNode, path: string): Id {
    if (node.type !== 'dir') throw missing(`${path}/`)
    if (node.subtree !== null) return node.subtree
    throw new AppError('data_corrupt', `The folder ${path} is stored without its list of entries.`)
  }

  function missing(path: string): AppError {
    return new AppError('not_found', `There is no ${path} in snapshot ${shortId(snapshot.id)}.`, {
      hint: 'Look at what is in it, and choose again.',
    })
  }
}

const textsOf = (nodes: readonly TreeNode[]): Map<string, TreeNode> =>
  new Map(nodes.map(node => [textFromRaw(node.name), node]))

const namesIn = (path: string): string[] => path.split('/').filter(name => name !== '' && name !== '.')

function wantedOf(paths: readonly string[]): Wanted {
  const root: Wanted = new Map()
  const whole = new Set<Wanted>()
  for (const path of paths) {
    let at = root
    for (const name of namesIn(path)) {
      if (whole.has(at)) break
      let next = at.get(name)
      if (next === undefined) at.set(name, (next = new Map()))
      at = next
    }
    whole.add(at)
    at.clear()
  }
  return root
}
