import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { chmod, mkdir, open, readdir, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BackendError, type FailureCode } from '../../../shared/errors.ts'
import { folders, isFileName, layoutPath, type Backend, type FileInfo, type FileRef } from './backend.ts'

const codes: Record<string, FailureCode> = {
  ENOENT: 'not_found',
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EFBIG: 'disk_full',
  EACCES: 'backend_refused',
  EPERM: 'backend_refused',
  EROFS: 'backend_refused',
}

const hints: Partial<Record<FailureCode, string>> = {
  disk_full: 'Free some space there, then run the same command again: what is stored already will be reused.',
  backend_refused: 'Check the permissions of the folder, and whether the disk is mounted read-only.',
  backend_unreachable: 'Check that the drive is connected and mounted, then try again.',
}

/** A repository in a folder, in restic's layout, with restic's file modes. */
export function localBackend(root: string): Backend {
  let modes: { dir: number; file: number } | null = null

  const pathOf = (file: FileRef): string => join(root, layoutPath(file))

  function failure(doing: string, path: string, error: unknown): BackendError {
    const cause = error as NodeJS.ErrnoException
    const code = codes[cause.code ?? ''] ?? 'backend_unreachable'
    return new BackendError(code, `Could not ${doing} ${path}: ${reason(cause)}.`, withHint(code, cause))
  }

  async function guard<T>(
    doing: string,
    path: string,
    signal: AbortSignal,
    act: () => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted()
    try {
      return await act()
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof BackendError) throw error
      throw failure(doing, path, error)
    }
  }

  /** A config that the group may read marks a repository shared with the group (restic's rule). */
  async function fileModes(): Promise<{ dir: number; file: number }> {
    if (modes) return modes
    const config = await statOrNull(join(root, 'config'))
    const shared = config !== null && (config.mode & 0o040) !== 0
    const found = shared ? { dir: 0o770, file: 0o660 } : { dir: 0o700, file: 0o600 }
    if (config) modes = found
    return found
  }

  async function openTemporary(path: string): Promise<FileHandle> {
    const { dir, file } = await fileModes()
    try {
      return await open(path, 'wx', file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      // One level only: were the root itself gone (a lost mount), a new one must not be made in its place.
      await mkdir(dirname(path), { mode: dir }).catch((made: NodeJS.ErrnoException) => {
        if (made.code === 'ENOENT')
          throw new BackendError('backend_unreachable', `The repository folder ${root} is gone.`, {
            ...withHint('backend_unreachable', made),
          })
        if (made.code !== 'EEXIST') throw made
      })
      return await open(path, 'wx', file)
    }
  }

  return {
    location: root,

    create: signal =>
      guard('make the repository folders in', root, signal, async () => {
        const mode = 0o700
        await mkdir(root, { recursive: true, mode })
        for (const folder of Object.values(folders))
          await mkdir(join(root, folder), { recursive: true, mode })
        for (let i = 0; i < 256; i++) {
          await mkdir(join(root, folders.pack, i.toString(16).padStart(2, '0')), { recursive: true, mode })
        }
        await syncFolder(root)
      }),

    async *list(kind, signal) {
      if (kind === 'config') {
        const info = await this.stat({ kind, name: '' }, signal)
        if (info) yield info
        return
      }
      const top = join(root, folders[kind])
      const names = (path: string) =>
        guard('list', path, signal, () => readdir(path)).catch((error: unknown) => {
          if (error instanceof BackendError && error.code === 'not_found') return []
          throw error
        })
      const parents = kind === 'pack' ? (await names(top)).filter(name => /^[0-9a-f]{2}$/.test(name)) : ['']
      for (const parent of parents.sort()) {
        for (const name of (await names(join(top, parent))).filter(isFileName).sort()) {
          const path = join(top, parent, name)
          const found = await guard('examine', path, signal, () => statOrNull(path))
          if (found?.isFile()) yield { name, sizeBytes: found.size }
        }
      }
    },

    stat: (file, signal) =>
      guard('examine', pathOf(file), signal, async (): Promise<FileInfo | null> => {
        const found = await statOrNull(pathOf(file))
        return found && { name: file.name, sizeBytes: found.size }
      }),

    read: (file, range, signal) =>
      guard('read', pathOf(file), signal, async () => {
        const path = pathOf(file)
        const handle = await open(path, 'r')
        try {
          const sizeBytes = (await handle.stat()).size
          const { start, end } = range === 'all' ? { start: 0, end: sizeBytes } : range
          if (end > sizeBytes) throw tooShort(path, sizeBytes, end)
          const bytes = Buffer.allocUnsafeSlow(end - start)
          let filled = 0
          while (filled < bytes.length) {
            const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled)
            if (bytesRead === 0) throw tooShort(path, start + filled, end)
            filled += bytesRead
          }
          return bytes
        } finally {
          await handle.close()
        }
      }),

    write: (file, data, signal) =>
      guard('write', pathOf(file), signal, async () => {
        const path = pathOf(file)
        const temporary = `${path}-tmp-${randomBytes(6).toString('hex')}`
        const handle = await openTemporary(temporary)
        try {
          try {
            await writeAll(handle, data)
            await handle.sync()
          } finally {
            await handle.close()
          }
          await moveInto(temporary, path, data.length)
        } catch (error) {
          await unlink(temporary).catch(() => undefined) // the first failure is the one to tell
          throw error
        }
        await syncFolder(dirname(path))
        const { file: mode } = await fileModes()
        await chmod(path, mode & ~0o222).catch(() => undefined) // file systems without modes: a courtesy only
      }),

    remove: (file, signal) =>
      guard('remove', pathOf(file), signal, async () => {
        try {
          if (process.platform === 'win32') await chmod(pathOf(file), 0o600).catch(() => undefined)
          await unlink(pathOf(file))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        }
      }),

    close: async () => undefined,

    localPath: pathOf,
  }
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}

async function writeAll(handle: FileHandle, data: Uint8Array): Promise<void> {
  let written = 0
  while (written < data.length) {
    written += (await handle.write(data, written, data.length - written, written)).bytesWritten
  }
}

/** Windows refuses to replace a read-only file; one of the same name and size is the same file, so that is fine. */
async function moveInto(temporary: string, path: string, sizeBytes: number): Promise<void> {
  try {
    await rename(temporary, path)
  } catch (error) {
    if (process.platform !== 'win32' || (await statOrNull(path))?.size !== sizeBytes) throw error
    await unlink(temporary)
  }
}

/** Makes the names in a folder durable. Some systems (Windows, some network mounts) can't, and need not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw error
  } finally {
    await handle.close()
  }
}

function tooShort(path: string, sizeBytes: number, end: number): BackendError {
  return new BackendError('data_corrupt', `${path} ends at byte ${sizeBytes}, but ${end} were expected.`, {
    hint: 'Run `holdfast check` to see what is affected.',
  })
}

const reason = (cause: NodeJS.ErrnoException): string =>
  ({
    ENOENT: 'there is no such file',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the quota is used up',
    EFBIG: 'the file system does not take files this large',
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    EROFS: 'the file system is read-only',
    EIO: 'the disk reports a read or write error',
    ENOTDIR: 'a part of the path is not a folder',
  })[cause.code ?? ''] ?? cause.message

function withHint(code: FailureCode, cause: unknown): { hint?: string; cause: unknown } {
  const hint = hints[code]
  return hint === undefined ? { cause } : { hint, cause }
}
