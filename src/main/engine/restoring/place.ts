import type { BigIntStats } from 'node:fs'
import { applyMetadata } from '../files/metadata.ts'
import { textFromRaw, type Raw } from '../format/raw.ts'
import type { TreeNode } from '../format/tree.ts'
import type { Run } from '../run.ts'
import { appearedMeanwhile } from './failure.ts'
import type { Remover } from './remove.ts'
import type { Tally } from './tally.ts'
import type { Target } from './target.ts'

export interface PlacedItem {
  readonly location: Raw
  readonly node: TreeNode
  readonly action: 'create' | 'overwrite'
}

/** How what is ready under a temporary name comes to its place. */
export interface Placer {
  setAttributes(at: Raw, item: { location: Raw; node: TreeNode }): void
  /** Takes the final name, in one step where it is not a folder that lies there. */
  settle(temporary: Raw, item: Pick<PlacedItem, 'location' | 'action'>): void
  /** Calls `act` with a temporary name at which nothing stays, whatever happens. */
  make(location: Raw, act: (temporary: Raw) => void): void
  /**
   * Whether what lies in the place of something that is no folder can make room; if not, that was told.
   * @param missingBytes as for `Tally.failed`
   */
  canClear(location: Raw, existing: BigIntStats | null, missingBytes: number): boolean
}

/** @param removeFolders whether a folder that is not empty may make room (`--delete`) */
export function createPlacer(
  target: Target,
  remover: Remover,
  removeFolders: boolean,
  dryRun: boolean,
  tally: Tally,
  run: Run,
): Placer {
  return {
    setAttributes(at, { location, node }) {
      const path = textFromRaw(location)
      target.reach(at, access => applyMetadata(access, node, { warn: run.warn, path }))
    },

    settle(temporary, { location, action }) {
      const there = target.look(location)
      if (there !== null && action === 'create') throw appearedMeanwhile()
      if (there?.isDirectory()) {
        if (removeFolders) for (const tell of remover.clear(location, there, true) ?? []) tell()
        target.removeFolder(location)
      }
      target.rename(temporary, location)
    },

    make(location, act) {
      const temporary = target.temporary(location)
      try {
        act(temporary)
      } finally {
        // Renaming one name of a file to another name of it does nothing at all, says POSIX.
        if (target.look(temporary) !== null) target.removeFile(temporary)
      }
    },

    canClear(location, existing, missingBytes) {
      if (!existing?.isDirectory()) return true
      let removals: (() => void)[] | null = null
      const looked = tally.attempt(
        location,
        () => {
          if (removeFolders) removals = remover.clear(location, existing, false)
          else if (target.names(location).length === 0) removals = []
        },
        missingBytes,
      )
      if (!looked) return false
      if (removals === null) {
        const why = removeFolders ? 'some of what is in it must stay' : 'nothing is to be deleted'
        tally.failed(location, `a folder that is not empty is in its place, and ${why}`, missingBytes)
        return false
      }
      if (dryRun) for (const tell of removals as (() => void)[]) tell()
      return true
    },
  }
}
