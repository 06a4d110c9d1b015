import type { BigIntStats } from 'node:fs'
import { permissionsFromGoMode, typeFromStat } from '../format/mode.ts'
import { parseTime } from '../format/time.ts'
import type { TreeNode } from '../format/tree.ts'
import type { Overwrite } from '../restore.ts'

/** What this process can give an item, and so what is worth comparing. */
export interface Abilities {
  /** Owners are set by root alone. */
  owners: boolean
  /** Windows has no permission bits to speak of. */
  permissions: boolean
  /** Resolution of the times that can be set. */
  timeNs: bigint
}

/** Whether the mode leaves what exists as it is, whatever is in it. */
export function isKept(node: TreeNode, existing: BigIntStats | null, overwrite: Overwrite): boolean {
  if (existing === null) return false
  if (overwrite === 'never') return true
  return overwrite === 'if-newer' && parseTime(node.mtime) <= existing.mtimeNs
}

/** `if-changed` trusts size and time; the other modes compare content. */
export const isTrusted = (
  node: TreeNode,
  sizeBytes: number,
  existing: BigIntStats,
  overwrite: Overwrite,
): boolean =>
  (overwrite === 'if-changed' || overwrite === 'keep-both') &&
  existing.size === BigInt(sizeBytes) &&
  existing.mtimeNs === parseTime(node.mtime)

export const isType = (node: TreeNode, existing: BigIntStats): boolean =>
  typeFromStat(Number(existing.mode)) === node.type

/** Owner, permissions and time of what exists. Extended attributes are set in any case, and not looked at here. */
export function hasAttributes(node: TreeNode, existing: BigIntStats, able: Abilities): boolean {
  if (existing.mtimeNs / able.timeNs !== parseTime(node.mtime) / able.timeNs) return false
  if (able.owners && (Number(existing.uid) !== node.uid || Number(existing.gid) !== node.gid)) return false
  if (!able.permissions || node.type === 'symlink') return true
  return Number(existing.mode & 0o7777n) === permissionsFromGoMode(node.mode)
}

/**
 * What becomes of an item whose content on disk is right already. Its attributes are set in place, unless it has other
 * names: those may lie outside the target, so it gets an inode of its own.
 */
export function keptAction(
  node: TreeNode,
  existing: BigIntStats,
  able: Abilities,
): 'unchanged' | 'metadata' | 'overwrite' {
  if (hasAttributes(node, existing, able)) return 'unchanged'
  return existing.nlink > 1n && node.type !== 'dir' ? 'overwrite' : 'metadata'
}
