import { randomBytes } from 'node:crypto'
import { close, constants, open, read, readSync, statSync, unlink, write } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../../../shared/errors.ts'

/** A file of words that nobody else sees and nothing of which stays. Not a repository's file: it may be lost any time. */
export interface ScratchFile {
  /** Any thread of this process may read from it. */
  readonly fd: number
  readonly words: number
  /** @throws disk_full; other failures as `scratchFailure` */
  append(words: Uint32Array): Promise<void>
  /** Into `to`, from the `first` word on; how many there were. */
  read(first: number, to: Uint32Array): Promise<number>
  close(): Promise<void>
}

// By numbers, not by handles, which the runtime closes once nobody holds them: other threads know but the number.
const opened = promisify<string, string | number, number, number>(open)
const unlinked = promisify(unlink)
const wrote = promisify(write)
const filled = promisify(read)
const closed = promisify(close)

/** Linux: a file that never has a name. Where the file system can't, it says so. */
const O_TMPFILE = process.platform === 'linux' ? 0o20000000 | constants.O_DIRECTORY : 0

/** @returns the path it still has, where the system does not let it be without */
async function openNameless(folder: string): Promise<{ fd: number; path: string | null }> {
  // Not only shorter: a name made and removed would change the folder, which may be among what is backed up.
  if (O_TMPFILE !== 0) {
    const fd = await opened(folder, constants.O_RDWR | O_TMPFILE, 0o600).catch(() => null)
    if (fd !== null) return { fd, path: null }
  }
  const path = join(folder, `holdfast-${randomBytes(12).toString('hex')}`)
  const fd = await opened(path, 'wx+', 0o600)
  // Without a name it is gone whatever ends this process. Where a system refuses, it goes when it is closed.
  const stays = await unlinked(path).then(
    () => false,
    () => true,
  )
  return { fd, path: stays ? path : null }
}

/** @param folder `scratchFolder()` unless somebody knows better */
export async function createScratchFile(folder: string): Promise<ScratchFile> {
  const { fd, path } = await openNameless(folder).catch((error: unknown) => {
    throw scratchFailure(error, folder)
  })
  let words = 0
  return {
    fd,
    get words() {
      return words
    },

    async append(more) {
      const start = words * 4
      words += more.length
      const bytes = bytesOf(more)
      try {
        for (let done = 0; done < bytes.length;) {
          done += (await wrote(fd, bytes, done, bytes.length - done, start + done)).bytesWritten
        }
      } catch (error) {
        throw scratchFailure(error, folder)
      }
    },

    async read(first, to) {
      const bytes = bytesOf(to)
      const wanted = Math.min(bytes.length, (words - first) * 4)
      try {
        for (let done = 0; done < wanted;) {
          const { bytesRead } = await filled(fd, bytes, done, wanted - done, first * 4 + done)
          if (bytesRead === 0) throw new Error('it has become shorter')
          done += bytesRead
        }
      } catch (error) {
        throw scratchFailure(error, folder)
      }
      return wanted / 4
    },

    async close() {
      await closed(fd)
      if (path !== null) await unlinked(path).catch(() => undefined) // left to the system's own cleaning
    },
  }
}

/** Reads without waiting, from any thread: fills `to[at, at + length)` with what begins at the `first` word. */
export function readWords(fd: number, first: number, to: Uint32Array, at: number, length: number): void {
  const bytes = bytesOf(to.subarray(at, at + length))
  try {
    for (let done = 0; done < bytes.length;) {
      const read = readSync(fd, bytes, done, bytes.length - done, first * 4 + done)
      if (read === 0) throw new Error('it has become shorter')
      done += read
    }
  } catch (error) {
    throw scratchFailure(error, null)
  }
}

const bytesOf = (words: Uint32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength)

function scratchFailure(error: unknown, folder: string | null): AppError {
  const where = folder === null ? 'the temporary folder' : folder
  const { code, message } = error as NodeJS.ErrnoException
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
  return new AppError(
    full ? 'disk_full' : 'internal',
    `The repository's index does not fit the memory allowed, and its file in ${where} failed: ${full ? 'no space is left there' : message}.`,
    {
      hint: 'Allow more memory, or make room in the temporary folder (70 bytes for each blob).',
      cause: error,
    },
  )
}

/**
 * Where temporary files of some size go. On Linux /tmp often is memory in disguise, and memory is what is short here;
 * /var/tmp is for what is large. Who sets TMPDIR is obeyed.
 */
export function scratchFolder(): string {
  const usual = tmpdir()
  if (usual !== '/tmp') return usual
  return statSync('/var/tmp', { throwIfNoEntry: false })?.isDirectory() ? '/var/tmp' : usual
}
