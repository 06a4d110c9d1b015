import { isAbsolute, normalize, sep } from 'node:path'
import type { Run } from '../../../shared/entities/run.ts'

/** Places of this machine that the window may show in the file manager. */
export interface Places {
  /** The user chose it, in a dialog of the system. */
  chosen(path: string): void
  /** A restore writes where its request says; other runs nowhere that could be shown. */
  restored(run: Pick<Run, 'restore' | 'dryRun'>): void
  /** It is one of these, or lies in one. */
  has(path: string): boolean
}

/** Remembers for as long as the app runs. Pure but for that. */
export function createPlaces(): Places {
  const known = new Set<string>()
  const add = (path: string) => {
    if (isAbsolute(path) && normalize(path) !== sep) known.add(bare(normalize(path)))
  }
  return {
    chosen: add,
    restored({ restore, dryRun }) {
      if (!restore || dryRun) return
      if (restore.target.kind === 'folder') add(restore.target.path)
      else for (const path of restore.paths) add(path)
    },
    has(path) {
      const asked = bare(normalize(path))
      return isAbsolute(path) && [...known].some(place => asked === place || asked.startsWith(place + sep))
    },
  }
}

const bare = (path: string): string => (path.endsWith(sep) ? path.slice(0, -1) : path)
