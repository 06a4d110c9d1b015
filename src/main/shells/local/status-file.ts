import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Status } from '../../../shared/entities/application.ts'

export interface StatusFile {
  /** Takes the newest status; it is written soon, never more than once a second. */
  take(status: Status): void
  /** Writes what is not written yet, and that nobody looks after the data directory any more. */
  end(): void
}

const leastPauseMs = 1000

/**
 * `status.json`: the status for scripts that only want to read a file. It is there whole or as it was before.
 * `owner` is null once the owner has ended: the rest is then what was last known.
 * @param failed hears that it could not be written, once until it can be again
 */
export function createStatusFile({
  dataDirectory,
  version,
  pid,
  now,
  failed,
}: {
  dataDirectory: string
  version: string
  pid: number
  now: () => number
  failed: (message: string) => void
}): StatusFile {
  const path = join(dataDirectory, 'status.json')
  let newest: Status | null = null
  let told = false
  let timer: NodeJS.Timeout | undefined

  const write = (owner: { pid: number } | null) => {
    timer = undefined
    if (newest === null) return
    try {
      mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
      replace(path, `${JSON.stringify({ writtenAtMs: now(), version, owner, ...newest }, null, 2)}\n`, pid)
      told = false
    } catch (error) {
      if (!told) failed(`${path} could not be written: ${(error as Error).message}`)
      told = true
    }
  }

  return {
    take(status) {
      if (newest !== null && status.revision < newest.revision) return
      newest = status
      timer ??= setTimeout(() => write({ pid }), leastPauseMs).unref()
    },
    end() {
      clearTimeout(timer)
      if (newest !== null && !anotherSpeaks(path, pid)) write(null)
    },
  }
}

/** The next owner has written already. */
function anotherSpeaks(path: string, pid: number): boolean {
  try {
    const { owner } = JSON.parse(readFileSync(path, 'utf8')) as { owner?: { pid?: unknown } | null }
    return typeof owner?.pid === 'number' && owner.pid !== pid
  } catch {
    return false // none yet, or none that could be read: it is made anew
  }
}

function replace(path: string, text: string, pid: number): void {
  const temporary = `${path}.${pid}`
  const file = openSync(temporary, 'w', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
}
