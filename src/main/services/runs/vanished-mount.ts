import { lstatSync, readdirSync } from 'node:fs'
import { AppError } from '../../../shared/errors.ts'
import { textFromRaw, type Repository, type TreeNode } from '../../engine/index.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'

/**
 * A drive that is not mounted leaves an empty folder behind, and a backup of that would be an empty snapshot. So an
 * empty source folder is compared with the plan's newest snapshot: if there was something in it then, and it was on
 * another device, the run is refused. A full backup asks no such question: so it is said that the folder is to be empty.
 * @throws source_missing
 */
export async function refuseVanishedMounts(
  repo: Repository,
  planId: string,
  destinationId: string,
  paths: readonly string[],
  catalogue: Pick<Catalogue, 'snapshots'>,
  signal: AbortSignal,
): Promise<void> {
  const empty = paths.filter(isEmptyFolder)
  if (empty.length === 0) return
  const known = catalogue.snapshots.list({ destinationId, planId })
  const newest = known.reduce<(typeof known)[number] | null>(
    (best, snapshot) => (best && best.timeMs >= snapshot.timeMs ? best : snapshot),
    null,
  )
  if (newest === null) return
  await repo.loadIndex({ signal })
  for (const path of empty) {
    const before = await nodeAt(repo, newest.treeId, path, signal)
    if (before?.type !== 'dir' || before.subtree === null) continue
    if (before.deviceId === lstatSync(path, { bigint: true }).dev) continue
    const entries = await repo.loadTree(before.subtree, signal).catch(() => [])
    if (entries.length === 0) continue
    throw new AppError(
      'source_missing',
      `${path} is empty and on another device than at the last backup, when something was in it.`,
      { hint: 'Mount its drive. If it is meant to be empty, run a full backup once.' },
    )
  }
}

function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0
  } catch {
    return false // the backup itself says what is wrong with it
  }
}

/** What a snapshot has at an absolute path; null when it has nothing there, or can't be read any more. */
async function nodeAt(
  repo: Repository,
  root: string,
  path: string,
  signal: AbortSignal,
): Promise<TreeNode | null> {
  let tree: string | null = root
  let found: TreeNode | null = null
  for (const name of path.split('/').filter(part => part !== '' && part !== '.')) {
    if (tree === null) return null
    const nodes: TreeNode[] = await repo.loadTree(tree, signal).catch(() => [])
    found = nodes.find(node => textFromRaw(node.name) === name) ?? null
    tree = found?.subtree ?? null
  }
  signal.throwIfAborted()
  return found
}
