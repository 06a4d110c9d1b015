import { closeSync, constants, existsSync, openSync } from 'node:fs'
import { SourceError } from '../../../shared/errors.ts'
import { fsPath, textFromRaw, type Raw } from '../format/raw.ts'

/** What `node:fs` and libc.ts take as a path. */
export type AccessPath = string | Buffer

/**
 * Bytes one system call takes, a margin kept for what a caller appends. Linux counts 4096 with the NUL and macOS 1024;
 * Windows counts 32,767 UTF-16 units once the path begins with `\\?\`, which Node puts there by itself.
 */
const limits: Partial<Record<NodeJS.Platform, number>> = { linux: 4000, darwin: 1000, win32: 32_000 }

/** Not in `fs.constants`. The same number on every Linux that Node runs on. */
const O_PATH = 0o10000000
const descriptors = '/proc/self/fd'

/**
 * Calls `use` with something that stands for `path`, however long it is: beyond what one system call takes, Linux
 * opens the way there hop by hop and `use` gets `/proc/self/fd/N/rest`. The last component is left to `use`, so lstat
 * and readlink see a symlink itself; links before it are followed as the system would. `use` must not keep what it got.
 * @throws {SourceError} source_unreadable too long, and this system has no such detour
 */
export function reach<T>(path: Raw, use: (access: AccessPath) => T, platform = process.platform): T {
  if (isShort(path, platform)) return use(fsPath(path))
  const way = openWay(path, platform)
  try {
    return use(way.access)
  } finally {
    closeSync(way.fd)
  }
}

/** As `reach`; the descriptors stay open until the promise settles. */
export async function reachAsync<T>(
  path: Raw,
  use: (access: AccessPath) => Promise<T>,
  platform = process.platform,
): Promise<T> {
  if (isShort(path, platform)) return use(fsPath(path))
  const way = openWay(path, platform)
  try {
    return await use(way.access)
  } finally {
    closeSync(way.fd)
  }
}

const isShort = (path: Raw, platform: NodeJS.Platform) => path.length <= (limits[platform] ?? 1000)

function openWay(path: Raw, platform: NodeJS.Platform): { fd: number; access: AccessPath } {
  if (platform !== 'linux') throw tooLong(path, `${platform === 'darwin' ? 'macOS' : 'this system'} opens`)
  if (!existsSync(descriptors)) throw tooLong(path, 'this system opens while /proc is not mounted')

  let fd: number | null = null
  let rest: string = path
  try {
    for (;;) {
      const prefix = fd === null ? '' : `${descriptors}/${fd}/`
      if (fd !== null && prefix.length + rest.length <= limits.linux!) {
        return { fd, access: fsPath((prefix + rest) as Raw) }
      }
      const cut = rest.lastIndexOf('/', limits.linux! - prefix.length)
      // A trailing slash would leave nothing to `use`; a component this long exists on no file system.
      if (cut <= 0 || cut === rest.length - 1) throw tooLong(path, 'this system opens')
      const next = openSync(
        fsPath((prefix + rest.slice(0, cut)) as Raw),
        constants.O_RDONLY | constants.O_DIRECTORY | O_PATH,
      )
      if (fd !== null) closeSync(fd)
      fd = next
      // A leading slash would start over at the root.
      rest = rest.slice(cut).replace(/^\/+/, '')
    }
  } catch (error) {
    if (fd !== null) closeSync(fd)
    throw error
  }
}

function tooLong(path: Raw, who: string): SourceError {
  const shown = textFromRaw(path.slice(0, 80) as Raw)
  return new SourceError(
    'source_unreadable',
    `The path that begins with "${shown}…" has ${path.length} bytes, longer than ${who}, so this item cannot be read or written.`,
    { hint: 'Give one of the folders above it a shorter name, or move it up.' },
  )
}
