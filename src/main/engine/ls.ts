import { AppError } from '../../shared/errors.ts'
import { shortId, type Id } from './format/id.ts'
import { compareRaw, rawFromText, textFromRaw, type Raw } from './format/raw.ts'
import type { SavedSnapshot } from './format/snapshot.ts'
import type { TreeNode } from './format/tree.ts'
import type { Repository } from './repository.ts'

export interface ListedNode {
  /** Absolute inside the snapshot: `/etc/hosts`. */
  path: Raw
  node: TreeNode
}

/**
 * The nodes below `folders` (all when empty), parents first, in the tree's order; a folder itself is listed, as is a
 * file that is named. The index must be loaded.
 * @param options.recursive false: only the folder's own entries; without `folders` everything is listed anyhow
 * @throws {AppError} not_found, before anything is listed: a folder that is not in the snapshot; invalid_input: one that does not
 * begin with a slash; data_corrupt: a tree that can't be read, when its turn comes
 */
export async function* ls(
  repo: Repository,
  snapshot: SavedSnapshot,
  { folders, recursive }: { folders: string[]; recursive: boolean },
  signal: AbortSignal,
): AsyncGenerator<ListedNode> {
  const wanted = folders.map(clean)
  for (const folder of wanted) await requireThere(repo, snapshot, folder, signal)
  const isBelow = (path: Raw, folder: Raw) =>
    folder === '/' || path === folder || path.startsWith(`${folder}/`)

  const sorted = async (tree: Id) =>
    (await repo.loadTree(tree, signal)).sort((a, b) => compareRaw(a.name, b.name)).values()
  /** The folders entered, the deepest last. */
  const open = [{ path: '' as Raw, nodes: await sorted(snapshot.tree) }]
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    signal.throwIfAborted()
    const next = folder.nodes.next()
    if (next.done) {
      open.pop()
      continue
    }
    const node = next.value
    const path = `${folder.path}/${node.name}` as Raw
    const listed = wanted.length === 0 || wanted.some(folder => isBelow(path, folder))
    if (listed) yield { path, node }
    if (node.subtree === null) continue
    const whole = listed && (recursive || wanted.length === 0)
    if (whole || wanted.some(folder => isBelow(folder, path))) {
      open.push({ path, nodes: await sorted(node.subtree) })
    }
  }
}

function clean(folder: string): Raw {
  if (!folder.startsWith('/')) {
    throw new AppError('invalid_input', `"${folder}" is not a path inside a snapshot.`, {
      hint: 'Begin it with a slash, as `holdfast ls` shows paths.',
    })
  }
  return rawFromText(`/${namesIn(folder).join('/')}`)
}

const namesIn = (path: string): string[] => path.split('/').filter(name => name !== '' && name !== '.')

async function requireThere(
  repo: Repository,
  snapshot: SavedSnapshot,
  folder: Raw,
  signal: AbortSignal,
): Promise<void> {
  let nodes = await repo.loadTree(snapshot.tree, signal)
  const names = namesIn(folder)
  for (const [nth, name] of names.entries()) {
    const node = nodes.find(node => node.name === name)
    if (node === undefined || (node.subtree === null && nth < names.length - 1)) {
      const what = `There is no ${textFromRaw(folder)} in snapshot ${shortId(snapshot.id)}.`
      throw new AppError('not_found', what, {
        hint: `Run \`holdfast ls ${shortId(snapshot.id)}\` to see what is in it.`,
      })
    }
    if (node.subtree !== null && nth < names.length - 1) nodes = await repo.loadTree(node.subtree, signal)
  }
}
