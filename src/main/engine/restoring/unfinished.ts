import { closeSync, constants, ftruncateSync, openSync } from 'node:fs'
import type { Raw } from '../format/raw.ts'
import type { FileJob } from './packs.ts'
import type { Names } from './target.ts'

/**
 * Files of several blobs, or any that wait for their place: each lies under a temporary name beside its own, and takes
 * its place when it is whole.
 */
export interface Unfinished {
  /** The temporary name of a file, which is made in its full length when first asked for. */
  temporary(file: FileJob): Raw
  /** Takes over what another thread made. */
  adopt(file: FileJob, temporary: Raw): void
  /** Ends it by `finish`, which moves it away from the temporary name. */
  complete(file: FileJob, finish: (temporary: Raw) => void): void
  /** Removes what there is of it; of a file not begun too. */
  discard(file: FileJob): void
  /** Removes all that is unfinished. */
  abandon(): void
}

export function createUnfinished(names: Names): Unfinished {
  const temporaries = new Map<FileJob, Raw>()

  function remove(temporary: Raw): void {
    try {
      names.removeFile(temporary)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }

  return {
    temporary(file) {
      const known = temporaries.get(file)
      if (known !== undefined) return known
      const temporary = names.temporary(file.location)
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
      const fd = names.reach(temporary, access => openSync(access, flags, 0o600))
      temporaries.set(file, temporary)
      try {
        ftruncateSync(fd, file.sizeBytes)
      } finally {
        closeSync(fd)
      }
      return temporary
    },

    adopt: (file, temporary) => void temporaries.set(file, temporary),

    complete(file, finish) {
      finish(temporaries.get(file)!)
      temporaries.delete(file)
    },

    discard(file) {
      const temporary = temporaries.get(file)
      if (temporary === undefined) return
      temporaries.delete(file)
      remove(temporary)
    },

    abandon() {
      const left = [...temporaries.values()]
      temporaries.clear()
      let failure: unknown
      for (const temporary of left) {
        try {
          remove(temporary)
        } catch (error) {
          failure ??= error
        }
      }
      if (failure !== undefined) throw failure
    },
  }
}
