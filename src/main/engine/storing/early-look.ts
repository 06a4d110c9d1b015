import { wholeTargets, type TargetNode } from '../files/targets.ts'
import { itemsIn, lstatRaw, type Walk } from '../files/walk.ts'
import type { Raw } from '../format/raw.ts'
import { breathe } from '../parallel.ts'
import type { Warning } from '../run.ts'
import { packLook, type Look } from '../workers/look.ts'

/** Looked at beforehand at most: 5 MB or so. */
const mostItems = 30_000
/** Between two breaths: system calls here are synchronous. */
const spellItems = 256

/**
 * Folders looked at while the key is made out of the password, which keeps one core busy and the calling thread idle.
 * What is in them is then known when their turn comes. Only looked at: nothing is read.
 */
export interface EarlyLook {
  /** Once; null when it has not come to this folder. */
  take(folder: Raw): Look | null
}

/** @param until ends it */
export function lookEarly(targets: Map<Raw, TargetNode>, walk: Walk, until: Promise<unknown>): EarlyLook {
  const looks = new Map<Raw, Look>()
  let ended = false
  const end = () => (ended = true)
  until.then(end, end)
  void goOn()

  async function goOn(): Promise<void> {
    await breathe() // of a repository that is open already we hear by then
    const folders: Raw[] = []
    for (const { path, children } of wholeTargets(targets)) {
      if (children.size === 0 && isFolder(path)) folders.push(path)
    }
    let [items, spell] = [0, 0]
    for (let folder = folders.pop(); folder !== undefined && items < mostItems; folder = folders.pop()) {
      if (items - spell >= spellItems) {
        await breathe()
        spell = items
      }
      if (ended) return
      const warnings: Warning[] = []
      let found
      try {
        found = itemsIn(folder, { ...walk, warn: warning => warnings.push(warning) })
      } catch {
        continue // whose turn it is will say why
      }
      looks.set(folder, packLook(found, warnings))
      items += found.length + 1
      for (const { path, stat } of found) {
        if (stat.isDirectory() && walk.excluder.entersFolder(path, stat)) folders.push(path)
      }
    }
  }

  return {
    take(folder) {
      const look = looks.get(folder) ?? null
      looks.delete(folder)
      return look
    },
  }
}

function isFolder(path: Raw): boolean {
  try {
    return lstatRaw(path).isDirectory()
  } catch {
    return false
  }
}
