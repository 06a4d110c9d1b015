import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AppError, type FailureCode } from '../../../shared/errors.ts'

/**
 * Puts `bytes` into the file `path`, mode 0600: whole or not at all, also through a crash or a power cut. What was
 * there before stays until then, and stays when this fails.
 *
 * @throws disk_full, backend_refused, backend_unreachable
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    try {
      const handle = await open(temporary, 'wx', 0o600)
      try {
        await handle.chmod(0o600) // whatever the umask says
        await handle.writeFile(bytes)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temporary, path)
    } catch (error) {
      await unlink(temporary).catch(() => undefined) // the first failure is the one to tell
      throw error
    }
    await syncFolder(dirname(path))
  } catch (error) {
    throw fileFailure('write', path, error)
  }
}

/** At most `maxBytes` of a file, and what the system says of it; null when there is none. @throws as `fileFailure` */
export async function readSmallFile(
  path: string,
  maxBytes: number,
): Promise<{ bytes: Buffer; mode: number; isWhole: boolean } | null> {
  try {
    const handle = await open(path, 'r')
    try {
      const { mode } = await handle.stat()
      const bytes = Buffer.alloc(maxBytes + 1) // not by its size: a pipe has none
      let filled = 0
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, null)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return { bytes: bytes.subarray(0, Math.min(filled, maxBytes)), mode, isWhole: filled <= maxBytes }
    } finally {
      await handle.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw fileFailure('read', path, error)
  }
}

/** Removes what a process left that was killed in `replaceFile`. Only while no other process writes there. */
export async function removeUnfinished(path: string): Promise<void> {
  const folder = dirname(path)
  const isLeft = (name: string) =>
    name.startsWith(`${basename(path)}.`) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(basename(path).length + 1))
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw fileFailure('list', folder, error)
  })
  for (const name of names.filter(isLeft)) {
    await unlink(join(folder, name)).catch((error: unknown) => {
      throw fileFailure('remove', join(folder, name), error)
    })
  }
}

const codes: Record<string, FailureCode> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EFBIG: 'disk_full',
  EACCES: 'backend_refused',
  EPERM: 'backend_refused',
  EROFS: 'backend_refused',
}

function fileFailure(doing: string, path: string, cause: unknown): AppError {
  const { code = '', message } = cause as NodeJS.ErrnoException
  return new AppError(codes[code] ?? 'backend_unreachable', `Could not ${doing} ${path}: ${message}.`, {
    hint: 'Look at the disk and the permissions of that folder. What was there before is unchanged.',
    cause,
  })
}

/** Makes the names in a folder durable. Some systems (Windows, some network mounts) can't, and need not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EINVAL' && code !== 'ENOTSUP') throw error
  } finally {
    await handle.close()
  }
}
