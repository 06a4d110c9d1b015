import type { BigIntStats } from 'node:fs'
import type { Selection } from '../files/selection.ts'
import { collisionKey } from '../files/windows-names.ts'
import { typeFromStat } from '../format/mode.ts'
import type { Raw } from '../format/raw.ts'
import type { Tally } from './tally.ts'
import { below, type Target } from './target.ts'

/**
 * Removes from the target; the entries before their folder. Symlinks go, never what they point to. Other file systems
 * mounted below, the repository and what is not selected stay, and with them the folders they are in.
 */
export interface Remover {
  /**
   * All that is in a folder.
   * @param act false only says what would go
   * @returns what goes, told to nobody yet; null when something stays and so the folder does
   */
  clear(folder: Raw, stats: BigIntStats, act: boolean): (() => void)[] | null
  /** What is in a folder and not in the snapshot. @param names of the snapshot's items, by their collision key */
  removeOthers(folder: Raw, names: ReadonlyMap<string, Raw>, act: boolean): void
}

export function createRemover(
  target: Target,
  selection: Selection,
  tally: Tally,
  platform: NodeJS.Platform,
): Remover {
  const kept = (location: Raw, why: string) => tally.warn('note', location, `Not removed: ${why}.`)

  /** @returns whether it is gone, or would be */
  function remove(location: Raw, stats: BigIntStats, act: boolean, told: (() => void)[]): boolean {
    if (!selection.selected(location)) return false
    if (stats.isDirectory()) {
      if (!removeEntries(location, stats, act, told)) return false
      if (act) target.removeFolder(location)
    } else if (act) target.removeFile(location)
    const type = typeFromStat(Number(stats.mode))
    const facts = tally.factsOf(null, stats)
    told.push(() => tally.did('delete', location, { type }, type === 'file' ? Number(stats.size) : 0, facts))
    return true
  }

  function removeEntries(folder: Raw, stats: BigIntStats, act: boolean, told: (() => void)[]): boolean {
    if (target.isRepository(stats)) {
      kept(folder, 'it is the repository itself')
      return false
    }
    let empty = true
    for (const name of target.names(folder)) {
      const location = below(folder, name)
      const entry = target.look(location)
      if (entry === null) continue
      if (entry.dev !== stats.dev) {
        kept(location, 'another file system is mounted there')
        empty = false
      } else if (!remove(location, entry, act, told)) empty = false
    }
    return empty
  }

  return {
    clear(folder, stats, act) {
      const told: (() => void)[] = []
      return removeEntries(folder, stats, act, told) ? told : null
    },

    removeOthers(folder, names, act) {
      const stats = target.look(folder)
      if (!stats?.isDirectory()) return
      let folded: Map<string, Raw> | undefined
      /** Whether this is an item of the snapshot after all, where a file system ignores case though its system does not. */
      const isOtherCase = (name: Raw, entry: BigIntStats): boolean => {
        folded ??= new Map(Array.from(names.values(), each => [collisionKey(each, 'win32'), each]))
        const other = folded.get(collisionKey(name, 'win32'))
        const found = other === undefined ? null : target.look(below(folder, other))
        return found !== null && found.ino === entry.ino && found.dev === entry.dev
      }
      for (const name of target.names(folder)) {
        if (names.has(collisionKey(name, platform))) continue
        const location = below(folder, name)
        tally.attempt(location, () => {
          const entry = target.look(location)
          if (entry === null || !selection.selected(location) || isOtherCase(name, entry)) return
          if (entry.dev !== stats.dev) return kept(location, 'another file system is mounted there')
          const told: (() => void)[] = []
          try {
            remove(location, entry, act, told)
          } finally {
            for (const tell of told) tell()
          }
        })
      }
    },
  }
}
