import { randomUUID } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'

/** Where a selection is restored to before it is dragged out of the window. */
export interface Staging {
  /** A new, empty folder for one selection. */
  make(): string
  /** Whether all of these are there and inside such a folder: nothing else is ever put under the pointer. */
  holds(paths: readonly string[]): boolean
  /** Removes folders that are older than a day. */
  sweep(): void
  /** Removes all. */
  clear(): void
}

const lifeMs = 24 * 3_600_000

/**
 * A private place for files on their way out. What a drag left there is in use by nobody for long, and must not stay: it
 * is plain text of a sealed repository. So it is emptied at start, at the end, and of what is older than a day.
 * @param root made when it is needed, open to its owner alone
 */
export function createStaging(root: string, now: () => number): Staging {
  function make(): string {
    mkdirSync(root, { recursive: true, mode: 0o700 })
    // Backups that leave out caches leave it out, too.
    writeFileSync(join(root, 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n', {
      mode: 0o600,
    })
    const folder = join(root, randomUUID())
    mkdirSync(folder, { mode: 0o700 })
    return folder
  }

  const folders = (): string[] => {
    try {
      return readdirSync(root, { withFileTypes: true })
        .filter(entry => entry.isDirectory())
        .map(({ name }) => join(root, name))
    } catch {
      return [] // nothing has been dragged out yet
    }
  }

  return {
    make,
    holds(paths) {
      try {
        const home = realpathSync(root) + sep
        return paths.every(path => {
          lstatSync(path)
          // A link may point anywhere; what is dragged is where it stands, in a folder of ours.
          return normalize(path) === path && (realpathSync(dirname(path)) + sep).startsWith(home)
        })
      } catch {
        return false // one of them is not there
      }
    },
    sweep() {
      for (const folder of folders()) {
        if (now() - statSync(folder).mtimeMs > lifeMs) rmSync(folder, { recursive: true, force: true })
      }
    },
    clear() {
      rmSync(root, { recursive: true, force: true })
    },
  }
}
